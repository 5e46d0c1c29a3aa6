"""Time: aware UTC inside, America/Hermosillo (no daylight saving) for people."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

HERMOSILLO = ZoneInfo("America/Hermosillo")

Clock = Callable[[], datetime]


_pinned: ContextVar[datetime | None] = ContextVar("pinned", default=None)


def now() -> datetime:
    """The present moment, aware, in UTC."""
    return _pinned.get() or datetime.now(UTC)


@contextmanager
def pinned(moment: datetime) -> Iterator[None]:
    """In this task, `now` is `moment`: for demonstration data, whose history is told as if it had happened then."""
    token = _pinned.set(moment)
    try:
        yield
    finally:
        _pinned.reset(token)


def local(moment: datetime) -> datetime:
    """`moment` on the office's clock."""
    return moment.astimezone(HERMOSILLO)
