"""What all open pages are told of the inbox, read for all of them at once: `InboxLooks`.

The inbox moves with every message of the office and rings for every page. Nothing is kept from one look to the next:
who asks is told what was read after they asked.
"""

import asyncio
from collections import defaultdict
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import ColumnElement, ScalarSelect, and_, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from backend import clock
from backend.console import presenting
from backend.console.schemas import ClosingWindow, CountsOut
from backend.conversations.models import Author, Conversation, Message, Owner
from backend.conversations.queries import COUNTED, REMIND_BEFORE
from backend.db import Database
from backend.messaging import window
from backend.turns import news
from channels.manners import MANNERS

#: The channels on which free text may stop being allowed.
_WINDOWED = [name for name, manners in MANNERS.items() if manners.window_hours is not None]


@dataclass(frozen=True)
class InboxSeen:
    """One agent's part of it: each view's count, and the windows of theirs that close within the hour."""

    counts: CountsOut
    closing: list[ClosingWindow]


class InboxLooks:
    """All who ask before a reading begins share it; whoever asks later shares the next."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._asking: set[UUID] = set()
        self._next: asyncio.Task[Mapping[UUID, InboxSeen]] | None = None
        self._one_at_a_time = asyncio.Lock()

    async def look(self, agent_id: UUID) -> InboxSeen:
        self._asking.add(agent_id)
        if self._next is None:
            self._next = asyncio.create_task(self._read(), name="inbox-look")
        return (await asyncio.shield(self._next))[agent_id]

    async def _read(self) -> Mapping[UUID, InboxSeen]:
        async with self._one_at_a_time:
            asked, self._asking, self._next = self._asking, set(), None
            async with self._database.snapshot() as session:
                return await read(session, asked)


async def read(session: AsyncSession, agent_ids: Collection[UUID]) -> Mapping[UUID, InboxSeen]:
    """What `presenting.counts_out` and `presenting.closing_windows` tell each of these agents."""
    shared = await session.execute(
        select(
            _count(Conversation.owner == Owner.QUEUE),
            _count(and_(Conversation.owner == Owner.BOT, Conversation.last_message_at.is_not(None))),
            _count(Conversation.owner == Owner.CLOSED),
        )
    )
    waiting, bot, closed = shared.one()
    own = await _own(session, agent_ids)
    told = await news.counts(session, agent_ids)
    closing = await _closing(session, agent_ids)
    seen = {}
    for agent_id in agent_ids:
        mine, unread = own.get(agent_id, (0, 0))
        counts = CountsOut(
            mine=mine, waiting=waiting, bot=bot, closed=closed, unread=unread, agency_news=told[agent_id]
        )
        seen[agent_id] = InboxSeen(counts, closing.get(agent_id, []))
    return seen


def _count(condition: ColumnElement[bool]) -> ScalarSelect[int]:
    some = select(Conversation.id).where(condition).limit(COUNTED).subquery()
    return select(func.count()).select_from(some).scalar_subquery()


def _of(agent_ids: Collection[UUID]) -> ColumnElement[bool]:
    return and_(Conversation.owner == Owner.AGENT, Conversation.agent_id.in_(agent_ids))


async def _own(session: AsyncSession, agent_ids: Collection[UUID]) -> dict[UUID, tuple[int, int]]:
    """How many conversations each agent has, and how many of them with something unread."""
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
        .where(_of(agent_ids))
        .group_by(Conversation.agent_id)
    )
    return {agent_id: (min(mine, COUNTED), min(unread, COUNTED)) for agent_id, mine, unread in rows if agent_id}


async def _closing(session: AsyncSession, agent_ids: Collection[UUID]) -> Mapping[UUID, list[ClosingWindow]]:
    moment = clock.now()
    found = await session.scalars(select(Conversation).where(_of(agent_ids), Conversation.channel.in_(_WINDOWED)))
    ends = [(one, window.closes_at(one)) for one in found]
    rows = [one for one, end in ends if end is not None and moment < end <= moment + REMIND_BEFORE]
    closing: defaultdict[UUID, list[ClosingWindow]] = defaultdict(list)
    for one, out in zip(rows, await presenting.closing_out(session, rows), strict=True):
        if one.agent_id is not None:
            closing[one.agent_id].append(out)
    return closing
