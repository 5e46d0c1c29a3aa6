"""Wake-ups, as a process hears them."""

import asyncio

import psycopg
import pytest
from structlog.testing import capture_logs

from backend.live import INBOX, TURNS, LiveEvents
from backend.wakeups import CHANNEL


@pytest.mark.parametrize("kind", ["typed", "typing", "viewing", "turn"])
async def test_a_wake_up_that_is_none_of_ours_leaves_the_others_heard(database_url: str, kind: str) -> None:
    """Of another version, or of another program on this database."""
    live = LiveEvents(database_url)
    await live.start()
    async with live.subscribe(INBOX, TURNS) as alarm, asyncio.timeout(30):
        await live.connected.wait()
        await alarm.wait(None)  # for all, as it connected
        with capture_logs() as logs, psycopg.connect(database_url, autocommit=True) as other:
            for topic in (f"{kind}:alguien", INBOX):
                other.execute("SELECT pg_notify(%s, %s)", (CHANNEL, topic))
            assert await alarm.wait(None) == {INBOX}
    await live.stop()
    assert [(line["event"], line["kind"]) for line in logs] == [("wake_up_not_understood", kind)]
