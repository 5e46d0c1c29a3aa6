"""Limits on how often somebody may do something: one count over all processes with Redis, else each process's own."""

import asyncio
import math
import time
from collections import defaultdict
from collections.abc import Awaitable, Callable
from typing import TypeVar

from limits import RateLimitItem, RateLimitItemPerMinute, RateLimitItemPerSecond
from limits.aio.storage import MemoryStorage, RedisStorage
from limits.aio.strategies import MovingWindowRateLimiter

from backend.errors import TooManyRequests
from backend.redis_link import RedisAway, RedisLink

T = TypeVar("T")

#: How long no use that has run out is looked for.
_LOOK_SECONDS = 60.0


class _OwnCounts(MemoryStorage):
    """This process's counts; what has run out is let go of now and then.

    The library looks for it at every use, through all keys, and at each of them in a thread: where a thousand people
    write, a message of any of them would pay for a thousand.
    """

    #: The library's look, and the time without one after it. While it lasts the library begins no other.
    _look: asyncio.Task[None] | None = None

    async def acquire_entry(self, key: str, limit: int, expiry: int, amount: int = 1) -> bool:
        is_acquired = await super().acquire_entry(key, limit, expiry, amount)
        if self.timer is not None and self.timer is not self._look:
            self.timer = self._look = asyncio.create_task(_and_rest(self.timer))
        return is_acquired


async def _and_rest(look: asyncio.Task[None]) -> None:
    await asyncio.wait([look])
    await asyncio.sleep(_LOOK_SECONDS)


class RateLimiter:
    """Moving windows by subject and key. A key may be personal: Redis holds it masked, and no longer than its window.

    This process counts along all the while, so that nobody is without a limit while Redis is away, nor begins anew.
    """

    def __init__(self, link: RedisLink | None = None) -> None:
        self._link = link
        self._own = MovingWindowRateLimiter(_OwnCounts())
        self._shared = MovingWindowRateLimiter(_storage(link)) if link is not None else None
        self._lines: defaultdict[tuple[str, str], asyncio.Lock] = defaultdict(asyncio.Lock)

    async def check(self, subject: str, key: str, per_minute: int) -> None:
        """Count one use. Raises TooManyRequests with `details["retry_after"]` in seconds."""
        await self.allow(subject, key, per_minute, minutes=1)

    async def allow(self, subject: str, key: str, most: int, *, minutes: int) -> None:
        """Count one of at most `most` uses in `minutes`. Raises TooManyRequests as `check` does."""
        item = RateLimitItemPerMinute(most, minutes)
        if not await self._hit(item, subject, key):
            raise TooManyRequests(retry_after=max(1, math.ceil(await self._wait(item, subject, key))))

    async def forget(self, subject: str, key: str, most: int, *, minutes: int) -> None:
        """Begin to count anew: whoever it was has shown to be who they should be."""
        item = RateLimitItemPerMinute(most, minutes)
        await self._own.clear(item, subject, key)
        await self._together(lambda shared, name: shared.clear(item, subject, name), key)

    async def wait_turn(self, subject: str, key: str, per_second: int) -> None:
        """Return when this is one of at most `per_second` uses in a second; first come, first served."""
        item = RateLimitItemPerSecond(per_second)
        async with self._lines[subject, key]:
            while True:
                if await self._hit(item, subject, key):
                    return
                await asyncio.sleep(max(0.01, await self._wait(item, subject, key)))

    async def _hit(self, item: RateLimitItem, subject: str, key: str) -> bool:
        own = await self._own.hit(item, subject, key)
        together = await self._together(lambda shared, name: shared.hit(item, subject, name), key)
        return own if together is None else together

    async def _wait(self, item: RateLimitItem, subject: str, key: str) -> float:
        """Seconds until there is room again."""
        window = await self._together(lambda shared, name: shared.get_window_stats(item, subject, name), key)
        if window is None:
            window = await self._own.get_window_stats(item, subject, key)
        return window.reset_time - time.time()

    async def _together(self, ask: Callable[[MovingWindowRateLimiter, str], Awaitable[T]], key: str) -> T | None:
        """What all processes' count answers; None where there is none, or none now."""
        link, shared = self._link, self._shared
        if link is None or shared is None:
            return None
        try:
            return await link.ask(lambda: ask(shared, link.masked(key)))
        except RedisAway:
            return None


def _storage(link: RedisLink) -> RedisStorage:
    pool = link.client.connection_pool
    options = {"connection_pool": pool}
    return RedisStorage("async+redis://", implementation="redispy", key_prefix=link.name("limits"), **options)  # type: ignore[arg-type]
