"""1,000 open event streams on one web process: how long after its commit a message is at its reader.

Citizens' streams each follow a conversation of their own, agents' each the inbox and one of those conversations.
Messages are committed at a steady rate, to one conversation after another; the clock runs from just before COMMIT is
sent until the bytes arrive in another process. By turns with the same number of streams of a bare FastAPI endpoint
that passes on what LISTEN tells it, reading nothing: no cursor, so a reader who was away has lost what came meanwhile.
"""

import asyncio
import json
import random
import secrets
import sys
import time
from collections import defaultdict
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from uuid import UUID

import psycopg

from backend.agents import service as agents
from backend.agents import sessions
from backend.agents.models import Role
from backend.conversations import messages
from backend.conversations.messages import NewMessage
from backend.conversations.models import Author
from backend.db import Database
from backend.widget import service as widget
from backend.widget import tokens
from benchmarks import bare, servers
from benchmarks.servers import Ground
from benchmarks.table import Row, at_most
from benchmarks.timing import median_ms, percentile_ms
from tests.end_to_end.product import ROOT

STREAMS, AGENTS = 1000, 20
#: Messages committed a second, and for how long in each round.
RATES = (20, 50)
SECONDS = 15.0
ROUNDS = 2
CLIENTS = 2
#: How long what was committed last may take to arrive.
SETTLE_SECONDS = 5.0
AGAINST = "bare stream"
LIMIT = at_most(100)

Stream = tuple[str, dict[str, str]]
#: Commits the message of a serial to a conversation; when it was about to be committed.
Write = Callable[[UUID, int], Awaitable[float]]


@dataclass(frozen=True)
class Side:
    """Ours or the bare one. `readers` are each conversation's streams, by their places in `streams`."""

    streams: list[Stream]
    readers: dict[UUID, list[int]]
    write: Write


@dataclass
class Delays:
    """From commit to reader, in seconds."""

    citizens: list[float] = field(default_factory=list)
    agents: list[float] = field(default_factory=list)
    missing: int = 0


class Serials:
    """Names every message, in all rounds."""

    def __init__(self) -> None:
        self._last = 0

    def next(self) -> int:
        self._last += 1
        return self._last


async def measure(folder: Path) -> list[Row]:
    with servers.postgres(folder) as url:
        ground = await servers.prepared(folder, url)
        database = Database(ground.database_url)
        conversations, staff = await _people(database)
        try:
            with servers.ours(ground) as our_url, servers.bare(ground) as bare_url:
                async with await psycopg.AsyncConnection.connect(ground.database_url) as connection:
                    sides = {
                        "ours": _ours(ground, database, our_url, conversations, staff),
                        "bare": _bare(connection, bare_url, conversations),
                    }
                    return await _compare(sides)
        finally:
            await database.close()


async def _people(database: Database) -> tuple[list[UUID], list[str]]:
    """A conversation for each citizen, and the token of each agent."""
    async with database.transaction() as session:
        conversations = [await widget.start(session, language="es-MX", page_url=None) for _ in range(STREAMS - AGENTS)]
        staff = []
        for number in range(AGENTS):
            username = f"agente{number}"
            user, _ = await agents.create_user(
                session,
                username=username,
                full_name=username,
                role=Role.ANALYST,
                password=secrets.token_urlsafe(),
            )
            staff.append(await sessions.issue_token(session, user, "benchmark"))
    return conversations, staff


def _ours(ground: Ground, database: Database, url: str, conversations: list[UUID], staff: list[str]) -> Side:
    key = ground.settings.key
    streams = [(f"{url}/api/chat/stream", _bearer(tokens.issue(key, one))) for one in conversations]
    readers = {one: [place] for place, one in enumerate(conversations)}
    for conversation, token in zip(conversations, staff, strict=False):
        readers[conversation].append(len(streams))
        streams.append((f"{url}/api/console/stream?conversation={conversation}", _bearer(token)))

    async def write(conversation_id: UUID, serial: int) -> float:
        async with database.transaction() as session:
            conversation = await messages.lock(session, conversation_id)
            await messages.append(session, conversation, NewMessage(Author.BOT, text=f"m-{serial:06}"))
            return time.monotonic()

    return Side(streams, readers, write)


def _bare(connection: psycopg.AsyncConnection, url: str, conversations: list[UUID]) -> Side:
    """As many streams; what an agent follows is the conversation alone."""
    followed = [*conversations, *conversations[:AGENTS]]
    readers: defaultdict[UUID, list[int]] = defaultdict(list)
    for place, one in enumerate(followed):
        readers[one].append(place)

    async def write(conversation_id: UUID, serial: int) -> float:
        said = f"m-{serial:06}"
        await connection.execute(bare.INSERT, (said, str(conversation_id), said))
        await connection.execute("SELECT pg_notify(%s, %s)", (bare.CHANNEL, f"{conversation_id} {said}"))
        about_to = time.monotonic()
        await connection.commit()
        return about_to

    return Side([(f"{url}/events/{one}", {}) for one in followed], readers, write)


def _bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


async def _compare(sides: dict[str, Side]) -> list[Row]:
    serials = Serials()
    delays: defaultdict[tuple[str, int], Delays] = defaultdict(Delays)
    for _ in range(ROUNDS):
        for name, side in sides.items():
            async with _followed(side.streams) as followed:
                committed = {rate: await _write(side, rate, serials) for rate in RATES}
                await asyncio.sleep(SETTLE_SECONDS)
            for rate, ones in committed.items():
                _collect(delays[name, rate], side, ones, followed)
    return [row for rate in RATES for row in _rows(rate, delays["ours", rate], delays["bare", rate])]


async def _write(side: Side, rate: int, serials: Serials) -> list[tuple[UUID, int, float]]:
    """Commit at a steady rate; what, where and when. Agents' conversations have their share of it, and some more."""
    chance = random.Random(rate)
    everybody, of_agents = list(side.readers), list(side.readers)[:AGENTS]
    committed = []
    began = time.monotonic()
    for number in range(int(rate * SECONDS)):
        await asyncio.sleep(max(0.0, began + number / rate - time.monotonic()))
        conversation = chance.choice(of_agents if number % 5 == 0 else everybody)
        serial = serials.next()
        committed.append((conversation, serial, await side.write(conversation, serial)))
    return committed


def _collect(
    delays: Delays, side: Side, committed: list[tuple[UUID, int, float]], arrived: dict[tuple[int, int], float]
) -> None:
    citizens = STREAMS - AGENTS
    for conversation, serial, about_to in committed:
        for place in side.readers[conversation]:
            at = arrived.get((place, serial))
            if at is None:
                delays.missing += 1
            else:
                (delays.citizens if place < citizens else delays.agents).append(at - about_to)


def _rows(rate: int, ours: Delays, bare_one: Delays) -> list[Row]:
    rows = []
    for who, mine, theirs in (
        ("citizens", ours.citizens, bare_one.citizens),
        ("agents", ours.agents, bare_one.agents),
    ):
        what = f"{STREAMS:,} streams, {rate} messages/s, {who}"
        rows += [
            Row(f"{what}, median", median_ms(mine), "ms", median_ms(theirs), AGAINST),
            Row(f"{what}, p95", percentile_ms(mine, 95), "ms", percentile_ms(theirs, 95), AGAINST, LIMIT),
            Row(f"{what}, p99", percentile_ms(mine, 99), "ms", percentile_ms(theirs, 99), AGAINST),
        ]
    what = f"{STREAMS:,} streams, {rate} messages/s, not arrived"
    return [*rows, Row(what, ours.missing, "messages", bare_one.missing, AGAINST, at_most(0))]


@asynccontextmanager
async def _followed(streams: list[Stream]) -> AsyncIterator[dict[tuple[int, int], float]]:
    """Follow them all from processes apart; when the block is over, what arrived: (stream, serial) and when."""
    arrived: dict[tuple[int, int], float] = {}
    shares = [list(range(first, len(streams), CLIENTS)) for first in range(CLIENTS)]
    clients = [await _client([streams[place] for place in share]) for share in shares]
    yield arrived
    for client, share in zip(clients, shares, strict=True):
        told, _ = await client.communicate(b"")
        for place, serial, at in json.loads(told):
            arrived.setdefault((share[place], serial), at)


async def _client(streams: list[Stream]) -> asyncio.subprocess.Process:
    client = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "benchmarks.stream_client",
        cwd=ROOT,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        limit=1 << 24,
    )
    assert client.stdin is not None and client.stdout is not None
    client.stdin.write(json.dumps(streams).encode() + b"\n")
    if await client.stdout.readline() != b"ready\n":
        raise RuntimeError("the streams could not be opened")
    return client
