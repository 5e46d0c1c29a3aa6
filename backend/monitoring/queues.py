"""Every queue of the product: how much waits, since when, and how late its next row is.

Late is not old: an e-mail that a server put off until tomorrow is old and in time. What is late should have been
tried already, so nobody is at it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Select, case, func, literal, or_, select, union_all
from sqlalchemy.ext.asyncio import AsyncSession

from backend import clock
from backend.calls.cdr.models import CdrImport, CdrState
from backend.conversations.models import Author, InboundMedia, MediaState, Message
from backend.imports.models import BatchState, ImportBatch
from backend.mail.models import EmailMessage, MailState
from backend.messaging.models import Arrival, UnreadableWebhook
from backend.outbox.models import Delivery, DeliveryState
from backend.registry.models import PetitionEvent
from backend.subscriptions import models as subscriptions
from backend.telephony.models import RecordingState, VoiceRecording
from channels.manners import MANNERS

#: Late by more than this: stuck. Longer than any lease, so that a worker that died is taken over before.
STUCK_SECONDS = 180.0


@dataclass(frozen=True)
class QueueState:
    """`oldest` and `overdue` in seconds; 0 where nothing waits, or nothing is late."""

    name: str
    waiting: int
    oldest: float
    overdue: float

    @property
    def is_stuck(self) -> bool:
        return self.overdue > STUCK_SECONDS


async def look(session: AsyncSession) -> Sequence[QueueState]:
    """Every queue as it is now, by one query."""
    moment = clock.now()
    names = ["unreadable_webhooks", *(f"outbox_{channel}" for channel in MANNERS)]
    found = {name: QueueState(name, 0, 0.0, 0.0) for name in names}
    for name, waiting, since, due in await session.execute(union_all(*_queries())):
        found[name] = QueueState(name, waiting, _age(moment, since), _age(moment, due))
    return list(found.values())


def _age(moment: datetime, since: datetime | None) -> float:
    return max(0.0, (moment - since).total_seconds()) if since is not None else 0.0


def _queries() -> list[Select[str, Any, Any, Any]]:
    inward = [_arrivals(), _unreadable(), _turns(), _media(), _recordings()]
    return [*inward, _outbox(), _mail(), *_webhooks(), *_imports()]


def _row(name: str, since: Any, due: Any) -> Select[str, Any, Any, Any]:
    return select(literal(name).label("name"), func.count(), func.min(since), func.min(due))


def _arrivals() -> Select[str, Any, Any, Any]:
    """Of one person's calls the first is tried, and the others wait for it: they are no later than it is."""
    lanes = (
        select(
            func.count().label("waiting"),
            func.min(Arrival.created_at).label("since"),
            func.max(Arrival.due_at).label("due"),
        )
        .group_by(Arrival.lane)
        .subquery()
    )
    waiting = func.coalesce(func.sum(lanes.c.waiting), 0)
    return select(literal("arrivals"), waiting, func.min(lanes.c.since), func.min(lanes.c.due))


def _unreadable() -> Select[str, Any, Any, Any]:
    """Authentic calls that could not be read wait for us to mend what reads them: nothing tries them meanwhile."""
    never = func.min(UnreadableWebhook.created_at).filter(UnreadableWebhook.id.is_(None))
    query = select(literal("unreadable_webhooks"), func.count(), func.min(UnreadableWebhook.created_at), never)
    return query.where(UnreadableWebhook.replayed_at.is_(None))


def _turns() -> Select[str, Any, Any, Any]:
    awaited = select(InboundMedia.id).where(
        InboundMedia.message_id == Message.id, InboundMedia.state == MediaState.PENDING
    )
    return _row("turns", Message.created_at, Message.created_at).where(
        Message.handled_at.is_(None), Message.author.in_((Author.CITIZEN, Author.CONTROL)), ~awaited.exists()
    )


def _outbox() -> Select[str, Any, Any, Any]:
    """By channel. A chat whose first message waits for its time is not late, however long its others have waited."""
    due = case((Delivery.state == DeliveryState.SENDING, Delivery.lease_until), else_=Delivery.next_attempt_at)
    undone = (DeliveryState.PENDING, DeliveryState.SENDING, DeliveryState.UNCERTAIN)
    chats = (
        select(
            Delivery.channel,
            func.count().label("waiting"),
            func.min(Delivery.created_at).label("since"),
            func.max(due).label("due"),
        )
        .where(Delivery.state.in_(undone))
        .group_by(Delivery.channel, Delivery.conversation_id)
        .subquery()
    )
    columns = func.sum(chats.c.waiting), func.min(chats.c.since), func.min(chats.c.due)
    return select(literal("outbox_") + chats.c.channel, *columns).group_by(chats.c.channel)


def _mail() -> Select[str, Any, Any, Any]:
    due = func.greatest(EmailMessage.next_attempt_at, EmailMessage.lease_until)
    waits = EmailMessage.state.in_((MailState.PENDING, MailState.SENDING))
    return _row("mail", EmailMessage.created_at, due).where(waits)


def _webhooks() -> list[Select[str, Any, Any, Any]]:
    """Events not yet given to subscriptions, and deliveries to those that are on."""
    pending, delivery = subscriptions.PendingEvent, subscriptions.Delivery
    events = _row("webhook_events", PetitionEvent.at, PetitionEvent.at).join_from(
        pending, PetitionEvent, PetitionEvent.id == pending.event_id
    )
    deliveries = _row("webhooks", delivery.created_at, delivery.due_at).join_from(
        delivery, subscriptions.Subscription, subscriptions.Subscription.id == delivery.subscription_id
    )
    waits = delivery.state == subscriptions.DeliveryState.PENDING
    return [events, deliveries.where(waits, subscriptions.Subscription.is_on)]


def _media() -> Select[str, Any, Any, Any]:
    query = _row("media", Message.created_at, InboundMedia.next_attempt_at)
    query = query.join_from(InboundMedia, Message, Message.id == InboundMedia.message_id)
    return query.where(InboundMedia.state == MediaState.PENDING)


def _recordings() -> Select[str, Any, Any, Any]:
    stored = (VoiceRecording.state == RecordingState.STORED) & VoiceRecording.is_forgotten.is_(False)
    query = _row("recordings", VoiceRecording.created_at, VoiceRecording.next_attempt_at)
    return query.where(or_(VoiceRecording.state == RecordingState.PENDING, stored))


def _imports() -> list[Select[str, Any, Any, Any]]:
    """A long file takes its time and says how far it is: it is old long before it is stuck, and never late."""
    nothing = literal(None, type_=ImportBatch.created_at.type)
    began = func.coalesce(ImportBatch.confirmed_at, ImportBatch.created_at)
    working = (BatchState.READING, BatchState.FILING, BatchState.UNDOING)
    reading = (CdrState.READING, CdrState.JUDGING, CdrState.WRITING)
    return [
        _row("imports", began, nothing).where(ImportBatch.state.in_(working)),
        _row("call_records", CdrImport.created_at, nothing).where(CdrImport.state.in_(reading)),
    ]
