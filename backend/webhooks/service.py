"""What a vendor told us, stored: each kind once, whatever is repeated, and in the order in which it is committed."""

import enum
import uuid
from collections.abc import Sequence
from dataclasses import asdict, fields, is_dataclass, replace
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import structlog
from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from backend import clock
from backend.contacts import service as contacts
from backend.conversations import service as conversations
from backend.conversations.models import Author, Conversation, EventKind, Message, MessageRevision, Owner
from backend.live import INBOX, conversation_topic
from backend.messaging import health as accounts
from backend.messaging.models import ChannelAccount, UnreadableWebhook
from backend.outbox import receipts
from backend.outbox.models import Delivery
from backend.text import strip_control
from backend.wakeups import notify
from channels.port import (
    Blocked,
    ButtonPress,
    GroupMessage,
    Inbound,
    InboundDeletion,
    InboundEdit,
    InboundMessage,
    Malformed,
    Nothing,
    Receipt,
    Sender,
    VendorChannel,
    WebhookRequest,
)

log = structlog.get_logger(__name__)

GROUP_REFUSAL = (
    "Aquí no puedo atender: en un grupo todos leerían sus datos. Escríbame en privado, por favor, y con gusto le ayudo."
)
_EDIT_SEEN = "Vi que corrigió su mensaje. Si cambia lo que necesita, escríbamelo de nuevo, por favor."


async def take_in(
    session: AsyncSession, account: ChannelAccount, adapter: VendorChannel, call: WebhookRequest
) -> Sequence[Inbound]:
    """Store what an authentic call says; one that cannot be read is kept whole."""
    try:
        inbounds = adapter.parse(call)
    except Malformed as error:
        log.error("webhook_unreadable", account_id=str(account.id), reason=str(error))
        await keep_unreadable(session, account, call, str(error))
        return ()
    for inbound in inbounds:
        await store(session, account, inbound)
    return inbounds


async def store(session: AsyncSession, account: ChannelAccount, inbound: Inbound) -> None:
    """Store one thing that the vendor told. A repeat changes nothing."""
    inbound = _clean(inbound)
    match inbound:
        case InboundMessage():
            await _message(session, account, inbound)
        case InboundEdit():
            await _edit(session, account, inbound)
        case InboundDeletion():
            await _delete(session, account, inbound)
        case Receipt():
            await receipts.receive(session, account.channel, account.account, inbound)
        case Blocked():
            await _block(session, account, inbound)
        case GroupMessage() | Nothing():
            pass


def _clean(told: Any) -> Any:
    """What a vendor told, with no text in it that cannot be kept."""
    if isinstance(told, str) and not isinstance(told, enum.Enum):
        return strip_control(told)
    if isinstance(told, tuple):
        return tuple(map(_clean, told))
    if is_dataclass(told) and not isinstance(told, type):
        return replace(told, **{one.name: _clean(getattr(told, one.name)) for one in fields(told)})
    return told


async def keep_unreadable(session: AsyncSession, account: ChannelAccount, request: WebhookRequest, reason: str) -> None:
    """Keep an authentic call that could not be read, for when it can."""
    session.add(UnreadableWebhook(account_id=account.id, url=request.url[:500], body=request.body, reason=reason[:60]))
    await accounts.note_error(session, account.id, "unreadable_webhook")


async def conversation_of(session: AsyncSession, account: ChannelAccount, sender: Sender) -> Conversation:
    """The sender's conversation on this account, locked, with what the channel now says of them."""
    conversation = await conversations.open_conversation(
        session,
        channel=account.channel,
        account=account.account,
        external_user_id=sender.external_user_id[:120],
        lock=True,
    )
    conversation.address = sender.address[:160]
    if sender.display_name:
        conversation.display_name = sender.display_name[:120]
    if sender.verified_phone is not None:
        await contacts.note_verified_phone(session, conversation, sender.verified_phone)
    return conversation


async def _message(session: AsyncSession, account: ChannelAccount, inbound: InboundMessage) -> None:
    conversation = await conversation_of(session, account, inbound.sender)
    conversation.blocked_at = None
    if inbound.card is not None and inbound.card.is_own:
        await contacts.note_verified_phone(session, conversation, inbound.card.phone)
    payload, title = await _pressed(session, conversation, inbound.press) if inbound.press else (None, "")
    await conversations.receive_locked(
        session,
        conversation,
        external_id=inbound.external_id,
        text=inbound.text.strip() or title,
        payload=payload,
        media=[conversations.AwaitedFile(media.reference, media.file_name) for media in inbound.media],
        extra=_extra(inbound),
        said_at=datetime.fromtimestamp(inbound.sent_at, UTC) if inbound.sent_at is not None else None,
    )
    await accounts.note_inbound(session, account)


def _extra(inbound: InboundMessage) -> dict[str, object]:
    extra: dict[str, object] = {}
    if inbound.location is not None:
        extra["location"] = asdict(inbound.location)
    if inbound.card is not None:
        extra["card"] = asdict(inbound.card)
    if inbound.unsupported is not None:
        extra["unsupported"] = inbound.unsupported
    if inbound.start_parameter is not None:
        extra["start"] = inbound.start_parameter
    return extra


async def _pressed(session: AsyncSession, conversation: Conversation, press: ButtonPress) -> tuple[str | None, str]:
    """The payload and the title of the button pressed; only the title where no such button was ever offered here."""
    query = select(Message).where(Message.conversation_id == conversation.id)
    if press.message_id is not None:
        query = query.join(Delivery, Delivery.message_id == Message.id).where(
            Delivery.channel == conversation.channel,
            Delivery.account == conversation.account,
            Delivery.provider_id == press.message_id,
        )
    else:
        query = query.where(Message.buttons.contains([{"title": press.title}]))
    bearer = await session.scalar(query.order_by(Message.seq.desc()).limit(1))
    if bearer is None or press.index >= len(bearer.buttons):
        return None, press.title or "…"
    button = bearer.buttons[press.index]
    return str(button["payload"]), str(button["title"])


async def _known_message(session: AsyncSession, account: ChannelAccount, external_id: str) -> Message | None:
    return await session.scalar(
        select(Message).where(
            Message.channel == account.channel, Message.account == account.account, Message.external_id == external_id
        )
    )


async def _edit(session: AsyncSession, account: ChannelAccount, inbound: InboundEdit) -> None:
    known = await _known_message(session, account, inbound.external_id)
    if known is None:  # we never got the first version: the last is what there is
        await _message(session, account, InboundMessage(inbound.external_id, inbound.sender, inbound.text))
        return
    conversation = await conversations.lock(session, known.conversation_id)
    text = inbound.text.strip()
    if not text or not await _revise(session, known, inbound.change_id):
        return
    known.text, known.edited_at = text, clock.now()
    if conversation.owner is Owner.BOT and known.handled_at is not None:
        await conversations.append(session, conversation, conversations.NewMessage(Author.SYSTEM, text=_EDIT_SEEN))
    await notify(session, conversation_topic(conversation.id), INBOX)


async def _delete(session: AsyncSession, account: ChannelAccount, inbound: InboundDeletion) -> None:
    known = await _known_message(session, account, inbound.external_id)
    if known is not None:
        conversation = await conversations.lock(session, known.conversation_id)
        if await _revise(session, known, inbound.change_id):
            known.text, known.deleted_at = "", clock.now()
            await notify(session, conversation_topic(conversation.id), INBOX)


async def _revise(session: AsyncSession, message: Message, change_id: str) -> bool:
    """Keep what a message said; False where this change was made already."""
    row = {"id": uuid.uuid4(), "message_id": message.id, "external_id": change_id, "text": message.text}
    statement = insert(MessageRevision).values(**row, at=clock.now()).on_conflict_do_nothing()
    return await session.scalar(statement.returning(MessageRevision.id)) is not None


async def _block(session: AsyncSession, account: ChannelAccount, inbound: Blocked) -> None:
    conversation = await conversation_of(session, account, inbound.sender)
    was_blocked = conversation.blocked_at is not None
    if was_blocked == inbound.is_blocked:
        return
    conversation.blocked_at = clock.now() if inbound.is_blocked else None
    kind = EventKind.BLOCKED_US if inbound.is_blocked else EventKind.UNBLOCKED_US
    await conversations.record_event(session, conversation, kind)
    await notify(session, conversation_topic(conversation.id), INBOX)


async def account_of(session: AsyncSession, channel: str, account_id: UUID) -> ChannelAccount | None:
    account = await session.get(ChannelAccount, account_id)
    return account if account is not None and account.channel == channel else None
