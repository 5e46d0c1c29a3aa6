"""How fast reports of a quarter are reckoned over three years' work of a large office: `python -m benchmarks.reports`.

Invents 1,000,000 conversations with 5,000,000 messages, their chats in the ledger, 500,000 calls and 250,000 petitions
with their history, of three years, in an embedded PostgreSQL under `--folder` (or finds them there from the last
time). The chats are written into the ledger directly, but for those of the last conversations, by which the chore that
writes them is measured. Then each report is asked for as its page asks: figures, comparison, breakdown and charts.
Writes benchmarks/results/reports.md.
"""

import argparse
import asyncio
import os
import statistics
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg

from backend.catalog import service as catalog
from backend.db import Database, in_transaction
from backend.embedded import EmbeddedPostgres
from backend.ledger import chats
from backend.migrate import migrate
from backend.reports import rows
from backend.reports.computing import compute
from backend.reports.definitions import REPORTS
from backend.reports.drawing import drawings
from backend.reports.figures import By, Filters, Report
from backend.reports.periods import Period
from benchmarks import reports_data
from benchmarks.field_key import use_key_of
from benchmarks.reports_data import Size

RESULTS = Path(__file__).parent / "results" / "reports.md"
QUARTER = Period.quarter(2026, 3)
LIMIT_SECONDS = 2.0


@dataclass(frozen=True)
class Measured:
    """Seconds of each run, and the load of the machine when they were over."""

    name: str
    seconds: list[float]
    load: float

    @property
    def line(self) -> str:
        middle, is_quick = statistics.median(self.seconds), max(self.seconds) < LIMIT_SECONDS
        told = (
            self.name,
            f"{middle:.2f} s",
            f"{max(self.seconds):.2f} s",
            "yes" if is_quick else "no",
            f"{self.load:.1f}",
        )
        return f"| {' | '.join(told)} |"


async def measure(url: str, runs: int) -> list[Measured]:
    database, measured = Database(url), list[Measured]()

    async def take(name: str, report: Report, by: By | None, *, with_charts: bool) -> None:
        seconds = []
        for _ in range(runs):
            async with database.transaction() as session:
                began = time.perf_counter()
                table = await compute(session, report, QUARTER, Filters(), by)
                if with_charts:
                    await drawings(session, table)
                seconds.append(time.perf_counter() - began)
        measured.append(Measured(name, seconds, os.getloadavg()[0]))
        print(measured[-1].line, flush=True)

    try:
        for report in REPORTS.values():
            await take(f"{report.key}: figures with the quarter before", report, None, with_charts=False)
            await take(f"{report.key}: the page, by {report.by[0].value}", report, report.by[0], with_charts=True)
        await take("llamadas: by municipio", REPORTS["llamadas"], By.MUNICIPALITY, with_charts=False)
        await take("llamadas: by dependencia", REPORTS["llamadas"], By.AGENCY, with_charts=False)
        seconds = []
        for _ in range(runs):
            async with database.transaction() as session:
                began = time.perf_counter()
                await rows.rows(session, rows.Which(REPORTS["chats"].figure("recibidos"), QUARTER, Filters()))
                seconds.append(time.perf_counter() - began)
        measured.append(Measured("chats: the first page of rows behind a figure", seconds, os.getloadavg()[0]))
        return measured
    finally:
        await database.close()


async def tell_chats(url: str) -> tuple[int, float]:
    """How many conversations the chore tells of, and in how many seconds."""
    database = Database(url)
    try:
        began = time.perf_counter()
        count = await chats.look_after(database, budget_seconds=None)
        return count, time.perf_counter() - began
    finally:
        await database.close()


def prepare(folder: Path, size: Size) -> tuple[EmbeddedPostgres, str, float | None]:
    """A server with the data, loaded now unless it is there; its address, and how long loading took."""
    use_key_of(folder)
    server = EmbeddedPostgres(folder / "postgres")
    address, name = server.start(), f"reports_{size.conversations}"
    parts: dict[str, Any] = psycopg.conninfo.conninfo_to_dict(address)
    url = f"postgresql://{parts['user']}:@/{name}?host={parts['host']}"
    with psycopg.connect(address, autocommit=True) as connection:
        if connection.execute("SELECT FROM pg_database WHERE datname = %s", (name,)).fetchone() is not None:
            return server, url, None
        connection.execute(f'CREATE DATABASE "{name}"')
    migrate(url)
    asyncio.run(in_transaction(url, catalog.seed))
    return server, url, reports_data.load(url, size)


def written(size: Size, loaded: float | None, told: tuple[int, float], measured: list[Measured], runs: int) -> str:
    """The page of results."""
    count, seconds = told
    lines = [
        "# Reports of a quarter",
        "",
        f"{size.conversations:,} conversations with {5 * size.conversations:,} messages, {size.calls:,} calls and "
        f"{size.petitions:,} petitions of three years, {runs} runs each on {os.cpu_count()} cores. Reports read the "
        "ledger and the petitions, never the messages; the ledger's chats were invented directly. A page is the "
        "figures of the quarter and of the one before, a breakdown of both, and the report's charts.",
        "",
        *([f"Loaded in {loaded:,.0f} s."] if loaded is not None else []),
        *([f"The chore told {count:,} conversations into the ledger in {seconds:.0f} s: "
           f"{count / seconds:,.0f} a second."] if count else []),
        "",
        "| what | median | slowest | under 2 s | load average |",
        "|---|---|---|---|---|",
        *(one.line for one in measured),
    ]  # fmt: skip
    return "\n".join(lines) + "\n"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--conversations", type=int, default=1_000_000)
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--folder", type=Path, default=Path("var/benchmarks"))
    arguments = parser.parse_args()
    size = Size(arguments.conversations, arguments.conversations // 2, arguments.conversations // 4,
                arguments.conversations // 50)  # fmt: skip
    server, url, loaded = prepare(arguments.folder, size)
    try:
        measured = asyncio.run(measure(url, arguments.runs))
        told = asyncio.run(tell_chats(url))
    finally:
        server.release()
    RESULTS.write_text(written(size, loaded, told, measured, arguments.runs), encoding="utf-8")


if __name__ == "__main__":
    main()
