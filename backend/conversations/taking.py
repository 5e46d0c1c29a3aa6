"""The worker's turns: taken up as wake-ups tell of them, and the sweep that finds what none told of."""

import asyncio
from collections.abc import Iterable
from uuid import UUID

import structlog
from sqlalchemy import func, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from backend import clock
from backend.conversations.models import Author, Conversation, Message
from backend.conversations.turns import Advancer
from backend.live import TURNS, LiveEvents

log = structlog.get_logger(__name__)

#: Conversations that a process advances side by side.
ROOM = 16


class TurnTaker:
    """Advances the conversations that this process hears of, as many at once as there is room for.

    Every worker hears of each; whoever locks its row first has the turn, and the others find its lease.
    """

    def __init__(self, advancer: Advancer) -> None:
        self._advancer = advancer
        self._room = asyncio.Semaphore(ROOM)
        #: Told of, and not begun: to be told once more changes nothing.
        self._waiting: dict[UUID, asyncio.Task[None]] = {}
        self._under_way: set[asyncio.Task[None]] = set()

    async def run(self, live: LiveEvents, *, stop_seconds: float) -> None:
        """For ever. Turns that are under way when it is cancelled have `stop_seconds` to come to their end."""
        try:
            async with live.subscribe(TURNS) as alarm:
                while True:
                    self.take_up(_conversations(await alarm.wait(None)))
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
                task = asyncio.create_task(self._advance(conversation_id))
                self._waiting[conversation_id] = task
                task.add_done_callback(self._under_way.discard)

    async def _advance(self, conversation_id: UUID) -> None:
        async with self._room:
            self._under_way.add(self._waiting.pop(conversation_id))
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
