"""The registry API: for staff only, and kind to whoever sends it nonsense."""

import uuid
from typing import Any

import httpx
import pytest
from fastapi import FastAPI
from fastapi.routing import APIRoute

from backend.integrations.routes import router as petitions_router
from backend.registry import folios
from backend.registry.routes import router as people_router
from tests.registry.conftest import ANSWERS, Counter
from tests.staff import PASSWORD, Staff, browser

ROUTES = sorted(
    (method, route.path)
    for router in (petitions_router, people_router)
    for route in router.routes
    if isinstance(route, APIRoute)
    for method in route.methods
)
NEW = {"kind": "peticion", "channel": "call_center", "narrative": ANSWERS["narrativa"]}


@pytest.fixture
async def program(app: FastAPI) -> httpx.AsyncClient:
    """A program with a bearer token and no cookie."""
    client = browser(app)
    answer = await client.post("/api/auth/tokens", json={"username": "ana", "password": PASSWORD})
    assert answer.status_code == 201, answer.text
    client.headers["Authorization"] = f"Bearer {answer.json()['token']}"
    return client


def test_there_are_routes_to_guard() -> None:
    assert ("GET", "/api/petitions/{folio}") in ROUTES


@pytest.mark.parametrize(("method", "path"), ROUTES)
@pytest.mark.parametrize("token", [None, "wrong", "test-internal-token"])
async def test_nobody_but_staff_reads_or_changes_petitions(
    app: FastAPI, folio: str, method: str, path: str, token: str | None
) -> None:
    client = browser(app)
    if token:
        client.headers["Authorization"] = f"Bearer {token}"
    address = path.replace("{folio}", folio).replace("{turn_id}", str(uuid.UUID(int=1)))
    answer = await client.request(method, address, json=NEW)
    assert answer.status_code == 401
    assert folio not in answer.text
    assert "Juan" not in answer.text


async def test_a_citizens_token_is_no_staff_token(app: FastAPI, folio: str) -> None:
    client = browser(app)
    token = (await client.post("/api/chat/sessions")).json()["token"]
    answer = await client.get(f"/api/petitions/{folio}", headers={"Authorization": f"Bearer {token}"})
    assert answer.status_code == 401


async def test_a_staff_token_reads_a_petition_with_its_history(program: httpx.AsyncClient, folio: str) -> None:
    answer = await program.get(f"/api/petitions/{folio}")
    assert answer.status_code == 200
    petition = answer.json()
    assert petition["folio"] == folio
    assert petition["person"]["phone"] == "+526621234567"
    assert petition["municipality"] == {"id": "26018", "name": "Cajeme"}
    assert [(event["kind"], event["user_name"]) for event in petition["events"]] == [("filed", "Ana")]
    assert "access" not in answer.text, "the code is told once, when the petition is filed"


async def test_a_folio_may_be_typed_loosely_and_an_unknown_one_is_not_found(
    program: httpx.AsyncClient, folio: str
) -> None:
    assert (await program.get(f"/api/petitions/{folio.lower().replace('-', ' ')}")).json()["folio"] == folio
    for unknown in (folios.make(2026, 999_999), "nada", "%00"):
        answer = await program.get(f"/api/petitions/{unknown}")
        assert (answer.status_code, answer.json()["error"]["code"]) == (404, "folio_no_encontrado")


async def test_a_disabled_accounts_token_opens_nothing(app: FastAPI, program: httpx.AsyncClient, folio: str) -> None:
    from sqlalchemy import update

    from backend.agents.models import User

    async with app.state.database.transaction() as session:
        await session.execute(update(User).values(is_active=False))
    assert (await program.get(f"/api/petitions/{folio}")).status_code == 401


async def test_a_status_changes_with_a_reason_and_only_as_allowed(ana: Staff, folio: str) -> None:
    async def change(**body: str) -> httpx.Response:
        return await ana.client.patch(f"/api/petitions/{folio}", json=body, headers={"X-CSRF-Token": ana.csrf})

    assert (await change(status="en_analisis")).status_code == 422
    assert (await change(status="en_analisis", reason="  ")).status_code == 422
    changed = await change(status="en_analisis", reason="Se lee")
    assert changed.status_code == 200
    assert (changed.json()["status"], changed.json()["events"][0]["text"]) == ("en_analisis", "Se lee")
    refused = await change(status="recibida", reason="Me equivoqué")
    assert (refused.status_code, refused.json()["error"]["code"]) == (409, "cambio_no_permitido")
    assert (await change(status="otra", reason="x")).status_code == 422
    assert len((await ana.get(f"/api/petitions/{folio}")).json()["events"]) == 2


async def test_a_refused_status_keeps_the_rest_of_the_change_out_too(ana: Staff, folio: str) -> None:
    body = {"colonia": "Pitic", "status": "concluida_satisfactoria", "reason": "Listo"}
    answer = await ana.client.patch(f"/api/petitions/{folio}", json=body, headers={"X-CSRF-Token": ana.csrf})
    assert answer.status_code == 409
    assert (await ana.get(f"/api/petitions/{folio}")).json()["colonia"] is None


async def test_a_note_joins_the_history(ana: Staff, folio: str) -> None:
    answer = await ana.post(f"/api/petitions/{folio}/notes", {"text": "Se llamó y no contestó"})
    assert answer.status_code == 201
    assert (answer.json()["events"][0]["kind"], answer.json()["events"][0]["text"]) == (
        "note",
        "Se llamó y no contestó",
    )
    assert (await ana.post(f"/api/petitions/{folio}/notes", {"text": ""})).status_code == 422


@pytest.mark.parametrize(
    ("changed", "field"),
    [
        ({"phone": "123"}, "phone"),
        ({"email": "ana@"}, "email"),
        ({"curp": "XXXX"}, "curp"),
        ({"municipality": "Guadalajara"}, "municipality"),
        ({"municipality": "26999"}, "municipality"),
        ({"name": "7"}, "name"),
        ({"narrative": "!!!!!!!!!!!!"}, "narrative"),
        ({"conversation_id": str(uuid.UUID(int=1))}, "conversation_id"),
    ],
)
async def test_a_wrong_answer_is_refused_by_its_name(ana: Staff, changed: dict[str, Any], field: str) -> None:
    answer = await ana.post("/api/petitions", NEW | changed)
    assert answer.status_code == 422, answer.text
    assert answer.json()["error"]["details"]["field"] == field
    assert (await ana.get("/api/petitions")).json()["petitions"] == []


@pytest.mark.parametrize(
    "changed",
    [
        {"topic_id": str(uuid.UUID(int=1))},
        {"agency_id": str(uuid.UUID(int=1))},
        {"assignee_id": str(uuid.UUID(int=1))},
        {"municipality_id": "26999"},
        {"priority": None},
        {"priority": "mucha"},
        {"narrative": None},
    ],
    ids=lambda changed: " ".join(f"{name} {value}"[:20] for name, value in changed.items()),
)
async def test_a_change_to_what_does_not_exist_is_refused(ana: Staff, folio: str, changed: dict[str, Any]) -> None:
    answer = await ana.client.patch(f"/api/petitions/{folio}", json=changed, headers={"X-CSRF-Token": ana.csrf})
    assert answer.status_code == 422, answer.text


async def test_nul_characters_do_no_harm(ana: Staff, folio: str) -> None:
    headers = {"X-CSRF-Token": ana.csrf}
    changed = await ana.client.patch(f"/api/petitions/{folio}", json={"colonia": "Pi\0tic"}, headers=headers)
    assert changed.json()["colonia"] == "Pitic"
    noted = await ana.post(f"/api/petitions/{folio}/notes", {"text": "a\0b"})
    assert noted.json()["events"][0]["text"] == "ab"
    assert (await ana.post(f"/api/petitions/{folio}/notes", {"text": "\0"})).status_code == 422
    assert (await ana.get("/api/petitions?search=%00")).status_code == 200
    assert (await ana.get("/api/people?search=ju%00an")).status_code == 200


async def test_a_petition_registered_from_a_conversation_settles_its_draft(ana: Staff, counter: Counter) -> None:
    await counter.open(narrativa=ANSWERS["narrativa"])
    body = NEW | {"conversation_id": str(counter.conversation_id), "name": "Ana Soto", "phone": "6621234567"}
    answer = await ana.post("/api/petitions", body)
    assert answer.status_code == 201
    assert len(answer.json()["access_code"]) == folios.CODE_LENGTH
    assert await counter.draft() is None
    assert (await counter.look_up(answer.json()["folio"])).petition is not None
