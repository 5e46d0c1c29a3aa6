"""Lists of calls: filtered, paged by where the last page ended, and whole for an export."""

import enum
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

import phonenumbers
from sqlalchemy import ColumnElement, Select, and_, exists, or_, select, tuple_
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased

from backend import clock
from backend.agents.models import User
from backend.ledger.models import Interaction
from backend.outreach import asking, tasks
from backend.outreach.models import CallAttempt, CallReason, CallTask, ReasonKind, TaskState
from backend.registry import folios, intake
from backend.registry.models import Person, Petition
from backend.text import fold
from backend.vault import blind
from backend.vault.columns import ending_of

PAGE = 50
_LONGEST_HISTORY = 10


class View(enum.StrEnum):
    """Which calls a list holds."""

    PENDING = "pendientes"
    #: Those that may be tried now.
    READY = "ahora"
    #: Those whose next try is yet to come.
    LATER = "programadas"
    OVERDUE = "atrasadas"
    DONE = "hechas"
    EXHAUSTED = "agotadas"
    CLOSED = "cerradas"


#: Those lists that are sorted by when a call ended, the latest first; the others by when it is due.
ENDED = frozenset({View.DONE, View.EXHAUSTED, View.CLOSED})


@dataclass(frozen=True)
class Wanted:
    """`is_unassigned`: nobody's. `after`: the key of the last row of the page before."""

    view: View = View.PENDING
    kind: ReasonKind | None = None
    campaign_id: UUID | None = None
    assignee_id: UUID | None = None
    is_unassigned: bool = False
    search: str = ""
    after: tuple[str, UUID] | None = None


@dataclass(frozen=True)
class Row:
    """A call with why, who has it and the folios that it is about."""

    task: CallTask
    reasons: Sequence[CallReason]
    folios: Sequence[str]
    assignee: str | None
    claimant: str | None

    @property
    def is_overdue(self) -> bool:
        return self.task.state is TaskState.PENDING and self.task.due_on < clock.local(clock.now()).date()

    @property
    def is_due_today(self) -> bool:
        return self.task.state is TaskState.PENDING and self.task.due_on == clock.local(clock.now()).date()


@dataclass(frozen=True)
class Page:
    rows: Sequence[Row]
    #: Where the next page begins; None on the last.
    after: tuple[str, UUID] | None


@dataclass(frozen=True)
class Try:
    attempt: CallAttempt
    user: str
    interaction: Interaction


@dataclass(frozen=True)
class Sheet:
    """All that lies beside a call: why, the earlier tries, and what else there was with this person."""

    row: Row
    person: Person | None
    petitions: dict[UUID, Petition]
    tries: Sequence[Try]
    history: Sequence[Interaction]


def _conditions(wanted: Wanted) -> list[ColumnElement[bool]]:
    moment = clock.now()
    states = {View.DONE: TaskState.DONE, View.EXHAUSTED: TaskState.EXHAUSTED, View.CLOSED: TaskState.CLOSED}
    found = [CallTask.state == states.get(wanted.view, TaskState.PENDING)]
    match wanted.view:
        case View.READY:
            found.append(CallTask.next_try_at <= moment)
        case View.LATER:
            found.append(CallTask.next_try_at > moment)
        case View.OVERDUE:
            found.append(CallTask.due_on < clock.local(moment).date())
    if wanted.kind is not None:
        found.append(_has(CallReason.kind == wanted.kind))
    if wanted.campaign_id is not None:
        found.append(_has(CallReason.campaign_id == wanted.campaign_id))
    if wanted.assignee_id is not None:
        found.append(CallTask.assignee_id == wanted.assignee_id)
    if wanted.is_unassigned:
        found.append(CallTask.assignee_id.is_(None))
    if wanted.search:
        found.append(_matches(wanted.search))
    return found


def _has(condition: ColumnElement[bool]) -> ColumnElement[bool]:
    return exists().where(CallReason.task_id == CallTask.id, condition)


def _matches(typed: str) -> ColumnElement[bool]:
    """By folio, by telephone or its last four digits, or by a part of the name."""
    folio, phone = folios.parse(typed), intake.phone(typed)
    if folio is not None:
        return _has(CallReason.petition_id.in_(select(Petition.id).where(Petition.folio == folio)))
    if phone is not None:
        return CallTask.phone == phone
    if len(typed) == blind.SHORT_ENDING and typed.isdigit():
        return ending_of(CallTask.phone) == typed
    words = [f"%{word}%" for word in fold(typed).split()[:6]]
    known = select(Person.id).where(*(Person.search_text.like(word) for word in words))
    plain = [CallTask.name.ilike(f"%{word}%") for word in typed.split()[:6]]
    return or_(and_(*plain), CallTask.person_id.in_(known))


def _query(wanted: Wanted) -> Select[CallTask, str | None, str | None]:
    claimant = aliased(User)
    return (
        select(CallTask, User.full_name, claimant.full_name)
        .outerjoin(User, User.id == CallTask.assignee_id)
        .outerjoin(claimant, and_(claimant.id == CallTask.claimed_by, CallTask.claimed_until > clock.now()))
        .where(*_conditions(wanted))
    )


async def page(session: AsyncSession, wanted: Wanted) -> Page:
    """A page of calls: those to be made by when they are due, those that ended by when they did."""
    is_ended = wanted.view in ENDED
    key = tuple_(CallTask.closed_at, CallTask.id) if is_ended else tuple_(CallTask.due_on, CallTask.id)
    query = _query(wanted)
    if wanted.after is not None:
        at: Any = _moment_or_day(wanted.after[0], is_ended=is_ended)
        bound = tuple_(at, wanted.after[1])
        query = query.where(key < bound if is_ended else key > bound) if at is not None else query
    column = CallTask.closed_at.desc() if is_ended else CallTask.due_on
    order = CallTask.id.desc() if is_ended else CallTask.id
    found = (await session.execute(query.order_by(column, order).limit(PAGE + 1))).all()
    rows = await _rows(session, [(task, assignee, claimant) for task, assignee, claimant in found[:PAGE]])
    last = rows[-1].task if len(found) > PAGE else None
    at_last = None if last is None else (last.closed_at if is_ended else last.due_on)
    return Page(rows, (at_last.isoformat(), last.id) if last is not None and at_last is not None else None)


def _moment_or_day(raw: str, *, is_ended: bool) -> date | datetime | None:
    try:
        return datetime.fromisoformat(raw) if is_ended else date.fromisoformat(raw)
    except ValueError:
        return None


async def _rows(session: AsyncSession, found: Sequence[tuple[CallTask, str | None, str | None]]) -> list[Row]:
    reasons = await tasks.reasons_of(session, [task.id for task, *_ in found])
    about = {one.petition_id for ones in reasons.values() for one in ones if one.petition_id}
    named = dict((await session.execute(select(Petition.id, Petition.folio).where(Petition.id.in_(about)))).all())
    rows = []
    for task, assignee, claimant in found:
        own = dict.fromkeys(named[one.petition_id] for one in reasons[task.id] if one.petition_id)
        rows.append(Row(task, reasons[task.id], list(own), assignee, claimant))
    return rows


async def chunks(session: AsyncSession, wanted: Wanted, size: int = 500) -> AsyncIterator[list[Row]]:
    """All calls of a filter, a handful at a time."""
    query = _query(wanted).order_by(CallTask.due_on, CallTask.id).execution_options(yield_per=size)
    found = await session.stream(query)
    async for rows in found.partitions(size):
        yield await _rows(session, [(task, assignee, claimant) for task, assignee, claimant in rows])


async def counts(session: AsyncSession) -> dict[View, int]:
    """How many calls may be tried now, wait, and are late, each counted so far."""
    found = {}
    for view in (View.PENDING, View.READY, View.LATER, View.OVERDUE):
        some = select(CallTask.id).where(*_conditions(Wanted(view))).limit(tasks.COUNTED)
        found[view] = len((await session.scalars(some)).all())
    return found


async def sheet(session: AsyncSession, task_id: UUID) -> Sheet:
    """Raises TaskNotFound."""
    task = await tasks.get(session, task_id)
    people = (task.assignee_id, task.claimed_by if task.claimed_until and task.claimed_until > clock.now() else None)
    names = dict(
        (
            await session.execute(select(User.id, User.full_name).where(User.id.in_([one for one in people if one])))
        ).all()
    )
    assignee, claimant = (names.get(one) if one else None for one in people)
    (row,) = await _rows(session, [(task, assignee, claimant)])
    about = [one.petition_id for one in row.reasons if one.petition_id]
    petitions = (await session.scalars(select(Petition).where(Petition.id.in_(about)))).all()
    tried = await session.execute(
        select(CallAttempt, User.full_name, Interaction)
        .join(User, User.id == CallAttempt.user_id)
        .join(Interaction, Interaction.id == CallAttempt.interaction_id)
        .where(CallAttempt.task_id == task.id)
        .order_by(CallAttempt.number.desc())
    )
    return Sheet(
        row,
        await session.get(Person, task.person_id) if task.person_id else None,
        {one.id: one for one in petitions},
        [Try(*each) for each in tried],
        await _history(session, task),
    )


async def _history(session: AsyncSession, task: CallTask) -> Sequence[Interaction]:
    """The latest contacts with this person or telephone, of whatever kind, but for this call's own tries."""
    ways = [Interaction.phone == task.phone] if task.phone else []
    ways += [Interaction.person_id == task.person_id] if task.person_id else []
    if not ways:
        return []
    own = select(CallAttempt.interaction_id).where(CallAttempt.task_id == task.id)
    rows = await session.scalars(
        select(Interaction)
        .where(or_(*ways), Interaction.id.not_in(own))
        .order_by(Interaction.started_at.desc())
        .limit(_LONGEST_HISTORY)
    )
    return rows.all()


async def same_number(session: AsyncSession, phone: str) -> CallTask | None:
    """The pending call to a telephone, for whoever is about to ask for another."""
    return await session.scalar(select(CallTask).where(CallTask.phone == phone, CallTask.state == TaskState.PENDING))


def phones_of(row: Row) -> list[str]:
    """Every number that is known for a call, the call's own first."""
    known = [row.task.phone, *(one.phone for one in row.reasons)]
    return [one for one in dict.fromkeys(known) if one]


def dialable(phone: str) -> str:
    """A number as `tel:` wants it (RFC 3966)."""
    parsed = phonenumbers.parse(phone, "MX")
    return phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.RFC3966)


def kinds_of(reasons: Sequence[CallReason]) -> list[ReasonKind]:
    """What a call is for, the most pressing first."""
    return sorted({one.kind for one in reasons}, key=lambda kind: asking.RANK[kind])
