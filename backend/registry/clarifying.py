"""Legal terms that stand while whoever asked is asked back: one way to count them, for every kind of request."""

from collections.abc import Collection
from datetime import date, timedelta
from typing import Protocol

from backend.registry import deadlines
from backend.registry.deadlines import Deadline, Pause, WorkCalendar


class Asked(Protocol):
    """Something asked back; `answered_on` None while it is awaited."""

    @property
    def asked_on(self) -> date: ...

    @property
    def answered_on(self) -> date | None: ...


def deadline(
    work: WorkCalendar, start: date, days: int, asked: Collection[Asked], *, why: str, restarts: bool = False
) -> Deadline:
    """When a term of `days` that began on `start` ends, with its trace; `due_on` None while an answer is awaited.

    The day on which it was asked still counts, the day of its answer does not. `restarts`: an answer begins the term
    anew; else it goes on where it stood. `why`: what the trace says of the days between.
    """
    waiting = next((each for each in asked if each.answered_on is None), None)
    answered = sorted((each.asked_on, each.answered_on) for each in asked if each.answered_on is not None)
    if restarts and answered:
        start, answered = max(given for _, given in answered), []
    pauses = [Pause(one + timedelta(days=1), given + timedelta(days=1), why) for one, given in answered]
    if waiting is not None:
        pauses.append(Pause(waiting.asked_on + timedelta(days=1), None, why))
    return deadlines.compute(work, start, days, pauses)
