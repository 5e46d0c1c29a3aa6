"""Several processes and one Redis: as here, several links; one that is killed, frozen, flushed and comes back."""

import asyncio
from collections.abc import AsyncIterator, Callable
from itertools import pairwise

import psycopg
import pytest
from sqlalchemy import text
from structlog.testing import capture_logs

from backend import redis_link
from backend.db import Database
from backend.errors import TooManyRequests
from backend.limits import RateLimiter
from backend.live import INBOX, LiveEvents, Subscription
from backend.monitoring import metrics
from backend.redis_link import RedisLink
from backend.wakeups import notify
from tests.redis_server import RedisServer

SECRET = b"test-secret-key-0123456789abcdef"
ADDRESS = "203.0.113.77"
Open = Callable[[], RedisLink]


@pytest.fixture
async def open_link(redis_server: RedisServer, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Open]:
    """Another process's link each time."""
    monkeypatch.setattr(redis_link, "REST_SECONDS", 0.1)
    links: list[RedisLink] = []

    def open_one() -> RedisLink:
        links.append(RedisLink(redis_server.url, SECRET))
        return links[-1]

    yield open_one
    for link in links:
        await link.close()


async def allowed(limiter: RateLimiter, tries: int, most: int = 10) -> int:
    """How many of so many tries were."""
    count = 0
    for _ in range(tries):
        try:
            await limiter.allow("guess", ADDRESS, most, minutes=15)
            count += 1
        except TooManyRequests as refused:
            assert 1 <= refused.details["retry_after"] <= 15 * 60
    return count


async def test_all_processes_count_as_one_and_their_keys_tell_nothing(
    open_link: Open, redis_server: RedisServer
) -> None:
    one, other = RateLimiter(open_link()), RateLimiter(open_link())
    assert (await allowed(one, 6), await allowed(other, 6)) == (6, 4)
    await one.forget("guess", ADDRESS, 10, minutes=15)
    assert await allowed(other, 11) == 10
    with redis_server.client() as client:
        keys = client.keys("*")
        assert len(keys) == 1
        assert ADDRESS not in str(keys)
        assert 0 < client.ttl(keys[0]) <= 15 * 60
    neighbours = RateLimiter(RedisLink(redis_server.url, b"another installation's secret"))
    assert await allowed(neighbours, 1) == 1


@pytest.mark.parametrize("how", ["killed", "frozen"])
async def test_while_it_is_away_each_process_goes_on_counting_what_it_counted(
    open_link: Open, redis_server: RedisServer, how: str
) -> None:
    one, other = RateLimiter(open_link()), RateLimiter(open_link())
    assert (await allowed(one, 6), await allowed(other, 3)) == (6, 3)
    with capture_logs() as logged:
        if how == "killed":
            redis_server.kill()
            assert (await allowed(one, 10), await allowed(other, 10)) == (4, 7)
            assert metrics.REGISTRY.get_sample_value("chat_sonora_redis_away") == 1
            redis_server.start()
        else:
            with redis_server.frozen():
                assert (await allowed(one, 10), await allowed(other, 10)) == (4, 7)
        await asyncio.sleep(0.2)
        # One count again: of nothing, or of what it had, and what waited in the frozen one's ears.
        room = await allowed(one, 20) + await allowed(other, 20)
        assert room == 10 if how == "killed" else room <= 1
    assert [entry["event"] for entry in logged] == ["redis_away", "redis_away", "redis_back", "redis_back"]
    assert metrics.REGISTRY.get_sample_value("chat_sonora_redis_away") == 0


async def test_all_workers_together_send_no_faster_than_the_vendor_takes(open_link: Open) -> None:
    moments: list[float] = []

    async def send(limiter: RateLimiter) -> None:
        await limiter.wait_turn("sends", "telegram:bot", 5)
        moments.append(asyncio.get_running_loop().time())

    workers = [RateLimiter(open_link()) for _ in range(2)]
    await asyncio.gather(*(send(worker) for worker in workers for _ in range(6)))
    gaps = [later - earlier for earlier, later in zip(moments, moments[5:], strict=False)]
    assert min(gaps) > 0.9  # never a sixth within a second, but for the clocks' grain
    assert all(earlier <= later for earlier, later in pairwise(moments))


#: A commit that takes its time.
_SLOW = """
CREATE TABLE slow_to_commit (id int);
CREATE FUNCTION dawdle() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN PERFORM pg_sleep(0.3); RETURN NULL; END';
CREATE CONSTRAINT TRIGGER dawdles AFTER INSERT ON slow_to_commit DEFERRABLE INITIALLY DEFERRED
 FOR EACH ROW EXECUTE FUNCTION dawdle()
"""


async def test_a_commit_wakes_followers_once_it_is_done_whatever_becomes_of_redis(
    open_link: Open, redis_server: RedisServer, database_url: str
) -> None:
    web, worker = LiveEvents(database_url, open_link()), Database(database_url, link=open_link())
    command = Database(database_url)
    with psycopg.connect(database_url) as connection:
        connection.execute(_SLOW)
    await web.start()
    async with asyncio.timeout(30):
        await web.connected.wait()
        await web.hears_redis.wait()

    async def commit(database: Database) -> None:
        async with database.transaction() as session:
            await notify(session, INBOX)

    async with web.subscribe(INBOX) as alarm:
        await alarm.wait(0)
        async with worker.transaction() as session:
            await session.execute(text("INSERT INTO slow_to_commit VALUES (1)"))
            await notify(session, INBOX)
            reading = asyncio.create_task(_rows_once_woken(alarm, command))
        assert await reading == 1
        with pytest.raises(ZeroDivisionError):
            async with worker.transaction() as session:
                await notify(session, INBOX)
                raise ZeroDivisionError
        assert await alarm.wait(0.3) == set()
        await commit(command)
        assert await alarm.wait(5) == {INBOX}
        redis_server.kill()
        await commit(worker)
        assert await alarm.wait(5) == {INBOX}
        web.hears_redis.clear()
        redis_server.start()
        async with asyncio.timeout(30):
            await web.hears_redis.wait()
        assert await alarm.wait(5) == {INBOX}  # for what it may have missed
        with redis_server.frozen():
            await commit(worker)
            assert await alarm.wait(5) == {INBOX}
    await web.stop()
    await worker.close()
    await command.close()


async def _rows_once_woken(alarm: Subscription, database: Database) -> int:
    assert await alarm.wait(5) == {INBOX}
    async with database.transaction() as session:
        return (await session.scalar(text("SELECT count(*) FROM slow_to_commit"))) or 0
