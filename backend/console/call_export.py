"""The log of calls as a table to take away: the same filters, every row, every column."""

from collections.abc import AsyncIterator, Sequence

from sqlalchemy.ext.asyncio import AsyncSession

from backend.calls import queries
from backend.calls.queries import CallFilter, CallRow
from backend.console import call_texts
from backend.privacy import masks
from backend.spreadsheets import Cell
from backend.text import phone_text

#: Each column's heading and its width in a spreadsheet.
COLUMNS = (
    ("Clase", 12),
    ("Dirección", 11),
    ("Empezó", 16),
    ("Terminó", 16),
    ("Espera (segundos)", 10),
    ("Atención (segundos)", 10),
    ("Teléfono", 15),
    ("Nombre", 28),
    ("De qué trató", 14),
    ("Resultado", 24),
    ("Quién atendió", 24),
    ("Área", 20),
    ("Extensión", 10),
    ("Se transfirió a", 20),
    ("Con quién", 20),
    ("Folio", 18),
    ("Municipio", 16),
    ("Tema", 20),
    ("Medio", 14),
    ("Origen del registro", 20),
    ("Notas", 60),
)
HEADINGS = tuple(heading for heading, _ in COLUMNS)
WIDTHS = tuple(width for _, width in COLUMNS)


async def chunks(
    session: AsyncSession, wanted: CallFilter, *, is_whole: bool
) -> AsyncIterator[Sequence[Sequence[Cell]]]:
    """The rows of a filter, newest first, a thousand at a time; telephones masked unless `is_whole`."""
    async for rows in queries.chunks(session, wanted):
        yield [_cells(row, is_whole) for row in rows]


def _cells(row: CallRow, is_whole: bool) -> Sequence[Cell]:
    call = row.call
    told = phone_text if is_whole else masks.phone
    return (
        call_texts.KINDS[call.kind],
        call_texts.DIRECTIONS[call.direction],
        call.started_at,
        call.ended_at,
        call.queue_seconds,
        call.person_seconds,
        told(call.phone) if call.phone else "",
        call.caller_name or (row.person.full_name if row.person else ""),
        call_texts.PURPOSES[call.purpose] if call.purpose else "",
        call_texts.OUTCOMES[call.outcome] if call.outcome else "En curso",
        row.agent,
        row.area,
        call.extension,
        row.transfer_area,
        call.transfer_to,
        row.folio,
        row.municipality,
        row.topic,
        call_texts.CHANNELS.get(call.channel, call.channel),
        call_texts.SOURCES[call.source],
        call.notes,
    )
