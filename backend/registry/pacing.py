"""How legal deadlines stand, as a condition on a column: for any kind of request with a day by which it is due."""

from collections.abc import Iterable
from datetime import date, timedelta
from typing import Any

from sqlalchemy import ColumnElement
from sqlalchemy.orm import InstrumentedAttribute

from backend.registry.deadlines import SOON, Pace, WorkCalendar, pace_of

#: Calendar days into which `SOON` working days fit, whatever the holidays.
_HORIZON = timedelta(days=21)


def in_pace(
    due_on: InstrumentedAttribute[date | None], pace: Pace, today: date, work: WorkCalendar
) -> ColumnElement[bool]:
    """Those, of what is open, whose day stands so `today`; without a day, the clock stands."""
    if pace is Pace.OVERDUE:
        return due_on < today
    if pace is Pace.PAUSED:
        return due_on.is_(None)
    soon = today + _HORIZON
    while work.between(today, soon) > SOON:
        soon -= timedelta(days=1)
    if pace is Pace.SOON:
        return due_on.between(today, soon)
    return due_on > soon


def counted(rows: Iterable[Any], today: date, work: WorkCalendar) -> dict[Pace, int]:
    """How many stand in each pace, of rows of a day and a count."""
    found = dict.fromkeys((Pace.OVERDUE, Pace.SOON, Pace.ON_TIME, Pace.PAUSED), 0)
    for due_on, count in rows:
        found[Pace.PAUSED if due_on is None else pace_of(due_on, today, work)] += count
    return found


def open_pace(due_on: date | None, today: date, work: WorkCalendar) -> Pace:
    """How something open stands with its day."""
    return Pace.PAUSED if due_on is None else pace_of(due_on, today, work)
