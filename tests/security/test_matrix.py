"""Every route as every caller: who gets in is who `matrix.yml` says, no more and no fewer.

No endpoint runs: whoever gets as far as one gets in. Where the endpoint itself asks for a proof (a code, a signature),
it does run, without the proof. What it does with somebody else's objects is in `test_foreign.py`.
"""

import asyncio
import os
from collections.abc import Callable

import pytest
from fastapi import FastAPI, Response, routing

from backend.db import Database
from backend.settings import Settings
from tests.all_routes import Known, all_routes
from tests.security import table
from tests.security.callers import Caller, everybody

#: The answer that stands in for an endpoint's, and the one of a form that it would refuse: both are past the door.
REACHED = 299
INSIDE = {REACHED, 422}
#: How a closed door answers: as to nobody, unless it is said here. To a liaison nothing of the office exists.
NOBODY = {303, 401, 403}
CLOSED = {name: {401, 404} for name in ("liaison", "liaison_token")} | {
    name: {401, 403, 404}
    for name in ("auditor", "analyst", "head", "admin", "auditor_token", "analyst_token", "admin_token")
}
#: The board asks no token, and Open311's standard has one answer for whoever brings no key.
#: What is a person's own at a browser is refused to a program in so many words.
CLOSED_OF = {
    "at_a_browser": {303, 401, 403},
    "board": {303, 403, 404},
    "program_readers": {403},
    "program_writers": {403},
}
#: Treated alike by whatever asks for a member of staff: CI sends one of each kind to a door, by turns; `MATRIX=full`
#: sends everybody everywhere.
ALIKE = (
    ("citizen", "bot", "screen", "newcomer"),
    ("liaison_token", "auditor_token", "key_leer", "analyst_token", "key_escribir", "admin_token"),
)
PEOPLES = {"accounts", "settled", "staff", "heads", "admins", "liaisons", "desk_and_auditors", "overseers"}


def _left_out(word: str, turn: int) -> set[str]:
    """Who of those alike are left out at this door."""
    if os.environ.get("MATRIX") == "full" or word not in PEOPLES:
        return set()
    return {name for kind in ALIKE for place, name in enumerate(kind) if place != turn % len(kind)}


async def _reached(**_: object) -> Response:
    return Response(status_code=REACHED)


@pytest.fixture
def make_inert(monkeypatch: pytest.MonkeyPatch) -> Callable[[], None]:
    """From then on whoever reaches an endpoint is told so, and nothing is done."""
    return lambda: monkeypatch.setattr(routing, "run_endpoint_function", _reached)


def test_every_route_has_its_entry_and_every_entry_its_route(app: FastAPI) -> None:
    known = {(route.method, route.path) for route in all_routes(app)}
    entries = table.read().entries
    assert known - set(entries) == set(), "routes without an entry in tests/security/matrix.yml"
    assert set(entries) - known == set(), "entries of tests/security/matrix.yml without a route"
    words = {"anyone", *table.read().groups, *table.read().proofs}
    assert set(entries.values()) == words


async def test_who_gets_in_is_who_the_table_says(
    app: FastAPI, database: Database, settings: Settings, make_inert: Callable[[], None]
) -> None:
    found = table.read()
    callers, conversation = await everybody(app, database, settings)
    assert set(callers) == set(found.callers)
    make_inert()
    wrong = []
    for turn, route in enumerate(all_routes(app)):
        word = found.entries[route.method, route.path]
        if word in found.proofs:
            continue
        path = route.address({"conversation_id": conversation, "form": "json"})
        sent = [caller for name, caller in callers.items() if name not in _left_out(word, turn)]
        answers = await asyncio.gather(*(caller.call(route.method, path) for caller in sent))
        for caller, answer in zip(sent, answers, strict=True):
            closed = CLOSED_OF.get(word) or CLOSED.get(caller.name, NOBODY)
            if answer.status_code not in (INSIDE if found.may(caller.name, word) else closed):
                wrong.append(f"{route.method} {route.path} ({word}): {caller.name} got {answer.status_code}")
    assert not wrong, "\n".join(wrong)


async def test_without_the_proof_nobody_gets_past_a_door_that_asks_for_one(
    app: FastAPI, database: Database, settings: Settings
) -> None:
    found = table.read()
    callers, _ = await everybody(app, database, settings)
    wrong = []
    for route in all_routes(app):
        refusals = found.proofs.get(found.entries[route.method, route.path])
        if refusals is None:
            continue
        for caller in callers.values():
            status = (await caller.call(route.method, route.address({"expires": "9999999999"}))).status_code
            if status not in refusals:
                wrong.append(f"{route.method} {route.path}: {caller.name} got {status}")
    assert not wrong, "\n".join(wrong)


async def test_what_a_cookie_opens_changes_nothing_without_the_token_or_from_another_site(
    app: FastAPI, database: Database, settings: Settings, make_inert: Callable[[], None]
) -> None:
    """Whatever the page that sends it: the browser adds the cookie by itself."""
    found = table.read()
    callers, _ = await everybody(app, database, settings)
    make_inert()
    tried = 0
    for turn, route in enumerate(all_routes(app)):
        word = found.entries[route.method, route.path]
        if route.method == "GET" or word in found.proofs or word == "anyone":
            continue
        for name in ("liaison", "admin"):
            if found.may(name, word):
                tried += 1
                await _forged(callers[name], route, turn)
    assert tried > 150


#: Without the token, or with another; from another site, or from where no site is.
FORGED = (
    ({"X-CSRF-Token": ""}, {"Origin": "https://malo.example"}),
    ({"X-CSRF-Token": "otro"}, {"Origin": "null"}),
)


async def _forged(caller: Caller, route: Known, turn: int) -> None:
    for instead in FORGED[turn % 2]:
        answer = await caller.call(route.method, route.address({}), **instead)
        where = f"{route.method} {route.path} as {caller.name} with {instead}"
        assert answer.status_code == 403, f"{where}: {answer.status_code}"


async def test_no_page_of_another_site_signs_anybody_in(app: FastAPI, database: Database, settings: Settings) -> None:
    """There is no token before there is a session: the Origin alone tells."""
    found = table.read()
    callers, _ = await everybody(app, database, settings)
    doors = [route for route in all_routes(app) if found.entries[route.method, route.path] == "credentials"]
    forms = {"/consola": {"data": {"username": "ana", "password": "x", "clave": "x"}}}
    for door in doors:
        sent = forms["/consola"] if door.path.startswith("/consola") else {"json": {"username": "ana", "password": "x"}}
        answer = await callers["nobody"].client.post(door.path, headers={"Origin": "https://malo.example"}, **sent)
        assert answer.status_code == 403, door.path
        assert answer.headers.get("set-cookie") is None
    assert len(doors) == 5
