"""The outbox: enqueue with the message, claim with a lease, record what came of it.

On a vendor's channel a conversation's deliveries go one after another: none is claimed while an earlier one of
the same conversation is under way, so that a wait for one chat holds up that chat alone and order is kept.
"""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from uuid import UUID

from sqlalchemy import ColumnElement, Row, and_, func, or_, select, tuple_, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased

from backend import clock
from backend.conversations.models import Attachment, Conversation, Message
from backend.live import INBOX, conversation_topic, dispatch_topic
from backend.messaging import health, templates, window
from backend.outbox.models import Delivery, DeliveryAttempt, DeliveryState
from backend.outbox.parts import parts_of
from backend.wakeups import notify
from channels.manners import MANNERS
from channels.port import (
    Button,
    NotSent,
    OutboundMessage,
    SendFailure,
    SendOutcome,
    Sent,
    Template,
    Uncertain,
)

#: A vendor may take long over a file; our own chat never does.
LEASE, VENDOR_LEASE = timedelta(seconds=30), timedelta(seconds=120)
#: With the longest pause, about six hours: longer than any outage of a vendor that we know of.
MAX_ATTEMPTS = 40
MAX_BACKOFF_SECONDS = 600.0
#: Dispatchers that may die of one delivery.
MAX_DEATHS = 8
#: How long a vendor's receipts, or whoever sent it, may take to settle an uncertain send before the vendor is asked.
UNCERTAIN_GRACE = timedelta(seconds=20)
WEB = "web"

_ORDER = (Delivery.created_at, Message.seq, Delivery.part)
_UNDONE = (DeliveryState.PENDING, DeliveryState.SENDING, DeliveryState.UNCERTAIN)
#: Codes of failures that are found before anything is sent.
WINDOW_CLOSED, BLOCKED = "window_closed", "recipient_blocked"
_ACCOUNTS_FAULT = (SendFailure.UNAUTHORISED, SendFailure.UNAVAILABLE, SendFailure.RATE_LIMITED)


@dataclass(frozen=True)
class FileToSend:
    """An attachment on its way out, by what the file store knows it by."""

    attachment_id: UUID
    file_name: str
    content_type: str
    sha256: str


@dataclass(frozen=True)
class Claim:
    """A delivery that this dispatcher alone may send until its lease ends. `message` still lacks its file."""

    delivery_id: UUID
    attempt_id: UUID
    lease_token: UUID
    channel: str
    account: str
    conversation_id: UUID
    message: OutboundMessage
    #: It may have been sent already: its dispatcher died, or no answer came.
    is_uncertain: bool
    first_tried_at: datetime
    enqueued_at: datetime
    file: FileToSend | None = None


async def enqueue(
    session: AsyncSession,
    conversation: Conversation,
    message: Message,
    *,
    files: Sequence[Attachment] = (),
    template: tuple[str | None, Sequence[str]] = (None, ()),
) -> None:
    """Outbox rows for a stored message, in the same transaction; sent already where its reader reads what is stored.

    `template`: the purpose and values of the approved template to use where free text is not allowed.
    """
    purpose, values = template
    due = await _not_before(session, conversation)
    is_sent = MANNERS[conversation.channel].is_read_where_stored
    for number, part in enumerate(parts_of(conversation.channel, message, files)):
        session.add(
            Delivery(
                message_id=message.id,
                part=number,
                text=part.text,
                has_buttons=part.has_buttons,
                attachment_id=part.attachment_id,
                template_purpose=purpose,
                template_values=list(values),
                conversation_id=conversation.id,
                channel=conversation.channel,
                account=conversation.account,
                recipient=conversation.address or conversation.external_user_id,
                next_attempt_at=due,
                state=DeliveryState.SENT if is_sent else DeliveryState.PENDING,
                sent_at=due if is_sent else None,
            )
        )
    await session.flush()
    if not is_sent:
        await notify(session, dispatch_topic(conversation.channel))


async def _not_before(session: AsyncSession, conversation: Conversation) -> datetime:
    """Now, or when the channel's pause after the last message to this chat is over."""
    moment = clock.now()
    pause = MANNERS[conversation.channel].chat_pause
    if not pause:
        return moment
    last = await session.scalar(select(func.max(Delivery.sent_at)).where(Delivery.conversation_id == conversation.id))
    return max(moment, last + timedelta(seconds=pause)) if last is not None else moment


async def claim_due(session: AsyncSession, channel: str = WEB, *, limit: int = 50) -> list[Claim]:
    """Lease a channel's deliveries that are due, those of dead dispatchers among them, oldest first.

    What must not go out any more (blocked, window closed without a template) fails here, unsent. A vendor's delivery
    whose lease ended waits once more: where the database was away for so long, who had it comes back with us, and
    says how it ended.
    """
    moment = clock.now()
    due = or_(
        and_(Delivery.state.in_((DeliveryState.PENDING, DeliveryState.UNCERTAIN)), Delivery.next_attempt_at <= moment),
        and_(Delivery.state == DeliveryState.SENDING, Delivery.lease_until < moment),
    )
    query = (
        select(Delivery.id)
        .join(Message, Message.id == Delivery.message_id)
        .where(due, Delivery.channel == channel)
        .order_by(*_ORDER)
        .limit(limit)
        .with_for_update(of=Delivery, skip_locked=True)
    )
    if channel != WEB:
        query = query.where(_is_first_of_its_conversation())
    # Whole rows of these alone: of a backlog all are put in order at each look.
    found = (await session.scalars(query)).all()
    claims = []
    for delivery, message, conversation in await _whole(session, found):
        if await _is_hopeless(session, delivery):
            await _fail(session, delivery, "uncertain")
        elif delivery.state is DeliveryState.SENDING and channel != WEB:
            delivery.state, delivery.next_attempt_at = DeliveryState.UNCERTAIN, moment + UNCERTAIN_GRACE
        else:
            claims.append(await _lease(session, delivery, message, conversation, moment))
    return [claim for claim in claims if claim is not None]


async def _whole(session: AsyncSession, locked: Sequence[UUID]) -> Sequence[Row[Delivery, Message, Conversation]]:
    """The deliveries that were just locked with what belongs to them, oldest first."""
    if not locked:
        return ()
    query = (
        select(Delivery, Message, Conversation)
        .join(Message, Message.id == Delivery.message_id)
        .join(Conversation, Conversation.id == Delivery.conversation_id)
        .where(Delivery.id.in_(locked))
        .order_by(*_ORDER)
    )
    return (await session.execute(query)).all()


async def _is_hopeless(session: AsyncSession, delivery: Delivery) -> bool:
    """Whether it fells whoever takes it, or nobody can tell how it ended: the agent sees it, and the rest goes on."""
    if delivery.state is DeliveryState.UNCERTAIN and delivery.attempts >= MAX_ATTEMPTS:
        return True
    if delivery.state is DeliveryState.PENDING:
        return False
    deaths = await session.scalar(
        select(func.count())
        .select_from(DeliveryAttempt)
        .where(DeliveryAttempt.delivery_id == delivery.id, DeliveryAttempt.outcome.is_(None))
    )
    return (deaths or 0) >= MAX_DEATHS


@cache  # every look for work asks it, and composing it takes longer than the rest of the question
def _is_first_of_its_conversation() -> ColumnElement[bool]:
    earlier, its_message = aliased(Delivery), aliased(Message)
    return ~(
        select(earlier.id)
        .join(its_message, its_message.id == earlier.message_id)
        .where(
            earlier.conversation_id == Delivery.conversation_id,
            earlier.state.in_(_UNDONE),
            tuple_(its_message.seq, earlier.part) < tuple_(Message.seq, Delivery.part),
        )
        .exists()
    )


async def _lease(
    session: AsyncSession, delivery: Delivery, message: Message, conversation: Conversation, moment: datetime
) -> Claim | None:
    template = await _template(session, delivery, conversation)
    if conversation.blocked_at is not None:
        await _fail(session, delivery, BLOCKED)
        return None
    if template is None and not window.is_open(conversation):
        await _fail(session, delivery, WINDOW_CLOSED)
        return None
    is_uncertain = delivery.state is not DeliveryState.PENDING
    first = await session.scalar(
        select(func.min(DeliveryAttempt.started_at)).where(DeliveryAttempt.delivery_id == delivery.id)
    )
    delivery.state = DeliveryState.SENDING
    delivery.lease_token = uuid.uuid4()
    delivery.lease_until = moment + (LEASE if delivery.channel == WEB else VENDOR_LEASE)
    delivery.attempts += 1
    attempt = DeliveryAttempt(delivery_id=delivery.id, started_at=moment)
    session.add(attempt)
    await session.flush()
    return Claim(
        delivery.id,
        attempt.id,
        delivery.lease_token,
        delivery.channel,
        delivery.account,
        delivery.conversation_id,
        _outbound(delivery, message, template),
        is_uncertain,
        first or moment,
        delivery.created_at,
        await _file(session, delivery),
    )


def _outbound(delivery: Delivery, message: Message, template: Template | None) -> OutboundMessage:
    buttons = tuple(Button(str(button["title"]), str(button["payload"])) for button in message.buttons)
    text = message.text if delivery.text is None else delivery.text
    return OutboundMessage(
        str(delivery.id), delivery.recipient, text, buttons if delivery.has_buttons else (), template=template
    )


async def _template(session: AsyncSession, delivery: Delivery, conversation: Conversation) -> Template | None:
    """The approved template that must go in place of the text, if the window is closed and there is one."""
    if delivery.template_purpose is None or window.is_open(conversation):
        return None
    found = await templates.approved(session, delivery.channel, delivery.account, delivery.template_purpose)
    if found is None or found.content_sid is None:
        return None
    delivery.template_id = found.id
    return Template(found.content_sid, tuple(delivery.template_values))


async def _file(session: AsyncSession, delivery: Delivery) -> FileToSend | None:
    if delivery.attachment_id is None:
        return None
    file = await session.get_one(Attachment, delivery.attachment_id)
    return FileToSend(file.id, file.file_name, file.content_type, file.sha256)


async def record(session: AsyncSession, claim: Claim, outcome: SendOutcome) -> None:
    """Write how a claimed send ended. A claim whose lease was lost meanwhile changes nothing but its attempt."""
    moment = clock.now()
    attempt = await session.get_one(DeliveryAttempt, claim.attempt_id)
    attempt.finished_at = moment
    delivery = await session.get_one(Delivery, claim.delivery_id, with_for_update=True)
    is_under_way = delivery.state in (DeliveryState.SENDING, DeliveryState.UNCERTAIN)
    is_ours = is_under_way and delivery.lease_token == claim.lease_token
    match outcome:
        case Sent():
            attempt.outcome = "sent"
        case NotSent(failure=failure, code=code):
            attempt.outcome, attempt.error_code = failure.value, code[:60]
        case Uncertain(code=code):
            attempt.outcome, attempt.error_code = "uncertain", code[:60]
    if is_ours:
        delivery.lease_token = delivery.lease_until = None
        await _apply(session, delivery, outcome, moment)
    await session.flush()


async def _apply(session: AsyncSession, delivery: Delivery, outcome: SendOutcome, moment: datetime) -> None:
    match outcome:
        case Sent(provider_id=provider_id):
            delivery.state, delivery.provider_id, delivery.sent_at = DeliveryState.SENT, provider_id, moment
            delivery.error_code = None
            await _after_sent(session, delivery, moment)
        case NotSent(failure=failure, code=code, retry_after=retry_after):
            await settle_failure(session, delivery, failure, code, retry_after)
        case Uncertain(code=code):
            delivery.state, delivery.error_code = DeliveryState.UNCERTAIN, code[:60]
            delivery.next_attempt_at = moment + max(UNCERTAIN_GRACE, _backoff(delivery.attempts))


async def _after_sent(session: AsyncSession, delivery: Delivery, moment: datetime) -> None:
    """The chat's next message keeps the channel's pause."""
    if delivery.channel == WEB:
        return
    pause = MANNERS[delivery.channel].chat_pause
    if pause:
        await session.execute(
            update(Delivery)
            .where(Delivery.conversation_id == delivery.conversation_id, Delivery.state == DeliveryState.PENDING)
            .values(next_attempt_at=func.greatest(Delivery.next_attempt_at, moment + timedelta(seconds=pause)))
            .execution_options(synchronize_session=False)
        )
    await health.note_sent(session, delivery.channel, delivery.account)


async def settle_failure(
    session: AsyncSession, delivery: Delivery, failure: SendFailure, code: str, retry_after: float | None = None
) -> None:
    """Try again later where that can help; else fail, and remember what it says of the recipient or the account."""
    if failure in _ACCOUNTS_FAULT and delivery.channel != WEB:
        await health.note_send_error(session, delivery.channel, delivery.account, code)
    if failure is SendFailure.RECIPIENT_BLOCKED:
        conversation = await session.get_one(Conversation, delivery.conversation_id)
        conversation.blocked_at = conversation.blocked_at or clock.now()
    if not failure.is_retryable or delivery.attempts >= MAX_ATTEMPTS:
        await _fail(session, delivery, code)
        return
    delivery.error_code = code[:60]
    wait = timedelta(seconds=retry_after) if retry_after is not None else _backoff(delivery.attempts)
    delivery.state = DeliveryState.PENDING
    delivery.next_attempt_at = clock.now() + wait


def _backoff(attempts: int) -> timedelta:
    return timedelta(seconds=min(2.0 ** min(attempts, 20), MAX_BACKOFF_SECONDS))


async def _fail(session: AsyncSession, delivery: Delivery, code: str) -> None:
    delivery.state, delivery.error_code = DeliveryState.FAILED, code[:60]
    delivery.lease_token = delivery.lease_until = None
    await session.flush()
    await notify(session, conversation_topic(delivery.conversation_id), INBOX)


async def retry(session: AsyncSession, message_id: UUID) -> int:
    """Send again what failed of a message; how many parts."""
    failed = await session.scalars(
        select(Delivery)
        .where(Delivery.message_id == message_id, Delivery.state == DeliveryState.FAILED)
        .with_for_update()
    )
    parts = failed.all()
    for delivery in parts:
        delivery.state, delivery.attempts, delivery.next_attempt_at = DeliveryState.PENDING, 0, clock.now()
    await session.flush()
    await notify(session, *{dispatch_topic(delivery.channel) for delivery in parts})
    return len(parts)


async def known_provider_ids(session: AsyncSession, claim: Claim) -> set[str]:
    """The vendor's names of this conversation's other deliveries."""
    rows = await session.scalars(
        select(Delivery.provider_id).where(
            Delivery.conversation_id == claim.conversation_id,
            Delivery.id != claim.delivery_id,
            Delivery.provider_id.is_not(None),
        )
    )
    return {name for name in rows if name is not None}


async def next_due(session: AsyncSession, channel: str) -> datetime | None:
    """When the channel's next delivery is to be tried; None: nothing waits."""
    return await session.scalar(
        select(func.min(Delivery.next_attempt_at)).where(
            Delivery.channel == channel,
            Delivery.state.in_((DeliveryState.PENDING, DeliveryState.UNCERTAIN)),
        )
    )
