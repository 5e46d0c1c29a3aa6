"""Shifts: the weekly hours, what departs from them, and where nobody is at work."""

import itertools
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from uuid import UUID

from sqlalchemy import delete, select
from sqlalchemy.ext.asyncio import AsyncSession

from backend import clock
from backend.agents import service as agents
from backend.agents.models import DESK_ROLES, User
from backend.catalog import office
from backend.catalog.office import Schedule
from backend.conversations.models import Conversation, Owner
from backend.errors import NotFound
from backend.staffing.errors import ShiftRefused
from backend.staffing.models import ExceptionKind, Shift, ShiftException

#: A month of vacations and more; longer is a mistake of typing.
MOST_DAYS = 190
_MOST_SPANS = 3
HOLIDAY = "inhabil"

Span = tuple[time, time]


@dataclass(frozen=True)
class Day:
    """Somebody's hours on a day. `why` they are not the usual: an exception's kind, or `HOLIDAY`."""

    day: date
    spans: tuple[Span, ...]
    why: str = ""

    def covers(self, at: time) -> bool:
        return any(starts <= at < ends for starts, ends in self.spans)


@dataclass(frozen=True)
class Roster:
    """Who should be at work when, read once."""

    weekly: Mapping[UUID, tuple[tuple[int, time, time], ...]]
    exceptions: Mapping[UUID, tuple[ShiftException, ...]]
    closed: frozenset[date]

    def has_shift(self, user_id: UUID) -> bool:
        return bool(self.weekly.get(user_id))

    def day(self, user_id: UUID, day: date) -> Day:
        """Somebody's hours on `day`, whatever they come from."""
        if day in self.closed:
            return Day(day, (), HOLIDAY)
        for one in self.exceptions.get(user_id, ()):
            if one.first <= day <= one.last:
                if one.starts is not None and one.ends is not None:
                    return Day(day, ((one.starts, one.ends),), one.kind.value)
                return Day(day, (), one.kind.value)
        own = self.weekly.get(user_id, ())
        return Day(day, tuple(sorted((starts, ends) for weekday, starts, ends in own if weekday == day.weekday())))

    def is_on(self, user_id: UUID, moment: datetime) -> bool:
        here = clock.local(moment)
        return self.day(user_id, here.date()).covers(here.time())


@dataclass(frozen=True)
class Gap:
    """A time of the office's hours in which nobody has a shift."""

    day: date
    starts: time
    ends: time


async def roster(session: AsyncSession, first: date) -> Roster:
    """The shifts of everybody active, with what departs from them on `first` and after."""
    active = select(User.id).where(User.is_active, User.role.in_(DESK_ROLES))
    weekly: dict[UUID, list[tuple[int, time, time]]] = {}
    for row in await session.scalars(select(Shift).where(Shift.user_id.in_(active))):
        weekly.setdefault(row.user_id, []).append((row.weekday, row.starts, row.ends))
    exceptions: dict[UUID, list[ShiftException]] = {}
    for one in await session.scalars(
        select(ShiftException)
        .where(ShiftException.user_id.in_(active), ShiftException.last >= first)
        .order_by(ShiftException.created_at.desc(), ShiftException.id)
    ):
        exceptions.setdefault(one.user_id, []).append(one)
    schedule = await office.load(session)
    return Roster(
        {user_id: tuple(spans) for user_id, spans in weekly.items()},
        {user_id: tuple(found) for user_id, found in exceptions.items()},
        schedule.holidays,
    )


def gaps(schedule: Schedule, found: Roster, start: datetime, days: int) -> list[Gap]:
    """Where, from `start` on for so many days, the office is open and nobody has a shift."""
    here = clock.local(start)
    missing = []
    for ahead in range(days):
        day = here.date() + timedelta(days=ahead)
        worked = sorted(span for user_id in found.weekly.keys() | found.exceptions.keys()
                        for span in found.day(user_id, day).spans)  # fmt: skip
        for opens, closes in schedule.spans_of(day):
            begins = max(opens, here.time().replace(second=0, microsecond=0)) if not ahead else opens
            missing += [Gap(day, starts, ends) for starts, ends in _uncovered(begins, closes, worked)]
    return missing


def _uncovered(opens: time, closes: time, worked: Sequence[Span]) -> list[Span]:
    """What of `opens` to `closes` none of the spans, sorted, covers."""
    left, at = [], opens
    for starts, ends in worked:
        if starts >= closes:
            break
        if starts > at:
            left.append((at, min(starts, closes)))
        at = max(at, ends)
    if at < closes:
        left.append((at, closes))
    return left


async def out_of_shift(session: AsyncSession, found: Roster, moment: datetime) -> list[UUID]:
    """Who takes chats, or holds some, outside of their hours. Those who have no hours at all are not meant."""
    taking = {agent.user_id for agent in await agents.available_agents(session)}
    holding = await session.scalars(
        select(Conversation.agent_id).where(Conversation.owner == Owner.AGENT, Conversation.agent_id.is_not(None))
    )
    busy = taking | {user_id for user_id in holding if user_id is not None}
    return sorted(user_id for user_id in busy if found.has_shift(user_id) and not found.is_on(user_id, moment))


async def set_week(session: AsyncSession, user_id: UUID, spans: Collection[tuple[int, time, time]]) -> None:
    """Replace somebody's weekly hours. Raises ShiftRefused."""
    by_day: dict[int, list[Span]] = {}
    for weekday, starts, ends in spans:
        by_day.setdefault(weekday, []).append((starts, ends))
    for own in by_day.values():
        own.sort()
        if len(own) > _MOST_SPANS or any(starts >= ends for starts, ends in own):
            raise ShiftRefused("Cada horario debe terminar después de empezar.")
        if any(later[0] < earlier[1] for earlier, later in itertools.pairwise(own)):
            raise ShiftRefused("Los horarios de un día no deben encimarse.")
    await session.execute(delete(Shift).where(Shift.user_id == user_id))
    session.add_all(Shift(user_id=user_id, weekday=day, starts=starts, ends=ends) for day, starts, ends in spans)
    await session.flush()


async def add_exception(session: AsyncSession, one: ShiftException) -> None:
    """Days on which somebody does not work their usual hours. Raises ShiftRefused."""
    if one.last < one.first:
        raise ShiftRefused("El último día no puede ser antes del primero.", field="last")
    if (one.last - one.first).days > MOST_DAYS:
        raise ShiftRefused(f"Son {MOST_DAYS} días como máximo.", field="last")
    if one.kind is ExceptionKind.OTHER_HOURS:
        if one.starts is None or one.ends is None or one.starts >= one.ends:
            raise ShiftRefused("Escriba de qué hora a qué hora trabajará.", field="starts")
    else:
        one.starts = one.ends = None
    one.created_at = clock.now()
    session.add(one)
    await session.flush()


async def drop_exception(session: AsyncSession, user_id: UUID, exception_id: UUID) -> ShiftException:
    """Take an exception back; what it was. Raises NotFound."""
    found = await session.get(ShiftException, exception_id, with_for_update=True)
    if found is None or found.user_id != user_id:
        raise NotFound("Ese registro ya no está.")
    await session.delete(found)
    await session.flush()
    return found


async def exceptions_of(session: AsyncSession, user_id: UUID, since: date) -> Sequence[ShiftException]:
    """What departs from somebody's hours from `since` on, the first day first."""
    rows = await session.scalars(
        select(ShiftException)
        .where(ShiftException.user_id == user_id, ShiftException.last >= since)
        .order_by(ShiftException.first, ShiftException.created_at)
    )
    return rows.all()
