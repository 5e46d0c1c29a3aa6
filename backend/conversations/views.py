"""What readers are shown of a conversation, citizens and staff alike."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Select, select
from sqlalchemy.ext.asyncio import AsyncSession

from backend.agents.models import User
from backend.conversations.models import (
    PUBLIC_AUTHORS,
    Attachment,
    Author,
    Conversation,
    Message,
    MessageRevision,
)
from backend.outbox.models import Delivery, DeliveryState

#: A message in parts is only as far as its part that is furthest behind; one that failed is what counts first.
_FURTHEST_BEHIND = (
    DeliveryState.FAILED,
    DeliveryState.UNCERTAIN,
    DeliveryState.PENDING,
    DeliveryState.SENDING,
    DeliveryState.SENT,
    DeliveryState.DELIVERED,
    DeliveryState.READ,
)


@dataclass(frozen=True)
class MessageView:
    """One message as it may be read. `delivery` is None for what needs none (the citizen's own, notes)."""

    id: UUID
    conversation_id: UUID
    seq: int
    author: Author
    agent_id: UUID | None
    agent_name: str | None
    text: str
    payload: str | None
    buttons: list[dict[str, str]]
    external_id: str | None
    created_at: datetime
    delivery: DeliveryState | None
    error_code: str | None
    is_sensitive: bool
    attachments: Sequence[Attachment] = field(default_factory=list)
    channel: str = "web"
    extra: dict[str, Any] = field(default_factory=dict)
    edited_at: datetime | None = None
    deleted_at: datetime | None = None
    #: What it said before its sender changed or deleted it, oldest first; for staff only.
    former: Sequence[str] = ()


async def transcript(
    session: AsyncSession,
    conversation_id: UUID,
    *,
    after_seq: int = 0,
    include_private: bool = True,
    limit: int = 500,
) -> list[MessageView]:
    """The messages after `after_seq`, oldest first. Control messages never.

    What is for staff only (notes, deliveries, former texts) comes with `include_private`.
    """
    authors = (*PUBLIC_AUTHORS, Author.NOTE) if include_private else PUBLIC_AUTHORS
    return await _views(
        session,
        _rows()
        .where(Message.conversation_id == conversation_id, Message.seq > after_seq, Message.author.in_(authors))
        .order_by(Message.seq)
        .limit(limit),
        for_staff=include_private,
    )


async def contact_history(
    session: AsyncSession, contact_id: UUID, *, before: datetime | None = None, limit: int = 100
) -> list[MessageView]:
    """The latest messages of all of a contact's conversations before a moment, oldest first, notes among them."""
    query = (
        _rows()
        .join(Conversation, Conversation.id == Message.conversation_id)
        .where(Conversation.contact_id == contact_id, Message.author != Author.CONTROL)
        .order_by(Message.created_at.desc(), Message.seq.desc())
        .limit(limit)
    )
    if before is not None:
        query = query.where(Message.created_at < before)
    return list(reversed(await _views(session, query)))


def _rows() -> Select[Message, str]:
    return select(Message, User.full_name).outerjoin(User, User.id == Message.agent_id)


async def _views(session: AsyncSession, query: Select[Message, str], *, for_staff: bool = True) -> list[MessageView]:
    rows = (await session.execute(query)).all()
    ids = [message.id for message, _ in rows]
    files = await _attachments(session, ids)
    deliveries = await _deliveries(session, ids) if for_staff else {}
    changed = [message.id for message, _ in rows if for_staff and (message.edited_at or message.deleted_at)]
    former = await _former(session, changed)
    return [
        _view(message, name, deliveries.get(message.id), files.get(message.id, []), former.get(message.id, []))
        for message, name in rows
    ]


def _view(
    message: Message, name: str | None, delivery: Delivery | None, files: list[Attachment], former: list[str]
) -> MessageView:
    return MessageView(
        id=message.id,
        conversation_id=message.conversation_id,
        seq=message.seq,
        author=message.author,
        agent_id=message.agent_id,
        agent_name=name,
        text=message.text,
        payload=message.payload,
        buttons=[{"title": str(b["title"]), "payload": str(b["payload"])} for b in message.buttons],
        external_id=message.external_id,
        created_at=message.created_at,
        delivery=delivery.state if delivery else None,
        error_code=delivery.error_code if delivery else None,
        is_sensitive=message.is_sensitive,
        attachments=files,
        channel=message.channel,
        extra=message.extra,
        edited_at=message.edited_at,
        deleted_at=message.deleted_at,
        former=former,
    )


async def _deliveries(session: AsyncSession, message_ids: Sequence[UUID]) -> dict[UUID, Delivery]:
    """Of each message the part that is furthest behind."""
    found: dict[UUID, Delivery] = {}
    if not message_ids:
        return found
    for delivery in await session.scalars(select(Delivery).where(Delivery.message_id.in_(message_ids))):
        known = found.get(delivery.message_id)
        if known is None or _FURTHEST_BEHIND.index(delivery.state) < _FURTHEST_BEHIND.index(known.state):
            found[delivery.message_id] = delivery
    return found


async def _former(session: AsyncSession, message_ids: Sequence[UUID]) -> dict[UUID, list[str]]:
    found: dict[UUID, list[str]] = {}
    if message_ids:
        rows = await session.scalars(
            select(MessageRevision).where(MessageRevision.message_id.in_(message_ids)).order_by(MessageRevision.at)
        )
        for revision in rows:
            found.setdefault(revision.message_id, []).append(revision.text)
    return found


async def _attachments(session: AsyncSession, message_ids: Sequence[UUID]) -> dict[UUID, list[Attachment]]:
    if not message_ids:
        return {}
    found: dict[UUID, list[Attachment]] = {}
    rows = await session.scalars(
        select(Attachment).where(Attachment.message_id.in_(message_ids)).order_by(Attachment.created_at)
    )
    for attachment in rows:
        found.setdefault(attachment.message_id, []).append(attachment)
    return found
