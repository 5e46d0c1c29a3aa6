"""How fast staff find petitions among a million: `python -m benchmarks.registry --rows 1000000`.

Loads an invented registry (`benchmarks.registry_data`) into an embedded PostgreSQL under `--folder`, or finds it there
from the last time, and measures the pages of the list as the console asks for them: each with other values, the median
and the 95th percentile. Writes benchmarks/results/registry.md.
"""

import argparse
import asyncio
import os
import random
import statistics
import time
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import psycopg
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from backend import clock, heap
from backend.agents.models import User
from backend.catalog import service as catalog
from backend.console.petition_filters import DEFAULT_VIEWS, Listing
from backend.db import Database, in_transaction
from backend.embedded import EmbeddedPostgres
from backend.migrate import migrate
from backend.registry import deadlines, lifecycle, petitions, queries
from backend.registry.models import ActorKind, Person, Petition
from backend.registry.queries import PetitionFilter
from backend.related import candidates
from benchmarks import registry_data
from benchmarks.field_key import use_key_of

RESULTS = Path(__file__).parent / "results" / "registry.md"
LIMIT_MS = 100.0
#: A quarter of the memory of a small server (4 GB), as PostgreSQL's manual advises; as it comes it takes 128 MB.
SHARED_BUFFERS = "1GB"

Ask = Callable[[AsyncSession], Awaitable[object]]


@dataclass(frozen=True)
class Measured:
    name: str
    times: list[float]

    @property
    def p50(self) -> float:
        return statistics.median(self.times)

    @property
    def p95(self) -> float:
        return statistics.quantiles(self.times, n=20)[-1] if len(self.times) > 1 else self.times[0]


@dataclass(frozen=True)
class Sample:
    """Rows that are there, to search for as staff would."""

    petitions: list[tuple[Petition, Person]]
    user: User
    places: list[str]


async def sample(session: AsyncSession, count: int = 200) -> Sample:
    total = await session.scalar(select(func.max(Petition.number)))
    numbers = random.Random(1).sample(range(1, (total or 1) + 1), min(count, total or 1))
    rows = await session.execute(
        select(Petition, Person)
        .join(Person, Person.id == Petition.person_id)
        .where(Petition.number.in_(numbers), Petition.year == 2025)
    )
    user = (await session.scalars(select(User).order_by(User.username))).first()
    assert user is not None
    return Sample([(one, who) for one, who in rows], user, [one.id for one in await catalog.municipalities(session)])


def operations(known: Sample, runs: int) -> Iterator[tuple[str, Callable[[int], Ask]]]:
    """Each page by name, as a function of the number of the run."""
    pick = random.Random(2)
    rows = [pick.choice(known.petitions) for _ in range(runs)]

    def listed(make: Callable[[int], PetitionFilter]) -> Callable[[int], Ask]:
        return lambda run: lambda session: queries.search(session, make(run))

    def typed(make: Callable[[Petition, Person], str]) -> Callable[[int], Ask]:
        return listed(lambda run: PetitionFilter(make(*rows[run])))

    yield "list, first page", listed(lambda _: PetitionFilter())
    yield "list, any page that can be turned to", listed(lambda run: PetitionFilter(page=1 + run * 7 % 40))
    yield "search: folio", typed(lambda one, _: one.folio)
    yield "search: full name", typed(lambda _, who: who.full_name)
    yield "search: first name", typed(lambda _, who: who.full_name.split()[0])
    yield "search: beginning of a family name", typed(lambda _, who: who.full_name.split()[-2][:5])
    yield "search: telephone", typed(lambda _, who: who.phone or "6621234567")
    yield "search: last four digits", typed(lambda _, who: (who.phone or "6621234567")[-4:])
    yield "search: one word of the narrative", typed(lambda one, _: max(one.narrative.split(), key=len))
    yield (
        "search: a very common word",
        listed(lambda run: PetitionFilter(("agua", "calle", "casa", "Hermosillo")[run % 4])),
    )
    yield "search: three words of the narrative", typed(lambda one, _: " ".join(one.narrative.split()[:6:2]))
    yield "search: name and colonia", typed(lambda one, who: f"{who.full_name.split()[0]} {one.colonia}")
    yield "search: words nobody wrote", listed(lambda run: PetitionFilter(f"zapoteca {run}"))
    yield "filter: each status", listed(lambda run: PetitionFilter(status=list(queries.PetitionStatus)[run % 9]))
    yield "filter: each kind", listed(lambda run: PetitionFilter(kind=list(queries.PetitionKind)[run % 9]))
    yield "filter: municipality", listed(lambda run: PetitionFilter(municipality_id=known.places[run % 72]))
    yield "filter: topic", listed(lambda run: PetitionFilter(topic_id=rows[run][0].topic_id))
    yield (
        "filter: agency and status",
        listed(lambda run: PetitionFilter(agency_id=rows[run][0].agency_id, status=rows[run][0].status)),
    )
    yield (
        "filter: municipality, kind and word",
        listed(
            lambda run: PetitionFilter("calle", kind=rows[run][0].kind, municipality_id=rows[run][0].municipality_id)
        ),
    )
    now = datetime(2026, 11, 21, tzinfo=UTC)
    yield (
        "filter: any one month",
        listed(lambda run: PetitionFilter(since=now - timedelta(30 * (run + 1)), before=now - timedelta(30 * run))),
    )
    yield from _views(known, listed)
    under_way = frozenset(one for one in queries.PetitionStatus if one not in lifecycle.CLOSED)
    for order in queries.Order:
        yield (
            f"under way, by {order.value}",
            listed(lambda _, order=order: PetitionFilter(statuses=under_way, order=order)),
        )
    yield "filter: priority", listed(lambda run: PetitionFilter(priority=list(queries.Priority)[run % 3]))
    yield "likely duplicates of a petition", lambda run: lambda session: _duplicates(session, *rows[run])
    yield "people: beginning of a name", lambda run: lambda session: queries.people(session, rows[run][1].full_name[:6])


async def _duplicates(session: AsyncSession, petition: Petition, person: Person) -> object:
    return await candidates.candidates(session, candidates.of_petition(petition, person))


def _views(known: Sample, listed: Callable[..., Callable[[int], Ask]]) -> Iterator[tuple[str, Callable[[int], Ask]]]:
    work, today = deadlines.WorkCalendar({}), clock.local(clock.now()).date()
    for name, query in DEFAULT_VIEWS:
        wanted = Listing.parse(query).filter(known.user, work, today)
        yield f"saved view: {name}", listed(lambda _, wanted=wanted: wanted)


async def create(database: Database, count: int, *, seed: int = 7) -> Measured:
    """File petitions one by one, each in a transaction of its own, as the chat does."""
    pick, times = random.Random(seed), list[float]()
    for _ in range(count):
        new = petitions.NewPetition(
            kind=queries.PetitionKind.PETICION, channel=queries.EntryChannel.PRESENCIAL, municipality_id="26030",
            narrative="Hay una fuga de agua en la calle y nadie la atiende", colonia="Centro",
            name=f"{pick.choice(registry_data.GIVEN)} {pick.choice(registry_data.FAMILY)}",
            phone=f"+52662{pick.randrange(10**7):07d}",
        )  # fmt: skip
        started = time.perf_counter()
        async with database.transaction() as session:
            await petitions.file(session, new, actor=ActorKind.STAFF)
        times.append((time.perf_counter() - started) * 1000)
    return Measured("create (person, folio, history, search)", times)


async def measure(url: str, runs: int) -> list[Measured]:
    database = Database(url)
    try:
        async with database.transaction() as session:
            known = await sample(session)
        heap.settle()  # as the web process does before it serves
        measured = []
        for name, make in operations(known, runs):
            times = []
            for run in range(runs):
                async with database.transaction() as session:
                    started = time.perf_counter()
                    await make(run)(session)
                    times.append((time.perf_counter() - started) * 1000)
            measured.append(Measured(name, times))
            print(f"{name:45} p50 {measured[-1].p50:7.1f} ms   p95 {measured[-1].p95:7.1f} ms", flush=True)
        return [*measured, await create(database, runs)]
    finally:
        await database.close()


def _with_memory(server: EmbeddedPostgres) -> str:
    """Start the server with the memory that an office with a registry of this size would give it."""
    address = server.start()
    with psycopg.connect(address, autocommit=True) as connection:
        connection.execute(f"ALTER SYSTEM SET shared_buffers = '{SHARED_BUFFERS}'")
    server.stop()
    return server.start()


def prepare(folder: Path, rows: int) -> tuple[EmbeddedPostgres, str]:
    """A server with a registry of `rows`, loaded now unless it is there."""
    use_key_of(folder)
    server = EmbeddedPostgres(folder / "postgres")
    address, name = _with_memory(server), f"registry_{rows}"
    parts: dict[str, Any] = psycopg.conninfo.conninfo_to_dict(address)
    url = f"postgresql://{parts['user']}:@/{name}?host={parts['host']}"
    with psycopg.connect(address, autocommit=True) as connection:
        known = connection.execute("SELECT FROM pg_database WHERE datname = %s", (name,)).fetchone()
        if known is None:
            connection.execute(f'CREATE DATABASE "{name}"')
    migrate(url)
    asyncio.run(in_transaction(url, catalog.seed))
    with psycopg.connect(url) as connection:
        is_filled = connection.execute("SELECT FROM petition LIMIT 1").fetchone() is not None
    if not is_filled:
        print(f"loaded in {registry_data.load(url, rows):.0f} s", flush=True)
    return server, url


def table(measured: list[Measured]) -> str:
    lines = ["| operation | p50 | p95 | within 100 ms |", "|---|---|---|---|"]
    lines += [
        f"| {one.name} | {one.p50:.1f} ms | {one.p95:.1f} ms | {'yes' if one.p95 <= LIMIT_MS else 'no'} |"
        for one in measured
    ]
    return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--runs", type=int, default=40)
    parser.add_argument("--folder", type=Path, default=Path("var/benchmarks"))
    arguments = parser.parse_args()
    server, url = prepare(arguments.folder, arguments.rows)
    try:
        measured = asyncio.run(measure(url, arguments.runs))
    finally:
        server.release()
    load = os.getloadavg()[0]
    told = (
        f"{arguments.rows:,} petitions, {arguments.runs} runs each, with other values where there are any, in one pass "
        f"without warming, on a server with {SHARED_BUFFERS} of shared buffers. Load average {load:.1f} on "
        f"{os.cpu_count()} cores.\n\n`python -m benchmarks.registry`"
    )
    RESULTS.write_text(f"# The registry's lists and searches\n\n{told}\n\n{table(measured)}\n", encoding="utf-8")


if __name__ == "__main__":
    main()
