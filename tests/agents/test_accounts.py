"""One-time passwords, roles and who may keep accounts."""

import pytest
from fastapi import FastAPI

from backend.agents import service as agents
from backend.agents.errors import WeakPassword
from backend.agents.models import PresenceState, Role
from backend.db import Database
from tests.staff import PASSWORD, browser, sign_in


async def test_the_first_administrator_is_made_once(database: Database) -> None:
    async with database.transaction() as session:
        first = await agents.ensure_first_admin(session)
        second = await agents.ensure_first_admin(session)
    assert first is not None
    assert first[0] == "admin"
    assert second is None


async def test_a_one_time_password_opens_nothing_but_its_own_change(app: FastAPI, database: Database) -> None:
    async with database.transaction() as session:
        _, one_time = await agents.create_user(session, username="nora", full_name="Nora", role=Role.ANALYST)
    staff = await sign_in(app, "nora", one_time or "")
    assert (await staff.get("/api/console/inbox")).status_code == 403
    assert (await staff.get("/consola")).headers["location"] == "/consola/contrasena"
    token = await browser(app).post("/api/auth/tokens", json={"username": "nora", "password": one_time})
    assert token.status_code == 403
    for weak in ("corta", "nora", one_time):
        refused = await staff.post("/api/auth/password", {"current": one_time, "new": weak})
        assert refused.status_code == 422, weak
    assert (await staff.post("/api/auth/password", {"current": "otra", "new": PASSWORD})).status_code == 401
    changed = await staff.post("/api/auth/password", {"current": one_time, "new": PASSWORD})
    assert changed.status_code == 200
    assert (await staff.get("/api/console/inbox")).status_code == 200


async def test_changing_the_password_ends_the_other_sessions(app: FastAPI) -> None:
    one, other = await sign_in(app, "ana"), await sign_in(app, "ana")
    assert (await one.post("/api/auth/password", {"current": PASSWORD, "new": "otra-muy-larga"})).status_code == 200
    assert (await one.get("/api/auth/me")).status_code == 200
    assert (await other.get("/api/auth/me")).status_code == 401


@pytest.mark.parametrize(
    ("path", "allowed"),
    [
        ("/api/users", {"adela"}),
        ("/consola/usuarios", {"adela"}),
        ("/consola/respuestas", {"adela", "hilda"}),
        ("/consola/horario", {"adela", "hilda"}),
        ("/consola/peticiones", {"adela", "hilda", "ana"}),
    ],
)
async def test_each_role_sees_its_own_and_what_the_ones_below_see(app: FastAPI, path: str, allowed: set[str]) -> None:
    for username in ("ana", "hilda", "adela"):
        answer = await (await sign_in(app, username)).get(path)
        assert answer.status_code == (200 if username in allowed else 403), username


async def test_an_administrator_makes_disables_and_resets_accounts(app: FastAPI) -> None:
    staff = await sign_in(app, "adela")
    made = (await staff.post("/api/users", {"username": "Nora", "full_name": "Nora Paz", "role": "analyst"})).json()
    assert made["username"] == "nora"
    nora = await sign_in(app, "nora", made["one_time_password"])
    reset = await staff.post(f"/api/users/{made['id']}/reset-password")
    assert reset.json()["one_time_password"] != made["one_time_password"]
    assert (await nora.get("/api/auth/me")).status_code == 401
    again = await staff.post("/api/users", {"username": "nora", "full_name": "Otra", "role": "head"})
    assert again.status_code == 409


async def test_an_administrator_cannot_lock_themselves_out(app: FastAPI) -> None:
    staff = await sign_in(app, "adela")
    own = (await staff.get("/api/auth/me")).json()["id"]
    for body in ({"is_active": False}, {"role": "analyst"}):
        answer = await staff.client.patch(f"/api/users/{own}", json=body, headers={"X-CSRF-Token": staff.csrf})
        assert answer.status_code == 409, body


async def test_a_password_given_at_creation_must_be_strong(database: Database) -> None:
    async with database.transaction() as session:
        with pytest.raises(WeakPassword):
            await agents.create_user(
                session, username="administradora", full_name="A", role=Role.ADMIN, password="Administradora"
            )


async def test_only_who_is_available_and_seen_lately_takes_chats(app: FastAPI, database: Database) -> None:
    async with database.transaction() as session:
        ana = await agents.find_user(session, "ana")
        hilda = await agents.find_user(session, "hilda")
        assert await agents.set_presence(session, ana.id, PresenceState.AVAILABLE, capacity=2)
        assert not await agents.set_presence(session, ana.id, PresenceState.AVAILABLE)
        await agents.set_presence(session, hilda.id, PresenceState.AVAILABLE)
        presence = await agents.presence_of(session, hilda.id)
        assert presence is not None
        presence.last_seen_at -= 2 * agents.PRESENCE_LIFE
        await session.flush()
        assert await agents.available_agents(session) == [agents.AvailableAgent(ana.id, 2)]
        await agents.touch_presence(session, hilda.id)
        assert len(await agents.available_agents(session)) == 2
