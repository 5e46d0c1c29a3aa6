"""What commits tell those who follow, as PostgreSQL brings it."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import psycopg

from backend.wakeups import CHANNEL


@contextmanager
def listening(database_url: str) -> Iterator[Callable[[], list[str]]]:
    """Gives what was told since it was last asked, in its order."""
    told: list[str] = []
    with psycopg.connect(database_url, autocommit=True) as connection:
        connection.add_notify_handler(lambda notification: told.append(notification.payload))
        connection.execute(f"LISTEN {CHANNEL}")

        def topics() -> list[str]:
            connection.execute("SELECT")  # with its answer comes what was told before
            new = list(told)
            told.clear()
            return new

        yield topics
