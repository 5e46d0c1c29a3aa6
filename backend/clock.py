"""Time: aware UTC inside, America/Hermosillo (no daylight saving) for people."""

from collections.abc import Callable
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

HERMOSILLO = ZoneInfo("America/Hermosillo")

Clock = Callable[[], datetime]


def now() -> datetime:
    """The present moment, aware, in UTC."""
    return datetime.now(UTC)


def local(moment: datetime) -> datetime:
    """`moment` on the office's clock."""
    return moment.astimezone(HERMOSILLO)
