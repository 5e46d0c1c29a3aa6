"""The part of a time that fell in the office's hours, on Hermosillo's clock."""

from datetime import UTC, date, datetime, time

import pytest

from backend.catalog.office import Schedule
from backend.clock import HERMOSILLO
from backend.ledger.office_time import office_seconds

#: Monday to Friday in two spans, but for Monday the 16th of November 2026.
OFFICE = Schedule(
    spans=tuple((day, *span) for day in range(5) for span in ((time(16), time(18)), (time(9), time(13)))),
    holidays=frozenset({date(2026, 11, 16)}),
)
HOUR = 3600


def here(day: int, hour: int, minute: int = 0, second: int = 0) -> datetime:
    return datetime(2026, 11, day, hour, minute, second, tzinfo=HERMOSILLO)


@pytest.mark.parametrize(
    ("start", "end", "seconds"),
    [
        (here(18, 10), here(18, 10, 1, 30), 90),
        (here(18, 8, 59, 50), here(18, 9, 0, 10), 10),
        (here(18, 12, 59, 50), here(18, 13, 0, 10), 10),
        (here(18, 12), here(18, 17), 2 * HOUR),
        (here(18, 13), here(18, 16), 0),
        (here(18, 17, 30), here(19, 9, 30), HOUR),
        (here(18, 23), here(19, 5), 0),
        (here(20, 17), here(23, 10), 2 * HOUR),
        (here(16, 8), here(16, 20), 0),
        (here(13, 17), here(17, 10), 2 * HOUR),
        (here(1, 0), here(30, 0), 19 * 6 * HOUR),
        (datetime(2026, 11, 19, 0, 59, tzinfo=UTC), datetime(2026, 11, 19, 1, 1, tzinfo=UTC), 60),
        (here(18, 10), here(18, 10), 0),
        (here(18, 11), here(18, 10), 0),
    ],
    ids=[
        "inside", "over the opening", "over the closing", "over both spans of a day", "the midday pause",
        "from one day into the next", "a night", "a weekend", "a holiday", "a weekend and a holiday", "weeks",
        "told on another clock", "no time at all", "backwards",
    ],
)  # fmt: skip
def test_only_the_time_in_which_the_office_is_open_counts(start: datetime, end: datetime, seconds: int) -> None:
    assert office_seconds(OFFICE, start, end) == seconds


def test_an_office_that_never_opens_has_no_hours() -> None:
    assert office_seconds(Schedule(spans=(), holidays=frozenset()), here(2, 0), here(30, 0)) == 0
