"""Rate limits: so many a second, with a small burst."""

from datetime import datetime

from tests.fakes.clock import VendorClock


class Pace:
    """A token bucket in the vendor's time."""

    def __init__(self, clock: VendorClock, per_second: float, burst: float) -> None:
        self._clock = clock
        self.per_second = per_second
        self.burst = burst
        self._tokens = burst
        self._filled: datetime = clock.now()

    def wait_needed(self) -> float:
        """Seconds until one more is allowed; 0 if it is allowed now. Takes nothing."""
        now = self._clock.now()
        gained = (now - self._filled).total_seconds() * self.per_second
        self._tokens, self._filled = min(self.burst, self._tokens + gained), now
        return 0.0 if self._tokens >= 1 else (1 - self._tokens) / self.per_second

    def take(self) -> None:
        self._tokens -= 1
