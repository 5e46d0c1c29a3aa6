"""When one may call, and when to try again."""

from datetime import date, datetime, time, timedelta

import pytest

from backend.clock import HERMOSILLO
from backend.outreach.models import CallOutcome as O
from backend.outreach.rules import Decision, Limits, Verdict, after

#: Nine to seven from Monday to Friday, but for Monday the 16th of November 2026; the 18th is a Wednesday.
LIMITS = Limits(
    opens=time(9),
    closes=time(19),
    weekdays=frozenset(range(5)),
    closed={date(2026, 11, 16)},
    most_tries=3,
    gap=timedelta(hours=3),
    busy_gap=timedelta(minutes=20),
)


def here(day: int, hour: int, minute: int = 0) -> datetime:
    return datetime(2026, 11, day, hour, minute, tzinfo=HERMOSILLO)


def again(moment: datetime) -> Decision:
    return Decision(Verdict.AGAIN, moment)


@pytest.mark.parametrize(
    ("outcome", "failed", "moment", "wanted", "decision"),
    [
        (O.ANSWERED, 0, here(18, 10), None, Decision(Verdict.DONE)),
        (O.WRONG_NUMBER, 0, here(18, 10), None, Decision(Verdict.WRONG_NUMBER)),
        (O.NO_ANSWER, 1, here(18, 10), None, again(here(18, 13))),
        (O.NO_ANSWER, 1, here(18, 17), None, again(here(19, 9))),
        (O.NO_ANSWER, 1, here(20, 17), None, again(here(23, 9))),
        (O.NO_ANSWER, 1, here(13, 17), None, again(here(17, 9))),
        (O.NO_ANSWER, 3, here(18, 10), None, Decision(Verdict.EXHAUSTED)),
        (O.BUSY, 2, here(18, 10), None, again(here(18, 10, 20))),
        (O.BUSY, 3, here(18, 10), None, Decision(Verdict.EXHAUSTED)),
        (O.BUSY, 1, here(18, 7), None, again(here(18, 9))),
        (O.VOICEMAIL, 1, here(18, 10), None, again(here(19, 9))),
        (O.VOICEMAIL, 1, here(20, 10), None, again(here(23, 9))),
        (O.ASKED_LATER, 2, here(18, 10), here(18, 10, 30), again(here(18, 10, 30))),
        (O.ASKED_LATER, 9, here(18, 10), here(19, 16), again(here(19, 16))),
        (O.ASKED_LATER, 0, here(18, 10), here(21, 11), again(here(23, 9))),
        (O.ASKED_LATER, 0, here(18, 10), here(17, 11), again(here(18, 10))),
    ],
    ids=[
        "answered", "wrong number", "after the gap", "past closing: the morning", "Friday: Monday",
        "over a weekend and a holiday", "as often as allowed", "busy: soon", "busy as often as allowed",
        "before opening", "voicemail: the next day", "voicemail on Friday", "when they asked, within the gap",
        "an answer is no failure", "they asked for a Saturday", "they asked for a time gone by",
    ],
)  # fmt: skip
def test_what_follows_from_a_try(
    outcome: O, failed: int, moment: datetime, wanted: datetime | None, decision: Decision
) -> None:
    assert after(LIMITS, outcome, failed=failed, moment=moment, wanted=wanted) == decision


def test_one_calls_within_the_hours_of_the_days_on_which_the_office_works() -> None:
    calls = [here(18, 9), here(18, 18, 59), here(18, 19), here(18, 8, 59), here(21, 12), here(16, 12)]
    assert [LIMITS.may_call(moment) for moment in calls] == [True, True, False, False, False, False]


def test_an_office_that_never_works_calls_nobody() -> None:
    idle = Limits(time(9), time(19), frozenset(), (), 3, timedelta(hours=3), timedelta(minutes=20))
    assert after(idle, O.NO_ANSWER, failed=1, moment=here(18, 10)) == Decision(Verdict.EXHAUSTED)
