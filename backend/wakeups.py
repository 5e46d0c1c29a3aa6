"""How a commit wakes those who follow what it changed, in whatever process they are: open pages, and the workers.

Without Redis by PostgreSQL's NOTIFY, which is part of the transaction. With Redis after the commit, as whoever looked
before it would see nothing; where Redis does not take it, by a NOTIFY of its own. A wake-up carries no data, only that
there is something to read: one that is lost, as by a crash right after a commit, delays until the followers look again
by themselves (workers within `SWEEP_SECONDS`, behind a backlog when they come to it; pages within 10 s, a chat page
on which nothing is under way within 75 s), and loses nothing.
"""

from collections.abc import Collection

import structlog
from sqlalchemy import event, text
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession
from sqlalchemy.orm import Session

from backend.redis_link import RedisAway, RedisLink

log = structlog.get_logger(__name__)

#: PostgreSQL's channel, and the last part of the one in Redis.
CHANNEL = "chat_sonora"
_NOTIFY = text("SELECT pg_notify(:channel, topic) FROM unnest(CAST(:topics AS text[])) AS topic")
_NOTED = "wake_ups"


async def notify(session: AsyncSession, *topics: str) -> None:
    """Wake the followers of `topics` when (and only if) this transaction commits."""
    noted: dict[str, None] | None = session.info.get(_NOTED)
    if noted is not None:
        noted.update(dict.fromkeys(topics))
    else:
        await session.execute(_NOTIFY, {"channel": CHANNEL, "topics": list(topics)})


def note(session: AsyncSession) -> None:
    """From now on this session's wake-ups are noted down, each once.

    A `NotifyingSession` tells them with its commit; of another, `publish` does after it. What a savepoint noted that
    was undone rings as well: somebody looks, and finds nothing.
    """
    session.info[_NOTED] = {}


def noted(session: AsyncSession) -> list[str]:
    """The wake-ups noted so far, in their order."""
    return list(session.info[_NOTED])


class NotifyingSession(Session):
    """A session whose noted wake-ups are part of its transaction: one statement, the last before the commit."""


@event.listens_for(NotifyingSession, "before_commit")
def _notify_noted(session: Session) -> None:
    noted: dict[str, None] = session.info.get(_NOTED, {})
    if noted and not session.in_nested_transaction():
        session.execute(_NOTIFY, {"channel": CHANNEL, "topics": list(noted)})
        noted.clear()


async def publish(engine: AsyncEngine, link: RedisLink, topics: Collection[str]) -> None:
    """Wake the followers now. What was committed is committed, whatever becomes of this."""
    if not topics:
        return
    try:
        await link.ask(lambda: link.client.publish(link.name(CHANNEL), "\n".join(topics)))
    except RedisAway:
        await by_database(engine, topics)


async def by_database(engine: AsyncEngine, topics: Collection[str]) -> None:
    """As `publish`, by a NOTIFY of its own."""
    try:
        async with engine.begin() as connection:
            await connection.execute(_NOTIFY, {"channel": CHANNEL, "topics": list(topics)})
    except (SQLAlchemyError, OSError) as error:
        log.warning("wake_up_lost", error=type(error).__name__)
