"""How a notice fared: told by its messages' deliveries and its calls, never by what we hoped."""

import enum
from collections import defaultdict
from collections.abc import AsyncIterator, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import ColumnElement, Select, and_, exists, func, or_, select, true
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased

from backend.agents.models import User
from backend.conversations.models import Conversation
from backend.notices.models import Notice, NoticeAttempt, NoticeWay
from backend.outbox.models import Delivery, DeliveryAttempt, DeliveryState
from backend.outreach.models import CallReason, ReasonState
from backend.registry.models import Petition, PetitionEvent

#: Channels that tell nothing after "sent": that the vendor took it is all the proof there will ever be.
WITHOUT_RECEIPTS = ("telegram",)
#: Channels whose silence means something: they do tell when a message arrives.
AWAITED = ("web", "whatsapp")


#: No list is longer than this; so many of it are read at once.
MAX_LISTED, _CHUNK = 5000, 250


class AttemptState(enum.StrEnum):
    IMPOSSIBLE = "impossible"
    SENDING = "sending"
    SENT = "sent"
    DELIVERED = "delivered"
    READ = "read"
    FAILED = "failed"
    CALL_PENDING = "call_pending"
    CALL_REACHED = "call_reached"
    CALL_NOT_REACHED = "call_not_reached"
    #: Another way told the person first.
    CALL_NOT_NEEDED = "call_not_needed"


class NoticeState(enum.StrEnum):
    ARRIVED = "arrived"
    UNDER_WAY = "under_way"
    #: Sent, and the channel has not yet said that it arrived; or a call that is owed.
    UNCONFIRMED = "unconfirmed"
    #: Every way failed, or there was none.
    NOT_DELIVERED = "not_delivered"


_PROGRESS = {
    DeliveryState.PENDING: AttemptState.SENDING,
    DeliveryState.SENDING: AttemptState.SENDING,
    DeliveryState.UNCERTAIN: AttemptState.SENDING,
    DeliveryState.SENT: AttemptState.SENT,
    DeliveryState.DELIVERED: AttemptState.DELIVERED,
    DeliveryState.READ: AttemptState.READ,
    DeliveryState.FAILED: AttemptState.FAILED,
}
_FURTHEST_LAST = (AttemptState.FAILED, *dict.fromkeys(_PROGRESS[state] for state in DeliveryState))
_ARRIVED = (AttemptState.DELIVERED, AttemptState.READ, AttemptState.CALL_REACHED)
_ENDED = (
    AttemptState.IMPOSSIBLE,
    AttemptState.FAILED,
    AttemptState.CALL_NOT_REACHED,
    AttemptState.CALL_NOT_NEEDED,
)


@dataclass(frozen=True)
class AttemptView:
    """One way, and what became of it. `reason` is a code: why it was impossible, or why it failed."""

    attempt: NoticeAttempt
    channel: str | None
    state: AttemptState
    reason: str | None
    sent_at: datetime | None = None
    delivered_at: datetime | None = None
    read_at: datetime | None = None
    failed_at: datetime | None = None
    by_template: bool = False
    task: CallReason | None = None

    @property
    def has_arrived(self) -> bool:
        return self.state in _ARRIVED or (self.state is AttemptState.SENT and self.channel in WITHOUT_RECEIPTS)


@dataclass(frozen=True)
class NoticeView:
    folio: str
    notice: Notice
    event: PetitionEvent
    user_name: str | None
    attempts: Sequence[AttemptView]

    @property
    def state(self) -> NoticeState:
        if any(one.has_arrived for one in self.attempts):
            return NoticeState.ARRIVED
        last = self.attempts[-1].state if self.attempts else AttemptState.IMPOSSIBLE
        if self.notice.settled_at is not None or last is AttemptState.IMPOSSIBLE:
            return NoticeState.NOT_DELIVERED
        is_told_of = last in (AttemptState.SENT, AttemptState.CALL_PENDING)
        return NoticeState.UNCONFIRMED if is_told_of else NoticeState.UNDER_WAY

    @property
    def had_no_way(self) -> bool:
        return all(one.state is AttemptState.IMPOSSIBLE for one in self.attempts)


async def of_petition(session: AsyncSession, petition_id: UUID) -> list[NoticeView]:
    """A petition's notices with all that is known of each, newest first."""
    return await _views(session, Notice.petition_id == petition_id)


async def listed(session: AsyncSession, *, undelivered_only: bool) -> AsyncIterator[list[NoticeView]]:
    """The latest notices of all petitions, newest first, or those that nothing proves to have arrived; by handfuls."""
    which = and_(Notice.arrived_at.is_(None), ~arrived()) if undelivered_only else true()
    before: int | None = None
    for _ in range(MAX_LISTED // _CHUNK):
        views = await _views(session, which if before is None else and_(which, Notice.event_id < before), _CHUNK)
        if views:
            yield views
        if len(views) < _CHUNK:
            return
        before = views[-1].notice.event_id
        session.expunge_all()


async def of_notice(session: AsyncSession, notice_id: UUID) -> NoticeView:
    (view,) = await _views(session, Notice.id == notice_id)
    return view


async def _views(session: AsyncSession, which: ColumnElement[bool], most: int = MAX_LISTED) -> list[NoticeView]:
    notices = (
        await session.execute(
            select(Petition.folio, Notice, PetitionEvent, User.full_name)
            .join(Petition, Petition.id == Notice.petition_id)
            .join(PetitionEvent, PetitionEvent.id == Notice.event_id)
            .outerjoin(User, User.id == PetitionEvent.user_id)
            .where(which)
            .order_by(Notice.event_id.desc())
            .limit(most)
        )
    ).all()
    attempts = (
        await session.execute(
            select(NoticeAttempt, Conversation.channel, CallReason)
            .outerjoin(Conversation, Conversation.id == NoticeAttempt.conversation_id)
            .outerjoin(CallReason, CallReason.id == NoticeAttempt.call_reason_id)
            .where(NoticeAttempt.notice_id.in_([notice.id for _, notice, *_ in notices]))
            .order_by(NoticeAttempt.position)
        )
    ).all()
    messages = [attempt.message_id for attempt, *_ in attempts if attempt.message_id]
    sent: dict[UUID | None, list[tuple[Delivery, datetime | None]]] = defaultdict(list)
    for one, tried_at in await session.execute(_deliveries(messages)):
        sent[one.message_id].append((one, tried_at))
    shown: dict[UUID, list[AttemptView]] = {}
    for attempt, channel, task in attempts:
        parts = sent[attempt.message_id] if attempt.message_id else []
        shown.setdefault(attempt.notice_id, []).append(_view(attempt, channel, task, parts))
    return [NoticeView(folio, notice, event, name, shown.get(notice.id, [])) for folio, notice, event, name in notices]


def _deliveries(message_ids: Sequence[UUID]) -> Select[Delivery, datetime | None]:
    """Deliveries, each with when it was last tried."""
    tried_at = (
        select(func.max(DeliveryAttempt.finished_at))
        .where(DeliveryAttempt.delivery_id == Delivery.id)
        .correlate(Delivery)
        .scalar_subquery()
    )
    return select(Delivery, tried_at).where(Delivery.message_id.in_(message_ids))


def _view(
    attempt: NoticeAttempt,
    channel: str | None,
    task: CallReason | None,
    tried: Sequence[tuple[Delivery, datetime | None]],
) -> AttemptView:
    channel = "sms" if attempt.way is NoticeWay.SMS else channel
    if attempt.problem is not None:
        return AttemptView(attempt, channel, AttemptState.IMPOSSIBLE, attempt.problem)
    if task is not None:
        return AttemptView(attempt, None, _of_call(task), None, task=task)
    parts = [part for part, _ in tried]
    states = [_PROGRESS[part.state] for part in parts] or [AttemptState.SENDING]
    state = min(states, key=_FURTHEST_LAST.index)
    failed = next((part for part in parts if part.state is DeliveryState.FAILED), None)
    return AttemptView(
        attempt,
        channel,
        state,
        (failed.error_code or "unknown") if failed is not None else None,
        sent_at=_last(part.sent_at for part in parts),
        delivered_at=_last(part.delivered_at for part in parts),
        read_at=_last(part.read_at for part in parts),
        # A failure told by a receipt, after the sending, bears no time of its own.
        failed_at=_last(at for part, at in tried if part.state is DeliveryState.FAILED and part.sent_at is None),
        by_template=any(part.template_id is not None for part in parts),
    )


def _last(moments: Iterable[datetime | None]) -> datetime | None:
    return max((moment for moment in moments if moment is not None), default=None)


def _of_call(task: CallReason) -> AttemptState:
    if task.state is ReasonState.PENDING:
        return AttemptState.CALL_PENDING
    if task.was_reached:
        return AttemptState.CALL_REACHED
    is_needless = task.was_reached is None and task.done_by is None
    return AttemptState.CALL_NOT_NEEDED if is_needless else AttemptState.CALL_NOT_REACHED


def is_ended(view: AttemptView) -> bool:
    """Whether nothing more can come of this attempt by itself."""
    return view.state in _ENDED


def arrived(notice: type[Notice] = Notice) -> ColumnElement[bool]:
    """Whether some way's proof says that a notice arrived, for a query on `Notice`."""
    attempt, part = aliased(NoticeAttempt), aliased(Delivery)
    came = or_(
        part.state.in_((DeliveryState.DELIVERED, DeliveryState.READ)),
        and_(part.state == DeliveryState.SENT, part.channel.in_(WITHOUT_RECEIPTS)),
    )
    by_message = exists().where(attempt.notice_id == notice.id, attempt.message_id == part.message_id, came)
    called, task = aliased(NoticeAttempt), aliased(CallReason)
    by_call = exists().where(
        called.notice_id == notice.id, called.call_reason_id == task.id, task.was_reached.is_(True)
    )
    return or_(by_message, by_call)


#: Nobody counts further.
UNTOLD_COUNTED = 100


def is_undelivered(since: datetime | None = None) -> ColumnElement[bool]:
    """Whether nothing proves that a petition's latest notice arrived, for a query on `Petition`.

    `since`: of those whose latest notice is no older.
    """
    return Petition.id.in_(_undelivered() if since is None else _undelivered().where(Notice.created_at >= since))


async def unproved_since(session: AsyncSession, many: int) -> datetime | None:
    """Since when there are so many notices that are not known to have arrived; None: there are not so many."""
    newest = select(Notice.created_at).where(Notice.arrived_at.is_(None)).order_by(Notice.created_at.desc())
    return await session.scalar(newest.offset(many - 1).limit(1))


def _undelivered() -> Select[UUID]:
    """The petitions whose latest notice nothing proves."""
    later = aliased(Notice)
    is_latest = ~exists().where(later.petition_id == Notice.petition_id, later.event_id > Notice.event_id)
    return select(Notice.petition_id).where(Notice.arrived_at.is_(None), is_latest, ~arrived())


async def undelivered_count(session: AsyncSession) -> int:
    """How many petitions' latest notices have no proof, so far as that is counted."""
    some = _undelivered().limit(UNTOLD_COUNTED + 1).subquery()
    return await session.scalar(select(func.count()).select_from(some)) or 0
