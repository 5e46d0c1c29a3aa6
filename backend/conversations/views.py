"""What readers are shown of a conversation, citizens and staff alike."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from backend.agents.models import User
from backend.conversations.models import PUBLIC_AUTHORS, Attachment, Author, Message
from backend.outbox.models import Delivery, DeliveryState


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


async def transcript(
    session: AsyncSession,
    conversation_id: UUID,
    *,
    after_seq: int = 0,
    include_private: bool = True,
    limit: int = 500,
) -> list[MessageView]:
    """The messages after `after_seq`, oldest first. Private notes only where asked for; control messages never."""
    authors = (*PUBLIC_AUTHORS, Author.NOTE) if include_private else PUBLIC_AUTHORS
    rows = (
        await session.execute(
            select(Message, User.full_name, Delivery.state, Delivery.error_code)
            .outerjoin(User, User.id == Message.agent_id)
            .outerjoin(Delivery, Delivery.message_id == Message.id)
            .where(Message.conversation_id == conversation_id, Message.seq > after_seq, Message.author.in_(authors))
            .order_by(Message.seq)
            .limit(limit)
        )
    ).all()
    files = await _attachments(session, [message.id for message, *_ in rows])
    return [
        MessageView(
            id=message.id,
            conversation_id=conversation_id,
            seq=message.seq,
            author=message.author,
            agent_id=message.agent_id,
            agent_name=name,
            text=message.text,
            payload=message.payload,
            buttons=[{"title": str(b["title"]), "payload": str(b["payload"])} for b in message.buttons],
            external_id=message.external_id,
            created_at=message.created_at,
            delivery=state,
            error_code=error_code,
            is_sensitive=message.is_sensitive,
            attachments=files.get(message.id, []),
        )
        for message, name, state, error_code in rows
    ]


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
