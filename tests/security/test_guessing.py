"""Guessing folios and their codes, by every way that asks for them: nothing is disclosed, and all end refused.

CI guesses 2,000 times; `GUESSES=100000` is the full size (docs/security.md).
"""

import itertools
import os
import random
import time
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from dataclasses import dataclass

import httpx
import pytest
from fastapi import FastAPI
from sqlalchemy import insert

from backend import clock
from backend.contacts.models import Contact
from backend.conversations.models import Conversation
from backend.db import Database
from backend.registry import folios, guessing, petitions
from backend.registry.models import ActorKind, EntryChannel, PetitionKind
from backend.settings import Settings
from backend.telephony import keypad
from tests.staff import BASE

GUESSES = int(os.environ.get("GUESSES", "2000"))
#: Of each there are as many folios that exist as that do not.
FOLIOS = 10
_DICE = random.Random(7)


@pytest.fixture(autouse=True)
def one_moment(monkeypatch: pytest.MonkeyPatch) -> None:
    """All guesses fall into one window of the limits, however long a slow machine takes for them."""
    seconds, moment = time.time(), clock.now()
    monkeypatch.setattr(time, "time", lambda: seconds)
    monkeypatch.setattr(clock, "now", lambda: moment)


@dataclass(frozen=True)
class Targets:
    """Folios and, for those that exist, their codes."""

    real: dict[str, str]
    unreal: list[str]

    def turns(self) -> Iterator[tuple[str, str]]:
        """One that exists and one that does not, again and again: each is tried as often."""
        return itertools.cycle(zip(self.real, self.unreal, strict=True))


@pytest.fixture
async def targets(database: Database, settings: Settings) -> Targets:
    async with database.transaction() as session:
        new = petitions.NewPetition(PetitionKind.PETICION, EntryChannel.CALL_CENTER, "No hay agua en mi colonia")
        filed = [await petitions.file(session, new, actor=ActorKind.STAFF) for _ in range(FOLIOS)]
        real = {one.folio: petitions.code_of(one, settings.key) for one in filed}
        year = filed[0].year
    return Targets(real, [folios.make(year, 900_000 + number) for number in range(FOLIOS)])


def _code() -> str:
    return "".join(_DICE.choices(folios.CODE_ALPHABET, k=folios.CODE_LENGTH))


def _same(answer: httpx.Response, folio: str) -> tuple[int, str, dict[str, str]]:
    """An answer without the folio that was typed: what is left must not tell whether there is one."""
    headers = {name: value for name, value in answer.headers.items() if name != "retry-after"}
    return answer.status_code, answer.text.replace(folio, "FOLIO"), headers


def _from_address(app: FastAPI, number: int) -> httpx.AsyncClient:
    """A client of its own address: whoever guesses in earnest has many."""
    address = f"10.{number >> 16 & 255}.{number >> 8 & 255}.{number & 255}"
    return httpx.AsyncClient(transport=httpx.ASGITransport(app=app, client=(address, 1)), base_url=BASE)


async def test_at_the_page(app: FastAPI, targets: Targets) -> None:
    looked_at: dict[str, int] = {}
    for number, (real, unreal) in zip(range(GUESSES // 4), targets.turns(), strict=False):
        code = _code()
        async with _from_address(app, number) as client:
            one, other = [await client.post("/folio", data={"folio": at, "clave": code}) for at in (real, unreal)]
        assert _same(one, real) == _same(other, unreal)
        assert one.status_code in (404, 429), "a petition was disclosed"
        looked_at[real] = looked_at.get(real, 0) + (one.status_code == 404)
    assert set(looked_at.values()) == {guessing.PER_FOLIO}


async def test_in_the_chat(app: FastAPI, database: Database, settings: Settings, targets: Targets) -> None:
    """By the way that the bot asks, each few guesses from a new conversation: they are easily begun."""
    ask, turns, blocked = _bot(app, settings), targets.turns(), 0
    tried = GUESSES // 8
    async for conversation in _conversations(database, tried // 2):
        for real, unreal in itertools.islice(turns, 2):
            code = _code()
            one, other = [await ask(conversation, at, code) for at in (real, unreal)]
            assert one == other
            assert one["petition"] is None, "a petition was disclosed"
            assert one["result"] in ("not_found", "blocked")
            blocked += one["result"] == "blocked"
    assert blocked == tried - guessing.PER_FOLIO * FOLIOS

    folio, code = next(iter(targets.real.items()))
    fresh = [one async for one in _conversations(database, guessing.PER_FOLIO + 1)]
    for conversation in fresh[:-1]:
        await ask(conversation, folio, _code())
    assert (await ask(fresh[-1], folio, code))["result"] == "blocked", "under attack not even the code opens it"


def _bot(app: FastAPI, settings: Settings) -> Callable[[uuid.UUID, str, str], Awaitable[dict[str, object]]]:
    client = httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url=BASE)
    client.headers["Authorization"] = f"Bearer {settings.internal_api_token.get_secret_value()}"

    async def ask(conversation: uuid.UUID, folio: str, code: str) -> dict[str, object]:
        body = {"folio": folio, "access_code": code}
        headers = {"Idempotency-Key": uuid.uuid4().hex}
        answer = await client.post(f"/internal/conversations/{conversation}/status", json=body, headers=headers)
        assert answer.status_code == 200, answer.text
        found: dict[str, object] = answer.json()
        return found

    return ask


async def _conversations(database: Database, number: int) -> AsyncIterator[uuid.UUID]:
    ids = [uuid.uuid4() for _ in range(number)]
    async with database.transaction() as session:
        contact = Contact()
        session.add(contact)
        await session.flush()
        rows = [
            {"id": one, "channel": "web", "account": "portal", "external_user_id": one.hex, "contact_id": contact.id}
            for one in ids
        ]
        await session.execute(insert(Conversation), rows)
    for one in ids:
        yield one


async def test_by_telephone(database: Database, settings: Settings, targets: Targets) -> None:
    """Of a code's keys there are fewer: over all calls together few are looked at, whatever number each comes from."""
    results = []
    async with database.transaction() as session:
        for number, (real, unreal) in zip(range(GUESSES // 8), targets.turns(), strict=False):
            typed = folios.keypad(_code())
            for at in (real, unreal):
                _, year, rest = at.split("-")[:3]
                found = await keypad.look_up(
                    session, caller=f"+52662{number:07d}", folio=(int(year), int(rest)), code=typed, secret=settings.key
                )
                assert found.petition is None, "a petition was disclosed"
                results.append(found.result)
        folio, code = next(iter(targets.real.items()))
        asked = int(folio.split("-")[1]), int(folio.split("-")[2])
        right = await keypad.look_up(
            session, caller="+526620000000", folio=asked, code=folios.keypad(code), secret=settings.key
        )
    assert results.count(keypad.Result.WRONG) == min(keypad.ALTOGETHER, len(results))
    assert set(results[: keypad.ALTOGETHER]) == {keypad.Result.WRONG}, "the first are all alike, there or not"
    assert right.result is keypad.Result.BLOCKED


async def test_without_a_key_the_interfaces_of_programs_say_nothing(app: FastAPI, targets: Targets) -> None:
    client = _from_address(app, 1)
    for real, unreal in itertools.islice(targets.turns(), 10):
        for path in ("/api/petitions/{}", "/api/petitions/{}/turns", "/open311/v2/requests/{}.json", "/folio/{}"):
            for headers in ({}, {"Authorization": "Bearer csi_adivinada"}):
                one, other = [await client.get(path.format(at), headers=headers) for at in (real, unreal)]
                assert _same(one, real) == _same(other, unreal), path
                assert one.status_code in (401, 403) or path == "/folio/{}", path


async def test_the_right_code_opens_so_that_the_guesses_could_have(app: FastAPI, targets: Targets) -> None:
    folio, code = next(iter(targets.real.items()))
    answer = await _from_address(app, 2).post("/folio", data={"folio": folio, "clave": code})
    assert (answer.status_code, folio in answer.text) == (200, True)
