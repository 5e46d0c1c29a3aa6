"""The vendor's time, which can run faster than ours."""

import asyncio
import time
from datetime import UTC, datetime, timedelta

#: The longest nap, in our seconds, before a sleeper looks whether the clock was moved.
_NAP = 0.02


class VendorClock:
    """A clock that runs `speed` times as fast as ours and can be moved ahead; it never goes back."""

    def __init__(self, speed: float = 1.0) -> None:
        self._speed = speed
        self._anchor = time.monotonic()
        self._time = datetime.now(UTC)

    @property
    def speed(self) -> float:
        return self._speed

    def now(self) -> datetime:
        return self._time + timedelta(seconds=(time.monotonic() - self._anchor) * self._speed)

    def set_speed(self, speed: float) -> None:
        self._time, self._anchor = self.now(), time.monotonic()
        self._speed = speed

    def advance(self, seconds: float) -> None:
        self._time += timedelta(seconds=seconds)

    async def sleep(self, seconds: float) -> None:
        """Until `seconds` of the vendor's time have passed."""
        deadline = self.now() + timedelta(seconds=seconds)
        while (left := (deadline - self.now()).total_seconds()) > 0:
            await asyncio.sleep(min(left / self._speed, _NAP))
