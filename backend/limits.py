"""Limits on how often somebody may do something, by the `limits` library, in this process's memory."""

import math
import time

from limits import RateLimitItemPerMinute
from limits.aio.storage import MemoryStorage
from limits.aio.strategies import MovingWindowRateLimiter

from backend.errors import TooManyRequests


class RateLimiter:
    """Moving windows of a minute, by subject and key."""

    def __init__(self) -> None:
        self._limiter = MovingWindowRateLimiter(MemoryStorage())

    async def check(self, subject: str, key: str, per_minute: int) -> None:
        """Count one use. Raises TooManyRequests with `details["retry_after"]` in seconds."""
        item = RateLimitItemPerMinute(per_minute)
        if not await self._limiter.hit(item, subject, key):
            window = await self._limiter.get_window_stats(item, subject, key)
            raise TooManyRequests(retry_after=max(1, math.ceil(window.reset_time - time.time())))
