"""The time of a call or a visit: how long it waited, and how long a person attended."""

from datetime import datetime

from backend.catalog.office import Schedule
from backend.ledger.office_time import office_seconds


def call_seconds(schedule: Schedule, started: datetime, answered: datetime | None, ended: datetime) -> dict[str, int]:
    """The eight `*_seconds` columns of a row that has ended, in which no bot spoke and nobody waited for the citizen.

    Up to `answered` it waited; never answered, it waited to its end.
    """
    attended_from = min(answered or ended, ended)
    waited = int((attended_from - started).total_seconds())
    return {
        "bot_seconds": 0,
        "queue_seconds": waited,
        "person_seconds": int((ended - started).total_seconds()) - waited,
        "citizen_seconds": 0,
        "bot_office_seconds": 0,
        "queue_office_seconds": office_seconds(schedule, started, attended_from),
        "person_office_seconds": office_seconds(schedule, attended_from, ended),
        "citizen_office_seconds": 0,
    }
