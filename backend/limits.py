"""Limits on how often somebody may do something, by the `limits` library, in this process's memory."""

import math
import time

from limits import RateLimitItem, RateLimitItemPerMinute
from limits.aio.storage import MemoryStorage
from limits.aio.strategies import MovingWindowRateLimiter

from backend.errors import TooManyRequests


class RateLimiter:
    """Moving windows of a minute, or of `minutes`, by subject and key."""

    def __init__(self) -> None:
        self._limiter = MovingWindowRateLimiter(MemoryStorage())

    async def check(self, subject: str, key: str, per_minute: int) -> None:
        """Count one use. Raises TooManyRequests with `details["retry_after"]` in seconds."""
        await self.allow(subject, key, per_minute, minutes=1)

    async def allow(self, subject: str, key: str, most: int, *, minutes: int) -> None:
        """Count one of at most `most` uses in `minutes`. Raises TooManyRequests as `check` does."""
        item = RateLimitItemPerMinute(most, minutes)
        if not await self._limiter.hit(item, subject, key):
            raise TooManyRequests(retry_after=await self._wait(item, subject, key))

    async def forget(self, subject: str, key: str, most: int, *, minutes: int) -> None:
        """Begin to count anew: whoever it was has shown to be who they should be."""
        await self._limiter.clear(RateLimitItemPerMinute(most, minutes), subject, key)

    async def _wait(self, item: RateLimitItem, subject: str, key: str) -> int:
        window = await self._limiter.get_window_stats(item, subject, key)
        return max(1, math.ceil(window.reset_time - time.time()))
