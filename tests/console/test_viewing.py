"""Two colleagues with the same conversation open, each at another web process."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack
from uuid import UUID

import pytest
from fastapi import FastAPI
from pydantic import SecretStr

from backend import viewing
from backend.agents import service as agents
from backend.console.inbox_look import InboxLooks
from backend.console.live_stream import Follower, follow
from backend.console.schemas import LiveState
from backend.console.texts import others_text
from backend.db import Database
from backend.live import LiveEvents
from backend.redis_link import link_to
from backend.settings import Settings
from tests.redis_server import RedisServer, redis_server

__all__ = ["redis_server"]


class Web:
    """As one process of several. `url`: its Redis, or none."""

    def __init__(self, settings: Settings, url: str | None) -> None:
        self._link = link_to(SecretStr(url) if url else None, settings.key)
        self.database = Database(settings.database_url, link=self._link)
        self.live = LiveEvents(settings.database_url, self._link)
        self.inbox = InboxLooks(self.database)

    async def start(self) -> None:
        await self.live.start()
        await self.live.connected.wait()
        if self._link is not None:
            await self.live.hears_redis.wait()

    async def stop(self) -> None:
        await self.live.stop()
        await self.database.close()

    async def open(self, username: str, conversation: UUID) -> AsyncIterator[str]:
        """A page of this person's: what it says of others, whenever it says something new of them."""
        async with self.database.transaction() as session:
            user = await agents.find_user(session, username)

        async def allowed(_: object) -> bool:
            return True

        follower = Follower(user.id, conversation, 0)
        last = None
        async for event in follow(self.database, self.live, self.inbox, follower, allowed):
            if event.event != "state":
                continue
            others = LiveState.model_validate_json(str(event.data)).others
            if others != last:
                last = others
                yield others


@pytest.mark.parametrize("has_redis", [False, True])
async def test_colleagues_see_who_else_has_it_open_until_they_leave(
    app: FastAPI, waiting: UUID, settings: Settings, redis_server: RedisServer, has_redis: bool
) -> None:
    async with AsyncExitStack() as stack, asyncio.timeout(60):
        webs = [Web(settings, redis_server.url if has_redis else None) for _ in range(2)]
        for web in webs:
            await web.start()
            stack.push_async_callback(web.stop)
        one, other = webs
        anas = one.open("ana", waiting)
        assert await anext(anas) == ""
        told: asyncio.Queue[str] = asyncio.Queue()

        async def betos_page() -> None:
            async for others in other.open("beto", waiting):
                told.put_nowait(others)

        pages = [asyncio.create_task(betos_page()) for _ in range(2)]
        assert await anext(anas) == "Beto también está viendo esta conversación."
        for _ in pages:
            assert await told.get() == "Ana también está viendo esta conversación."
        pages[0].cancel()  # one tab closed; he has another
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.5):
                await asyncio.shield(left := asyncio.ensure_future(anext(anas)))
        pages[1].cancel()
        assert await left == ""
        await anas.aclose()


def test_a_page_that_was_never_said_to_be_left_is_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    """As of a process that was killed."""
    now = 1000.0
    monkeypatch.setattr(viewing.time, "monotonic", lambda: now)
    heard, conversation, user = viewing.Viewers(), UUID(int=1), UUID(int=2)
    assert heard.hear(viewing.opened_topic(conversation, user, "tab")) == str(conversation)
    assert heard.hear(viewing.opened_topic(conversation, user, "tab")) is None  # a heartbeat is no news
    assert heard.of(conversation) == {user}
    now += viewing.OPEN_SECONDS + 1
    assert heard.of(conversation) == set()
    assert heard.hear("inbox") is None


@pytest.mark.parametrize(
    ("names", "said"),
    [
        ([], ""),
        (["Ana"], "Ana también está viendo esta conversación."),
        (["Ana", "Beto"], "Ana y Beto también están viendo esta conversación."),
        (["Ana", "Beto", "Cira"], "Ana y 2 personas más también están viendo esta conversación."),
    ],
)
def test_who_they_are_is_said_in_a_sentence(names: Sequence[str], said: str) -> None:
    assert others_text(names) == said
