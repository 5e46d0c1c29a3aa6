"""The worker's turns: taken up as wake-ups tell of them, and found by the sweep where none did."""

import asyncio
import random
import time
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

import structlog
from sqlalchemy import func, or_, select, tuple_
from sqlalchemy.ext.asyncio import AsyncSession

from backend import clock
from backend.conversations.models import Author, Conversation, Message
from backend.conversations.turns import Advancer
from backend.db import Database
from backend.live import TURNS, LiveEvents
from backend.monitoring import chores

log = structlog.get_logger(__name__)

#: Conversations that a process advances side by side: of those it is told of, and of those that its sweep finds. Each
#: have room of their own, so that who writes now does not wait behind a backlog, nor a backlog behind who writes now.
ROOM, ROOM_TO_SWEEP = 16, 16
#: Told of, and not begun. Of more the first are left to the sweep: who writes now waits for no more than these.
MOST_WAITING = 64
#: Conversations found by one look.
PAGE = 200
#: How often a sweep begins anew with the oldest: a worker that died leaves some of them, whose leases end meanwhile.
ANEW_SECONDS = 15.0
#: What hearing of turns and looking for them are called by who watches them.
HEARING, SWEEP = "wake_ups", "sweep"


class Waiting(NamedTuple):
    """A conversation with something unhandled, the first of it stored at `since`."""

    since: datetime
    conversation_id: UUID


class TurnTaker:
    """Advances the conversations that this process hears of or finds, as many at once as there is room for.

    Every worker hears of each; whoever locks its row first has the turn, and the others find its lease.
    """

    def __init__(self, database: Database, advancer: Advancer) -> None:
        self._database = database
        self._advancer = advancer
        self._room, self._room_to_sweep = asyncio.Semaphore(ROOM), asyncio.Semaphore(ROOM_TO_SWEEP)
        #: Told of, and not begun: to be told once more changes nothing.
        self._waiting: dict[UUID, asyncio.Task[None]] = {}
        self._under_way: set[asyncio.Task[None]] = set()

    async def run(self, live: LiveEvents, *, idle_seconds: float, stop_seconds: float) -> None:
        """For ever. Turns that are under way when it is cancelled have `stop_seconds` to come to their end.

        Says at least every `idle_seconds` that it hears.
        """
        chores.expect(HEARING, idle_seconds)
        try:
            async with live.subscribe(TURNS) as alarm:
                while True:
                    self.take_up(_conversations(await alarm.wait(idle_seconds)))
                    chores.done(HEARING)
        finally:
            await self._stop(stop_seconds)

    async def finish(self) -> None:
        """Until what was taken up is done."""
        while tasks := {*self._waiting.values(), *self._under_way}:
            await asyncio.wait(tasks)

    def take_up(self, conversation_ids: Iterable[UUID]) -> None:
        """Advance these, soon."""
        for conversation_id in conversation_ids:
            if conversation_id not in self._waiting:
                self._waiting[conversation_id] = asyncio.create_task(self._advance_told(conversation_id))
            if len(self._waiting) > MOST_WAITING:
                self._waiting.pop(next(iter(self._waiting))).cancel()

    async def sweep(self) -> None:
        """Take up all that waits, page by page, the oldest first, when there is room; each once in `ANEW_SECONDS`.

        A page is taken in any order: workers that began together would else look at each conversation together.
        """
        found: Sequence[Waiting] = ()
        began = time.monotonic()
        while True:
            if time.monotonic() - began > ANEW_SECONDS:
                found, began = (), time.monotonic()
            async with self._database.transaction() as session:
                found = await find_pending(session, after=found[-1] if found else None)
            chores.done(SWEEP)
            for waiting in random.sample(found, len(found)):
                await self._room_to_sweep.acquire()
                task = asyncio.create_task(self._advance(waiting.conversation_id))
                self._begun(task, self._room_to_sweep)
            if len(found) < PAGE:
                return

    async def _advance_told(self, conversation_id: UUID) -> None:
        await self._room.acquire()
        self._begun(self._waiting.pop(conversation_id), self._room)
        await self._advance(conversation_id)

    def _begun(self, task: asyncio.Task[None], room: asyncio.Semaphore) -> None:
        self._under_way.add(task)
        task.add_done_callback(lambda _: room.release())
        task.add_done_callback(self._under_way.discard)

    async def _advance(self, conversation_id: UUID) -> None:
        try:
            await self._advancer.advance(conversation_id)
        except Exception:  # the turn's outer loop: recorded, and the sweep finds it again
            log.exception("turn_failed", conversation_id=str(conversation_id))

    async def _stop(self, seconds: float) -> None:
        for task in self._waiting.values():
            task.cancel()
        self._waiting.clear()
        if self._under_way:
            await asyncio.wait(self._under_way, timeout=seconds)
        cut_off = list(self._under_way)
        for task in cut_off:
            task.cancel()
        await asyncio.gather(*cut_off, return_exceptions=True)


def _conversations(topics: Iterable[str]) -> Iterable[UUID]:
    """Whose turns rang; none where it rang for everybody, as the sweep looks for those."""
    return (UUID(topic.removeprefix(TURNS)) for topic in topics if topic != TURNS)


async def find_pending(session: AsyncSession, *, after: Waiting | None = None) -> Sequence[Waiting]:
    """Conversations with something unhandled that no live worker has leased, oldest first; a page of those `after`."""
    moment, since = clock.now(), func.min(Message.created_at)
    query = (
        select(since, Message.conversation_id)
        .join(Conversation, Conversation.id == Message.conversation_id)
        .where(
            Message.handled_at.is_(None),
            Message.author.in_((Author.CITIZEN, Author.CONTROL)),
            or_(Conversation.lease_until.is_(None), Conversation.lease_until < moment),
        )
        .group_by(Message.conversation_id)
        .order_by(since, Message.conversation_id)
        .limit(PAGE)
    )
    if after is not None:
        query = query.having(tuple_(since, Message.conversation_id) > tuple_(*after))
    return [Waiting(*row) for row in await session.execute(query)]
