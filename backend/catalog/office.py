"""The office's hours, in time and in words."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from backend import clock
from backend.catalog.models import BusinessHours, Holiday

_DAYS = ("lunes", "martes", "miércoles", "jueves", "viernes", "sábado", "domingo")
_HORIZON_DAYS = 30


@dataclass(frozen=True)
class Schedule:
    """Opening spans by weekday (Monday is 0) and the days on which nothing opens."""

    spans: tuple[tuple[int, time, time], ...]
    holidays: frozenset[date]

    def is_open(self, moment: datetime) -> bool:
        here = clock.local(moment)
        return any(opens <= here.time() < closes for opens, closes in self.spans_of(here.date()))

    def next_opening(self, moment: datetime) -> datetime | None:
        """When it next opens after `moment`, on the office's clock; None if not within a month."""
        here = clock.local(moment)
        for ahead in range(_HORIZON_DAYS):
            day = here.date() + timedelta(days=ahead)
            for opens, _ in self.spans_of(day):
                start = datetime.combine(day, opens, tzinfo=clock.HERMOSILLO)
                if start > here:
                    return start
        return None

    def spans_of(self, day: date) -> list[tuple[time, time]]:
        """When it opens and closes on `day`, in order; empty on a holiday."""
        if day in self.holidays:
            return []
        return sorted((opens, closes) for weekday, opens, closes in self.spans if weekday == day.weekday())


async def load(session: AsyncSession) -> Schedule:
    hours = await session.scalars(select(BusinessHours))
    holidays = await session.scalars(select(Holiday.day))
    return Schedule(tuple((span.weekday, span.opens, span.closes) for span in hours), frozenset(holidays))


def opening_text(schedule: Schedule, moment: datetime) -> str:
    """`el lunes a las 8:00`, for a sentence that begins with «abrimos»."""
    opening = schedule.next_opening(moment)
    if opening is None:
        return "próximamente"
    days = (opening.date() - clock.local(moment).date()).days
    if days == 0:
        when = "hoy"
    elif days == 1:
        when = "mañana"
    elif days < 7:
        when = f"el {_DAYS[opening.weekday()]}"
    else:
        when = f"el {_DAYS[opening.weekday()]} {opening:%d/%m/%Y}"
    return f"{when} a las {opening.hour}:{opening:%M}"


def hours_text(schedule: Schedule) -> str:
    """`de lunes a viernes de 8:00 a 15:00`, grouping days with the same hours."""
    by_span: dict[tuple[time, time], list[int]] = {}
    for weekday, opens, closes in sorted(schedule.spans):
        by_span.setdefault((opens, closes), []).append(weekday)
    if not by_span:
        return "por ahora sin horario de atención publicado"
    return "; ".join(
        f"{_days_text(days)} de {opens.hour}:{opens:%M} a {closes.hour}:{closes:%M}"
        for (opens, closes), days in by_span.items()
    )


def _days_text(days: Sequence[int]) -> str:
    if len(days) == 1:
        return f"los {_DAYS[days[0]]}"
    if list(days) == list(range(days[0], days[-1] + 1)):
        return f"de {_DAYS[days[0]]} a {_DAYS[days[-1]]}"
    return ", ".join(_DAYS[day] for day in days)
