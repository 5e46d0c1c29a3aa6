"""Wake-ups for whoever follows a conversation, the inbox or work to do: PostgreSQL's, and Redis' where there is one.

A notification carries no data, only that there is something to read: the reader
asks the database for what is after its cursor. A lost notification therefore
delays, and loses nothing; readers also look again by themselves now and then.
`backend.wakeups` says how they are sent.
"""

import asyncio
import contextlib
import math
import time
from collections import defaultdict
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from uuid import UUID

import psycopg
import structlog
from sqlalchemy.ext.asyncio import AsyncSession

from backend.db import conninfo
from backend.monitoring.metrics import LIVE_FOLLOWERS
from backend.redis_link import RedisLink
from backend.viewing import Viewers
from backend.wakeups import CHANNEL, notify

log = structlog.get_logger(__name__)

INBOX = "inbox"
#: The inbox moves with every message of the office, for every open page: it rings at once, and no oftener than this.
INBOX_SECONDS = 1.0
TYPING_SECONDS = 6.0
RECONNECT_SECONDS = 1.0
#: What workers follow: a vendor's file to fetch, a turn to have in some conversation.
FETCH_MEDIA = "media"
TURNS = "turn:"


def conversation_topic(conversation_id: UUID) -> str:
    return f"conversation:{conversation_id}"


def turn_topic(conversation_id: UUID) -> str:
    """Rings for the followers of `TURNS`: a message of this conversation waits to be dealt with."""
    return f"{TURNS}{conversation_id}"


def dispatch_topic(channel: str) -> str:
    """Rings when there is something to send on this channel."""
    return f"dispatch:{channel}"


def account_topic(user_id: UUID) -> str:
    """Rings when what somebody may see has changed: their sessions ended, or their role is another."""
    return f"account:{user_id}"


class Subscription:
    """A follower's alarm. `wait` consumes the alarm."""

    def __init__(self) -> None:
        self._event = asyncio.Event()
        self._rung: set[str] = set()

    def ring(self, topic: str) -> None:
        self._rung.add(topic)
        self._event.set()

    async def wait(self, timeout: float | None) -> set[str]:
        """The topics on which something happened; none after `timeout` seconds of nothing."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(timeout):
                await self._event.wait()
        self._event.clear()
        rung, self._rung = self._rung, set()
        return rung


class LiveEvents:
    """One connection of this process that listens to PostgreSQL, and one to Redis, shared by all its followers.

    Both always: while Redis does not take a wake-up, or for a command that knows of none, PostgreSQL brings it.
    """

    def __init__(self, database_url: str, link: RedisLink | None = None) -> None:
        self._conninfo = conninfo(database_url)
        self._followers: defaultdict[str, set[Subscription]] = defaultdict(set)
        self._typing: dict[tuple[str, str], float] = {}
        self.viewers = Viewers()
        self._link = link
        self._inbox_rang_at = -math.inf
        self._inbox_will_ring: asyncio.TimerHandle | None = None
        self._tasks: list[asyncio.Task[None]] = []
        #: Set while PostgreSQL is heard; whether Redis is matters to nobody's readiness.
        self.connected = asyncio.Event()
        self.hears_redis = asyncio.Event()

    async def start(self) -> None:
        self._tasks = [asyncio.create_task(self._listen(), name="live-events")]
        if self._link is not None:
            self._tasks.append(asyncio.create_task(self._listen_to_redis(self._link), name="live-events-redis"))

    async def stop(self) -> None:
        if self._inbox_will_ring is not None:
            self._inbox_will_ring.cancel()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

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
                        self._hear(notification.payload)
            except (psycopg.Error, OSError) as error:
                self.connected.clear()
                log.warning("live_events_disconnected", error=type(error).__name__)
                await asyncio.sleep(RECONNECT_SECONDS)

    async def _listen_to_redis(self, link: RedisLink) -> None:
        def begun() -> None:
            self.hears_redis.set()
            self._ring_everybody()  # as above

        def heard(topics: str) -> None:
            for topic in topics.split("\n"):
                self._hear(topic)

        await link.listen(link.name(CHANNEL), begun=begun, heard=heard)

    def _hear(self, topic: str) -> None:
        try:
            self._dispatch(topic)
        except ValueError:  # from another version, or another program: what comes after it is heard
            log.warning("wake_up_not_understood", kind=topic.split(":", 1)[0][:40])

    def _dispatch(self, topic: str) -> None:
        if topic.startswith("typed:"):
            _, conversation_id, who = topic.split(":", 2)
            self._typing.pop((conversation_id, who), None)
            return
        if topic.startswith("typing:"):
            _, conversation_id, who = topic.split(":", 2)
            self._typing[conversation_id, who] = time.monotonic() + TYPING_SECONDS
            topic = f"conversation:{conversation_id}"
        viewed = self.viewers.hear(topic)
        if viewed is not None:
            topic = f"conversation:{viewed}"
        if topic.startswith(TURNS):
            UUID(topic.removeprefix(TURNS))  # its followers rely on it
        if topic == INBOX:
            self._inbox_moved()
        else:
            self._ring(topic)

    def _inbox_moved(self) -> None:
        """Ring for all together, so that they look together; what moves while they rest rings when they are due."""
        if self._inbox_will_ring is not None:
            return
        rest = self._inbox_rang_at + INBOX_SECONDS - time.monotonic()
        if rest > 0:
            self._inbox_will_ring = asyncio.get_running_loop().call_later(rest, self._ring_inbox)
        else:
            self._ring_inbox()

    def _ring_inbox(self) -> None:
        self._inbox_will_ring = None
        self._inbox_rang_at = time.monotonic()
        self._ring(INBOX)

    def _ring(self, topic: str) -> None:
        followed = TURNS if topic.startswith(TURNS) else topic
        for follower in self._followers.get(followed, ()):
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
