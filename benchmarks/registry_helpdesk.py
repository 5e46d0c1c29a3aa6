"""The same petitions in ours and in django-helpdesk, on the same PostgreSQL: `python -m benchmarks.registry_helpdesk`.

Loads `--rows` invented petitions into ours (`benchmarks.registry_data`) and copies them from there into
django-helpdesk, installed into an environment of its own under `--folder` from benchmarks/helpdesk/requirements.txt.
Then both are asked for the same things in turns, each through its own pages, signed in, in one process without a
network: ours by httpx's ASGI transport, django-helpdesk's by Django's test client. Writes
benchmarks/results/registry_helpdesk.md.
"""

import argparse
import asyncio
import json
import os
import random
import secrets
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx
import psycopg
from pydantic import SecretStr
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from backend import clock
from backend.agents import service as agents
from backend.agents.models import Role, User
from backend.app import create_app
from backend.catalog.models import Agency
from backend.console.petition_filters import UNDER_WAY, Listing
from backend.db import Database, in_transaction
from backend.registry import deadlines, petitions, queries
from backend.registry.models import ActorKind, EntryChannel, Person, Petition, PetitionKind
from backend.registry.queries import PAGE_SIZE
from backend.settings import Settings
from benchmarks import registry
from benchmarks.field_key import use_key_of
from benchmarks.registry import Measured, Sample

RESULTS = Path(__file__).parent / "results" / "registry_helpdesk.md"
THEIRS = Path(__file__).parent / "helpdesk"
BASE = "https://benchmark.example"
LIST = "/consola/peticiones"
WARM = 3
TOLD = """# The registry beside django-helpdesk

The same {rows:,} petitions in both, on the same PostgreSQL server, asked in turns in one run ({runs} each, after {warm}
not counted): median and 95th percentile in milliseconds, and how many times ours' median theirs' is. Load average
{load:.1f} on {cores} cores. Taken by `python -m benchmarks.registry_helpdesk`; what is installed beside ours:
[benchmarks/helpdesk/requirements.txt](../helpdesk/requirements.txt).

{table}

Each product's own pages are asked, with its own indexes as shipped, signed in, in one process and without a network.
- **Ours** answers the whole page in one request, rows included. **Theirs** is asked for the rows alone, as the page's
  script asks; the page around them is a second request, measured by itself and not added.
- Ours checks the form's token; the test client spares theirs. No e-mail is sent by either.
- A ticket has no person nor place: both stand in its description, as whoever captures would write them. Theirs finds
  letters anywhere in a word and minds accents; ours finds words by their forms and beginnings, and minds none.
- Ours counts matches up to a limit, theirs all of them; *found* is what each tells in the last run, with what
  earlier runs created in both.
- *create (page)* is the desk's form; ours also looks for the person, suggests the topic and sets the due date.
  *create (code)* is `registry.petitions.file` and helpdesk's `TicketForm.save`, each in one transaction.
"""


@dataclass(frozen=True)
class Paired:
    """One thing asked of both, and what each found."""

    name: str
    ours: Measured
    theirs: Measured
    found: tuple[str, str]


@dataclass
class Helpdesk:
    """The other product's process, which takes one order a line."""

    process: subprocess.Popen[str]

    @classmethod
    def start(cls, python: Path, database: str, folder: str) -> "Helpdesk":
        command = [str(python), str(THEIRS / "driver.py"), database, folder]
        return cls(subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True))

    def ask(self, do: str, **order: Any) -> tuple[int, float]:
        """What it found, and the milliseconds."""
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        print(json.dumps({"do": do, **order}), file=self.process.stdin, flush=True)
        line = self.process.stdout.readline()
        if not line:
            raise RuntimeError("django-helpdesk's process ended; its last words are above.")
        answer = json.loads(line)
        return int(answer["found"]), float(answer["ms"])

    def stop(self) -> None:
        assert self.process.stdin is not None
        self.process.stdin.close()
        self.process.wait(30)


@dataclass
class Ours:
    """Our console, and somebody signed in."""

    database: Database
    client: httpx.AsyncClient
    csrf: str = ""

    async def sign_in(self) -> None:
        username, password = f"mesa{secrets.token_hex(4)}", secrets.token_urlsafe()
        async with self.database.transaction() as session:
            await agents.create_user(session, username=username, full_name="Mesa", role=Role.ANALYST, password=password)
        answer = await self.client.post("/api/auth/login", json={"username": username, "password": password})
        self.csrf = answer.raise_for_status().json()["csrf_token"]

    async def list(self, **asked: str) -> None:
        (await self.client.get(LIST, params=asked)).raise_for_status()

    async def create(self, key: str, typed: dict[str, str]) -> None:
        body = {"key": key, "kind": "peticion", "channel": "presencial", "typed": typed}
        headers = {"X-CSRF-Token": self.csrf, "Origin": BASE}
        (await self.client.post("/api/console/capture", json=body, headers=headers)).raise_for_status()

    async def file(self, new: petitions.NewPetition) -> None:
        async with self.database.transaction() as session:
            await petitions.file(session, new, actor=ActorKind.STAFF)


@dataclass(frozen=True)
class Task:
    """What is asked of both, by the number of the run. `listed`: an address of ours' list, whose count is told too."""

    name: str
    ours: Callable[[int], Awaitable[None]]
    theirs: Callable[[int], tuple[str, dict[str, Any]]]
    listed: Callable[[int], dict[str, str]] | None = None


def lists(ours: Ours, known: Sample, agencies: dict[UUID, str], runs: int) -> Iterator[Task]:
    """Pages and searches of the list, each with other values."""
    pick = random.Random(3)
    rows = [pick.choice(known.petitions) for _ in range(runs)]

    def task(name: str, asked: Callable[[int], dict[str, str]], theirs: Callable[[int], dict[str, Any]]) -> Task:
        return Task(name, lambda run: ours.list(**asked(run)), lambda run: ("rows", theirs(run)), asked)

    def typed(name: str, make: Callable[[Petition, Person], str], **also: Any) -> Task:
        filters = {"estado": UNDER_WAY} if also else {}
        return task(
            name, lambda run: {"buscar": make(*rows[run]), **filters}, lambda run: {"search": make(*rows[run]), **also}
        )

    yield Task("list: the page around theirs' rows", lambda _: ours.list(), lambda _: ("page", {}))
    yield task("list: first page", lambda _: {}, lambda _: {})
    yield task(
        "list: one of the first 40 pages",
        lambda run: {"pagina": str(1 + run * 7 % 40)},
        lambda run: {"start": run * 7 % 40 * PAGE_SIZE},
    )
    yield task("list: under way", lambda _: {"estado": UNDER_WAY}, lambda _: {"is_open": True})
    yield task(
        "list: one agency's",
        lambda run: {"dependencia": str(rows[run][0].agency_id)},
        lambda run: {"agency": agencies[rows[run][0].agency_id or UUID(int=0)]},
    )
    yield task(
        "list: one person's work under way",
        lambda _: {"estado": UNDER_WAY, "responsable": str(known.user.id)},
        lambda _: {"is_open": True, "assignee": known.user.username},
    )
    yield typed("search: folio", lambda one, _: one.folio)
    yield typed("search: full name", lambda _, who: who.full_name)
    yield typed("search: telephone", lambda _, who: (who.phone or "+526621234567")[-10:])
    yield typed("search: a word of the narrative", lambda one, _: max(one.narrative.split(), key=len).strip(".,"))
    yield typed("search: a common word", lambda *_: "calle")
    yield typed("search: a common word, under way", lambda *_: "calle", is_open=True)
    yield typed("search: a word nobody wrote", lambda *_: "zapoteca")


def creating(ours: Ours, known: Sample, runs: int) -> Iterator[Task]:
    pick = random.Random(4)

    def told(run: int) -> tuple[str, str, str, str]:
        one, who = known.petitions[run % len(known.petitions)]
        return one.narrative, who.full_name, f"662{pick.randrange(10**7):07d}", f"ana{run}@correo.example"

    news = [told(run) for run in range(runs)]

    def ticket(run: int) -> dict[str, Any]:
        narrative, *rest = news[run]
        return {
            "title": narrative[:200],
            "body": "\n".join((narrative, *rest, "Hermosillo", "Centro")),
            "email": rest[-1],
        }

    def typed(run: int) -> dict[str, str]:
        names = ("narrativa", "nombre", "telefono", "correo")
        return {**dict(zip(names, news[run], strict=True)), "municipio": "Hermosillo", "colonia": "Centro"}

    def new(run: int) -> petitions.NewPetition:
        narrative, name, phone, email = news[run]
        return petitions.NewPetition(
            PetitionKind.PETICION, EntryChannel.PRESENCIAL, narrative, municipality_id="26030", colonia="Centro",
            name=name, phone=f"+52{phone}", email=email,
        )  # fmt: skip

    yield Task(
        "create (page)", lambda run: ours.create(secrets.token_hex(16), typed(run)), lambda run: ("create", ticket(run))
    )
    yield Task("create (code)", lambda run: ours.file(new(run)), lambda run: ("save", ticket(run)))


async def pair(task: Task, ours: Ours, theirs: Helpdesk, runs: int) -> Paired:
    """Ask both in turns; the first `WARM` of each are not counted."""
    times: tuple[list[float], list[float]] = ([], [])
    found = 0
    for run in range(runs + WARM):
        started = time.perf_counter()
        await task.ours(run)
        taken = (time.perf_counter() - started) * 1000
        do, order = task.theirs(run)
        found, their_time = await asyncio.to_thread(theirs.ask, do, **order)
        if run >= WARM:
            times[0].append(taken)
            times[1].append(their_time)
    told = ("", "")
    if task.listed is not None:
        told = (await _told(ours, task.listed(runs + WARM - 1)), f"{found:,}")
    paired = Paired(task.name, Measured(task.name, times[0]), Measured(task.name, times[1]), told)
    print(f"{task.name:40} ours {paired.ours.p50:8.1f}   theirs {paired.theirs.p50:8.1f}   {told}", flush=True)
    return paired


async def _told(ours: Ours, asked: dict[str, str]) -> str:
    async with ours.database.transaction() as session:
        user = (await session.scalars(select(User).order_by(User.username))).first()
        assert user is not None
        work, today = await deadlines.calendar(session), clock.local(clock.now()).date()
        page = await queries.search(session, Listing.of(asked.items()).filter(user, work, today))
    return f"more than {page.total:,}" if page.is_capped else f"{page.total:,}"


async def measure(url: str, folder: Path, theirs: Helpdesk, runs: int) -> list[Paired]:
    database = Database(url)
    app = create_app(
        Settings(
            database_url=url,
            var_dir=Path(tempfile.mkdtemp()),
            public_url=BASE,
            field_key=SecretStr(use_key_of(folder)),
            **{name: SecretStr(secrets.token_hex(32)) for name in ("secret_key", "internal_api_token", "bot_token")},
        )
    )
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url=BASE) as client:
        ours = Ours(database, client)
        await ours.sign_in()
        async with database.transaction() as session:
            known = await registry.sample(session)
            agencies = dict((await session.execute(select(Agency.id, Agency.key))).all())
        tasks = [*lists(ours, known, agencies, runs + WARM), *creating(ours, known, runs + WARM)]
        paired = [await pair(task, ours, theirs, runs) for task in tasks]
    await database.close()
    return paired


def environment(folder: Path) -> Path:
    """django-helpdesk's own Python, made the first time."""
    python, stamp = folder / "helpdesk" / "bin" / "python", folder / "helpdesk" / "requirements.txt"
    wanted = THEIRS / "requirements.txt"
    if not stamp.exists() or stamp.read_bytes() != wanted.read_bytes():
        uv = shutil.which("uv") or str(Path(os.environ.get("VAR_DIR", "var")) / "tools" / "bin" / "uv")
        subprocess.run(
            [uv, "venv", "--quiet", "--clear", "--python", sys.executable, str(python.parents[1])], check=True
        )
        subprocess.run(
            [uv, "pip", "install", "--quiet", "--python", python, "--require-hashes", "-r", wanted], check=True
        )
        shutil.copy(wanted, stamp)
    return python


def loaded(url: str, python: Path, rows: int) -> Helpdesk:
    """django-helpdesk on a new database of the same server, with the petitions that ours has now."""
    parts: dict[str, Any] = psycopg.conninfo.conninfo_to_dict(url)
    name = f"helpdesk_{rows}"
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(f'DROP DATABASE IF EXISTS "{name}"')
        connection.execute(f'CREATE DATABASE "{name}"')
    contacts = asyncio.run(in_transaction(url, _contacts))
    theirs = Helpdesk.start(python, name, parts["host"])
    print(f"{theirs.ask('load', source=url, contacts=contacts)[0]:,} tickets loaded", flush=True)
    return theirs


async def _contacts(session: AsyncSession) -> dict[str, tuple[str | None, str | None]]:
    """Each person's telephone and e-mail, opened."""
    rows = await session.execute(select(Person.id, Person.phone, Person.email))
    return {str(person_id): (phone, email) for person_id, phone, email in rows}


def table(paired: Sequence[Paired]) -> str:
    lines = [
        "| what | ours p50 | ours p95 | theirs p50 | theirs p95 | theirs / ours | ours found | theirs found |",
        "|---|---|---|---|---|---|---|---|",
    ]
    lines += [
        f"| {one.name} | {one.ours.p50:.1f} | {one.ours.p95:.1f} | {one.theirs.p50:.1f} | {one.theirs.p95:.1f} "
        f"| {one.theirs.p50 / one.ours.p50:.1f} | {one.found[0]} | {one.found[1]} |"
        for one in paired
    ]
    return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=100_000)
    parser.add_argument("--runs", type=int, default=20)
    parser.add_argument("--folder", type=Path, default=Path("var/benchmarks"))
    arguments = parser.parse_args()
    python = environment(arguments.folder.resolve())
    server, url = registry.prepare(arguments.folder, arguments.rows)
    try:
        theirs = loaded(url, python, arguments.rows)
        paired = asyncio.run(measure(url, arguments.folder, theirs, arguments.runs))
        theirs.stop()
    finally:
        server.release()
    told = TOLD.format(
        rows=arguments.rows, runs=arguments.runs, warm=WARM, load=os.getloadavg()[0], cores=os.cpu_count(),
        table=table(paired),
    )  # fmt: skip
    RESULTS.write_text(told, encoding="utf-8")


if __name__ == "__main__":
    main()
