"""The list of calls as a table to take away: the same filters, every row."""

from collections.abc import AsyncIterator, Sequence

from sqlalchemy.ext.asyncio import AsyncSession

from backend.console import outreach_texts
from backend.outreach import listing
from backend.outreach.listing import Row, Wanted
from backend.privacy import masks
from backend.spreadsheets import Cell
from backend.text import phone_text

#: Each column's heading and its width in a spreadsheet.
COLUMNS = (
    ("Persona", 28),
    ("Teléfono", 15),
    ("Motivos", 34),
    ("Folios", 20),
    ("Qué decir", 60),
    ("Estado", 12),
    ("Por qué se cerró", 24),
    ("Fecha límite", 12),
    ("Intentos", 8),
    ("Último intento", 16),
    ("Último resultado", 18),
    ("Próximo intento", 16),
    ("Responsable", 22),
    ("Pedida", 16),
    ("Terminada", 16),
)
HEADINGS = tuple(heading for heading, _ in COLUMNS)
WIDTHS = tuple(width for _, width in COLUMNS)


async def chunks(session: AsyncSession, wanted: Wanted, *, is_whole: bool) -> AsyncIterator[Sequence[Sequence[Cell]]]:
    """The rows of a filter, some hundreds at a time; telephones masked unless `is_whole`."""
    async for rows in listing.chunks(session, wanted):
        yield [_cells(row, is_whole) for row in rows]


def _cells(row: Row, is_whole: bool) -> Sequence[Cell]:
    task = row.task
    told = phone_text if is_whole else masks.phone
    because = outreach_texts.CLOSED_BECAUSE[task.closed_because] if task.closed_because else ""
    return (
        task.name,
        told(task.phone) if task.phone else "",
        ", ".join(outreach_texts.KINDS[kind] for kind in listing.kinds_of(row.reasons)),
        ", ".join(row.folios),
        " / ".join(one.note for one in row.reasons if one.note),
        outreach_texts.STATES[task.state],
        f"{because}: {task.closed_note}" if task.closed_note else because,
        task.due_on,
        task.tries,
        task.last_tried_at,
        outreach_texts.OUTCOMES[task.last_outcome] if task.last_outcome else "",
        task.next_try_at if task.closed_at is None else None,
        row.assignee,
        task.created_at,
        task.closed_at,
    )
