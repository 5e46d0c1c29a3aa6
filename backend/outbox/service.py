"""The outbox: enqueue with the message, claim with a lease, send, record; receipts only move forward."""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import and_, or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from backend import clock
from backend.conversations.models import Conversation, Message
from backend.jobqueue import defer
from backend.outbox.models import Delivery, DeliveryAttempt, DeliveryState
from channels.port import Button, Channel, NotSent, OutboundMessage, SendFailure, SendOutcome, Sent, Uncertain

DISPATCH = "outbox.dispatch"
LEASE = timedelta(seconds=30)
MAX_ATTEMPTS = 8
MAX_BACKOFF_SECONDS = 600.0

_EARLIER: dict[DeliveryState, tuple[DeliveryState, ...]] = {
    DeliveryState.SENT: (DeliveryState.PENDING, DeliveryState.SENDING),
    DeliveryState.DELIVERED: (DeliveryState.PENDING, DeliveryState.SENDING, DeliveryState.SENT),
    DeliveryState.READ: (
        DeliveryState.PENDING,
        DeliveryState.SENDING,
        DeliveryState.SENT,
        DeliveryState.DELIVERED,
    ),
}


@dataclass(frozen=True)
class Claim:
    """A delivery that this dispatcher alone may send until its lease ends."""

    delivery_id: UUID
    attempt_id: UUID
    lease_token: UUID
    channel: str
    message: OutboundMessage
    #: An earlier dispatcher died between send and record: nobody knows whether it was sent.
    is_uncertain: bool


async def enqueue(
    session: AsyncSession,
    conversation: Conversation,
    message: Message,
    *,
    template: tuple[str | None, Sequence[str]] = (None, ()),
) -> None:
    """An outbox row for a stored message, in the same transaction.

    `template`: the purpose and values of the approved template to use where free text is not allowed.
    """
    purpose, values = template
    session.add(
        Delivery(
            message_id=message.id,
            conversation_id=conversation.id,
            channel=conversation.channel,
            account=conversation.account,
            recipient=conversation.address or conversation.external_user_id,
            template_purpose=purpose,
            template_values=list(values),
        )
    )
    await session.flush()
    await defer(session, DISPATCH)


async def claim_due(session: AsyncSession, *, limit: int = 50) -> list[Claim]:
    """Lease the deliveries that are due, those of dead dispatchers among them, oldest first."""
    moment = clock.now()
    due = or_(
        and_(Delivery.state == DeliveryState.PENDING, Delivery.next_attempt_at <= moment),
        and_(Delivery.state == DeliveryState.SENDING, Delivery.lease_until < moment),
    )
    rows = await session.execute(
        select(Delivery, Message)
        .join(Message, Message.id == Delivery.message_id)
        .where(due)
        .order_by(Delivery.created_at, Message.seq)
        .limit(limit)
        .with_for_update(of=Delivery, skip_locked=True)
    )
    claims = []
    for delivery, message in rows.all():
        if delivery.state is DeliveryState.SENDING and delivery.attempts >= MAX_ATTEMPTS:
            # It fells whoever takes it: the agent sees that it failed, and the rest goes on.
            delivery.state, delivery.error_code = DeliveryState.FAILED, "dispatcher_died"
            delivery.lease_token = delivery.lease_until = None
        else:
            claims.append(await _lease(session, delivery, message, moment))
    return claims


async def _lease(session: AsyncSession, delivery: Delivery, message: Message, moment: datetime) -> Claim:
    is_uncertain = delivery.state is DeliveryState.SENDING
    delivery.state = DeliveryState.SENDING
    delivery.lease_token = uuid.uuid4()
    delivery.lease_until = moment + LEASE
    delivery.attempts += 1
    attempt = DeliveryAttempt(delivery_id=delivery.id, started_at=moment)
    session.add(attempt)
    await session.flush()
    buttons = tuple(Button(str(button["title"]), str(button["payload"])) for button in message.buttons)
    outbound = OutboundMessage(str(delivery.id), delivery.recipient, message.text, buttons)
    return Claim(delivery.id, attempt.id, delivery.lease_token, delivery.channel, outbound, is_uncertain)


async def record(session: AsyncSession, claim: Claim, outcome: SendOutcome) -> None:
    """Write how a claimed send ended. A claim whose lease was lost meanwhile changes nothing but its attempt."""
    moment = clock.now()
    attempt = await session.get_one(DeliveryAttempt, claim.attempt_id)
    attempt.finished_at = moment
    delivery = await session.get_one(Delivery, claim.delivery_id, with_for_update=True)
    is_ours = delivery.lease_token == claim.lease_token and delivery.state is DeliveryState.SENDING
    match outcome:
        case Sent(provider_id=provider_id):
            attempt.outcome = "sent"
            if is_ours:
                delivery.state, delivery.provider_id, delivery.sent_at = DeliveryState.SENT, provider_id, moment
        case NotSent(failure=failure, code=code, retry_after=retry_after):
            attempt.outcome, attempt.error_code = failure.value, code
            if is_ours:
                _postpone_or_fail(delivery, code, retry_after, moment, is_retryable=failure.is_retryable)
        case Uncertain(code=code):
            attempt.outcome, attempt.error_code = "uncertain", code
            if is_ours:
                delivery.state, delivery.error_code = DeliveryState.FAILED, "uncertain"
    if is_ours:
        delivery.lease_token = delivery.lease_until = None
    await session.flush()


def _postpone_or_fail(
    delivery: Delivery, code: str, retry_after: float | None, moment: datetime, *, is_retryable: bool
) -> None:
    delivery.error_code = code
    if not is_retryable or delivery.attempts >= MAX_ATTEMPTS:
        delivery.state = DeliveryState.FAILED
        return
    wait = retry_after if retry_after is not None else min(2.0**delivery.attempts, MAX_BACKOFF_SECONDS)
    delivery.state = DeliveryState.PENDING
    delivery.next_attempt_at = moment + timedelta(seconds=wait)


async def advance_receipts(session: AsyncSession, conversation_id: UUID, up_to_seq: int, state: DeliveryState) -> None:
    """The citizen has got (or read) everything up to `up_to_seq`. Never moves a delivery back."""
    moment = clock.now()
    stamp = {"delivered_at": moment} if state is DeliveryState.DELIVERED else {"read_at": moment}
    await session.execute(
        update(Delivery)
        .where(
            Delivery.conversation_id == conversation_id,
            Delivery.state.in_(_EARLIER[state]),
            Delivery.message_id.in_(
                select(Message.id).where(Message.conversation_id == conversation_id, Message.seq <= up_to_seq)
            ),
        )
        .values(state=state, lease_token=None, lease_until=None, **stamp)
        .execution_options(synchronize_session=False)
    )


async def send(claim: Claim, channel: Channel | None) -> SendOutcome:
    """Send a claimed message through its channel; called with no transaction open."""
    if channel is None:
        return NotSent(SendFailure.CHANNEL_OFF, "channel_off")
    if claim.is_uncertain and not channel.resend_when_uncertain:
        return Uncertain("lease_expired")
    return await channel.send(claim.message)
