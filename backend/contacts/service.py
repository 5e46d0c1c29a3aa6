"""One person across channels: which conversations are theirs, and to which of them a notice goes."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from backend.contacts.models import Contact
from backend.conversations.models import Conversation

#: Whoever writes here reads the answer only while the page is open.
WEB = "web"


async def conversations_of(session: AsyncSession, contact_id: UUID) -> Sequence[Conversation]:
    """A contact's conversations, the one they wrote in last first."""
    rows = await session.scalars(
        select(Conversation)
        .where(Conversation.contact_id == contact_id)
        .order_by(Conversation.last_citizen_at.desc().nulls_last(), Conversation.created_at.desc())
    )
    return rows.all()


async def notice_conversation(session: AsyncSession, contact_id: UUID) -> Conversation | None:
    """Where to tell a contact something unasked; None where they want (or can be reached by) nothing in writing.

    The preferred conversation; else the one used last outside the web; else the one used last.
    Those opted out or blocked never.
    """
    contact = await session.get(Contact, contact_id)
    if contact is None:
        return None
    reachable = [
        one
        for one in await conversations_of(session, contact_id)
        if one.opted_out_at is None and one.blocked_at is None
    ]
    preferred = next((one for one in reachable if one.id == contact.preferred_conversation_id), None)
    outside = next((one for one in reachable if one.channel != WEB), None)
    return preferred or outside or next(iter(reachable), None)
