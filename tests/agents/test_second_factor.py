"""The second factor: enrolled, asked for, never twice with the same code, and taken away by an administrator."""

import base64
import re
from datetime import UTC, datetime, timedelta

import httpx
import pyotp
import pytest
from fastapi import FastAPI
from sqlalchemy import select, update

from backend import clock
from backend.agents.models import RecoveryCode, Role, SecondFactor, User
from backend.app import create_app
from backend.audit.models import AdminEvent
from backend.db import Database
from backend.settings import Settings
from tests.staff import PASSWORD, Staff, browser, sign_in

LOGIN, TOKENS = "/api/auth/login", "/api/auth/tokens"
ACCOUNT = "/consola/mi-cuenta"
FACTOR = f"{ACCOUNT}/segundo-factor"
#: The middle of a time step.
NOON = datetime(2026, 11, 21, 19, 0, 15, tzinfo=UTC)


def _code(secret: str, moment: datetime) -> str:
    return pyotp.TOTP(secret).at(moment)


async def _enrol(staff: Staff) -> tuple[str, list[str]]:
    """The secret and the recovery codes, as the pages show them; enrolled with the code of `clock.now`."""
    shown = await staff.submit(FACTOR, password=PASSWORD)
    assert "data:image/svg+xml" in shown.text
    found = re.search(r"data-secret>([A-Z2-7 ]+)<", shown.text)
    assert found is not None
    secret = found[1].replace(" ", "")
    again = await staff.submit(f"{FACTOR}/confirmar", codigo="000000")
    assert (again.status_code, found[1] in again.text) == (401, True), "a wrong code shows the same QR again"
    done = await staff.submit(f"{FACTOR}/confirmar", codigo=_code(secret, clock.now()))
    codes = re.findall(r"<li><code>([\w-]+)</code>", done.text)
    assert (done.status_code, len(codes)) == (200, 10)
    return secret, codes


async def _login(app: FastAPI, **more: str) -> httpx.Response:
    return await browser(app).post(LOGIN, json={"username": "ana", "password": PASSWORD, **more})


async def test_a_second_factor_from_its_enrolment_to_its_loss(app: FastAPI, database: Database) -> None:
    with clock.pinned(NOON):
        ana = await sign_in(app, "ana")
        assert (await ana.submit(FACTOR, password="otra")).status_code == 401
        secret, codes = await _enrol(ana)
    async with database.transaction() as session:
        kept = (await session.scalars(select(SecondFactor))).one()
        assert secret.encode() not in kept.sealed_secret
        assert secret.encode() not in base64.urlsafe_b64decode(kept.sealed_secret)
        assert codes[0] not in str((await session.scalars(select(RecoveryCode.code_hash))).all())

    with clock.pinned(NOON + timedelta(seconds=10)):
        # The step by which it was enrolled is used; an hour ago is too long ago; the password alone is not enough.
        for code in (_code(secret, NOON), _code(secret, NOON - timedelta(hours=1)), "abc"):
            assert (await _login(app, code=code)).json()["error"]["code"] == "codigo_incorrecto", code
        assert (await _login(app)).json()["error"]["code"] == "falta_codigo"
    with clock.pinned(NOON + timedelta(seconds=60)):
        # A telephone that is one step fast is let in, once; a step before it is then past.
        fast = _code(secret, NOON + timedelta(seconds=90))
        assert (await _login(app, code=fast)).status_code == 200
        for used in (fast, _code(secret, NOON + timedelta(seconds=60))):
            assert (await _login(app, code=used)).status_code == 401
        credentials = {"username": "ana", "password": PASSWORD}
        assert (await browser(app).post(TOKENS, json=credentials)).status_code == 401
        issued = await browser(app).post(TOKENS, json={**credentials, "code": codes[0].upper()})
        assert issued.status_code == 201
        assert (await browser(app).post(TOKENS, json={**credentials, "code": codes[0]})).status_code == 401

    # Wrong codes lock as wrong passwords do, and a right password in between forgives none.
    answers = [await _login(app, code="000000") for _ in range(5)]
    assert {answer.status_code for answer in answers} == {401}
    assert (await _login(app, code=codes[1])).status_code == 401
    async with database.transaction() as session:
        ana_row = (await session.scalars(select(User).where(User.username == "ana"))).one()
        assert ana_row.locked_until is not None
        await session.execute(update(User).values(locked_until=None))

    adela = await sign_in(app, "adela")
    await adela.submit(f"/consola/usuarios/{ana_row.id}", action="reset_factor")
    assert (await _login(app)).status_code == 200
    assert (await ana.get("/api/auth/me")).status_code == 401, "her sessions ended"
    async with database.transaction() as session:
        trail = (await session.scalars(select(AdminEvent).where(AdminEvent.subject_id == ana_row.id))).all()
    kinds = [one.kind for one in trail]
    for kind in ("signed_in", "second_factor_on", "sign_in_failed", "recovery_code_used", "account_locked",
                 "token_issued", "second_factor_reset"):  # fmt: skip
        assert kind in kinds, kind
    assert secret not in str([one.detail for one in trail])


async def test_the_console_asks_in_a_second_step_that_ends_after_five_minutes(app: FastAPI) -> None:
    with clock.pinned(NOON):
        secret, codes = await _enrol(await sign_in(app, "ana"))
    client = browser(app)
    asked = await client.post(
        "/consola/entrar", data={"username": "ana", "password": PASSWORD, "siguiente": "/consola/llamadas"}
    )
    step = re.search(r'name="paso" value="([^"]+)"', asked.text)
    assert (asked.status_code, client.cookies) == (200, httpx.Cookies())
    assert step is not None
    form = {"paso": step[1], "siguiente": "/consola/llamadas"}
    wrong = await client.post("/consola/entrar/codigo", data={**form, "codigo": "123"})
    assert (wrong.status_code, step[1] in wrong.text) == (401, True)
    for forged in ("", "ñ", step[1][:-2] + "AA"):
        refused = await client.post("/consola/entrar/codigo", data={**form, "paso": forged, "codigo": codes[0]})
        assert "Entre de nuevo" in refused.text, forged
    right = await client.post("/consola/entrar/codigo", data={**form, "codigo": codes[0]})
    assert (right.status_code, right.headers["location"]) == (303, "/consola/llamadas")
    now = datetime.now(UTC)
    off = await client.get(ACCOUNT)
    assert "Activo" in off.text and "<strong>9</strong>" in off.text
    with clock.pinned(now):
        csrf = re.search(r'name="csrf-token" content="([^"]*)"', off.text)
        assert csrf is not None
        gone = await Staff(client, csrf[1]).submit(f"{FACTOR}/quitar", codigo=_code(secret, now))
    assert gone.status_code == 303
    assert (await _login(app)).status_code == 200


async def test_a_role_that_needs_it_does_nothing_else_before(
    database: Database, settings: Settings, app: FastAPI
) -> None:
    strict = create_app(settings.model_copy(update={"second_factor_required_for": [Role.HEAD, Role.ADMIN]}))
    hilda, ana = await sign_in(strict, "hilda"), await sign_in(strict, "ana")
    assert (await ana.get("/api/console/inbox")).status_code == 200
    assert (await hilda.get("/api/console/inbox")).json()["error"]["code"] == "active_su_segundo_factor"
    for path in ("/consola", "/consola/tablero/pared", "/consola/tablero/en-vivo"):
        assert (await hilda.get(path)).headers.get("location") == f"{ACCOUNT}?aviso=segundo_factor", path
    token = await browser(strict).post(TOKENS, json={"username": "hilda", "password": PASSWORD})
    assert token.json()["error"]["code"] == "active_su_segundo_factor"
    _, codes = await _enrol(hilda)
    assert (await hilda.get("/api/console/inbox")).status_code == 200
    refused = await hilda.submit(f"{FACTOR}/quitar", codigo=codes[0])
    assert (refused.status_code, "no se puede quitar" in refused.text) == (403, True)


async def test_closing_the_other_sessions_leaves_this_one(app: FastAPI) -> None:
    one, other = await sign_in(app, "ana"), await sign_in(app, "ana")
    assert (await one.get(ACCOUNT)).text.count("se abrió el") == 2
    assert (await one.submit(f"{ACCOUNT}/sesiones")).status_code == 303
    assert [(await staff.get("/api/auth/me")).status_code for staff in (one, other)] == [200, 401]
    issued = (await browser(app).post(TOKENS, json={"username": "ana", "password": PASSWORD})).json()
    bearer = {"Authorization": f"Bearer {issued['token']}"}
    for path in (FACTOR, f"{ACCOUNT}/sesiones"):
        assert (await browser(app).post(path, headers=bearer)).status_code == 403, "a program enrols nothing"


@pytest.mark.parametrize("username", ["adela", "hilda"])
async def test_nobody_else_resets_a_second_factor_or_one_that_is_off(app: FastAPI, username: str) -> None:
    staff = await sign_in(app, username)
    ana = await sign_in(app, "ana")
    ana_id = (await ana.get("/api/auth/me")).json()["id"]
    answer = await staff.post(f"/api/users/{ana_id}/reset-second-factor")
    assert answer.status_code == (409 if username == "adela" else 403)
