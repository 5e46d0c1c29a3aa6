"""The worker's part: a notice that did not arrive goes by the next way; one that did is done with."""

from datetime import timedelta
from uuid import UUID

import structlog
from sqlalchemy import Select, and_, exists, func, or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased

from backend import clock
from backend.conversations.models import Conversation
from backend.db import Database
from backend.notices import proof, service
from backend.notices.models import Notice, NoticeAttempt
from backend.outbox.models import Delivery, DeliveryState
from backend.outreach.models import CallReason, ReasonState
from backend.registry.models import Petition

log = structlog.get_logger(__name__)

NO_LONGER_NEEDED = "El aviso llegó por escrito; ya no hizo falta llamar."


async def fall_back(database: Database, *, hours: float = 24) -> int:
    """Try the next way of every notice whose last one failed for good, or told nothing in `hours`; how many.

    Any number of workers may do so at once: a petition's row lock gives each notice to one of them.
    """
    async with database.transaction() as session:
        await _settle_arrived(session)
        due = (await session.execute(_due(hours).order_by(Notice.event_id).limit(200))).all()
    moved = 0
    for notice_id, petition_id in due:
        async with database.transaction() as session:
            moved += await move_on(session, notice_id, petition_id, hours)
    return moved


async def move_on(session: AsyncSession, notice_id: UUID, petition_id: UUID, hours: float) -> int:
    """One notice's next way, if it is still due once its petition is ours; 1 if something was tried."""
    petition = await session.scalar(
        select(Petition).where(Petition.id == petition_id).with_for_update(skip_locked=True)
    )
    still_due = (await session.execute(_due(hours).where(Notice.id == notice_id))).all()
    if petition is None or not still_due:
        return 0
    notice = await session.get_one(Notice, notice_id, with_for_update=True)
    await service.try_next(session, notice, petition)
    log.info("notice_moved_on", notice_id=str(notice_id), is_settled=notice.settled_at is not None)
    return 1


def _due(hours: float) -> Select[UUID, UUID]:
    """The notices whose last attempt came to nothing."""
    any_attempt = aliased(NoticeAttempt)
    last = (
        select(func.max(any_attempt.position))
        .where(any_attempt.notice_id == Notice.id)
        .correlate(Notice)
        .scalar_subquery()
    )
    failed = exists().where(Delivery.message_id == NoticeAttempt.message_id, Delivery.state == DeliveryState.FAILED)
    is_silent = and_(
        NoticeAttempt.created_at < clock.now() - timedelta(hours=hours),
        exists().where(Conversation.id == NoticeAttempt.conversation_id, Conversation.channel.in_(proof.AWAITED)),
        ~proof.arrived(),
    )
    in_vain = exists().where(
        CallReason.id == NoticeAttempt.call_reason_id,
        CallReason.state == ReasonState.DONE,
        CallReason.was_reached.is_not(True),
    )
    return (
        select(Notice.id, Notice.petition_id)
        .join(NoticeAttempt, and_(NoticeAttempt.notice_id == Notice.id, NoticeAttempt.position == last))
        .where(Notice.settled_at.is_(None), or_(failed, is_silent, in_vain))
    )


async def _settle_arrived(session: AsyncSession) -> None:
    """Be done with what arrived; a call still owed for it need not be made."""
    moment = clock.now()
    # Rows that another worker has are that worker's: two that wait for each other would be a deadlock.
    free = select(Notice.id).where(Notice.settled_at.is_(None), proof.arrived()).with_for_update(skip_locked=True)
    settled = (
        await session.scalars(
            update(Notice)
            .where(Notice.id.in_(free))
            .values(settled_at=moment, arrived_at=moment)
            .returning(Notice.id)
            .execution_options(synchronize_session=False)
        )
    ).all()
    if not settled:
        return
    calls = select(NoticeAttempt.call_reason_id).where(
        NoticeAttempt.notice_id.in_(settled), NoticeAttempt.call_reason_id.is_not(None)
    )
    await session.execute(
        update(CallReason)
        .where(CallReason.id.in_(calls), CallReason.state == ReasonState.PENDING)
        .values(state=ReasonState.DONE, done_at=moment, outcome=NO_LONGER_NEEDED)
        .execution_options(synchronize_session=False)
    )
