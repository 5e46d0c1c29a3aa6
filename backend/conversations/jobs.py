"""The worker's tasks: wake-ups, and the sweep that finds what no wake-up told of."""

from uuid import UUID

from sqlalchemy import func, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from backend import clock
from backend.conversations.models import Author, Conversation, Message


async def find_pending(session: AsyncSession, *, limit: int = 200) -> list[UUID]:
    """Conversations with something unhandled that no live worker has leased, oldest first."""
    moment = clock.now()
    rows = await session.scalars(
        select(Message.conversation_id)
        .join(Conversation, Conversation.id == Message.conversation_id)
        .where(
            Message.handled_at.is_(None),
            Message.author.in_((Author.CITIZEN, Author.CONTROL)),
            or_(Conversation.lease_until.is_(None), Conversation.lease_until < moment),
        )
        .group_by(Message.conversation_id)
        .order_by(func.min(Message.created_at))
        .limit(limit)
    )
    return list(rows.all())
