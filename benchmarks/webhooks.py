"""A vendor's message accepted, answered when committed: ours against a bare FastAPI and psycopg insert.

Both are one web process on one PostgreSQL, under the same uvicorn settings, and get the same messages (signed as the
vendor signs them) by turns: of people who wrote before, and of people who write for the first time. The bare insert
checks no signature, keeps no order within a conversation and wakes nobody.

What a worker does with what was accepted (reading it, opening conversations, storing messages) has rows of its own,
without a baseline: it is no longer the vendor's wait, and still work. The turns after it are `benchmarks.turn`.
"""

import asyncio
import json
import time
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlencode

import aiohttp
from sqlalchemy import delete
from twilio.request_validator import RequestValidator

from backend.db import Database
from backend.messaging.adapters import Adapters
from backend.messaging.credentials import seal
from backend.messaging.models import Arrival, ChannelAccount
from backend.webhooks.reading import ArrivalReader
from benchmarks import servers
from benchmarks.servers import Ground
from benchmarks.table import Row, ratio_at_least
from benchmarks.timing import median_ms, percentile_ms

TOKEN, SECRET = "f" * 32, "benchmark-secret_0123456789"
CREDENTIALS = {
    "whatsapp": {"account_sid": "AC" + "0" * 32, "auth_token": TOKEN, "number": "+16625550100"},
    "telegram": {"token": "123456789:benchmark-token", "webhook_secret": SECRET},
}
ROUNDS, SECONDS = 4, 3.0
#: How many calls at once.
LEVELS = (1, 8, 32)
#: People who write by turns, so that calls of one person seldom wait for each other.
PEOPLE = 200
AGAINST = "bare insert"
LIMIT = ratio_at_least(0.5)


@dataclass(frozen=True)
class Call:
    body: bytes
    headers: dict[str, str]


@dataclass
class Taken:
    """Rounds of one kind: how long each call and all of them took."""

    seconds: float = 0.0
    calls: list[float] = field(default_factory=list)

    @property
    def per_second(self) -> float:
        return len(self.calls) / self.seconds


class Vendor:
    """Makes calls as the vendor does, never the same message twice."""

    def __init__(self, channel: str, signed_url: str) -> None:
        self.channel = channel
        self._signed_url = signed_url
        self._number = 0

    def call(self, *, of_a_new_person: bool = False) -> Call:
        self._number += 1
        person = 100_000 + self._number if of_a_new_person else self._number % PEOPLE
        text = f"Mensaje {self._number}: hay un bache en mi calle, ¿me ayuda?"
        return self._whatsapp(person, text) if self.channel == "whatsapp" else self._telegram(person, text)

    def _whatsapp(self, person: int, text: str) -> Call:
        form = {
            "AccountSid": CREDENTIALS["whatsapp"]["account_sid"],
            "MessageSid": f"SM{self._number:032}",
            "From": f"whatsapp:+5266{person:08}",
            "To": "whatsapp:+16625550100",
            "ProfileName": "Vecina",
            "Body": text,
            "NumMedia": "0",
        }
        signature = RequestValidator(TOKEN).compute_signature(self._signed_url, form)
        headers = {"x-twilio-signature": signature, "content-type": "application/x-www-form-urlencoded"}
        return Call(urlencode(form).encode(), headers)

    def _telegram(self, person: int, text: str) -> Call:
        sender = {"id": 5_000_000 + person, "first_name": "Vecina"}
        message = {
            "message_id": self._number,
            "date": 1_790_000_000,
            "chat": {**sender, "type": "private"},
            "from": {**sender, "is_bot": False},
            "text": text,
        }
        body = json.dumps({"update_id": self._number, "message": message}).encode()
        headers = {"x-telegram-bot-api-secret-token": SECRET, "content-type": "application/json"}
        return Call(body, headers)


async def measure(folder: Path) -> list[Row]:
    with servers.postgres(folder) as url:
        ground = await servers.prepared(folder, url, public_url="https://chat.example.gob.mx")
        accounts = await _open_accounts(ground)
        with servers.ours(ground) as our_url, servers.bare(ground) as bare_url:
            rows = []
            for channel, path in accounts.items():
                vendor = Vendor(channel, f"{ground.settings.base_url}{path}")
                rows += await _compare(vendor, f"{our_url}{path}", f"{bare_url}/{channel}")
                rows += await _read(ground, vendor, f"{our_url}{path}")
            return rows


async def _open_accounts(ground: Ground) -> dict[str, str]:
    """An account of each vendor; where it calls."""
    database = Database(ground.database_url)
    paths = {}
    async with database.transaction() as session:
        for channel, values in CREDENTIALS.items():
            sealed = seal(ground.settings.key, values)
            account = ChannelAccount(channel=channel, account=channel, name=channel, credentials=sealed)
            session.add(account)
            await session.flush()
            paths[channel] = f"/webhooks/{channel}/{account.id}"
    await database.close()
    return paths


async def _compare(vendor: Vendor, our_url: str, bare_url: str) -> list[Row]:
    urls = {"ours": our_url, "bare": bare_url}
    kinds = [(at_once, False) for at_once in LEVELS] + [(8, True)]
    taken: defaultdict[tuple[str, int, bool], Taken] = defaultdict(Taken)
    for url in urls.values():  # their first calls open connections and conversations
        known = [vendor.call() for _ in range(PEOPLE)]
        await make(url, known, 8, Taken())
    for number in range(ROUNDS):
        for at_once, are_new in kinds:
            # Who goes first changes, so that neither always finds what the other left.
            for name, url in sorted(urls.items(), reverse=number % 2 == 0):
                await make(url, _for_a_while(vendor, are_new), at_once, taken[name, at_once, are_new])
    rows = []
    for at_once, are_new in kinds:
        pair = (taken["ours", at_once, are_new], taken["bare", at_once, are_new])
        rows += _rows(vendor.channel, at_once, are_new, *pair)
    return rows


async def _read(ground: Ground, vendor: Vendor, our_url: str) -> list[Row]:
    """How many messages a second one worker's readers store, of people new to us and of the same people again."""
    database = Database(ground.database_url)
    adapters = Adapters(ground.settings, database)
    reader = ArrivalReader(database, adapters)
    async with database.transaction() as session:  # what the rounds before brought
        await session.execute(delete(Arrival))
    rows = []
    for who in ("people new to us", "people who wrote before"):
        await make(our_url, [vendor.call() for _ in range(PEOPLE)], 8, Taken())
        began = time.perf_counter()
        await reader.read_due()
        rate = PEOPLE / (time.perf_counter() - began)
        rows.append(Row(f"{vendor.channel}, read by a worker, {who}", rate, "messages/s"))
    await adapters.close()
    await database.close()
    return rows


def _for_a_while(vendor: Vendor, are_new: bool) -> Iterator[Call]:
    give_up_at = time.perf_counter() + SECONDS
    while time.perf_counter() < give_up_at:
        yield vendor.call(of_a_new_person=are_new)


def _rows(channel: str, at_once: int, are_new: bool, ours: Taken, bare: Taken) -> list[Row]:
    what = f"{channel}, {at_once} at once{', people new to us' if are_new else ''}"
    pairs = [("median", median_ms(ours.calls), median_ms(bare.calls))]
    pairs.append(("p95", percentile_ms(ours.calls, 95), percentile_ms(bare.calls, 95)))
    rate = Row(what, ours.per_second, "messages/s", bare.per_second, AGAINST, LIMIT)
    return [rate, *(Row(f"{what}, {name}", mine, "ms", theirs, AGAINST) for name, mine, theirs in pairs)]


async def make(url: str, calls: Iterable[Call], at_once: int, taken: Taken) -> None:
    """Make the calls, so many at once; each must be accepted."""
    waiting = iter(calls)
    connector = aiohttp.TCPConnector(limit=at_once)
    async with aiohttp.ClientSession(connector=connector, raise_for_status=True) as client:

        async def caller() -> None:
            for call in waiting:
                began = time.perf_counter()
                async with client.post(url, data=call.body, headers=call.headers) as answer:
                    await answer.read()
                taken.calls.append(time.perf_counter() - began)

        began = time.perf_counter()
        await asyncio.gather(*(caller() for _ in range(at_once)))
        taken.seconds += time.perf_counter() - began
