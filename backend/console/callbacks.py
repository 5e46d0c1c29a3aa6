"""Calls that are owed: who asked for a person when nobody was there."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from backend import clock
from backend.conversations.models import CallbackState, CallbackTask
from backend.errors import Conflict, InvalidInput, NotFound
from backend.notices.models import Notice, NoticeAttempt
from backend.registry.models import Petition
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


@dataclass(frozen=True)
class Errand:
    """The notice for which a call is owed."""

    folio: str
    text: str


async def errands(session: AsyncSession, tasks: Sequence[CallbackTask]) -> dict[UUID, Errand]:
    """What must be said in those calls that are a notice's."""
    rows = await session.execute(
        select(NoticeAttempt.callback_task_id, Petition.folio, Notice.text)
        .join(Notice, Notice.id == NoticeAttempt.notice_id)
        .join(Petition, Petition.id == Notice.petition_id)
        .where(NoticeAttempt.callback_task_id.in_([task.id for task in tasks]))
    )
    return {task_id: Errand(folio, text) for task_id, folio, text in rows if task_id is not None}


async def finish(
    session: AsyncSession, task_id: UUID, user_id: UUID, outcome: str, *, was_reached: bool | None = None
) -> CallbackTask:
    """A call was made. Raises AlreadyCalled, NotFound, InvalidInput without an outcome.

    `was_reached` is a notice's proof: its call asks for it.
    """
    told = strip_control(outcome).strip()
    if not told:
        raise InvalidInput("Escriba el resultado de la llamada.")
    task = await session.get(CallbackTask, task_id, with_for_update=True)
    if task is None:
        raise NotFound("Esa llamada no existe.")
    if task.state is CallbackState.DONE:
        raise AlreadyCalled
    if was_reached is None and await errands(session, [task]):
        raise InvalidInput("Diga si se le pudo informar a la persona.")
    task.state, task.done_by, task.done_at, task.outcome = CallbackState.DONE, user_id, clock.now(), told[:1000]
    task.was_reached = was_reached
    await session.flush()
    return task
