"""Reading conversations for the console: the inbox, its counts and one conversation's details."""

import enum
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, ScalarSelect, Select, and_, func, or_, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased

from backend import clock
from backend.agents.models import User
from backend.contacts import service as contacts
from backend.contacts.models import Contact
from backend.conversations import finding
from backend.conversations.errors import ConversationNotFound
from backend.conversations.models import (
    Author,
    Conversation,
    ConversationEvent,
    EventKind,
    HandoffReason,
    Message,
    Owner,
    Rating,
)
from backend.conversations.views import MessageView, contact_history, transcript
from backend.messaging import window
from backend.outreach.models import CallReason, ReasonState
from backend.registry.models import DraftState, Person, Petition, PetitionDraft
from backend.retention import blocking

__all__ = [
    "ConversationDetails",
    "InboxCounts",
    "InboxRow",
    "InboxView",
    "MessageView",
    "closing_windows",
    "contact_history",
    "details",
    "inbox",
    "inbox_counts",
    "person_names",
    "transcript",
]


class InboxView(enum.StrEnum):
    MINE = "mine"
    WAITING = "waiting"
    BOT = "bot"
    CLOSED = "closed"
    ALL = "all"


@dataclass(frozen=True)
class InboxRow:
    conversation_id: UUID
    channel: str
    owner: Owner
    agent_id: UUID | None
    agent_name: str | None
    person_name: str | None
    is_emergency: bool
    handoff_reason: HandoffReason | None
    language: str
    queued_at: datetime | None
    last_message_at: datetime | None
    last_text: str
    last_author: Author | None
    unread: int
    display_name: str | None
    #: When free text stops being allowed; None: never.
    window_closes_at: datetime | None


#: The console shows what reaches it as «999+».
COUNTED = 1000


@dataclass(frozen=True)
class InboxCounts:
    mine: int
    waiting: int
    bot: int
    closed: int
    unread: int


@dataclass(frozen=True)
class ConversationDetails:
    conversation: Conversation
    agent_name: str | None
    person: Person | None
    events: Sequence[ConversationEvent]
    ratings: Sequence[Rating]
    earlier: Sequence[Conversation]
    #: The same person's in other channels.
    others: Sequence[Conversation]
    preferred_conversation_id: UUID | None
    petitions: Sequence[Petition]
    draft_id: UUID | None
    callbacks: Sequence[CallReason]


_WAITING = Conversation.owner == Owner.QUEUE
_WITH_BOT = and_(Conversation.owner == Owner.BOT, Conversation.last_message_at.is_not(None))
_CLOSED = Conversation.owner == Owner.CLOSED


def _with(agent_ids: Collection[UUID]) -> ColumnElement[bool]:
    return and_(Conversation.owner == Owner.AGENT, Conversation.agent_id.in_(agent_ids))


def _in_view(view: InboxView, agent_id: UUID) -> ColumnElement[bool]:
    match view:
        case InboxView.MINE:
            return _with([agent_id])
        case InboxView.WAITING:
            return _WAITING
        case InboxView.BOT:
            return _WITH_BOT
        case InboxView.CLOSED:
            return _CLOSED
        case InboxView.ALL:
            return Conversation.last_message_at.is_not(None)


def _ordering(view: InboxView, of: type[Conversation] = Conversation) -> list[ColumnElement[Any]]:
    if view is InboxView.WAITING:
        return [of.is_emergency.desc(), of.queued_at.asc()]
    return [of.last_message_at.desc()]


async def inbox(
    session: AsyncSession,
    view: InboxView,
    *,
    agent_id: UUID,
    search: str | None = None,
    before: datetime | None = None,
    limit: int = 50,
) -> list[InboxRow]:
    """A page of a view: the waiting by emergency and wait, the rest by latest message. `before` pages on."""
    conditions = [_in_view(view, agent_id), ~blocking.conversation_is_blocked()]
    if before is not None and view is not InboxView.WAITING:
        conditions.append(Conversation.last_message_at < before)
    if search and search.strip():
        conditions = [
            Conversation.id.in_(await finding.ids(session, conditions, partial(_ordering, view), search, limit))
        ]
    query = _inbox_query().where(*conditions).order_by(*_ordering(view))
    rows = await session.execute(query.limit(limit))
    return [_inbox_row(*row) for row in rows]


def _inbox_row(
    conversation: Conversation,
    agent_name: str | None,
    person_name: str | None,
    last_text: str | None,
    last_author: Author | None,
    unread: int,
) -> InboxRow:
    return InboxRow(
        conversation_id=conversation.id,
        channel=conversation.channel,
        owner=conversation.owner,
        agent_id=conversation.agent_id,
        agent_name=agent_name,
        person_name=person_name,
        is_emergency=conversation.is_emergency,
        handoff_reason=conversation.handoff_reason,
        language=conversation.language,
        queued_at=conversation.queued_at,
        last_message_at=conversation.last_message_at,
        last_text=last_text or "",
        last_author=last_author,
        unread=unread,
        display_name=conversation.display_name,
        window_closes_at=window.closes_at(conversation),
    )


def _inbox_query() -> Select[Any]:
    last = aliased(Message)
    # Who chooses among those that wait, or looks for one that ended, reads what was asked: their last message is ours.
    ours = and_(Conversation.owner.in_([Owner.QUEUE, Owner.CLOSED]), Message.author.in_([Author.BOT, Author.SYSTEM]))
    last_seq = (
        select(func.max(Message.seq))
        .where(Message.conversation_id == Conversation.id, Message.author != Author.CONTROL, ~ours)
        .correlate(Conversation)
        .scalar_subquery()
    )
    unread = (
        select(func.count())
        .where(
            Message.conversation_id == Conversation.id,
            Message.author == Author.CITIZEN,
            Message.seq > Conversation.agent_read_seq,
        )
        .correlate(Conversation)
        .scalar_subquery()
    )
    return (
        select(Conversation, User.full_name, Person.full_name, last.text, last.author, unread)
        .outerjoin(User, User.id == Conversation.agent_id)
        .outerjoin(Person, Person.id == Conversation.person_id)
        .outerjoin(last, and_(last.conversation_id == Conversation.id, last.seq == last_seq))
    )


async def inbox_counts(session: AsyncSession, agent_ids: Collection[UUID]) -> dict[UUID, InboxCounts]:
    """For each agent, how many conversations each view holds, and how many of their own have something unread.

    None is told past `COUNTED`: every open page asks at every message, whatever the office's history.
    """
    shared = await session.execute(select(_count(_WAITING), _count(_WITH_BOT), _count(_CLOSED)))
    waiting, bot, closed = shared.one()
    has_unread = (
        select(Message.id)
        .where(
            Message.conversation_id == Conversation.id,
            Message.author == Author.CITIZEN,
            Message.seq > Conversation.agent_read_seq,
        )
        .exists()
    )
    rows = await session.execute(
        select(Conversation.agent_id, func.count(), func.count().filter(has_unread))
        .where(_with(agent_ids))
        .group_by(Conversation.agent_id)
    )
    own = {agent_id: (mine, unread) for agent_id, mine, unread in rows}
    counts = {}
    for agent_id in agent_ids:
        mine, unread = (min(one, COUNTED) for one in own.get(agent_id, (0, 0)))
        counts[agent_id] = InboxCounts(mine=mine, waiting=waiting, bot=bot, closed=closed, unread=unread)
    return counts


def _count(condition: ColumnElement[bool]) -> ScalarSelect[int]:
    some = select(Conversation.id).where(condition).limit(COUNTED).subquery()
    return select(func.count()).select_from(some).scalar_subquery()


async def details(session: AsyncSession, conversation_id: UUID) -> ConversationDetails:
    """All that an agent needs beside the transcript. Raises ConversationNotFound."""
    conversation = await session.get(Conversation, conversation_id)
    if conversation is None:
        raise ConversationNotFound
    person = await session.get(Person, conversation.person_id) if conversation.person_id else None
    agent = await session.get(User, conversation.agent_id) if conversation.agent_id else None
    contact = await session.get_one(Contact, conversation.contact_id)
    of_contact = await contacts.conversations_of(session, contact.id)
    petition_of: ColumnElement[bool] = Petition.conversation_id.in_([one.id for one in of_contact])
    earlier: Sequence[Conversation] = []
    if person is not None:
        petition_of = or_(petition_of, Petition.person_id == person.id)
        earlier = (
            await session.scalars(
                select(Conversation)
                .where(Conversation.person_id == person.id, Conversation.contact_id != contact.id)
                .order_by(Conversation.last_message_at.desc())
                .limit(20)
            )
        ).all()
    return ConversationDetails(
        conversation=conversation,
        agent_name=agent.full_name if agent else None,
        person=person,
        events=(
            await session.scalars(
                select(ConversationEvent)
                .where(ConversationEvent.conversation_id == conversation_id)
                .order_by(ConversationEvent.at, ConversationEvent.id)
            )
        ).all(),
        ratings=(
            await session.scalars(
                select(Rating).where(Rating.conversation_id == conversation_id).order_by(Rating.created_at)
            )
        ).all(),
        earlier=earlier,
        others=[one for one in of_contact if one.id != conversation_id],
        preferred_conversation_id=contact.preferred_conversation_id,
        petitions=(
            await session.scalars(select(Petition).where(petition_of).order_by(Petition.created_at.desc()).limit(50))
        ).all(),
        draft_id=await session.scalar(
            select(PetitionDraft.id).where(
                PetitionDraft.conversation_id == conversation_id, PetitionDraft.state == DraftState.OPEN
            )
        ),
        callbacks=(
            await session.scalars(
                select(CallReason).where(
                    CallReason.conversation_id == conversation_id, CallReason.state == ReasonState.PENDING
                )
            )
        ).all(),
    )


#: How long before a window closes its agent is reminded.
REMIND_BEFORE = timedelta(hours=1)


async def closing_windows(session: AsyncSession, agent_ids: Collection[UUID]) -> list[Conversation]:
    """Of these agents' conversations, those to which free text may be written for less than an hour yet."""
    moment = clock.now()
    found = await session.scalars(
        select(Conversation).where(_with(agent_ids), Conversation.channel.in_(window.CHANNELS))
    )
    closing = [(one, window.closes_at(one)) for one in found]
    return [one for one, end in closing if end is not None and moment < end <= moment + REMIND_BEFORE]


async def person_names(session: AsyncSession, person_ids: Sequence[UUID]) -> dict[UUID, str]:
    """The names of some people."""
    rows = await session.execute(select(Person.id, Person.full_name).where(Person.id.in_(person_ids)))
    return dict(rows.all())


async def last_misunderstood(session: AsyncSession, conversation_id: UUID) -> str | None:
    """The citizen's sentence right before the conversation was handed over: what the bot could not do."""
    queued_at = await session.scalar(
        select(func.max(ConversationEvent.at)).where(
            ConversationEvent.conversation_id == conversation_id, ConversationEvent.kind == EventKind.QUEUED
        )
    )
    if queued_at is None:
        return None
    return await session.scalar(
        select(Message.text)
        .where(
            Message.conversation_id == conversation_id,
            Message.author == Author.CITIZEN,
            Message.created_at <= queued_at,
        )
        .order_by(Message.seq.desc())
        .limit(1)
    )
