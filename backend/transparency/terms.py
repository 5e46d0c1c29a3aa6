"""Legal terms in working days, and when a request must be answered.

Ley General de Transparencia y Acceso a la Información Pública: twenty working days from the day after it was
presented, ten more for good reasons; asking for a clarification interrupts the term, which is counted anew from the
day after the answer. All four are the office's to edit, as the law changes.
"""

from collections.abc import Collection
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from backend.errors import InvalidInput
from backend.registry import clarifying, deadlines
from backend.registry.deadlines import Deadline, WorkCalendar
from backend.transparency.models import OPEN, Clarification, InfoRequest, Terms

MOST_DAYS = 120
PAUSE = "se espera la aclaración de quien solicita"


@dataclass(frozen=True)
class Wanted:
    """The terms as the form says them."""

    answer_days: int
    extension_days: int
    clarification_days: int
    restarts: bool
    why: str


async def current(session: AsyncSession) -> Terms:
    return await session.get_one(Terms, 1)


async def change(session: AsyncSession, wanted: Wanted) -> None:
    """New terms, for requests that come from now on. Raises InvalidInput."""
    days = (wanted.answer_days, wanted.extension_days, wanted.clarification_days)
    if not all(1 <= one <= MOST_DAYS for one in days):
        raise InvalidInput(f"Cada plazo va de 1 a {MOST_DAYS} días hábiles.")
    if not wanted.why.strip() or len(wanted.why) > 1000:
        raise InvalidInput("Escriba en qué se fundan los plazos (hasta 1000 letras).", field="why")
    found = await session.get_one(Terms, 1, with_for_update=True)
    found.answer_days, found.extension_days, found.clarification_days = days
    found.restarts, found.why = wanted.restarts, wanted.why.strip()
    await session.flush()


def deadline(one: InfoRequest, clarifications: Collection[Clarification], work: WorkCalendar) -> Deadline:
    """Until when a request must be answered, with the trace of why; `due_on` None while its clock stands."""
    days = one.answer_days + one.extension_days
    return clarifying.deadline(work, one.received_on, days, clarifications, why=PAUSE, restarts=one.restarts)


async def clarifications(session: AsyncSession, one: InfoRequest) -> list[Clarification]:
    """A request's clarifications, the first asked first."""
    found = await session.scalars(
        select(Clarification)
        .where(Clarification.request_id == one.id)
        .order_by(Clarification.asked_on, Clarification.id)
    )
    return list(found)


async def refresh(session: AsyncSession, one: InfoRequest) -> Deadline:
    """Write a locked request's due date anew; a date that moved has its own reminders."""
    found = deadline(one, await clarifications(session, one), await deadlines.calendar(session))
    if one.due_on != found.due_on:
        one.due_on, one.reminded_step = found.due_on, None
    await session.flush()
    return found


async def refresh_all(session: AsyncSession) -> int:
    """Count every open request's due date anew, after the office's closed days changed; how many moved."""
    moved = 0
    rows = await session.scalars(
        select(InfoRequest).where(InfoRequest.state.in_(OPEN)).order_by(InfoRequest.id).with_for_update()
    )
    for one in rows.all():
        before = one.due_on
        await refresh(session, one)
        moved += one.due_on != before
    return moved
