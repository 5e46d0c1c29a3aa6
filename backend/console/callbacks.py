"""Calls that are owed: who asked for a person when nobody was there."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from backend import clock
from backend.conversations.models import CallbackState, CallbackTask
from backend.errors import Conflict, InvalidInput, NotFound
from backend.text import strip_control


class AlreadyCalled(Conflict):
    code = "llamada_hecha"
    message = "Alguien más ya registró esta llamada."


async def listed(session: AsyncSession, state: CallbackState, limit: int = 200) -> Sequence[CallbackTask]:
    """Pending: the longest waiting first. Done: the latest first."""
    is_pending = state is CallbackState.PENDING
    order = CallbackTask.created_at if is_pending else CallbackTask.done_at.desc()
    return (
        await session.scalars(select(CallbackTask).where(CallbackTask.state == state).order_by(order).limit(limit))
    ).all()


async def pending_count(session: AsyncSession) -> int:
    query = select(func.count()).select_from(CallbackTask).where(CallbackTask.state == CallbackState.PENDING)
    return await session.scalar(query) or 0


async def finish(session: AsyncSession, task_id: UUID, user_id: UUID, outcome: str) -> CallbackTask:
    """A call was made. Raises AlreadyCalled, NotFound, InvalidInput without an outcome."""
    told = strip_control(outcome).strip()
    if not told:
        raise InvalidInput("Escriba el resultado de la llamada.")
    task = await session.get(CallbackTask, task_id, with_for_update=True)
    if task is None:
        raise NotFound("Esa llamada no existe.")
    if task.state is CallbackState.DONE:
        raise AlreadyCalled
    task.state, task.done_by, task.done_at, task.outcome = CallbackState.DONE, user_id, clock.now(), told[:1000]
    await session.flush()
    return task
