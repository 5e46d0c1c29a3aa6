"""Due dates in working days, reckoned by hand."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.db import Database
from backend.registry import deadlines, petitions
from backend.registry.deadlines import Pace, Pause, Skipped, WorkCalendar
from backend.registry.models import Petition, PetitionStatus, Priority
from tests.conversations.conftest import add_agent
from tests.registry.conftest import Counter

PLAIN = WorkCalendar({})


def test_a_term_leaves_out_weekends_holidays_and_the_day_it_begins() -> None:
    """Friday 13 November 2026 and five days: 17, 18, 19, 20 and 23, for the 16th is the Revolution's."""
    found = deadlines.compute(PLAIN, date(2026, 11, 13), 5)
    assert found.due_on == date(2026, 11, 23)
    holiday = found.skipped[1]
    assert found.skipped[0] == Skipped(date(2026, 11, 14), date(2026, 11, 15), "fin de semana")
    assert (holiday.first, holiday.last) == (date(2026, 11, 16), date(2026, 11, 16))
    assert "Revolución" in holiday.why
    assert found.skipped[2] == Skipped(date(2026, 11, 21), date(2026, 11, 22), "fin de semana")


def test_a_day_that_the_office_itself_closes_does_not_count() -> None:
    calendar = WorkCalendar({date(2026, 11, 24): "Fumigación"})
    found = deadlines.compute(calendar, date(2026, 11, 23), 1)
    assert found.due_on == date(2026, 11, 25)
    assert found.skipped == (Skipped(date(2026, 11, 24), date(2026, 11, 24), "Fumigación"),)


def test_the_clock_stands_while_somebody_is_waited_for() -> None:
    """From Monday 23: the 24th counts, 25 and 26 do not, 27 and 30 do."""
    pause = Pause(date(2026, 11, 25), date(2026, 11, 27), "Se espera información")
    found = deadlines.compute(PLAIN, date(2026, 11, 23), 3, [pause])
    assert found.due_on == date(2026, 11, 30)
    assert found.skipped[0] == Skipped(date(2026, 11, 25), date(2026, 11, 26), "Se espera información")


def test_while_it_stands_no_day_is_known() -> None:
    found = deadlines.compute(PLAIN, date(2026, 11, 23), 3, [Pause(date(2026, 11, 24), None, "Se espera")])
    assert found.due_on is None
    assert found.skipped[-1].why == "Se espera"


@given(st.dates(date(2025, 1, 1), date(2030, 12, 31)), st.integers(1, 60))
def test_counting_back_gives_the_term_again(start: date, days: int) -> None:
    due_on = deadlines.compute(PLAIN, start, days).due_on
    assert due_on is not None
    assert PLAIN.why_not(due_on) is None
    assert PLAIN.between(start, due_on) == days
    assert PLAIN.between(due_on, start) == -days
    assert PLAIN.add(start, days) == due_on


_CLOSED = {date(2026, 9, 16): "de ley", date(2026, 11, 24): "Fumigación", date(2027, 1, 2): "sábado"}


@given(st.dates(date(2025, 1, 1), date(2027, 12, 31)), st.integers(0, 1200))
def test_days_between_two_are_those_that_count(start: date, ahead: int) -> None:
    calendar, end = WorkCalendar(_CLOSED), start + timedelta(days=ahead)
    days = [start + timedelta(days=one) for one in range(1, ahead + 1)]
    assert calendar.between(start, end) == sum(calendar.why_not(day) is None for day in days)
    assert calendar.between(end, start) == -calendar.between(start, end)


@pytest.mark.parametrize(
    ("days", "expected"), [(-1, Pace.OVERDUE), (0, Pace.SOON), (1, Pace.SOON), (3, Pace.SOON), (9, Pace.ON_TIME)]
)
def test_the_colour_follows_the_time_left(days: int, expected: Pace) -> None:
    monday = date(2026, 11, 23)
    petition = Petition(status=PetitionStatus.EN_ATENCION, due_on=monday + timedelta(days=days))
    assert deadlines.pace(petition, monday, PLAIN) is expected


def test_what_is_closed_is_never_late_and_what_waits_stands() -> None:
    late = date(2020, 1, 1)
    assert deadlines.pace(Petition(status=PetitionStatus.CANCELADA, due_on=late), late, PLAIN) is Pace.DONE
    assert deadlines.pace(Petition(status=PetitionStatus.REQUIERE_INFORMACION), late, PLAIN) is Pace.PAUSED
    assert deadlines.pace(Petition(status=PetitionStatus.RECIBIDA), late, PLAIN) is Pace.NONE


async def test_a_petition_is_filed_with_its_due_date_and_an_urgent_one_is_due_sooner(
    counter: Counter, database: Database
) -> None:
    analyst = await add_agent(database, "Ana")
    filed = await counter.tell()
    async with database.transaction() as session:
        petition = await petitions.get(session, filed.folio, for_update=True)
        normal = await deadlines.of_petition(session, petition)
        assert normal is not None
        assert (normal.working_days, petition.due_on) == (15, normal.due_on)
        await petitions.edit(session, petition, {"priority": Priority.URGENT}, user_id=analyst)
        urgent = await deadlines.of_petition(session, petition)
        assert urgent is not None
        assert (urgent.working_days, petition.due_on) == (5, urgent.due_on)
    assert urgent.due_on is not None
    assert normal.due_on is not None
    assert urgent.due_on < normal.due_on


async def test_waiting_for_the_citizen_stops_the_clock_and_their_answer_starts_it(
    counter: Counter, database: Database
) -> None:
    analyst = await add_agent(database, "Ana")
    filed = await counter.tell()
    async with database.transaction() as session:
        petition = await petitions.get(session, filed.folio, for_update=True)
        ask = PetitionStatus.REQUIERE_INFORMACION
        await petitions.change_status(session, petition, ask, reason="Falta", asked="¿Qué calle?", user_id=analyst)
        assert petition.due_on is None
        (pause,) = await deadlines.suspensions(session, petition)
        assert pause.until is None
        await petitions.change_status(
            session, petition, PetitionStatus.EN_ANALISIS, reason="Ya contestó", user_id=analyst
        )
        assert petition.due_on is not None
        (pause,) = await deadlines.suspensions(session, petition)
        assert pause.until == pause.first
