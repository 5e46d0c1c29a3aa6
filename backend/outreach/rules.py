"""When one may call, and when to try again: pure rules, on Hermosillo's clock."""

import enum
from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from backend import clock
from backend.outreach.models import CallOutcome

_HORIZON_DAYS = 60


@dataclass(frozen=True)
class Limits:
    """The hours and days in which people are called, and how often one tries.

    `closed`: days on which the office does not work. `gap` and `busy_gap` part two tries.
    """

    opens: time
    closes: time
    weekdays: frozenset[int]
    closed: Collection[date]
    most_tries: int
    gap: timedelta
    busy_gap: timedelta

    def may_call(self, moment: datetime) -> bool:
        here = clock.local(moment)
        return self._is_day(here.date()) and self.opens <= here.time() < self.closes

    def earliest(self, moment: datetime) -> datetime | None:
        """The first moment from `moment` on at which one may call; None if not within two months."""
        here = clock.local(moment)
        for ahead in range(_HORIZON_DAYS):
            day = here.date() + timedelta(days=ahead)
            opening, closing = self._at(day, self.opens), self._at(day, self.closes)
            if self._is_day(day) and here < closing:
                return max(here, opening)
        return None

    def next_day(self, moment: datetime) -> datetime | None:
        """The first opening on a later day."""
        tomorrow = clock.local(moment).date() + timedelta(days=1)
        return self.earliest(self._at(tomorrow, time()))

    def _is_day(self, day: date) -> bool:
        return day.weekday() in self.weekdays and day not in self.closed

    @staticmethod
    def _at(day: date, hour: time) -> datetime:
        return datetime.combine(day, hour, tzinfo=clock.HERMOSILLO)


class Verdict(enum.StrEnum):
    DONE = "done"
    AGAIN = "again"
    EXHAUSTED = "exhausted"
    WRONG_NUMBER = "wrong_number"


@dataclass(frozen=True)
class Decision:
    """What follows from a try. `at` is set where one is to try again."""

    verdict: Verdict
    at: datetime | None = None


#: Nobody spoke with the person: these count towards the most there may be.
IN_VAIN = frozenset({CallOutcome.NO_ANSWER, CallOutcome.BUSY, CallOutcome.VOICEMAIL})


def after(
    limits: Limits, outcome: CallOutcome, *, failed: int, moment: datetime, wanted: datetime | None = None
) -> Decision:
    """What follows from a try that ended at `moment` so; `failed` counts those in vain, with this one.

    Nobody answered: again after the gap. Busy: sooner. A message was left: they may call back, so the next day.
    `wanted`: when the person asked to be called, which goes before the gap, and within the hours all the same.
    """
    if outcome is CallOutcome.ANSWERED:
        return Decision(Verdict.DONE)
    if outcome is CallOutcome.WRONG_NUMBER:
        return Decision(Verdict.WRONG_NUMBER)
    if outcome in IN_VAIN and failed >= limits.most_tries:
        return Decision(Verdict.EXHAUSTED)
    match outcome:
        case CallOutcome.ASKED_LATER:
            at = limits.earliest(max(wanted or moment + limits.gap, moment))
        case CallOutcome.VOICEMAIL:
            at = limits.next_day(moment)
        case CallOutcome.BUSY:
            at = limits.earliest(moment + limits.busy_gap)
        case _:
            at = limits.earliest(moment + limits.gap)
    # A calendar without a day to call on for two months leaves nothing to wait for.
    return Decision(Verdict.AGAIN, at) if at is not None else Decision(Verdict.EXHAUSTED)
