"""When a petition is due: working days, official holidays, suspensions, and why that date."""

import enum
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import lru_cache
from itertools import chain

import holidays as official
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from backend import clock
from backend.catalog.models import Holiday
from backend.registry import lifecycle
from backend.registry.models import Petition, PetitionKind, PetitionSuspension, PetitionTerm, Priority

#: From this many working days before the due date a petition is «por vencer».
SOON = 3
_WEEKDAYS = 5
_DAYS = ("lunes", "martes", "miércoles", "jueves", "viernes", "sábado", "domingo")


class Pace(enum.StrEnum):
    """How a petition stands with its due date; each has a colour in the console."""

    ON_TIME = "en_tiempo"
    SOON = "por_vencer"
    OVERDUE = "vencida"
    PAUSED = "en_pausa"
    DONE = "terminada"
    #: No term is set for its kind.
    NONE = "sin_plazo"


@dataclass(frozen=True)
class WorkCalendar:
    """Which days count: Monday to Friday, without the official holidays nor the office's own (`closed`)."""

    closed: dict[date, str]

    def why_not(self, day: date) -> str | None:
        """Why `day` does not count; None when it does."""
        if day in self.closed:
            return self.closed[day]
        if day.weekday() >= _WEEKDAYS:
            return _DAYS[day.weekday()]
        return _official(day.year).get(day)

    def add(self, start: date, days: int) -> date:
        """The `days`-th working day after `start`, which itself never counts."""
        day = start
        while days > 0:
            day += timedelta(days=1)
            days -= self.why_not(day) is None
        return day

    def between(self, start: date, end: date) -> int:
        """Working days after `start` up to and with `end`; negative when `end` is earlier."""
        if end < start:
            return -self.between(end, start)
        # Reckoned, not told off day by day: what is overdue for years stands on many a page.
        years = (_official(year) for year in range(start.year, end.year + 1))
        off = {day for day in chain(self.closed, *years) if start < day <= end and day.weekday() < _WEEKDAYS}
        return _weekdays_until(end) - _weekdays_until(start) - len(off)


def _weekdays_until(day: date) -> int:
    """Of all days from the Monday 1 January of the year 1 to `day`."""
    weeks, rest = divmod(day.toordinal(), 7)
    return weeks * _WEEKDAYS + min(rest, _WEEKDAYS)


@lru_cache(maxsize=32)
def _official(year: int) -> dict[date, str]:
    """Mexico's days off by law (Ley Federal del Trabajo, artículo 74), from the `holidays` library."""
    return dict(official.country_holidays("MX", years=year, language="es"))


def official_days(first: date, last: date) -> list[tuple[date, str]]:
    """The law's days off from `first` to `last`, in order."""
    years = range(first.year, last.year + 1)
    return sorted((day, name) for year in years for day, name in _official(year).items() if first <= day <= last)


@dataclass(frozen=True)
class Skipped:
    """Days in the run of a term that did not count, first to last, and why."""

    first: date
    last: date
    why: str


@dataclass(frozen=True)
class Deadline:
    """`due_on` None: suspended, so not known yet. `skipped` is the trace of why it falls there."""

    start: date
    working_days: int
    due_on: date | None
    skipped: tuple[Skipped, ...]


@dataclass(frozen=True)
class Pause:
    """A suspension: the clock stands from `first` on; `until` is the first day that counts again."""

    first: date
    until: date | None
    why: str


def compute(calendar: WorkCalendar, start: date, working_days: int, pauses: Collection[Pause] = ()) -> Deadline:
    """The day on which a term of `working_days` ends that began on `start` (which does not count)."""
    day, left, skipped = start, working_days, list[Skipped]()
    while left > 0:
        day += timedelta(days=1)
        pause = next((one for one in pauses if one.first <= day and (one.until is None or day < one.until)), None)
        if pause is not None and pause.until is None:
            return Deadline(start, working_days, None, (*skipped, Skipped(day, day, pause.why)))
        why = pause.why if pause is not None else calendar.why_not(day)
        if why is None:
            left -= 1
        else:
            _skip(skipped, day, why)
    return Deadline(start, working_days, day, tuple(skipped))


def _skip(skipped: list[Skipped], day: date, why: str) -> None:
    """Weekends are one entry, and so are the days of one suspension."""
    name = "fin de semana" if why in _DAYS[5:] else why
    last = skipped[-1] if skipped else None
    if last is not None and last.why == name and last.last == day - timedelta(days=1):
        skipped[-1] = Skipped(last.first, day, name)
    else:
        skipped.append(Skipped(day, day, name))


async def calendar(session: AsyncSession) -> WorkCalendar:
    """The office's calendar of working days."""
    rows = await session.scalars(select(Holiday))
    return WorkCalendar({row.day: row.name for row in rows})


async def working_days(session: AsyncSession, kind: PetitionKind, priority: Priority) -> int | None:
    """The term of a kind of petition at a priority; None where the office has set none."""
    term = await session.get(PetitionTerm, kind)
    if term is None:
        return None
    return term.urgent_days if priority is Priority.URGENT else term.days


async def of_new(session: AsyncSession, kind: PetitionKind, priority: Priority, moment: datetime) -> date | None:
    """The due date of a petition filed at `moment`; None where its kind has no term."""
    days = await working_days(session, kind, priority)
    return None if days is None else (await calendar(session)).add(clock.local(moment).date(), days)


async def of_petition(session: AsyncSession, petition: Petition) -> Deadline | None:
    """A petition's deadline with its trace; None where its kind has no term."""
    days = await working_days(session, petition.kind, petition.priority)
    if days is None:
        return None
    start = clock.local(petition.created_at).date()
    pauses = [Pause(row.first, row.until, row.reason) for row in await suspensions(session, petition)]
    return compute(await calendar(session), start, days, pauses)


async def suspensions(session: AsyncSession, petition: Petition) -> Sequence[PetitionSuspension]:
    """A petition's suspensions, the first one first."""
    rows = await session.scalars(
        select(PetitionSuspension)
        .where(PetitionSuspension.petition_id == petition.id)
        .order_by(PetitionSuspension.first, PetitionSuspension.id)
    )
    return rows.all()


async def refresh(session: AsyncSession, petition: Petition) -> None:
    """Write a locked petition's due date anew, after a change of kind, priority or suspension."""
    deadline = await of_petition(session, petition)
    petition.due_on = deadline.due_on if deadline else None


async def suspend(session: AsyncSession, petition: Petition, reason: str) -> None:
    """Stop a locked petition's clock from today on, if it runs."""
    if await _running(session, petition) is None:
        today = clock.local(clock.now()).date()
        session.add(PetitionSuspension(petition_id=petition.id, first=today, reason=reason))
        await session.flush()
        await refresh(session, petition)


async def resume(session: AsyncSession, petition: Petition) -> None:
    """Let a locked petition's clock run again from today on, if it stands."""
    running = await _running(session, petition)
    if running is not None:
        running.until = clock.local(clock.now()).date()
        await session.flush()
        await refresh(session, petition)


async def _running(session: AsyncSession, petition: Petition) -> PetitionSuspension | None:
    row: PetitionSuspension | None = await session.scalar(
        select(PetitionSuspension).where(
            PetitionSuspension.petition_id == petition.id, PetitionSuspension.until.is_(None)
        )
    )
    return row


def pace(petition: Petition, today: date, work: WorkCalendar, *, is_paused: bool = False) -> Pace:
    """How a petition stands with its due date `today`, on the office's calendar."""
    if petition.status in lifecycle.CLOSED:
        return Pace.DONE
    if petition.due_on is None:
        is_waiting = is_paused or petition.status is lifecycle.S.REQUIERE_INFORMACION
        return Pace.PAUSED if is_waiting else Pace.NONE
    return pace_of(petition.due_on, today, work)


def pace_of(due_on: date, today: date, work: WorkCalendar) -> Pace:
    """As `pace`, for anything open with a due date (a turn)."""
    if due_on < today:
        return Pace.OVERDUE
    return Pace.SOON if work.between(today, due_on) <= SOON else Pace.ON_TIME
