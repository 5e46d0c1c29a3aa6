"""Whether anything takes longer in an office of 1,000,000 conversations than in one of 10,000.

`make bench ONLY=growth`, or `python -m benchmarks.growth`. Both offices are invented (`growth_data`) in one PostgreSQL,
which has the memory of a small server, and served by a web process each. The newest 10,000 conversations of the large
one are the small one's: the same two quarters, the same queue, 99 times the history before. Every page, answer and list
is asked for on both by turns, and so is what citizens, vendors, the bot and staff write, over HTTP; what the worker
looks for by itself, in SQL. Subjects lie all over the history.

Writes benchmarks/results/growth.md. The databases take 8 GB and half an hour to make; they are kept, by default in
var/benchmarks, and what is measured is added to them: some hundred rows a time, on both alike.
"""

import argparse
import asyncio
import os
import statistics
import sys
from collections.abc import Iterable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg

from backend.app import create_app
from backend.catalog import service as catalog
from backend.db import in_transaction
from backend.embedded import EmbeddedPostgres
from backend.migrate import migrate
from backend.settings import Settings
from benchmarks import growth_data
from benchmarks.field_key import use_key_of
from benchmarks.growth_looks import looks
from benchmarks.growth_office import INTERNAL_TOKEN, SECRET, SUBJECTS, Office, open_office, serving, wait_for
from benchmarks.growth_requests import LEFT_OUT, Story, reads
from benchmarks.growth_writes import STORIES
from benchmarks.table import Row, load, ratio_at_most
from tests.all_routes import Known, all_routes

RESULTS = Path(__file__).parent / "results" / "growth.md"
KEPT = Path(os.environ.get("VAR_DIR", "var")) / "benchmarks"
SIZES = (10_000, 1_000_000)
LIMIT = 1.5
#: Each subject is asked about so often; before, both are warmed up by a few that do not count.
ROUNDS, WARMING = 2, 2
#: A quarter of the memory of a small server (4 GB), as PostgreSQL's manual advises; as it comes it takes 128 MB.
SHARED_BUFFERS = "1GB"


@dataclass(frozen=True)
class Figure:
    """Medians, in milliseconds."""

    name: str
    small: float
    large: float
    runs: int

    @property
    def ratio(self) -> float:
        return self.large / self.small


async def measure(folder: Path) -> list[Row]:
    """Where growth is felt most. The databases are not made in `folder`, which is taken away, but kept in KEPT."""
    del folder
    figures = await asyncio.to_thread(run, KEPT, SIZES)
    return summary(figures)


def summary(figures: Sequence[Figure]) -> list[Row]:
    """The worst five, and the one in the middle."""
    ordered = sorted(figures, key=lambda one: one.ratio, reverse=True)
    against = f"{SIZES[0]:,} conversations"

    def row(one: Figure, prefix: str) -> Row:
        return Row(f"{prefix}: {one.name}", one.large, "ms", one.small, against, ratio_at_most(LIMIT))

    middle = ordered[len(ordered) // 2]
    return [*(row(one, f"growth, worst {place} of {len(ordered)}") for place, one in enumerate(ordered[:5], start=1)),
            row(middle, "growth, the one in the middle")]  # fmt: skip


def run(folder: Path, sizes: tuple[int, int], only: str = "") -> list[Figure]:
    """Prepare, measure and write the page of results, unless `only` some requests were asked for."""
    before, key = load(), use_key_of(folder)
    server = EmbeddedPostgres(folder / "postgres")
    try:
        urls = [prepare(server, size) for size in sizes]
        with ExitStack() as stack:
            places = [folder / f"office_{size}" for size in sizes]
            for place in places:
                place.mkdir(exist_ok=True)
            addresses = [stack.enter_context(serving(url, key, place)) for url, place in zip(urls, places, strict=True)]
            for address in addresses:
                wait_for(address)
            offices = [open_office(*each) for each in zip(sizes, urls, addresses, places, strict=True)]
            asyncio.run(by_turns(offices, stories(key, only)))
    finally:
        server.release()
    figures = compared(*offices)
    if not only:
        RESULTS.write_text(told(figures, sizes, before), encoding="utf-8")
    return figures


def prepare(server: EmbeddedPostgres, size: int) -> str:
    """The address of a database of `size` conversations, filled now unless it is there."""
    address, name = _with_memory(server), f"growth_{size}"
    parts: dict[str, Any] = psycopg.conninfo.conninfo_to_dict(address)
    url = f"postgresql://{parts['user']}:@/{name}?host={parts['host']}"
    with psycopg.connect(address, autocommit=True) as connection:
        known = connection.execute("SELECT FROM pg_database WHERE datname = %s", (name,)).fetchone() is not None
        if known:
            with psycopg.connect(url) as inside:
                is_filled = growth_data.conversations_of(inside) == size
            if not is_filled:
                connection.execute(f'DROP DATABASE "{name}" WITH (FORCE)')
        if not known or not is_filled:
            connection.execute(f'CREATE DATABASE "{name}"')
    migrate(url)
    if not known or not is_filled:
        asyncio.run(in_transaction(url, catalog.seed))
        print(f"{size:,} conversations made in {growth_data.load(url, size):,.0f} s", flush=True)
    else:
        with psycopg.connect(url, autocommit=True) as connection:
            connection.execute("ANALYZE")  # a migration may have added an index
    return url


def _with_memory(server: EmbeddedPostgres) -> str:
    address = server.start()
    with psycopg.connect(address, autocommit=True) as connection:
        given = connection.execute("SELECT setting FROM pg_file_settings WHERE name = 'shared_buffers'").fetchall()
        if (SHARED_BUFFERS,) in given:
            return address
        connection.execute(f"ALTER SYSTEM SET shared_buffers = '{SHARED_BUFFERS}'")
        connection.execute("ALTER SYSTEM SET max_wal_size = '2GB'")
    server.stop()
    return server.start()


def stories(key: str, only: str) -> list[Story]:
    """What is asked, or what of it has `only` in its name."""
    pages = [page for page in reads(routes(key)) if only in page.name]
    return [*pages, *(story for story in (*STORIES, looks) if only in story.__name__ or not only)]


def routes(key: str) -> list[Known]:
    """Of the application as it is."""
    given = {"database_url": "postgresql://nowhere/", "secret_key": SECRET, "field_key": key,
             "internal_api_token": INTERNAL_TOKEN, "bot_token": INTERNAL_TOKEN}  # fmt: skip
    return all_routes(create_app(Settings.model_validate(given)))


async def by_turns(offices: Sequence[Office], asked: Sequence[Story]) -> None:
    """Each of both offices, now one first, now the other; the first rounds do not count. Raises what was refused."""
    refused = dict[str, str]()
    for story in asked:
        known = set(offices[0].times)
        for number in range(-WARMING, ROUNDS * SUBJECTS):
            place = number % SUBJECTS
            try:
                for office in offices if number % 2 else reversed(offices):
                    office.is_measured = number >= 0
                    await story(office, office.subjects[place], place)
            except RuntimeError as error:
                refused[str(error)[:60]] = str(error)
                break
        print(printed(one for one in compared(*offices) if one.name not in known), file=sys.stderr, flush=True)
    for office in offices:
        await office.client.aclose()
        await office.database.close()
    if refused:
        raise RuntimeError("\n".join(refused.values()))


def compared(small: Office, large: Office) -> list[Figure]:
    """By ratio, the worst first."""
    found = [
        Figure(name, statistics.median(times), statistics.median(large.times[name]), len(times))
        for name, times in small.times.items()
    ]
    return sorted(found, key=lambda one: one.ratio, reverse=True)


def told(figures: Sequence[Figure], sizes: tuple[int, int], before: float) -> str:
    """The page of results."""
    beyond = [one for one in figures if one.ratio > LIMIT]
    runs, more = min(one.runs for one in figures), f"{sizes[1] // sizes[0]} times the history"
    lines = [
        f"# From {sizes[0]:,} to {sizes[1]:,} conversations",
        "",
        f"Of {len(figures)} requests and looks, {len(figures) - len(beyond)} take at most {LIMIT} times as long with "
        f"{more}. Medians over {runs} runs or more on each size, by turns; {os.cpu_count()} cores, load {before:.1f} "
        f"before and {load():.1f} after.",
        "",
        "| request | 10,000 | 1,000,000 | ratio |" if sizes == SIZES else "| request | small | large | ratio |",
        "|---|---:|---:|---:|",
        *(f"| `{one.name}` | {one.small:.1f} ms | {one.large:.1f} ms | {one.ratio:.2f} |" for one in figures),
        "",
        "Not measured:",
        "",
        *(f"- `{path}`: {why}" for path, why in LEFT_OUT.items()),
    ]
    return "\n".join(lines) + "\n"


def printed(figures: Iterable[Figure]) -> str:
    return "\n".join(f"{one.ratio:6.2f} {one.small:8.1f} {one.large:8.1f} ms  {one.name}" for one in figures)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--folder", type=Path, default=KEPT)
    parser.add_argument("--large", type=int, default=SIZES[1])
    parser.add_argument("--only", default="", help="requests that have this in their name; results are not written")
    arguments = parser.parse_args()
    print(printed(run(arguments.folder, (SIZES[0], arguments.large), arguments.only)))


if __name__ == "__main__":
    main()
