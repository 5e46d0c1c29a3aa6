"""Chats written into the ledger: a row an episode, told anew from its conversation whenever something is said.

Conversations are taken up in the order of their last message, from a cursor that stands behind the present: the chat
is not asked to tell of itself, and nobody waits for a lock. A row that says what it said is not written again; what a
person corrected in one stays as they left it.
"""

import time
from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import structlog
from sqlalchemy import and_, column, or_, select, tuple_, union_all, values
from sqlalchemy.dialects.postgresql import distinct_on, insert
from sqlalchemy.ext.asyncio import AsyncSession

from backend import clock
from backend.agents.models import User
from backend.assistant.port import Outcome as Understood
from backend.catalog import office
from backend.catalog.office import Schedule
from backend.conversations.models import Author, Conversation, ConversationEvent, Message, Owner
from backend.db import Database
from backend.learning.models import Understanding
from backend.ledger import service as ledger
from backend.ledger.episodes import SILENCE, Episode, Happened, Said, Turn, derive
from backend.ledger.models import Interaction, InteractionKind, LedgerCursor, Source
from backend.ledger.office_time import office_seconds
from backend.registry.models import Petition

log = structlog.get_logger(__name__)

CURSOR = "chats"
BATCH = 200
#: How far behind the present the cursor stays: longer than any transaction between its clock and its commit.
BEHIND = timedelta(seconds=30)
#: How long one run of the chore goes on at most; what is left over is the next one's.
BUDGET_SECONDS = 5.0
_BEGINNING = (datetime(2000, 1, 1, tzinfo=UTC), UUID(int=0))
_HEARD = (Author.CITIZEN, Author.BOT, Author.AGENT, Author.SYSTEM)


async def look_after(database: Database, *, budget_seconds: float | None = BUDGET_SECONDS) -> int:
    """Write what was said since the last time, and end what has fallen silent; how many conversations were told.

    With no budget it goes on until nothing is left, as for a history of years.
    """
    began, told = time.monotonic(), 0
    while True:
        async with database.transaction() as session:
            count = await _follow_cursor(session)
            if not count:
                count = await _end_silent(session)
        told += count
        if not count or (budget_seconds is not None and time.monotonic() - began > budget_seconds):
            return told


async def _follow_cursor(session: AsyncSession) -> int:
    """Tell the next conversations after the cursor; 0 when there are none, or another worker is at it."""
    await session.execute(
        insert(LedgerCursor).values(name=CURSOR, at=_BEGINNING[0], last_id=_BEGINNING[1]).on_conflict_do_nothing()
    )
    cursor = await session.get(LedgerCursor, CURSOR, with_for_update={"skip_locked": True})
    if cursor is None:
        return 0
    found = await session.execute(_after(cursor, clock.now() - BEHIND))
    places = found.all()
    if not places:
        return 0
    await record(session, [place.id for place in places])
    cursor.at, cursor.last_id = places[-1].at, places[-1].id
    return len(places)


def _after(cursor: LedgerCursor, until: datetime) -> Any:
    """The first conversations whose last message is after the cursor: few of each owner, as the index has them."""
    of_owners = [
        select(Conversation.last_message_at.label("at"), Conversation.id.label("id"))
        .where(
            Conversation.owner == owner,
            Conversation.last_message_at >= cursor.at,
            Conversation.last_message_at <= until,
            tuple_(Conversation.last_message_at, Conversation.id) > tuple_(cursor.at, cursor.last_id),
        )
        .order_by(Conversation.last_message_at, Conversation.id)
        .limit(BATCH)
        .subquery()
        for owner in Owner
    ]
    found = union_all(*(select(one.c.at, one.c.id) for one in of_owners)).subquery()
    return select(found.c.at, found.c.id).order_by(found.c.at, found.c.id).limit(BATCH)


async def _end_silent(session: AsyncSession) -> int:
    """End episodes in whose conversations nothing has been said for too long."""
    now = clock.now()
    silent = or_(
        *(
            and_(Conversation.owner == owner, Conversation.last_message_at < now - silence)
            for owner, silence in SILENCE.items()
        )
    )
    found = await session.scalars(
        select(Interaction.conversation_id)
        .join(Conversation, Interaction.conversation_id == Conversation.id)
        .where(Interaction.ended_at.is_(None), Interaction.source == Source.CHAT, silent)
        .limit(BATCH)
    )
    ids = [one for one in found if one is not None]
    return await record(session, ids)


@dataclass(frozen=True)
class _Known:
    """What stands in the ledger of a conversation already: its last episode's row, and that episode's number."""

    row: Interaction
    number: int


async def record(session: AsyncSession, conversation_ids: Sequence[UUID]) -> int:
    """Write the episodes of these conversations, from the last one that is known of each; how many rows changed."""
    if not conversation_ids:
        return 0
    known = await _known(session, conversation_ids)
    since = {one: known[one].row.started_at if one in known else _BEGINNING[0] for one in conversation_ids}
    messages = await _messages(session, since)
    events = await _events(session, conversation_ids)
    episodes: list[tuple[UUID, Episode]] = []
    for one in sorted(conversation_ids):
        owner, agent_id = _had_before(events[one], since[one])
        later = [event for event in events[one] if event.at >= since[one]]
        number = known[one].number if one in known else 1
        told = derive(messages[one], later, now=clock.now(), first_number=number, owner=owner, agent_id=agent_id)
        episodes += ((one, episode) for episode in told)
    return await _write(session, episodes, known)


async def _known(session: AsyncSession, ids: Sequence[UUID]) -> dict[UUID, _Known]:
    found = await session.scalars(
        select(Interaction)
        .where(Interaction.conversation_id.in_(ids), Interaction.source == Source.CHAT)
        .ext(distinct_on(Interaction.conversation_id))
        .order_by(Interaction.conversation_id, Interaction.started_at.desc())
    )
    known: dict[UUID, _Known] = {}
    for row in found:
        if row.conversation_id is not None and row.external_id is not None:
            known[row.conversation_id] = _Known(row, int(row.external_id.rpartition(":")[2]))
    return known


async def _messages(session: AsyncSession, since: Mapping[UUID, datetime]) -> dict[UUID, list[Said]]:
    """What was said from each conversation's moment on, without its words."""
    wanted = values(
        column("conversation_id", Message.conversation_id.type), column("since", Message.created_at.type), name="wanted"
    ).data(list(since.items()))
    found = await session.execute(
        select(
            Message.conversation_id,
            Message.id,
            Message.created_at,
            Message.author,
            Message.agent_id,
            Message.handled_at,
            Message.in_reply_to,
            _is_missed.label("was_missed"),
        )
        .join(wanted, Message.conversation_id == wanted.c.conversation_id)
        .outerjoin(Understanding, Understanding.message_id == Message.id)
        .where(Message.created_at >= wanted.c.since, Message.author.in_(_HEARD))
        .order_by(Message.conversation_id, Message.seq)
    )
    said: dict[UUID, list[Said]] = defaultdict(list)
    for row in found.all():
        told = Said(row.id, row.created_at, row.author, row.agent_id, row.handled_at, row.in_reply_to, row.was_missed)
        said[row.conversation_id].append(told)
    return said


#: The bot said that it did not understand, or handed over for that.
_is_missed = and_(
    Understanding.message_id.is_not(None),
    or_(Understanding.outcome == Understood.NOT_UNDERSTOOD, Understanding.is_handed_over),
)


async def _events(session: AsyncSession, ids: Sequence[UUID]) -> dict[UUID, list[Happened]]:
    found = await session.scalars(
        select(ConversationEvent).where(ConversationEvent.conversation_id.in_(ids)).order_by(ConversationEvent.id)
    )
    events: dict[UUID, list[Happened]] = defaultdict(list)
    for row in found:
        told = Happened(row.at, row.kind, row.from_owner, row.to_owner, row.agent_id, row.reason, row.detail)
        events[row.conversation_id].append(told)
    return events


def _had_before(events: Sequence[Happened], since: datetime) -> tuple[Owner, UUID | None]:
    """Who had a conversation when the last event before `since` was over."""
    before = [event for event in events if event.at < since and event.to_owner is not None]
    if not before:
        return Owner.BOT, None
    owner = before[-1].to_owner or Owner.BOT
    return owner, next((event.agent_id for event in reversed(before) if event.agent_id is not None), None)


async def _write(session: AsyncSession, episodes: Sequence[tuple[UUID, Episode]], known: Mapping[UUID, _Known]) -> int:
    """Add or change the rows of `episodes`; those that say what they said are left alone."""
    facts = await _facts(session, episodes, known)
    rows = []
    for conversation_id, episode in episodes:
        fields = facts.fields(conversation_id, episode)
        before = known.get(conversation_id)
        if before is not None and before.number == episode.number:
            fields = facts.kept(before.row, fields)
            if all(getattr(before.row, name) == value for name, value in fields.items()):
                continue
        rows.append({**fields, "created_at": clock.now(), "updated_at": clock.now()})
    if rows:
        statement = insert(Interaction).values(rows)
        changing = {name: statement.excluded[name] for name in rows[0] if name not in _NEVER_CHANGED}
        await session.execute(
            statement.on_conflict_do_update(index_elements=["source", "external_id"], set_=changing),
            execution_options={"synchronize_session": False},
        )
    return len(rows)


_NEVER_CHANGED = frozenset({"kind", "source", "external_id", "conversation_id", "channel", "notes", "created_at"})


@dataclass(frozen=True)
class _Facts:
    """What the rows say beside their episodes: places, people, the office's hours, and what staff corrected."""

    schedule: Schedule
    conversations: Mapping[UUID, Conversation]
    petitions: Mapping[str, Petition]
    areas: Mapping[UUID, UUID | None]
    corrected: Mapping[UUID, Collection[str]]

    def fields(self, conversation_id: UUID, episode: Episode) -> dict[str, Any]:
        """An episode as its row."""
        conversation = self.conversations[conversation_id]
        petition = self.petitions.get(episode.folio or "")
        return {
            "kind": InteractionKind.CHAT,
            "source": Source.CHAT,
            "external_id": f"{conversation_id}:{episode.number}",
            "conversation_id": conversation_id,
            "channel": conversation.channel,
            "notes": "",
            "direction": episode.direction,
            "started_at": episode.started_at,
            "answered_at": episode.answered_at,
            "ended_at": episode.ended_at,
            "attended_by": episode.attended_by,
            "outcome": episode.outcome,
            "agent_id": episode.agent_id,
            "area_id": self.areas.get(episode.agent_id) if episode.agent_id else None,
            "person_id": conversation.person_id or (petition.person_id if petition else None),
            "municipality_id": petition.municipality_id if petition else None,
            "topic_id": petition.topic_id if petition else None,
            "petition_id": petition.id if petition else None,
            "handoff_reason": episode.handoff_reason,
            "bot_answers": len(episode.answers),
            "bot_misses": episode.misses,
            "score": episode.score,
            **seconds_of(episode, self.schedule),
        }

    def kept(self, row: Interaction, fields: dict[str, Any]) -> dict[str, Any]:
        """`fields` with what must not change of a row that stands: corrections, and the person's area then."""
        kept = set(self.corrected.get(row.id, ()))
        if row.agent_id == fields["agent_id"]:
            kept.add("area_id")
        return {name: getattr(row, name) if name in kept else value for name, value in fields.items()}


async def _facts(
    session: AsyncSession, episodes: Sequence[tuple[UUID, Episode]], known: Mapping[UUID, _Known]
) -> _Facts:
    ids = {conversation_id for conversation_id, _ in episodes}
    folios = {episode.folio for _, episode in episodes if episode.folio}
    agents = {episode.agent_id for _, episode in episodes if episode.agent_id}
    conversations = await session.scalars(select(Conversation).where(Conversation.id.in_(ids)))
    petitions = await session.scalars(select(Petition).where(Petition.folio.in_(folios)))
    people = await session.execute(select(User.id, User.area_id).where(User.id.in_(agents)))
    return _Facts(
        await office.load(session),
        {one.id: one for one in conversations},
        {one.folio: one for one in petitions},
        {row.id: row.area_id for row in people},
        await ledger.corrected(session, [one.row.id for one in known.values()]),
    )


def seconds_of(episode: Episode, schedule: Schedule) -> dict[str, int | None]:
    """The columns of an episode's time, by the clock and within the office's hours; None while it lasts."""
    names = [f"{turn.value}{suffix}" for turn in Turn for suffix in ("_seconds", "_office_seconds")]
    if episode.ended_at is None:
        return dict.fromkeys(names)
    spent = dict.fromkeys(names, 0)
    for turn, start, end in episode.shares():
        spent[f"{turn.value}_seconds"] += int((end - start).total_seconds())
        spent[f"{turn.value}_office_seconds"] += office_seconds(schedule, start, end)
    return dict(spent)
