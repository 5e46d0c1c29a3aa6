"""The API of the registry as another system uses it: scopes, pages, versions, and one effect a key."""

import uuid
from datetime import timedelta

import httpx
import psycopg
from fastapi import FastAPI
from sqlalchemy import select, update

from backend import clock
from backend.agents.models import Scope, StaffToken, User
from backend.db import Database
from backend.integrations import idempotency
from backend.integrations.models import ApiAnswer
from backend.registry.models import Petition
from tests.integrations.conftest import NARRATIVE, NEW, Connect
from tests.staff import PASSWORD, Staff, browser

PERSONAL = ("Juan", "Pérez", "662 123", "6621234567")


async def _file(client: httpx.AsyncClient, **changed: str) -> str:
    answer = await client.post("/api/petitions", json=NEW | changed)
    assert answer.status_code == 201, answer.text
    folio: str = answer.json()["folio"]
    return folio


async def test_a_key_opens_what_its_scopes_say_and_nothing_of_the_console(connect: Connect, adela: Staff) -> None:
    reader, writer = await connect(Scope.READ), await connect(Scope.WRITE)
    folio = await _file(writer)
    assert (await reader.get(f"/api/petitions/{folio}")).status_code == 200
    assert (await reader.get("/api/catalog/agencies")).status_code == 200
    for client, method, path in (
        (reader, "POST", "/api/petitions"),
        (reader, "PATCH", f"/api/petitions/{folio}"),
        (writer, "GET", f"/api/petitions/{folio}"),
        (writer, "GET", "/api/petitions"),
        (reader, "GET", "/api/people?search=juan"),
        (reader, "GET", "/api/users"),
        (reader, "GET", "/api/catalog/canned-replies"),
        (reader, "GET", "/consola/peticiones"),
        (reader, "PUT", "/api/presence"),
    ):
        answer = await client.request(method, path, json=NEW)
        assert answer.status_code == 403, (method, path, answer.text)


async def test_without_the_scope_no_answer_tells_who_asks(connect: Connect, adela: Staff) -> None:
    clerk = await connect(Scope.READ, Scope.WRITE, Scope.PERSONS)
    masked = await connect(Scope.READ, Scope.WRITE)
    folio = await _file(clerk, email="juan@correo.mx")
    assert (await clerk.patch(f"/api/petitions/{folio}", json={"narrative": NARRATIVE + " ya"})).status_code == 200
    open_answer = (await clerk.get(f"/api/petitions/{folio}")).json()
    assert open_answer["person"]["phone"] == "+526621234567"
    assert open_answer["narrative"].startswith("Soy Juan")
    told = [
        await masked.get(f"/api/petitions/{folio}"),
        await masked.get("/api/petitions"),
        await masked.get(f"/api/petitions/{folio}/events"),
        await masked.post(f"/api/petitions/{folio}/notes", json={"text": "Se llamó a Juan Pérez al 662 123 4567"}),
        await masked.patch(f"/api/petitions/{folio}", json={"colonia": "Pitic"}),
    ]
    for answer in told:
        assert answer.status_code < 300, answer.text
        assert not [word for word in (*PERSONAL, "juan@") if word in answer.text], answer.text
    assert told[0].json()["is_masked"] is True
    assert (await masked.get("/api/petitions?search=Juan")).status_code == 403
    assert len((await masked.get(f"/api/petitions?search={folio}")).json()["petitions"]) == 1
    assert len((await clerk.get("/api/petitions?search=Juan agua")).json()["petitions"]) == 1


async def test_of_a_blocked_petition_nothing_is_told_or_changed(connect: Connect, database: Database) -> None:
    clerk = await connect(Scope.READ, Scope.WRITE, Scope.PERSONS)
    folio = await _file(clerk)
    async with database.transaction() as session:
        await session.execute(update(Petition).values(withheld_at=clock.now()))
    path, turn = f"/api/petitions/{folio}", uuid.UUID(int=1)
    for method, of, body in (
        ("GET", "", None), ("GET", "/events", None), ("GET", "/turns", None), ("PATCH", "", {"colonia": "Pitic"}),
        ("POST", "/notes", {"text": "Se llamó"}), ("POST", "/turns", {"agency": "cea"}),
        ("POST", f"/turns/{turn}/answer", {"text": "Listo", "outcome": "atendida"}),
    ):  # fmt: skip
        answer = await clerk.request(method, path + of, json=body, headers={"Idempotency-Key": f"{method}{of}"})
        assert (answer.status_code, answer.json()["error"]["code"]) == (404, "folio_no_encontrado"), (method, of)


async def test_pages_follow_one_another_without_gaps_by_filters_in_both_orders(
    connect: Connect, database: Database
) -> None:
    client = await connect(Scope.READ, Scope.WRITE)
    folios = [await _file(client, narrative=f"No hay agua desde hace {number} días") for number in range(7)]
    async with database.transaction() as session:  # four of them changed at the same moment
        at = clock.now()
        await session.execute(update(Petition).where(Petition.folio.in_(folios[2:6])).values(updated_at=at))

    async def all_of(query: str) -> list[str]:
        found: list[str] = []
        cursor = ""
        while True:
            answer = await client.get(f"/api/petitions?limit=2&{query}{cursor}")
            assert answer.status_code == 200, answer.text
            found += [one["folio"] for one in answer.json()["petitions"]]
            if answer.json()["next_cursor"] is None:
                return found
            cursor = f"&cursor={answer.json()['next_cursor']}"

    oldest = await all_of("sort=updated_at")
    assert sorted(oldest) == sorted(folios)
    assert oldest[:2] == folios[:2]
    assert oldest == list(reversed(await all_of("sort=-updated_at")))
    await client.patch(f"/api/petitions/{folios[3]}", json={"status": "en_analisis", "reason": "Se lee"})
    assert await all_of("status=en_analisis") == [folios[3]]
    assert len(await all_of("status=en_analisis&status=recibida")) == 7
    assert len(await all_of("municipality=26030&topic=agua&agency=organismo-agua&channel=integracion")) == 7
    assert await all_of("municipality=26018") == await all_of("agency=cfe") == await all_of("kind=queja") == []
    since = at.isoformat().replace("+", "%2B")
    assert len(await all_of(f"updated_since={since}")) == 4
    assert await all_of(f"created_from={since}") == await all_of("created_to=2020-01-01T00:00:00Z") == []
    first = (await client.get("/api/petitions?limit=2&sort=updated_at")).json()["next_cursor"]
    for wrong in (f"cursor={first}&sort=-updated_at", "cursor=abc", "cursor=W10", "updated_since=2026-01-01T00:00:00"):
        assert (await client.get(f"/api/petitions?{wrong}")).status_code == 422, wrong


async def test_a_change_upon_an_old_version_is_refused(connect: Connect) -> None:
    client = await connect(Scope.READ, Scope.WRITE)
    folio = await _file(client)
    address = f"/api/petitions/{folio}"
    etag = (await client.get(address)).headers["etag"]
    same = await client.get(address, headers={"If-None-Match": etag})
    assert (same.status_code, same.content) == (304, b"")
    changed = await client.patch(address, json={"colonia": "Pitic"}, headers={"If-Match": etag})
    assert changed.status_code == 200
    assert changed.headers["etag"] != etag
    for answer in (
        await client.patch(address, json={"colonia": "Sahuaro"}, headers={"If-Match": etag}),
        await client.post(f"{address}/notes", json={"text": "Vieja"}, headers={"If-Match": etag}),
    ):
        assert (answer.status_code, answer.json()["error"]["code"]) == (412, "version_anterior")
    again = await client.get(address, headers={"If-None-Match": etag})
    assert (again.status_code, again.json()["colonia"]) == (200, "Pitic")
    assert again.headers["etag"] == changed.headers["etag"]


async def test_the_same_key_files_once_and_its_answer_is_kept_sealed(
    connect: Connect, database: Database, database_url: str
) -> None:
    client, other = await connect(Scope.READ, Scope.WRITE), await connect(Scope.READ, Scope.WRITE)
    key = {"Idempotency-Key": "ayto-0001"}
    first = await client.post("/api/petitions", json=NEW, headers=key)
    second = await client.post("/api/petitions", json=NEW, headers=key)
    assert (first.status_code, second.status_code) == (201, 201)
    assert first.json() == second.json()
    assert second.headers["idempotency-replayed"] == "true"
    reused = await client.post("/api/petitions", json=NEW | {"colonia": "Pitic"}, headers=key)
    assert (reused.status_code, reused.json()["error"]["code"]) == (409, "llave_repetida")
    assert (await other.post("/api/petitions", json=NEW, headers=key)).json()["folio"] != first.json()["folio"]
    address = f"/api/petitions/{first.json()['folio']}/notes"
    for _ in range(2):
        assert (await client.post(address, json={"text": "Una vez"}, headers=key)).status_code == 201
    events = (await client.get(f"{address.removesuffix('/notes')}/events")).json()["events"]
    assert [event["kind"] for event in events] == ["filed", "note"]
    assert events[0]["user_name"] == "Ayuntamiento de prueba"
    with psycopg.connect(database_url) as connection:
        rows = connection.execute("SELECT api_answer::text FROM api_answer").fetchall()
    assert len(rows) == 3
    assert not [row for row in rows if first.json()["access_code"] in row[0] or first.json()["folio"] in row[0]]
    async with database.transaction() as session:
        await session.execute(update(ApiAnswer).values(created_at=clock.now() - timedelta(days=8)))
    await idempotency.forget_old(database)
    async with database.transaction() as session:
        assert (await session.scalars(select(ApiAnswer))).all() == []


async def test_a_system_turns_a_petition_and_writes_down_the_answer(connect: Connect) -> None:
    client = await connect(Scope.READ, Scope.WRITE)
    folio = await _file(client)
    address = f"/api/petitions/{folio}"
    made = await client.post(f"{address}/turns", json={"agency": "cea", "instructions": "Revisar la fuga"})
    assert (made.status_code, made.json()["state"]) == (201, "turnado")
    assert (await client.post(f"{address}/turns", json={"agency": "cea"})).status_code == 409
    assert (await client.post(f"{address}/turns", json={"agency": "nadie"})).status_code == 422
    answer = f"{address}/turns/{made.json()['id']}/answer"
    body = {"text": "Se reparó", "outcome": "atendida"}
    key = {"Idempotency-Key": "respuesta-1"}
    for _ in range(2):
        answered = await client.post(answer, json=body, headers=key)
        assert (answered.status_code, answered.json()["state"]) == (200, "contestado")
    assert (await client.post(answer, json=body)).status_code == 409
    other = await _file(client)
    elsewhere = f"/api/petitions/{other}/turns/{made.json()['id']}/answer"
    assert (await client.post(elsewhere, json=body)).status_code == 404
    whole = (await client.get(address)).json()
    assert [(turn["agency"]["key"], turn["answer"]) for turn in whole["turns"]] == [("cea", "Se reparó")]
    page = (await client.get(f"{address}/events?limit=3")).json()
    rest = (await client.get(f"{address}/events?after={page['next_after']}")).json()
    kinds = [event["kind"] for event in (*page["events"], *rest["events"])]
    assert kinds == ["filed", "turned", "status_changed", "turn_acknowledged", "status_changed", "turn_answered"]
    assert rest["next_after"] is None


async def test_a_system_never_signs_in_and_its_revoked_or_old_key_opens_nothing(
    app: FastAPI, connect: Connect, adela: Staff, database: Database
) -> None:
    client, late = await connect(Scope.READ), await connect(Scope.READ)
    async with database.transaction() as session:
        account = (await session.scalars(select(User).where(User.is_system))).first()
        tokens = (await session.scalars(select(StaffToken).order_by(StaffToken.created_at))).all()
        assert tokens[0].expires_at - tokens[0].created_at == timedelta(days=90)
        tokens[1].expires_at = clock.now()
    assert account is not None
    credentials = {"username": account.username, "password": PASSWORD}
    assert (await browser(app).post("/api/auth/login", json=credentials)).status_code == 401
    assert account.username not in (await adela.get("/api/users")).text
    assert (await adela.post(f"/api/users/{account.id}/reset-password")).status_code == 404
    assert (await late.get("/api/petitions")).status_code == 401
    revoked = await adela.submit(f"/consola/integraciones/llaves/{tokens[0].id}/revocar")
    assert revoked.status_code == 303
    assert (await client.get("/api/petitions")).status_code == 401
