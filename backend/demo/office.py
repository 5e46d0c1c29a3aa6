"""The demonstration's work: tasks, shifts, goals, and requests for information."""

from datetime import date, time, timedelta
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from backend import clock
from backend.agents.models import User
from backend.quarterly import goals as quarter_goals
from backend.staffing import goals, shifts, tasks
from backend.staffing.models import ExceptionKind, GoalPeriod, ShiftException
from backend.transparency import service as transparency

_WEEK = range(5)


async def seed(session: AsyncSession, content: dict[str, Any], staff: dict[str, User]) -> None:
    """Add what `content` names, given by its head."""
    today = clock.local(clock.now()).date()
    head = staff[content["head"]]
    for row in content["tasks"]:
        due_on = today + timedelta(days=row["due_in"]) if "due_in" in row else None
        draft = tasks.Draft(row["title"], row.get("description", ""), staff[row["for"]].id, due_on)
        await tasks.create(session, draft, by=head)
    for name, (starts, ends) in content["shifts"].items():
        hours = (time.fromisoformat(starts), time.fromisoformat(ends))
        await shifts.set_week(session, staff[name].id, [(day, *hours) for day in _WEEK])
    away = ShiftException(
        user_id=staff[content["on_vacation"]].id, first=today + timedelta(days=7), last=today + timedelta(days=18),
        kind=ExceptionKind.VACATION, created_by=head.id,
    )  # fmt: skip
    await shifts.add_exception(session, away)
    for name, figure, target in content["goals"]:
        await goals.set_goal(session, staff[name].id, figure, GoalPeriod.MONTH, today, target, by=head.id)
    await quarter_goals.set_goals(session, today.year, (today.month + 2) // 3, content["quarter_goals"], by=head)
    for row in content["information_requests"]:
        await _request(session, row, staff, today, head)


async def _request(session: AsyncSession, row: dict[str, Any], staff: dict[str, User], today: date, head: User) -> None:
    received = today - timedelta(days=row["days_ago"])
    person = staff[row["for"]].id if "for" in row else None
    draft = transparency.Draft(row["folio"], received, row["text"], user_id=person)
    one = await transparency.receive(session, draft, by=head)
    if "asked" in row:
        await transparency.ask_clarification(session, one, row["asked"], received + timedelta(days=2), by=head)
