"""Wake-ups for whoever follows a conversation or the inbox, through PostgreSQL's NOTIFY.

A notification carries no data, only that there is something to read: the reader
asks the database for what is after its cursor. A lost notification therefore
delays, and loses nothing; readers also look again by themselves now and then.
"""

import asyncio
import contextlib
import time
from collections import defaultdict
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from uuid import UUID

import psycopg
import structlog
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from backend.db import conninfo, is_first
from backend.monitoring.metrics import LIVE_FOLLOWERS

log = structlog.get_logger(__name__)

CHANNEL = "chat_sonora"
INBOX = "inbox"
TYPING_SECONDS = 6.0
RECONNECT_SECONDS = 1.0


def conversation_topic(conversation_id: UUID) -> str:
    return f"conversation:{conversation_id}"


def account_topic(user_id: UUID) -> str:
    """Rings when what somebody may see has changed: their sessions ended, or their role is another."""
    return f"account:{user_id}"


async def notify(session: AsyncSession, *topics: str) -> None:
    """Wake the followers of `topics` when (and only if) this transaction commits."""
    topics = tuple(topic for topic in topics if is_first(session, (CHANNEL, topic)))
    if not topics:
        return
    statement = text("SELECT pg_notify(:channel, topic) FROM unnest(CAST(:topics AS text[])) AS topic")
    await session.execute(statement, {"channel": CHANNEL, "topics": list(topics)})


class Subscription:
    """A follower's alarm. `wait` consumes the alarm."""

    def __init__(self) -> None:
        self._event = asyncio.Event()
        self._rung: set[str] = set()

    def ring(self, topic: str) -> None:
        self._rung.add(topic)
        self._event.set()

    async def wait(self, timeout: float) -> set[str]:
        """The topics on which something happened; none after `timeout` seconds of nothing."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(timeout):
                await self._event.wait()
        self._event.clear()
        rung, self._rung = self._rung, set()
        return rung


class LiveEvents:
    """One LISTEN connection of this process, shared by all its followers."""

    def __init__(self, database_url: str) -> None:
        self._conninfo = conninfo(database_url)
        self._followers: defaultdict[str, set[Subscription]] = defaultdict(set)
        self._typing: dict[tuple[str, str], float] = {}
        self._task: asyncio.Task[None] | None = None
        self.connected = asyncio.Event()

    async def start(self) -> None:
        self._task = asyncio.create_task(self._listen(), name="live-events")

    async def stop(self) -> None:
        if self._task is not None:
            self._task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._task

    @asynccontextmanager
    async def subscribe(self, *topics: str) -> AsyncIterator[Subscription]:
        subscription = Subscription()
        for topic in topics:
            self._followers[topic].add(subscription)
        try:
            with LIVE_FOLLOWERS.track_inprogress():
                yield subscription
        finally:
            for topic in topics:
                self._followers[topic].discard(subscription)
                if not self._followers[topic]:
                    del self._followers[topic]

    def is_typing(self, conversation_id: UUID, who: str) -> bool:
        """Whether `who` ("agent" or "citizen") was typing in the last seconds."""
        return self._typing.get((str(conversation_id), who), 0.0) > time.monotonic()

    async def _listen(self) -> None:
        while True:
            try:
                async with await psycopg.AsyncConnection.connect(self._conninfo, autocommit=True) as connection:
                    await connection.execute(f"LISTEN {CHANNEL}")
                    self.connected.set()
                    self._ring_everybody()  # whatever happened while we were deaf
                    async for notification in connection.notifies():
                        self._dispatch(notification.payload)
            except (psycopg.Error, OSError) as error:
                self.connected.clear()
                log.warning("live_events_disconnected", error=type(error).__name__)
                await asyncio.sleep(RECONNECT_SECONDS)

    def _dispatch(self, topic: str) -> None:
        if topic.startswith("typed:"):
            _, conversation_id, who = topic.split(":", 2)
            self._typing.pop((conversation_id, who), None)
            return
        if topic.startswith("typing:"):
            _, conversation_id, who = topic.split(":", 2)
            self._typing[conversation_id, who] = time.monotonic() + TYPING_SECONDS
            topic = f"conversation:{conversation_id}"
        for follower in self._followers.get(topic, ()):
            follower.ring(topic)

    def _ring_everybody(self) -> None:
        for topic, followers in self._followers.items():
            for follower in followers:
                follower.ring(topic)


async def notify_typing(session: AsyncSession, conversation_id: UUID, who: str) -> None:
    """Tell the conversation's followers that `who` is typing; forgotten after a few seconds."""
    await notify(session, f"typing:{conversation_id}:{who}")


def typed_topic(conversation_id: UUID, who: str) -> str:
    """The topic that says that `who` has sent what they were typing."""
    return f"typed:{conversation_id}:{who}"
