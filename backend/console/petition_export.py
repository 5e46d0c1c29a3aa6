"""The list of petitions as a table to take away: the same filters, every row, every column."""

from collections.abc import AsyncIterator, Sequence

from sqlalchemy.ext.asyncio import AsyncSession

from backend.console import texts
from backend.privacy import masks
from backend.registry import queries
from backend.registry.queries import PetitionFilter, PetitionRow
from backend.spreadsheets import Cell
from backend.text import phone_text
from backend.workspace import labels
from backend.workspace.models import Label

#: Each column's heading and its width in a spreadsheet.
COLUMNS = (
    ("Folio", 18),
    ("Tipo", 18),
    ("Estado", 22),
    ("Prioridad", 10),
    ("Persona", 28),
    ("Teléfono", 15),
    ("Correo", 26),
    ("Municipio", 16),
    ("Código postal", 8),
    ("Colonia", 22),
    ("Calle y número", 24),
    ("Tema", 22),
    ("Dependencia", 22),
    ("Responsable", 22),
    ("Etiquetas", 20),
    ("Medio de entrada", 16),
    ("Asunto", 60),
    ("Registrada", 16),
    ("Vence", 12),
    ("Terminada", 16),
    ("Último movimiento", 16),
)
HEADINGS = tuple(heading for heading, _ in COLUMNS)
WIDTHS = tuple(width for _, width in COLUMNS)


async def chunks(
    session: AsyncSession, wanted: PetitionFilter, *, is_whole: bool
) -> AsyncIterator[Sequence[Sequence[Cell]]]:
    """The rows of a filter, in its order, a thousand at a time; telephones and e-mails masked unless `is_whole`."""
    async for rows in queries.chunks(session, wanted):
        borne = await labels.of(session, [row.petition.id for row in rows])
        yield [_cells(row, borne[row.petition.id], is_whole) for row in rows]


def _cells(row: PetitionRow, borne: Sequence[Label], is_whole: bool) -> Sequence[Cell]:
    petition, person = row.petition, row.person
    told = phone_text if is_whole else masks.phone
    return (
        petition.folio,
        texts.PETITION_KINDS[petition.kind],
        texts.PETITION_STATUSES[petition.status],
        texts.PRIORITIES[petition.priority],
        person.full_name if person else "Anónima",
        told(person.phone) if person and person.phone else "",
        (person.email if is_whole else masks.email(person.email)) if person and person.email else "",
        row.municipality,
        petition.postal_code,
        petition.colonia,
        petition.street,
        row.topic,
        row.agency,
        row.assignee,
        ", ".join(label.name for label in borne),
        texts.ENTRY_CHANNELS[petition.channel],
        petition.narrative,
        petition.created_at,
        petition.due_on,
        petition.concluded_at,
        petition.updated_at,
    )
