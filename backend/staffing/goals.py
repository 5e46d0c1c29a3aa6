"""What a person is to reach of the productivity report's figures, and how far they are."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, time
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from backend import clock
from backend.errors import NotFound
from backend.reports.computing import compute
from backend.reports.definitions import REPORTS
from backend.reports.figures import Figure, Filters
from backend.reports.measures import Unit, Value
from backend.reports.periods import Period, Span
from backend.staffing.errors import GoalRefused
from backend.staffing.models import Goal, GoalPeriod

_REPORT = REPORTS["productividad"]
#: Of what goals can be set: what is counted.
_FIGURES: Mapping[str, Figure] = {one.key: one for one in _REPORT.figures if one.unit is Unit.COUNT}
_SPANS = {GoalPeriod.WEEK: Span.WEEK, GoalPeriod.MONTH: Span.MONTH, GoalPeriod.QUARTER: Span.QUARTER}


@dataclass(frozen=True)
class Progress:
    """A goal and what was reached of it up to now."""

    goal: Goal
    title: str
    first: date
    last: date
    achieved: int

    @property
    def percent(self) -> int:
        return round(100 * self.achieved / self.goal.target)


def choices() -> list[tuple[str, str]]:
    """The figures of which a goal can be set, with their names."""
    return [(key, figure.name) for key, figure in _FIGURES.items()]


def period_of(period: GoalPeriod, day: date) -> Period:
    """The week, month or quarter in which `day` falls."""
    return Period.current(_SPANS[period], datetime.combine(day, time(12), clock.HERMOSILLO))


async def set_goal(
    session: AsyncSession, user_id: UUID, figure: str, period: GoalPeriod, day: date, target: int, *, by: UUID
) -> None:
    """Set somebody's goal for the period of `day`, or change its target. Raises GoalRefused."""
    if figure not in _FIGURES:
        raise GoalRefused("Elija la cifra de la lista.", field="figure")
    if target < 1:
        raise GoalRefused("La meta es de 1 o más.", field="target")
    values = {"target": target, "set_by": by, "set_at": clock.now()}
    key = {"user_id": user_id, "figure": figure, "period": period, "starts_on": period_of(period, day).first}
    statement = insert(Goal).values(**key, **values)
    await session.execute(statement.on_conflict_do_update(index_elements=list(key), set_=values))


async def drop(session: AsyncSession, user_id: UUID, goal_id: UUID) -> Goal:
    """Take a goal back; what it was. Raises NotFound."""
    found = await session.get(Goal, goal_id, with_for_update=True)
    if found is None or found.user_id != user_id:
        raise NotFound("Esa meta ya no está.")
    await session.delete(found)
    await session.flush()
    return found


async def progress(session: AsyncSession, user_id: UUID, today: date) -> list[Progress]:
    """Somebody's goals for the periods in which `today` falls, the shortest first."""
    found: list[Progress] = []
    for kind in GoalPeriod:
        period = period_of(kind, today)
        rows = await session.scalars(
            select(Goal)
            .where(Goal.user_id == user_id, Goal.period == kind, Goal.starts_on == period.first)
            .order_by(Goal.figure)
        )
        goals = [one for one in rows if one.figure in _FIGURES]
        values = await _values(session, user_id, period, {one.figure for one in goals})
        found += [
            Progress(one, _FIGURES[one.figure].name, period.first, period.last, int(values[one.figure] or 0))
            for one in goals
        ]
    return found


async def _values(session: AsyncSession, user_id: UUID, period: Period, keys: set[str]) -> Mapping[str, Value]:
    if not keys:
        return {}
    report = replace(_REPORT, figures=tuple(_FIGURES[key] for key in sorted(keys)))
    return (await compute(session, report, period, Filters(agent_id=user_id))).totals
