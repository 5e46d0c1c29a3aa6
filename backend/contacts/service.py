"""One person across channels: which conversations are theirs, and to which of them a notice goes.

A contact holds conversations; staff may join and split them. An identity is narrower: conversations proved to be
one person's, by a telephone that two channels vouch for or by a link code. Only that opens a petition without
its access code (docs/adr/0010).
"""

import enum
import uuid
from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession

from backend.contacts.errors import AlreadyJoined, NotJoined, NotTheirs
from backend.contacts.models import Contact
from backend.conversations import messages
from backend.conversations.models import Conversation, EventKind
from backend.live import INBOX, conversation_topic
from backend.wakeups import notify
from channels.phones import normal_phone

#: Whoever writes here reads the answer only while the page is open.
WEB = "web"
#: Why we take it that somebody no longer blocks us: they said so to staff.
TOLD = "told"


class JoinHow(enum.StrEnum):
    """Why two conversations are taken for one person's."""

    PHONE = "phone"
    CODE = "code"
    STAFF = "staff"

    @property
    def is_proof(self) -> bool:
        return self is not JoinHow.STAFF


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


async def join(
    session: AsyncSession, one: Conversation, other: Conversation, how: JoinHow, *, by: UUID | None = None
) -> bool:
    """Make one contact of two: all of `other`'s conversations go to `one`'s. False when nothing changed.

    A proof also makes one identity of the two; what staff believe does not. `by` is the agent, if it was one.
    """
    if one.id == other.id or one.identity_id == other.identity_id:
        return False
    is_new = await _merge_contacts(session, one, other)
    if how.is_proof:
        await session.execute(
            update(Conversation)
            .where(Conversation.identity_id == other.identity_id)
            .values(identity_id=one.identity_id)
        )
    elif not is_new:
        return False
    for mine, theirs in ((one, other), (other, one)):
        await messages.record(
            session, mine, EventKind.CONTACT_JOINED, agent_id=by, reason=how, detail={"with": str(theirs.id)}
        )
    await _tell_all(session, one.contact_id)
    return True


async def _merge_contacts(session: AsyncSession, one: Conversation, other: Conversation) -> bool:
    """Empty `other`'s contact into `one`'s. False when they are the same already."""
    locked = await session.scalars(
        select(Contact)
        .where(Contact.id.in_({one.contact_id, other.contact_id}))
        .order_by(Contact.id)
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    contacts = {contact.id: contact for contact in locked}
    if len(contacts) < 2:
        return False
    kept, emptied = contacts[one.contact_id], contacts[other.contact_id]
    await session.execute(update(Conversation).where(Conversation.contact_id == emptied.id).values(contact_id=kept.id))
    kept.preferred_conversation_id = kept.preferred_conversation_id or emptied.preferred_conversation_id
    await session.delete(emptied)
    await session.flush()
    return True


async def join_by_staff(session: AsyncSession, one_id: UUID, other_id: UUID, agent_id: UUID) -> None:
    """An agent says that two conversations are one person's. Raises ConversationNotFound, AlreadyJoined."""
    one, other = await _lock_both(session, one_id, other_id)
    if not await join(session, one, other, JoinHow.STAFF, by=agent_id):
        raise AlreadyJoined


async def _lock_both(session: AsyncSession, one_id: UUID, other_id: UUID) -> tuple[Conversation, Conversation]:
    """Both, locked in one order whoever asks, so that two who join at once cannot wait for each other."""
    locked = {key: await messages.lock(session, key) for key in sorted({one_id, other_id})}
    return locked[one_id], locked[other_id]


async def split(session: AsyncSession, conversation_id: UUID, *, by: UUID | None = None) -> None:
    """Take a conversation off its contact, undoing a join: it is a person's of its own again. Raises NotJoined.

    What proved it theirs no longer counts; only a new proof joins it again.
    """
    conversation = await messages.lock(session, conversation_id)
    left = [one for one in await conversations_of(session, conversation.contact_id) if one.id != conversation_id]
    if not left:
        raise NotJoined
    former = await session.get_one(Contact, conversation.contact_id, with_for_update=True)
    if former.preferred_conversation_id == conversation_id:
        former.preferred_conversation_id = None
    contact = Contact()
    session.add(contact)
    await session.flush()
    conversation.contact_id, conversation.identity_id = contact.id, uuid.uuid4()
    for one in (conversation, left[0]):
        await messages.record(
            session, one, EventKind.CONTACT_SPLIT, agent_id=by, detail={"conversation": str(conversation_id)}
        )
    await _tell_all(session, contact.id)
    await _tell_all(session, former.id)


async def write_again(session: AsyncSession, conversation_id: UUID, *, by: UUID) -> None:
    """Write to somebody who told staff that they no longer block us; where they do, the channel says so again."""
    conversation = await messages.lock(session, conversation_id)
    if conversation.blocked_at is None:
        return
    conversation.blocked_at = None
    await messages.record(session, conversation, EventKind.UNBLOCKED_US, agent_id=by, reason=TOLD)
    await _tell_all(session, conversation.contact_id)


async def note_verified_phone(session: AsyncSession, conversation: Conversation, phone: str) -> None:
    """Keep a telephone that the channel vouches for, and join whoever else was seen with it last.

    Never call it with one that was typed. What was noted before is noted once: a conversation that staff split off
    stays so. `conversation` is locked.
    """
    normal = normal_phone(phone)
    if normal is None or normal == conversation.verified_phone:
        return
    conversation.verified_phone = normal
    await session.flush()
    other = await session.scalar(
        select(Conversation)
        .where(Conversation.verified_phone == normal, Conversation.id != conversation.id)
        .order_by(Conversation.last_citizen_at.desc().nulls_last(), Conversation.created_at.desc())
        .limit(1)
    )
    if other is not None:
        await join(session, other, conversation, JoinHow.PHONE)


async def prefer(session: AsyncSession, contact_id: UUID, conversation_id: UUID | None) -> None:
    """Where notices go first from now on; None: where the person wrote last. Raises NotTheirs."""
    contact = await session.get_one(Contact, contact_id, with_for_update=True)
    if conversation_id is not None:
        wanted = await session.get(Conversation, conversation_id)
        if wanted is None or wanted.contact_id != contact_id:
            raise NotTheirs
    contact.preferred_conversation_id = conversation_id
    await _tell_all(session, contact_id)


async def known_person_id(session: AsyncSession, conversation: Conversation) -> UUID | None:
    """The person of a conversation, or of another that is proved to be the same citizen's."""
    if conversation.person_id is not None:
        return conversation.person_id
    return await session.scalar(
        select(Conversation.person_id)
        .where(Conversation.identity_id == conversation.identity_id, Conversation.person_id.is_not(None))
        .order_by(Conversation.last_message_at.desc().nulls_last())
        .limit(1)
    )


async def _tell_all(session: AsyncSession, contact_id: UUID) -> None:
    await session.flush()
    ids = await session.scalars(select(Conversation.id).where(Conversation.contact_id == contact_id))
    await notify(session, *(conversation_topic(one) for one in ids), INBOX)
