"""Storing messages: each gets its place (`seq`) under the conversation's row lock."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import bindparam, select
from sqlalchemy.ext.asyncio import AsyncSession

from backend import clock
from backend.assistant.port import ReplyButton
from backend.conversations.errors import ConversationNotFound, EmptyMessage, MessageTooLong
from backend.conversations.models import (
    Attachment,
    Author,
    Conversation,
    ConversationEvent,
    EventKind,
    Message,
    Owner,
)
from backend.live import INBOX, conversation_topic, typed_topic
from backend.outbox import service as outbox
from backend.text import strip_control
from backend.wakeups import notify

MAX_TEXT = 4000

#: Authors whose messages must reach the citizen, and so get an outbox row.
_DELIVERED = (Author.BOT, Author.AGENT, Author.SYSTEM)

#: Written once: every message asks these.
_LOCK = (
    select(Conversation)
    .where(Conversation.id == bindparam("id"))
    .with_for_update()
    .execution_options(populate_existing=True)
)
_FIND_BY_EXTERNAL_ID = select(Message).where(
    Message.channel == bindparam("channel"),
    Message.account == bindparam("account"),
    Message.external_id == bindparam("external_id"),
)


@dataclass(frozen=True)
class StoredFile:
    """A file already on disk under its SHA-256. `size` in bytes; `content_type` told from its content."""

    file_name: str
    content_type: str
    size: int
    sha256: str


@dataclass(frozen=True)
class NewMessage:
    """A message about to be stored. `external_id` names it for its sender: a repeat is recognised by it."""

    author: Author
    text: str = ""
    payload: str | None = None
    buttons: Sequence[ReplyButton] = ()
    agent_id: UUID | None = None
    external_id: str | None = None
    in_reply_to: UUID | None = None
    reply_index: int | None = None
    is_sensitive: bool = False
    files: Sequence[StoredFile] = ()
    #: When it was sent, where it comes late.
    said_at: datetime | None = None
    #: See `channels.port`: location, contact card, or the name of a kind that we cannot read.
    extra: dict[str, Any] = field(default_factory=dict)
    #: The approved template to use where free text is not allowed (`messaging.models.TemplatePurpose`), and its values.
    template_purpose: str | None = None
    template_values: Sequence[str] = ()


def clean_text(raw: str) -> str:
    """`raw` as it may be stored. Raises EmptyMessage, MessageTooLong."""
    if len(raw) > MAX_TEXT:
        raise MessageTooLong(len(raw), MAX_TEXT)
    text = strip_control(raw.replace("\r\n", "\n")).strip()
    if not text:
        raise EmptyMessage
    return text


async def lock(session: AsyncSession, conversation_id: UUID) -> Conversation:
    """The conversation, locked until this transaction ends. All that changes it goes through here."""
    conversation = await session.scalar(_LOCK, {"id": conversation_id})
    if conversation is None:
        raise ConversationNotFound
    return conversation


async def append(session: AsyncSession, conversation: Conversation, new: NewMessage) -> Message:
    """Store `new` at the end of a locked conversation; what the citizen must get goes to the outbox too."""
    conversation.last_seq += 1
    moment = clock.now()
    message = Message(
        conversation_id=conversation.id,
        seq=conversation.last_seq,
        author=new.author,
        agent_id=new.agent_id,
        text=new.text,
        payload=new.payload,
        buttons=[{"title": button.title, "payload": button.payload} for button in new.buttons],
        channel=conversation.channel,
        account=conversation.account,
        external_id=new.external_id,
        in_reply_to=new.in_reply_to,
        reply_index=new.reply_index,
        is_sensitive=new.is_sensitive,
        extra=new.extra,
        created_at=moment,
    )
    session.add(message)
    if new.author is not Author.CONTROL:
        conversation.last_message_at = moment
    if new.author is Author.CITIZEN:
        said_at = new.said_at or moment
        conversation.last_citizen_at = max(conversation.last_citizen_at or said_at, said_at)
    await session.flush()
    files = [await attach(session, message, file) for file in new.files]
    if new.author in _DELIVERED:
        await outbox.enqueue(
            session, conversation, message, files=files, template=(new.template_purpose, new.template_values)
        )
    typed = [typed_topic(conversation.id, new.author)] if new.author in (Author.CITIZEN, Author.AGENT) else []
    await notify(session, *typed, conversation_topic(conversation.id), INBOX)
    return message


async def attach(session: AsyncSession, message: Message, file: StoredFile) -> Attachment:
    """Hang a stored file on its message."""
    attachment = Attachment(
        conversation_id=message.conversation_id,
        message_id=message.id,
        created_at=message.created_at,
        **asdict(file),
    )
    session.add(attachment)
    await session.flush()
    return attachment


async def find_by_external_id(session: AsyncSession, conversation: Conversation, external_id: str) -> Message | None:
    """The message already stored under its sender's own name for it, if this is a repeat."""
    named = {"channel": conversation.channel, "account": conversation.account, "external_id": external_id}
    return await session.scalar(_FIND_BY_EXTERNAL_ID, named)


async def record(
    session: AsyncSession,
    conversation: Conversation,
    kind: EventKind,
    *,
    from_owner: Owner | None = None,
    agent_id: UUID | None = None,
    reason: str | None = None,
    detail: dict[str, object] | None = None,
) -> None:
    """Write what happened into the conversation's history."""
    session.add(
        ConversationEvent(
            conversation_id=conversation.id,
            kind=kind,
            from_owner=from_owner,
            to_owner=conversation.owner,
            agent_id=agent_id,
            reason=reason,
            detail=detail or {},
            at=clock.now(),
        )
    )
    await session.flush()
