"""The list of requests for information: what its address asks for, and the same as a table to take away."""

from collections.abc import Mapping, Sequence
from datetime import date

from sqlalchemy.ext.asyncio import AsyncSession

from backend import clock
from backend.console import downloads, transparency_texts
from backend.console.typed_forms import day_or_none, known_uuid
from backend.registry import deadlines
from backend.registry.deadlines import Pace, WorkCalendar
from backend.spreadsheets import Cell
from backend.text import strip_control
from backend.transparency import queries
from backend.transparency.models import RequestState
from backend.transparency.queries import View, Wanted

#: The filters that an address keeps.
FILTERS = ("buscar", "estado", "plazo", "persona", "area", "desde", "hasta")
HEADINGS = ("Folio de la Plataforma", "Recibida", "Solicita", "Área", "Responsable", "Estado", "Vence", "Tiempo",
            "Días de prórroga", "Contestada", "Respuesta")  # fmt: skip
WIDTHS = (24, 12, 60, 26, 26, 16, 12, 24, 10, 12, 60)


def wanted_of(asked: Mapping[str, str]) -> Wanted:
    """The list's filters; what makes no sense is left out."""
    state, pace = asked.get("estado", "abiertas"), asked.get("plazo", "")
    return Wanted(
        state=RequestState(state) if state in set(RequestState) else None,
        is_open=state == "abiertas",
        pace=Pace(pace) if pace in {one.value for one in transparency_texts.PACES} else None,
        user_id=known_uuid(asked.get("persona", "")),
        area_id=known_uuid(asked.get("area", "")),
        first=day_or_none(asked.get("desde", "")),
        last=day_or_none(asked.get("hasta", "")),
        words=strip_control(asked.get("buscar", "")).strip()[:100],
    )


async def chunks(session: AsyncSession, wanted: Wanted) -> downloads.Rows:
    """The rows of a filter, in its order, a page at a time."""
    today, work = clock.local(clock.now()).date(), await deadlines.calendar(session)
    async for found in downloads.by_pages(lambda number: queries.page(session, wanted, today, work, number=number)):
        yield [_cells(one, today, work) for one in found]


def _cells(row: View, today: date, work: WorkCalendar) -> Sequence[Cell]:
    one = row.request
    left = transparency_texts.left(one, queries.pace(one, today, work), today, work)
    state = transparency_texts.STATES[one.state]
    return (one.folio, one.received_on, one.text, row.area, row.person, state, one.due_on, left, one.extension_days,
            one.answered_on, one.answer)  # fmt: skip
