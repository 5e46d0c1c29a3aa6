"""Whether somebody is there, on Hermosillo's clock (UTC-7 all year)."""

from datetime import UTC, date, datetime, time

import pytest

from backend.catalog import office
from backend.catalog import service as catalog
from backend.clock import HERMOSILLO
from backend.db import Database
from backend.errors import InvalidInput

WEEK = office.Schedule(
    spans=tuple((weekday, time(8), time(15)) for weekday in range(5)),
    holidays=frozenset({date(2026, 11, 16), date(2026, 12, 25), date(2027, 1, 1)}),
)
SPLIT = office.Schedule(
    spans=((0, time(16), time(18)), (0, time(9), time(13)), (2, time(9), time(13))), holidays=frozenset()
)


def here(day: int, hour: int, minute: int = 0, second: int = 0, *, month: int = 11, year: int = 2026) -> datetime:
    return datetime(year, month, day, hour, minute, second, tzinfo=HERMOSILLO)


@pytest.mark.parametrize(
    ("moment", "is_open"),
    [
        (here(18, 7, 59, 59), False),
        (here(18, 8), True),
        (here(18, 14, 59, 59), True),
        (here(18, 15), False),
        (here(21, 10), False),
        (here(22, 10), False),
        (here(16, 10), False),
        (here(17, 10), True),
    ],
    ids=["before", "opening", "last second", "closing", "saturday", "sunday", "holiday", "day after it"],
)
def test_the_office_is_open_from_its_opening_until_before_its_closing(moment: datetime, is_open: bool) -> None:
    assert WEEK.is_open(moment) is is_open


def test_hours_are_hermosillos_whatever_clock_the_moment_is_told_on() -> None:
    """15:00 UTC is 8:00 there; 1:00 UTC of Thursday is still Wednesday there."""
    assert not WEEK.is_open(datetime(2026, 11, 18, 14, 59, tzinfo=UTC))
    assert WEEK.is_open(datetime(2026, 11, 18, 15, 0, tzinfo=UTC))
    assert WEEK.is_open(datetime(2026, 11, 18, 21, 59, tzinfo=UTC))
    assert not WEEK.is_open(datetime(2026, 11, 18, 22, 0, tzinfo=UTC))
    assert office.opening_text(WEEK, datetime(2026, 11, 19, 1, 0, tzinfo=UTC)) == "mañana a las 8:00"


def test_sonora_has_no_daylight_saving() -> None:
    for month in (1, 4, 7, 11):
        assert (
            datetime(2027, month, 15, 12, tzinfo=HERMOSILLO).utcoffset()
            == datetime(2026, 11, 18, tzinfo=HERMOSILLO).utcoffset()
        )
    assert WEEK.is_open(datetime(2027, 7, 14, 15, 0, tzinfo=UTC))
    assert not WEEK.is_open(datetime(2027, 7, 14, 14, 59, tzinfo=UTC))


@pytest.mark.parametrize(
    ("moment", "said"),
    [
        (here(18, 7, 59), "hoy a las 8:00"),
        (here(18, 8), "mañana a las 8:00"),
        (here(18, 20), "mañana a las 8:00"),
        (here(20, 15), "el lunes a las 8:00"),
        (here(22, 23, 59), "mañana a las 8:00"),
        (here(13, 18), "el martes a las 8:00"),
        (here(24, 20, month=12), "el lunes a las 8:00"),
        (here(31, 16, month=12), "el lunes a las 8:00"),
    ],
    ids=["same day", "just opened", "night", "friday", "sunday night", "holiday monday", "christmas", "new year"],
)
def test_the_next_opening_is_told_in_words(moment: datetime, said: str) -> None:
    assert office.opening_text(WEEK, moment) == said


def test_an_opening_a_week_away_is_told_with_its_date() -> None:
    weekly = office.Schedule(spans=((2, time(9, 30), time(12)),), holidays=frozenset({date(2026, 11, 25)}))
    assert office.opening_text(weekly, here(18, 13)) == "el miércoles 02/12/2026 a las 9:30"


def test_an_office_that_never_opens_promises_no_day() -> None:
    never = office.Schedule(spans=(), holidays=frozenset())
    assert never.next_opening(here(18, 9)) is None
    assert not never.is_open(here(18, 9))
    assert office.opening_text(never, here(18, 9)) == "próximamente"
    assert office.hours_text(never) == "por ahora sin horario de atención publicado"


def test_a_day_may_have_two_spans() -> None:
    assert [SPLIT.is_open(here(23, hour)) for hour in (9, 13, 15, 16, 18)] == [True, False, False, True, False]
    assert office.opening_text(SPLIT, here(23, 13)) == "hoy a las 16:00"
    assert office.opening_text(SPLIT, here(23, 16)) == "el miércoles a las 9:00"


def test_hours_are_told_by_days_in_a_row() -> None:
    assert office.hours_text(WEEK) == "de lunes a viernes de 8:00 a 15:00"
    assert office.hours_text(SPLIT) == "lunes, miércoles de 9:00 a 13:00; los lunes de 16:00 a 18:00"


async def test_the_offices_state_follows_the_seeded_hours_and_holidays(database: Database) -> None:
    async with database.transaction() as session:
        states = [await catalog.office_state(session, moment) for moment in (here(18, 9), here(16, 9), here(18, 15))]
    assert [state.open for state in states] == [True, False, False]
    assert [state.person_available for state in states] == [True, False, False]
    assert states[1].next_opening_text == "mañana a las 8:00"
    assert states[0].hours_text == "de lunes a viernes de 8:00 a 15:00"


async def test_an_available_agent_attends_at_any_hour(database: Database) -> None:
    from backend.agents.models import PresenceState
    from tests.conversations.conftest import add_agent

    await add_agent(database, "Ana", state=PresenceState.AVAILABLE)
    async with database.transaction() as session:
        state = await catalog.office_state(session, here(22, 3))
    assert (state.open, state.person_available) == (False, True)


@pytest.mark.parametrize(
    "spans",
    [
        [(0, time(8), time(8))],
        [(0, time(15), time(8))],
        [(0, time(8), time(13)), (0, time(12), time(15))],
        [(0, time(8), time(13)), (0, time(8), time(13))],
    ],
    ids=["empty", "backwards", "overlapping", "twice"],
)
async def test_hours_that_make_no_sense_are_refused_and_the_old_ones_stay(
    database: Database, spans: list[tuple[int, time, time]]
) -> None:
    with pytest.raises(InvalidInput):
        async with database.transaction() as session:
            await catalog.replace_hours(session, [catalog.HoursSpan(*span) for span in spans])
    async with database.transaction() as session:
        assert len(await catalog.hours(session)) == 5


async def test_two_spans_that_touch_are_no_overlap(database: Database) -> None:
    spans = [catalog.HoursSpan(0, time(8), time(12)), catalog.HoursSpan(0, time(12), time(15))]
    async with database.transaction() as session:
        await catalog.replace_hours(session, spans)
        assert await catalog.hours(session) == spans
