"""The time of a call or a visit: with the bot, in the queue, with a person, and waiting for the citizen."""

from datetime import datetime

from backend.catalog.office import Schedule
from backend.ledger.models import Direction
from backend.ledger.office_time import office_seconds

_SPENT_BY = ("bot", "queue", "person", "citizen")


def call_seconds(
    schedule: Schedule,
    direction: Direction | None,
    started: datetime,
    answered: datetime | None,
    ended: datetime,
    *,
    queued: datetime | None = None,
) -> dict[str, int]:
    """The eight `*_seconds` columns of a row that has ended; by the clock they add up to the whole.

    Until `queued` a menu spoke, if any. From there to `answered`, or to the end, somebody waited: the caller for us, or
    on a call that we make, we for the citizen. Then a person attended.
    """
    attended_from = min(answered or ended, ended)
    bot_until = min(queued or started, attended_from)
    waiting = "citizen" if direction is Direction.OUTBOUND else "queue"
    spans = {
        "bot": (started, bot_until),
        waiting: (bot_until, attended_from),
        "person": (attended_from, ended),
    }
    times = {}
    for who in _SPENT_BY:
        start, end = spans.get(who, (started, started))
        times[f"{who}_seconds"] = _since(started, end) - _since(started, start)
        times[f"{who}_office_seconds"] = office_seconds(schedule, start, end)
    return times


def _since(started: datetime, moment: datetime) -> int:
    """Whole seconds from the start: differences of these add up."""
    return round((moment - started).total_seconds())
