"""How much of a time fell in the office's hours."""

from datetime import datetime, timedelta

from backend import clock
from backend.catalog.office import Schedule


def office_seconds(schedule: Schedule, start: datetime, end: datetime) -> int:
    """Whole seconds from `start` to `end` in which the office was open; 0 when `end` is not after `start`."""
    begins, ends = clock.local(start), clock.local(end)
    open_for = timedelta()
    for ahead in range((ends.date() - begins.date()).days + 1):
        day = begins.date() + timedelta(days=ahead)
        for opens, closes in schedule.spans_of(day):
            first = max(begins, datetime.combine(day, opens, tzinfo=clock.HERMOSILLO))
            last = min(ends, datetime.combine(day, closes, tzinfo=clock.HERMOSILLO))
            open_for += max(last - first, timedelta())
    return int(open_for.total_seconds())
