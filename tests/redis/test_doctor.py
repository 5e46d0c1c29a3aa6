"""What `doctor` says of Redis, and of several webs without one."""

from contextlib import AsyncExitStack

from pydantic import SecretStr

from backend.db import Database
from backend.doctor.findings import Finding, Installation, State
from backend.doctor.redis import redis
from backend.live import LiveEvents
from backend.settings import Settings
from tests.redis_server import RedisServer


async def _found(settings: Settings, database: Database, url: str | None) -> list[Finding]:
    settings = settings.model_copy(update={"redis_url": SecretStr(url) if url else None})
    return [one async for one in redis(Installation({}, settings, database, is_development=False))]


async def test_redis_is_asked_for_what_it_must_be(
    settings: Settings, database: Database, redis_server: RedisServer
) -> None:
    assert [one.state for one in await _found(settings, database, redis_server.url)] == [State.GOOD]
    with redis_server.client() as client:
        client.config_set("maxmemory-policy", "allkeys-lru")
    found = await _found(settings, database, redis_server.url)
    assert [one.state for one in found] == [State.WARNING, State.GOOD]
    assert "allkeys-lru" in found[0].told
    found = await _found(settings, database, "redis://redis.invalid:6379/0")
    assert [one.state for one in found] == [State.BROKEN, State.BROKEN]
    assert "contraseña" in found[0].told
    assert "No responde" in found[1].told


async def test_several_webs_without_redis_are_told_what_they_lack(settings: Settings, database: Database) -> None:
    async with AsyncExitStack() as stack:
        for webs, state in ((1, State.GOOD), (2, State.WARNING)):
            live = LiveEvents(settings.database_url)
            await live.start()
            stack.push_async_callback(live.stop)
            await live.connected.wait()
            (found,) = await _found(settings, database, None)
            assert found.state is state, webs
