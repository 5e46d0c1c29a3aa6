"""One of the two offices that are compared: its database, its web process, and who asks what of it."""

import asyncio
import os
import socket
import subprocess
import sys
import time
import uuid
from collections import defaultdict
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from hashlib import md5
from pathlib import Path
from typing import Any, LiteralString

import httpx
import psycopg
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from backend.agents import service as agents
from backend.agents import sessions
from backend.agents.models import Role, User
from backend.board import service as board
from backend.catalog.models import Agency
from backend.console.pages_board import DISPLAY_COOKIE
from backend.conversations.files import FileStore
from backend.db import Database, in_transaction
from backend.messaging.credentials import seal
from backend.messaging.models import ChannelAccount
from backend.registry import folios
from backend.registry.models import Person
from backend.vault import ring
from backend.widget import tokens as chat_tokens

ROOT = Path(__file__).resolve().parents[1]
SECRET = "growth-secret-key-0123456789abcdef"  # noqa: S105
INTERNAL_TOKEN = "growth-internal-0123456789"  # noqa: S105
TWILIO_TOKEN, TELEGRAM_SECRET = "f" * 32, "growth-secret_0123456789"
START_SECONDS = 300
#: Of every file in `growth.sql`.
_SHA256 = "0" * 64
_PEOPLE = {
    "growth-head": Role.HEAD, "growth-admin": Role.ADMIN, "growth-auditor": Role.AUDITOR, "growth-liaison": Role.LIAISON
}  # fmt: skip
#: Rows of the history that are looked at, from its newest to its oldest. Each is a multiple of this: rows of every
#: kind are told of it (`growth.sql`). The newest are left out, for what is new differs from what is not.
_EVERY, SUBJECTS = 1200, 8


_OTHERS: dict[str, LiteralString] = {
    "turn_id": "SELECT id::text FROM turn WHERE agency_id = (SELECT id FROM agency ORDER BY key LIMIT 1)"
    " AND state = 'contestado' ORDER BY created_at DESC, id",
    "arco": "SELECT id::text FROM arco_request ORDER BY created_at DESC, id",
    "reported": "SELECT folio FROM petition WHERE kind IN ('peticion', 'queja') AND topic_id IS NOT NULL"
    " ORDER BY created_at DESC, id",
}


@dataclass(frozen=True)
class Subject:
    """A conversation with all that is about it, by its number in `growth.sql`."""

    row: int
    folio: str
    code: str
    name: str
    phone: str | None
    narrative: str

    def id(self, kind: str, part: int = 1) -> str:
        """The id of its row of a kind, of which there is one for every `part` conversations."""
        return made_id(kind, self.row // part)


def made_id(kind: str, number: int) -> str:
    """As `growth.id` has it."""
    return str(uuid.UUID(md5(f"{kind}{number}".encode(), usedforsecurity=False).hexdigest()))


@dataclass
class Office:
    """`times`: of each request and look by name, in milliseconds."""

    conversations: int
    database_url: str
    base_url: str
    subjects: list[Subject]
    headers: dict[str, dict[str, str]]
    accounts: dict[str, str]
    #: Names of rows that a subject has none of for certain, from the newest to the oldest.
    others: dict[str, list[str]]
    client: httpx.AsyncClient
    database: Database
    times: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    #: Whether what is done now counts.
    is_measured: bool = True

    def chat(self, conversation_id: str) -> dict[str, str]:
        """What a citizen shows for this conversation."""
        return {"Authorization": f"Bearer {chat_tokens.issue(SECRET.encode(), uuid.UUID(conversation_id))}"}

    async def ask(self, name: str, method: str, path: str, who: str | Mapping[str, str], **more: Any) -> httpx.Response:
        """The whole answer to a request. Raises RuntimeError for a refusal: it would be quick, and measure nothing."""
        headers = {**(self.headers[who] if isinstance(who, str) else who), **more.pop("headers", {})}
        began = time.perf_counter()
        try:
            answer = await self.client.request(method, path, headers=headers, **more)
        except httpx.TimeoutException:
            raise RuntimeError(f"{name}: no answer to {method} {path}") from None
        self._note(name, began)
        if answer.status_code >= 400:
            raise RuntimeError(f"{name}: {answer.status_code} to {method} {path}: {answer.text[:300]}")
        return answer

    async def begin(self, name: str, path: str, who: str | Mapping[str, str]) -> None:
        """An answer's first bytes, of one that goes on and on or is the longer the more there is."""
        headers = self.headers[who] if isinstance(who, str) else who
        began = time.perf_counter()
        try:
            async with self.client.stream("GET", path, headers=headers) as answer:
                async for _ in answer.aiter_raw():
                    break
        except httpx.TimeoutException:
            raise RuntimeError(f"{name}: no answer to GET {path}") from None
        self._note(name, began)
        if answer.status_code >= 400:
            raise RuntimeError(f"{name}: {answer.status_code} to GET {path}")

    async def look(self, name: str, work: Callable[[AsyncSession], Awaitable[object]]) -> None:
        """What a process of ours asks of the database; whatever it did is undone."""
        with suppress(_Undone):
            async with self.database.transaction() as session:
                began = time.perf_counter()
                await work(session)
                self._note(name, began)
                raise _Undone

    def _note(self, name: str, began: float) -> None:
        if self.is_measured:
            self.times[name].append((time.perf_counter() - began) * 1000)


class _Undone(Exception):
    """Ends a transaction that is not to be kept."""


@contextmanager
def serving(url: str, field_key: str, folder: Path) -> Iterator[str]:
    """A web process on this database; its address."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    address = f"http://127.0.0.1:{port}"
    environment = {
        **os.environ, "DATABASE_URL": url, "FIELD_KEY": field_key, "VAR_DIR": str(folder), "PORT": str(port),
        "PUBLIC_URL": address, "SECRET_KEY": SECRET, "INTERNAL_API_TOKEN": INTERNAL_TOKEN,
        "BOT_TOKEN": "growth-bot-0123456789abcdef", "LOG_LEVEL": "ERROR", "SESSIONS_PER_MINUTE": "100000",
        "MESSAGES_PER_MINUTE": "100000",
    }  # fmt: skip
    with (folder / "web.log").open("w") as log:
        process = subprocess.Popen([sys.executable, "-m", "backend", "web"], cwd=ROOT, env=environment, stderr=log)
        try:
            yield address
        finally:
            process.terminate()
            process.wait(START_SECONDS)


def wait_for(address: str) -> None:
    """Until a web process answers."""
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        try:
            httpx.get(f"{address}/health/live", timeout=5, trust_env=False).raise_for_status()
        except httpx.HTTPError:
            time.sleep(0.1)
        else:
            return
    raise TimeoutError("the web process did not start")


def open_office(conversations: int, url: str, address: str, folder: Path) -> Office:
    """Everybody who asks, with what they show, and what they ask about."""
    store = FileStore(folder / "attachments", max_bytes=10_000)
    store.path(_SHA256).parent.mkdir(parents=True, exist_ok=True)
    store.path(_SHA256).write_bytes(b"\xff\xd8\xff\xe0 photo")
    ring.use(ring.Keyring(url))
    with psycopg.connect(url, autocommit=True) as connection:
        _tidy(connection)
        rows = _subject_rows(connection, conversations)
        others = {name: _spread([one for (one,) in connection.execute(query)]) for name, query in _OTHERS.items()}
    headers, accounts, phones = asyncio.run(in_transaction(url, lambda session: _people(session, rows)))
    subjects = [
        Subject(row, folio, folios.access_code(SECRET.encode(), folio, nonce), name, phones[name], narrative)
        for row, folio, nonce, name, narrative in rows
    ]
    return Office(
        conversations, url, address, subjects, headers, accounts, others,
        httpx.AsyncClient(base_url=address, timeout=30, trust_env=False), Database(url),
    )  # fmt: skip


def _spread(names: list[str]) -> list[str]:
    return names[:: max(1, len(names) // SUBJECTS)][:SUBJECTS]


def _subject_rows(connection: psycopg.Connection[Any], conversations: int) -> list[tuple[int, str, str, str, str]]:
    """Number, folio, its nonce, its person's name and its narrative."""
    many = conversations // _EVERY
    numbers = [_EVERY * (1 + many * place // SUBJECTS) for place in range(SUBJECTS)]
    found = connection.execute(
        "SELECT i, folio, access_nonce, full_name, narrative FROM unnest(%s::int[]) i"
        " JOIN petition ON petition.id = growth.id('p', i / 4) JOIN person ON person.id = petition.person_id"
        " ORDER BY i",
        (numbers,),
    ).fetchall()
    return [(row[0], row[1], row[2], row[3], row[4]) for row in found]


def _tidy(connection: psycopg.Connection[Any]) -> None:
    """What earlier runs left to be done, which no worker of this benchmark does, and who asked in them."""
    connection.execute(
        "UPDATE message SET handled_at = now() WHERE handled_at IS NULL AND author IN ('citizen', 'control')"
    )
    connection.execute("UPDATE delivery SET state = 'sent' WHERE state IN ('pending', 'sending', 'uncertain')")
    connection.execute("TRUNCATE procrastinate_jobs, arrival CASCADE")
    connection.execute("DELETE FROM staff_token")


async def _people(
    session: AsyncSession, rows: Sequence[tuple[int, str, str, str, str]]
) -> tuple[dict[str, dict[str, str]], dict[str, str], dict[str, str | None]]:
    """What each caller shows, the accounts of the vendors' channels, and the telephones of the rows' people."""
    agency_id = await session.scalar(select(Agency.id).order_by(Agency.key).limit(1))
    users = {"analyst": await agents.find_user(session, "persona1")}
    for name, role in _PEOPLE.items():
        if await session.scalar(select(User.id).where(User.username == name)) is None:
            of_agency = agency_id if role is Role.LIAISON else None
            await agents.create_user(
                session, username=name, full_name=name, role=role, password=uuid.uuid4().hex, agency_id=of_agency
            )
        users[role.value] = await agents.find_user(session, name)
    headers = {
        name: {"Authorization": f"Bearer {await sessions.issue_token(session, user, 'growth')}"}
        for name, user in users.items()
    }
    screen = await board.add_display(session, users["head"], "growth")
    headers |= {
        "anyone": {}, "bot": {"Authorization": f"Bearer {INTERNAL_TOKEN}"},
        "board": {"Cookie": f"{DISPLAY_COOKIE}={screen}"},
    }  # fmt: skip
    names = [name for *_, name, _ in rows]
    phones = await session.execute(select(Person.full_name, Person.phone).where(Person.full_name.in_(names)))
    return headers, await _accounts(session), dict(phones.all())


async def _accounts(session: AsyncSession) -> dict[str, str]:
    """The ids of the channels' accounts, made at the first run."""
    values = {
        "whatsapp": (
            "+526620000001",
            {"account_sid": "AC" + "0" * 32, "auth_token": TWILIO_TOKEN, "number": "+526620000001"},
        ),
        "telegram": ("7000000001", {"token": "7000000001:growth-token", "webhook_secret": TELEGRAM_SECRET}),
    }
    found = {}
    for channel, (account, credentials) in values.items():
        known = await session.scalar(select(ChannelAccount).filter_by(channel=channel, account=account))
        if known is None:
            sealed = seal(SECRET.encode(), credentials)
            known = ChannelAccount(channel=channel, account=account, name=channel, credentials=sealed)
            session.add(known)
            await session.flush()
        found[channel] = str(known.id)
    return found
