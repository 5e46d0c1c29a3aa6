"""Reading ARCO requests: lists, one of them with its history, what somebody owes."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from sqlalchemy import ColumnElement, Select, func, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from backend.agents.models import User
from backend.arco.models import OPEN, ArcoEvent, ArcoFile, ArcoRequest, ArcoState, Right
from backend.errors import NotFound
from backend.registry import folios, pacing, searching
from backend.registry.deadlines import Pace, WorkCalendar
from backend.registry.models import Person, Petition

PAGE = 50


@dataclass(frozen=True)
class Wanted:
    """Which requests: None or empty leaves a thing open. A `pace` is of those in which something is owed."""

    state: ArcoState | None = None
    is_open: bool = False
    pace: Pace | None = None
    right: Right | None = None
    user_id: UUID | None = None
    first: date | None = None
    last: date | None = None
    words: str = ""


#: The overdue and most pressing first.
_ORDER = (
    ArcoRequest.state.in_(OPEN).desc(),
    ArcoRequest.due_on.asc().nulls_last(),
    ArcoRequest.received_on.desc(),
    ArcoRequest.id,
)


@dataclass(frozen=True)
class View:
    request: ArcoRequest
    folio: str
    channel: str
    person: str | None
    staff: str | None


def _query() -> Select[ArcoRequest, str, str, str, str]:
    return (
        select(ArcoRequest, Petition.folio, Petition.channel, Person.full_name, User.full_name)
        .join(Petition, Petition.id == ArcoRequest.petition_id)
        .outerjoin(Person, Person.id == ArcoRequest.person_id)
        .outerjoin(User, User.id == ArcoRequest.user_id)
    )


def _conditions(wanted: Wanted, today: date, work: WorkCalendar) -> list[ColumnElement[bool]]:
    conditions: list[ColumnElement[bool]] = []
    if wanted.state is not None:
        conditions.append(ArcoRequest.state == wanted.state)
    if wanted.is_open or wanted.pace is not None:
        conditions.append(ArcoRequest.state.in_(OPEN))
    if wanted.pace is not None:
        conditions.append(pacing.in_pace(ArcoRequest.due_on, wanted.pace, today, work))
    if wanted.right is not None:
        conditions.append(ArcoRequest.right == wanted.right)
    if wanted.user_id is not None:
        conditions.append(ArcoRequest.user_id == wanted.user_id)
    if wanted.first is not None:
        conditions.append(ArcoRequest.received_on >= wanted.first)
    if wanted.last is not None:
        conditions.append(ArcoRequest.received_on <= wanted.last)
    if wanted.words:
        folio = folios.parse(wanted.words)
        conditions.append(
            Petition.folio == folio
            if folio is not None
            else or_(searching.people(wanted.words), searching.petitions(wanted.words))
        )
    return conditions


async def page(
    session: AsyncSession, wanted: Wanted, today: date, work: WorkCalendar, *, number: int = 1
) -> tuple[list[View], int]:
    """A page of requests, the overdue and most pressing first; and how many there are in all."""
    found = select(ArcoRequest.id).where(*_conditions(wanted, today, work))
    if wanted.words:
        found = found.join(Petition, Petition.id == ArcoRequest.petition_id).outerjoin(
            Person, Person.id == ArcoRequest.person_id
        )
    total = await session.scalar(select(func.count()).select_from(found.subquery())) or 0
    # Of one state, as an index has them. What a page shows of each is read of that page's alone.
    order = _ORDER if wanted.state is None else _ORDER[1:]
    shown = found.order_by(*order).limit(PAGE).offset((number - 1) * PAGE)
    rows = await session.execute(_query().where(ArcoRequest.id.in_(shown)).order_by(*_ORDER))
    return [View(*row) for row in rows], total


async def view(session: AsyncSession, one: ArcoRequest) -> View:
    return View(*(await session.execute(_query().where(ArcoRequest.id == one.id))).one())


def pace(one: ArcoRequest, today: date, work: WorkCalendar) -> Pace:
    """How a request stands with its clock, in the colours of due dates."""
    if one.state not in OPEN:
        return Pace.DONE
    return pacing.open_pace(one.due_on, today, work)


async def counts(session: AsyncSession, today: date, work: WorkCalendar) -> dict[Pace, int]:
    """How many requests in which something is owed stand in each pace."""
    rows = await session.execute(
        select(ArcoRequest.due_on, func.count()).where(ArcoRequest.state.in_(OPEN)).group_by(ArcoRequest.due_on)
    )
    return pacing.counted(rows, today, work)


async def history(session: AsyncSession, one: ArcoRequest) -> Sequence[tuple[ArcoEvent, str | None]]:
    """What happened to a request, the first thing first, each with who did it; None: the system."""
    rows = await session.execute(
        select(ArcoEvent, User.full_name)
        .outerjoin(User, User.id == ArcoEvent.user_id)
        .where(ArcoEvent.request_id == one.id)
        .order_by(ArcoEvent.id)
    )
    return [(event, name) for event, name in rows]


async def files(session: AsyncSession, one: ArcoRequest) -> Sequence[ArcoFile]:
    found = await session.scalars(
        select(ArcoFile).where(ArcoFile.request_id == one.id).order_by(ArcoFile.created_at, ArcoFile.id)
    )
    return found.all()


async def file(session: AsyncSession, one: ArcoRequest, file_id: UUID) -> ArcoFile:
    """Raises NotFound."""
    found = await session.get(ArcoFile, file_id)
    if found is None or found.request_id != one.id:
        raise NotFound("Ese archivo no está en la solicitud.")
    return found


async def owed_by(session: AsyncSession, user_id: UUID) -> Sequence[View]:
    """What somebody is still to do, the most pressing first."""
    rows = await session.execute(
        _query()
        .where(ArcoRequest.user_id == user_id, ArcoRequest.state.in_(OPEN))
        .order_by(ArcoRequest.due_on.asc().nulls_last(), ArcoRequest.id)
    )
    return [View(*row) for row in rows]
