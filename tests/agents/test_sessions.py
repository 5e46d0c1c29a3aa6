"""Signing in and out, and what a session must prove."""

from datetime import timedelta

import pytest
from fastapi import FastAPI
from sqlalchemy import select, update

from backend import clock
from backend.agents import service as agents
from backend.agents.models import StaffSession, User
from backend.db import Database
from tests.staff import BASE, PASSWORD, browser, sign_in

LOGIN = "/api/auth/login"


async def test_the_session_cookie_cannot_be_read_sent_in_clear_or_by_another_site(app: FastAPI) -> None:
    answer = await browser(app).post(LOGIN, json={"username": "ana", "password": PASSWORD})
    cookie = answer.headers["set-cookie"]
    assert cookie.startswith("__Host-session=")
    for flag in ("HttpOnly", "Secure", "Path=/", "SameSite=lax"):
        assert flag in cookie
    assert "Domain" not in cookie


async def test_only_the_hash_of_a_session_is_kept(app: FastAPI, database: Database) -> None:
    staff = await sign_in(app, "ana")
    async with database.transaction() as session:
        kept = (await session.scalars(select(StaffSession.token_hash))).one()
    assert kept != staff.client.cookies["__Host-session"]
    assert len(kept) == 64


@pytest.mark.parametrize("username", ["ana", "nadie"])
async def test_five_failures_lock_for_fifteen_minutes_and_look_the_same_for_anybody(
    app: FastAPI, database: Database, username: str
) -> None:
    client = browser(app)
    answers = [await client.post(LOGIN, json={"username": username, "password": "mala"}) for _ in range(6)]
    assert {(answer.status_code, answer.text) for answer in answers} == {(401, answers[0].text)}
    if username == "ana":
        right = await client.post(LOGIN, json={"username": "ana", "password": PASSWORD})
        assert (right.status_code, right.text) == (401, answers[0].text)
        async with database.transaction() as session:
            await session.execute(update(User).values(locked_until=clock.now() - timedelta(seconds=1)))
        assert (await client.post(LOGIN, json={"username": "ana", "password": PASSWORD})).status_code == 200


async def test_a_name_that_no_column_can_hold_is_refused_and_no_failure_of_ours(app: FastAPI) -> None:
    typed = {"username": "ana\0", "password": PASSWORD}
    answers = [await browser(app).post(path, json=typed) for path in (LOGIN, "/api/auth/tokens")]
    assert [(answer.status_code, answer.json()["error"]["code"]) for answer in answers] == [(422, "dato_invalido")] * 2
    page = await browser(app).post("/consola/entrar", data=typed)
    assert page.status_code == 422
    assert "Revise los datos e intente de nuevo." in page.text


async def test_what_changes_something_needs_the_csrf_token(app: FastAPI) -> None:
    staff = await sign_in(app, "ana")
    body = {"state": "available"}
    without = await staff.client.put("/api/presence", json=body)
    wrong = await staff.client.put("/api/presence", json=body, headers={"X-CSRF-Token": "otra"})
    right = await staff.client.put("/api/presence", json=body, headers={"X-CSRF-Token": staff.csrf})
    assert [without.status_code, wrong.status_code, right.status_code] == [403, 403, 200]


async def test_another_sites_page_is_refused_even_with_the_token(app: FastAPI) -> None:
    staff = await sign_in(app, "ana")
    for origin, expected in (("https://malo.example", 403), ("null", 403), (BASE, 204)):
        answer = await staff.client.post("/api/auth/logout", headers={"X-CSRF-Token": staff.csrf, "Origin": origin})
        assert answer.status_code == expected, origin
    refused = await browser(app).post(
        LOGIN, json={"username": "ana", "password": PASSWORD}, headers={"Origin": "https://malo.example"}
    )
    assert refused.status_code == 403


async def test_logging_out_ends_the_session_on_the_server(app: FastAPI) -> None:
    staff = await sign_in(app, "ana")
    token = staff.client.cookies["__Host-session"]
    assert (await staff.post("/api/auth/logout")).status_code == 204
    again = browser(app)
    again.cookies.set("__Host-session", token)
    assert (await again.get("/api/auth/me")).status_code == 401


async def test_a_session_dies_after_twelve_idle_hours(app: FastAPI, database: Database) -> None:
    staff = await sign_in(app, "ana")
    async with database.transaction() as session:
        kept = (await session.scalars(select(StaffSession))).one()
        assert timedelta(hours=11, minutes=59) < kept.expires_at - clock.now() <= timedelta(hours=12)
        kept.expires_at = clock.now() - timedelta(seconds=1)
    assert (await staff.get("/api/auth/me")).status_code == 401


async def test_disabling_a_user_ends_sessions_and_tokens_at_once(app: FastAPI, database: Database) -> None:
    staff = await sign_in(app, "ana")
    issued = await browser(app).post("/api/auth/tokens", json={"username": "ana", "password": PASSWORD})
    bearer = {"Authorization": f"Bearer {issued.json()['token']}"}
    assert (await browser(app).get("/api/auth/me", headers=bearer)).status_code == 200
    async with database.transaction() as session:
        await agents.set_active(session, await agents.find_user(session, "ana"), is_active=False)
    assert (await staff.get("/api/auth/me")).status_code == 401
    assert (await browser(app).get("/api/auth/me", headers=bearer)).status_code == 401
    again = await browser(app).post(LOGIN, json={"username": "ana", "password": PASSWORD})
    assert again.status_code == 401


async def test_a_token_needs_no_csrf(app: FastAPI) -> None:
    issued = await browser(app).post("/api/auth/tokens", json={"username": "ana", "password": PASSWORD})
    assert issued.status_code == 201
    bearer = {"Authorization": f"Bearer {issued.json()['token']}"}
    answer = await browser(app).put("/api/presence", json={"state": "away", "capacity": 3}, headers=bearer)
    assert answer.json() == {"state": "away", "break_kind": None, "capacity": 3}


async def test_who_sits_at_an_open_console_cannot_guess_its_password_either(app: FastAPI) -> None:
    ana, change, wrong = await sign_in(app, "ana"), "/consola/contrasena", "La contraseña no es correcta. Después de 5"
    for _ in range(2):
        for _ in range(4):
            assert wrong in (await ana.submit("/consola/mi-cuenta/segundo-factor", password="mala")).text
        forgiven = await ana.submit(change, current=PASSWORD, new="corta", again="corta")
        assert "Use al menos 10" in forgiven.text
    form = {"new": "otra-muy-larga", "again": "otra-muy-larga"}
    for _ in range(3):
        assert wrong in (await ana.submit(change, current="mala", **form)).text
        refused = await ana.post("/api/auth/password", {"current": "mala", "new": form["new"]})
        assert (refused.status_code, wrong in refused.text) == (401, True)
    assert wrong in (await ana.submit(change, current=PASSWORD, **form)).text
    assert (await browser(app).post(LOGIN, json={"username": "ana", "password": PASSWORD})).status_code == 401
