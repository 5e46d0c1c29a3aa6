"""Reading requests for information: lists, one of them with its history, what somebody owes."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from sqlalchemy import ColumnElement, Select, func, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from backend.agents.models import User
from backend.catalog.models import OfficeArea
from backend.errors import NotFound
from backend.registry import pacing
from backend.registry.deadlines import Pace, WorkCalendar
from backend.transparency.models import OPEN, InfoEvent, InfoFile, InfoRequest, RequestState

PAGE = 50


@dataclass(frozen=True)
class Wanted:
    """Which requests: None or empty leaves a thing open. A `pace` is of those still to be answered."""

    state: RequestState | None = None
    is_open: bool = False
    pace: Pace | None = None
    user_id: UUID | None = None
    area_id: UUID | None = None
    first: date | None = None
    last: date | None = None
    words: str = ""


@dataclass(frozen=True)
class View:
    request: InfoRequest
    area: str | None
    person: str | None


#: The overdue and most pressing first.
_ORDER = (
    InfoRequest.state.in_(OPEN).desc(),
    InfoRequest.due_on.asc().nulls_last(),
    InfoRequest.received_on.desc(),
    InfoRequest.id,
)


def _query() -> Select[InfoRequest, str, str]:
    return (
        select(InfoRequest, OfficeArea.short_name, User.full_name)
        .outerjoin(OfficeArea, OfficeArea.id == InfoRequest.area_id)
        .outerjoin(User, User.id == InfoRequest.user_id)
    )


def _conditions(wanted: Wanted, today: date, work: WorkCalendar) -> list[ColumnElement[bool]]:
    conditions: list[ColumnElement[bool]] = []
    if wanted.state is not None:
        conditions.append(InfoRequest.state == wanted.state)
    if wanted.is_open or wanted.pace is not None:
        conditions.append(InfoRequest.state.in_(OPEN))
    if wanted.pace is not None:
        conditions.append(pacing.in_pace(InfoRequest.due_on, wanted.pace, today, work))
    if wanted.user_id is not None:
        conditions.append(InfoRequest.user_id == wanted.user_id)
    if wanted.area_id is not None:
        conditions.append(InfoRequest.area_id == wanted.area_id)
    if wanted.first is not None:
        conditions.append(InfoRequest.received_on >= wanted.first)
    if wanted.last is not None:
        conditions.append(InfoRequest.received_on <= wanted.last)
    if wanted.words:
        like = f"%{wanted.words.replace('%', '').replace('_', '')}%"
        conditions.append(or_(InfoRequest.folio.ilike(like), InfoRequest.text.ilike(like)))
    return conditions


async def page(
    session: AsyncSession, wanted: Wanted, today: date, work: WorkCalendar, *, number: int = 1
) -> tuple[list[View], int]:
    """A page of requests, the most pressing first; and how many there are in all."""
    found = select(InfoRequest.id).where(*_conditions(wanted, today, work))
    total = await session.scalar(select(func.count()).select_from(found.subquery())) or 0
    # Of one state, as an index has them. What a page shows of each is read of that page's alone.
    order = _ORDER if wanted.state is None else _ORDER[1:]
    shown = found.order_by(*order).limit(PAGE).offset((number - 1) * PAGE)
    rows = await session.execute(_query().where(InfoRequest.id.in_(shown)).order_by(*_ORDER))
    return [View(*row) for row in rows], total


def pace(one: InfoRequest, today: date, work: WorkCalendar) -> Pace:
    """How a request stands with its deadline, in the colours of due dates."""
    if one.state not in OPEN:
        return Pace.DONE
    return pacing.open_pace(one.due_on, today, work)


async def counts(session: AsyncSession, today: date, work: WorkCalendar) -> dict[Pace, int]:
    """How many open requests stand in each pace."""
    rows = await session.execute(
        select(InfoRequest.due_on, func.count()).where(InfoRequest.state.in_(OPEN)).group_by(InfoRequest.due_on)
    )
    return pacing.counted(rows, today, work)


async def history(session: AsyncSession, one: InfoRequest) -> Sequence[tuple[InfoEvent, str | None]]:
    """What happened to a request, the first thing first, each with who did it; None: the system."""
    rows = await session.execute(
        select(InfoEvent, User.full_name)
        .outerjoin(User, User.id == InfoEvent.user_id)
        .where(InfoEvent.request_id == one.id)
        .order_by(InfoEvent.id)
    )
    return [(event, name) for event, name in rows]


async def files(session: AsyncSession, one: InfoRequest) -> Sequence[InfoFile]:
    found = await session.scalars(
        select(InfoFile).where(InfoFile.request_id == one.id).order_by(InfoFile.created_at, InfoFile.id)
    )
    return found.all()


async def file(session: AsyncSession, one: InfoRequest, file_id: UUID) -> InfoFile:
    """Raises NotFound."""
    found = await session.get(InfoFile, file_id)
    if found is None or found.request_id != one.id:
        raise NotFound("Ese archivo no está en la solicitud.")
    return found


async def owed_by(session: AsyncSession, user_id: UUID) -> Sequence[InfoRequest]:
    """What somebody is still to answer, the most pressing first."""
    rows = await session.scalars(
        select(InfoRequest)
        .where(InfoRequest.user_id == user_id, InfoRequest.state.in_(OPEN))
        .order_by(InfoRequest.due_on.asc().nulls_last(), InfoRequest.id)
    )
    return rows.all()
