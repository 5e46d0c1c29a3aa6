"""Whether wake-ups by Redis are worth it: `python -m benchmarks.fanout`.

Many at once store a message each and wake whoever follows, by PostgreSQL's NOTIFY and by Redis in rounds that
alternate, so that whatever else the machine does falls on both alike: once the message alone, once with a job for the
worker, whose queue has a NOTIFY of its own. The database keeps what it commits on the disk, as in life. Prints, and
writes to benchmarks/results/fanout.md.
"""

import asyncio
import os
import statistics
import tempfile
import time
import uuid
from collections import defaultdict
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path

from sqlalchemy import text

from backend import clock
from backend.conversations.inbox import ADVANCE
from backend.db import Database, in_transaction
from backend.embedded import EmbeddedPostgres
from backend.jobqueue import defer
from backend.live import INBOX, LiveEvents, conversation_topic, notify
from backend.migrate import migrate
from backend.redis_link import RedisLink
from benchmarks.field_key import use_key_of
from tests.end_to_end.product import ROOT
from tests.redis_server import running_redis

ROUNDS, SECONDS, WRITERS = 8, 3.0, 32
RESULTS = ROOT / "benchmarks/results/fanout.md"
NOTIFY, REDIS = "NOTIFY", "Redis"
MESSAGE, WITH_JOB = "a message", "a message and a job"
_INSERT = text("INSERT INTO fanout (id, body) VALUES (:id, repeat('x', 400))")
_number = count()


@dataclass
class Measured:
    """Of one way in one kind of commit: commits a second by round; seconds from the work's end to the wake-up."""

    rates: list[float] = field(default_factory=list)
    delays: list[float] = field(default_factory=list)


@dataclass
class Side:
    """One way of waking: who writes, and who follows in another process' place."""

    database: Database
    live: LiveEvents

    async def commit(self, *, with_job: bool) -> float:
        """Store a message; when its work was done and only the commit was left."""
        conversation = uuid.uuid4()
        async with self.database.transaction() as session:
            await session.execute(_INSERT, {"id": next(_number)})
            if with_job:
                await defer(session, ADVANCE, conversation_id=str(conversation))
            await notify(session, conversation_topic(conversation), INBOX)
            return time.perf_counter()

    async def round(self, measured: Measured, *, with_job: bool) -> None:
        """Everybody writes for some seconds, while one follower after another waits for what one more stores."""
        until = time.perf_counter() + SECONDS
        done = 0

        async def write() -> None:
            nonlocal done
            while time.perf_counter() < until:
                await self.commit(with_job=with_job)
                done += 1

        async def follow() -> None:
            while time.perf_counter() < until:
                topic = conversation_topic(uuid.uuid4())
                async with self.live.subscribe(topic) as alarm:
                    async with self.database.transaction() as session:
                        await session.execute(_INSERT, {"id": next(_number)})
                        await notify(session, topic)
                        begun = time.perf_counter()
                    if await alarm.wait(10):
                        measured.delays.append(time.perf_counter() - begun)

        await asyncio.gather(follow(), *(write() for _ in range(WRITERS)))
        measured.rates.append(done / SECONDS)


@asynccontextmanager
async def _side(url: str, redis_url: str | None) -> AsyncIterator[Side]:
    secret = b"benchmark"
    links = [RedisLink(redis_url, secret) if redis_url else None for _ in range(2)]
    side = Side(Database(url, pool_size=WRITERS + 4, link=links[0]), LiveEvents(url, links[1]))
    await side.live.start()
    await side.live.connected.wait()
    if redis_url:
        await side.live.hears_redis.wait()
    yield side
    await side.live.stop()
    await side.database.close()
    for link in links:
        if link is not None:
            await link.close()


async def measure(url: str, redis_url: str) -> dict[tuple[str, str], Measured]:
    found: defaultdict[tuple[str, str], Measured] = defaultdict(Measured)
    await in_transaction(url, lambda session: session.execute(text("CREATE TABLE fanout (id bigint, body text)")))
    async with _side(url, None) as by_notify, _side(url, redis_url) as by_redis:
        sides = {NOTIFY: by_notify, REDIS: by_redis}
        for number in range(ROUNDS + 1):
            for kind in (MESSAGE, WITH_JOB):
                for way in (NOTIFY, REDIS) if number % 2 else (REDIS, NOTIFY):
                    # The first round of all warms everything up.
                    into = found[kind, way] if number else Measured()
                    await sides[way].round(into, with_job=kind == WITH_JOB)
    return dict(found)


def table(found: dict[tuple[str, str], Measured]) -> str:
    lines = [
        "| stored | wake-ups by | commits/s | times NOTIFY | wake-up, median | 95 of 100 |",
        "|---|---|---:|---:|---:|---:|",
    ]
    for (kind, way), one in sorted(found.items()):
        rate = statistics.median(one.rates)
        # Of neighbouring rounds, so that what the machine did meanwhile falls on both.
        times = statistics.median(
            mine / theirs for mine, theirs in zip(one.rates, found[kind, NOTIFY].rates, strict=True)
        )
        ordered = sorted(one.delays)
        middle, late = (ordered[int(len(ordered) * part)] * 1000 for part in (0.5, 0.95))
        lines.append(f"| {kind} | {way} | {rate:.0f} | {times:.2f} | {middle:.1f} ms | {late:.1f} ms |")
    return "\n".join(lines)


def main() -> None:
    with tempfile.TemporaryDirectory(prefix="chat-sonora-fanout-") as folder, running_redis() as redis:
        use_key_of(Path(folder))
        postgres = EmbeddedPostgres(Path(folder) / "postgres")
        url = postgres.start()
        try:
            migrate(url)
            loads = [os.getloadavg()[0]]
            found = asyncio.run(measure(url, redis.url))
            loads.append(os.getloadavg()[0])
        finally:
            postgres.stop()
    said = (
        "# Wake-ups by NOTIFY and by Redis\n\n"
        f"Taken on {clock.local(clock.now()).date().isoformat()} by `python -m benchmarks.fanout` on {os.cpu_count()}"
        f" processors, which also ran the writers; load {loads[0]:.1f} before and {loads[1]:.1f} after."
        f" {WRITERS} at once, {ROUNDS} rounds of {SECONDS:.0f} s each way, in turns. A wake-up's time begins"
        " where only the commit is left.\n\n"
        f"{table(found)}\n"
    )
    print(said)
    RESULTS.write_text(said, encoding="utf-8")


if __name__ == "__main__":
    main()
