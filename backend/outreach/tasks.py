"""Calls as they are worked off: who takes which, who is given which, and how one ends without a try."""

from collections.abc import Sequence
from datetime import timedelta
from uuid import UUID

from sqlalchemy import ColumnElement, and_, exists, func, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from backend import clock
from backend.agents.models import DESK_ROLES, Role, User
from backend.errors import InvalidInput
from backend.outreach import asking
from backend.outreach.errors import AlreadyCalled, CallRefused, OnlyTheHead, TaskNotFound, TaskTaken
from backend.outreach.models import (
    CallCampaign,
    CallReason,
    CallTask,
    CampaignState,
    ClosedBecause,
    ReasonState,
    TaskState,
)

#: How long a call that somebody took is theirs without a try.
CLAIM = timedelta(minutes=20)
#: The header shows no more than this.
COUNTED = 1000
CLOSED_TEXTS = {
    ClosedBecause.WRONG_NUMBER: "Número equivocado.",
    ClosedBecause.DO_NOT_CALL: asking.BARRED,
    ClosedBecause.NOT_NEEDED: "Ya no hizo falta llamar.",
    ClosedBecause.CAMPAIGN_ENDED: "La campaña terminó.",
    ClosedBecause.BY_STAFF: "Se cerró sin llamar.",
}


def is_pressing() -> ColumnElement[bool]:
    """Whether some reason still stands that no paused campaign holds back, for a query on `CallTask`."""
    return exists().where(
        CallReason.task_id == CallTask.id,
        CallReason.state == ReasonState.PENDING,
        or_(
            CallReason.campaign_id.is_(None),
            exists().where(CallCampaign.id == CallReason.campaign_id, CallCampaign.state == CampaignState.OPEN),
        ),
    )


async def pending_count(session: AsyncSession) -> int:
    """How many calls are owed, counted so far."""
    some = select(CallTask.id).where(CallTask.state == TaskState.PENDING).limit(COUNTED).subquery()
    return await session.scalar(select(func.count()).select_from(some)) or 0


async def get(session: AsyncSession, task_id: UUID, *, for_update: bool = False) -> CallTask:
    """Raises TaskNotFound."""
    task = await session.get(CallTask, task_id, with_for_update=for_update or None, populate_existing=for_update)
    if task is None:
        raise TaskNotFound
    return task


async def pending_of_phone(session: AsyncSession, phone: str) -> CallTask | None:
    """The call that is owed to a telephone, locked."""
    return await session.scalar(
        select(CallTask).where(CallTask.phone == phone, CallTask.state == TaskState.PENDING).with_for_update()
    )


async def reasons_of(session: AsyncSession, task_ids: Sequence[UUID]) -> dict[UUID, list[CallReason]]:
    """Why each call is owed, the most pressing first."""
    rows = await session.scalars(
        select(CallReason).where(CallReason.task_id.in_(task_ids)).order_by(CallReason.created_at, CallReason.id)
    )
    found: dict[UUID, list[CallReason]] = {task_id: [] for task_id in task_ids}
    for row in rows:
        found[row.task_id].append(row)
    return {task_id: sorted(ones, key=lambda one: asking.RANK[one.kind]) for task_id, ones in found.items()}


def is_claimed_by_another(task: CallTask, user: User) -> bool:
    """Whether somebody else is about to dial it, or is dialling."""
    is_claimed = task.claimed_until is not None and task.claimed_until > clock.now()
    return is_claimed and task.claimed_by != user.id


async def take_next(session: AsyncSession, user: User, *, after: UUID | None = None) -> CallTask | None:
    """The next call for this person, now theirs for a while; None when nothing is due.

    First what the head gave them, then what is nobody's: the most pressing, and of those what is due first. Of two
    who ask at once each gets another. `after`: one that they skip, which is free again.
    """
    moment = clock.now()
    if after is not None:
        await release(session, user, after)
    is_free = or_(CallTask.claimed_until.is_(None), CallTask.claimed_until < moment, CallTask.claimed_by == user.id)
    task = await session.scalar(
        select(CallTask)
        .where(
            CallTask.state == TaskState.PENDING,
            CallTask.next_try_at <= moment,
            or_(CallTask.assignee_id == user.id, CallTask.assignee_id.is_(None)),
            is_free,
            is_pressing(),
            CallTask.id != after if after is not None else CallTask.id.is_not(None),
        )
        .order_by(CallTask.assignee_id.is_(None), CallTask.rank, CallTask.due_on, CallTask.next_try_at, CallTask.id)
        .limit(1)
        .with_for_update(skip_locked=True, of=CallTask)
    )
    if task is not None:
        _claim(task, user)
    return task


def claim(user: User, task: CallTask) -> None:
    """Take a locked call to dial it now. Raises TaskTaken, AlreadyCalled."""
    if task.state is not TaskState.PENDING:
        raise AlreadyCalled
    if is_claimed_by_another(task, user):
        raise TaskTaken
    _claim(task, user)


def _claim(task: CallTask, user: User) -> None:
    task.claimed_by, task.claimed_until = user.id, clock.now() + CLAIM


async def release(session: AsyncSession, user: User, task_id: UUID) -> None:
    """Give back a call that one took, untried."""
    task = await get(session, task_id, for_update=True)
    if task.claimed_by == user.id:
        task.claimed_by = task.claimed_until = None
        await session.flush()


async def assign(session: AsyncSession, user: User, task_ids: Sequence[UUID], assignee_id: UUID | None) -> int:
    """The head gives calls to somebody, or to whoever takes them (None); how many. Raises OnlyTheHead, CallRefused."""
    if user.role not in (Role.HEAD, Role.ADMIN):
        raise OnlyTheHead
    if not task_ids:
        raise CallRefused("Marque al menos una llamada.")
    if assignee_id is not None:
        chosen = await session.get(User, assignee_id)
        if chosen is None or not chosen.is_active or chosen.is_system or chosen.role not in DESK_ROLES:
            raise CallRefused("Elija a alguien del personal.")
    rows = await session.scalars(
        select(CallTask)
        .where(CallTask.id.in_(task_ids), CallTask.state == TaskState.PENDING)
        .order_by(CallTask.id)
        .with_for_update()
    )
    found = rows.all()
    for task in found:
        task.assignee_id = assignee_id
        task.claimed_by = task.claimed_until = None
    await session.flush()
    return len(found)


async def close(
    session: AsyncSession,
    task: CallTask,
    because: ClosedBecause,
    *,
    user_id: UUID | None = None,
    note: str = "",
    outcome: str | None = None,
) -> None:
    """A locked call is not to be made: its reasons end unreached, which a notice has for its proof."""
    told = outcome or note or CLOSED_TEXTS[because]
    is_needless = because is ClosedBecause.NOT_NEEDED
    for reason in (await reasons_of(session, [task.id]))[task.id]:
        if reason.state is ReasonState.PENDING:
            asking.settle(reason, told, user_id=user_id, was_reached=None if is_needless else False)
    end(task, TaskState.CLOSED, user_id=user_id)
    task.closed_because, task.closed_note = because, note[:300]
    await session.flush()


def end(task: CallTask, state: TaskState, *, user_id: UUID | None) -> None:
    task.state, task.closed_at, task.closed_by = state, clock.now(), user_id
    task.claimed_by = task.claimed_until = None


async def close_by_staff(session: AsyncSession, user: User, task_id: UUID, why: str) -> CallTask:
    """Give a call up without a try. Raises InvalidInput without a reason, AlreadyCalled, TaskTaken."""
    note = " ".join(why.split())
    if not note:
        raise InvalidInput("Escriba por qué ya no se llamará.")
    task = await get(session, task_id, for_update=True)
    claim(user, task)
    await close(session, task, ClosedBecause.BY_STAFF, user_id=user.id, note=note)
    return task


async def close_needless(session: AsyncSession, *, limit: int = 200) -> int:
    """Close calls whose every reason has ended by itself: the notice arrived, the citizen answered; how many."""
    rows = await session.scalars(
        select(CallTask)
        .where(
            CallTask.state == TaskState.PENDING,
            ~exists().where(and_(CallReason.task_id == CallTask.id, CallReason.state == ReasonState.PENDING)),
        )
        .limit(limit)
        .with_for_update(skip_locked=True)
    )
    needless = rows.all()
    for task in needless:
        await close(session, task, ClosedBecause.NOT_NEEDED)
    return len(needless)
