"""Who was put out is out at once: requests, tokens, and the streams that are open. Signing in is not for guessing."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable

import pytest
from fastapi import FastAPI
from sqlalchemy.ext.asyncio import AsyncSession

from backend.agents import service as agents
from backend.agents import sessions
from backend.agents.models import Role, User
from backend.app import create_app
from backend.console import live_stream
from backend.db import Database
from backend.settings import Settings
from tests.staff import PASSWORD, Staff, add_staff, browser, sign_in

#: The doors at which a password is asked for, and how each is shown one.
DOORS = {
    "/api/auth/login": "json",
    "/api/auth/tokens": "json",
    "/consola/entrar": "data",
}


@pytest.fixture
async def app(database: Database, settings: Settings) -> AsyncIterator[FastAPI]:
    """Started: streams need its LISTEN connection."""
    for username, role in (("ana", Role.ANALYST), ("adela", Role.ADMIN)):
        await add_staff(database, username, role)
    app = create_app(settings)
    async with app.router.lifespan_context(app):
        async with asyncio.timeout(60):
            await app.state.live.connected.wait()
        yield app


@pytest.mark.parametrize("door", DOORS)
async def test_a_door_is_locked_after_five_failures_and_says_nothing_of_who_has_an_account(
    app: FastAPI, door: str
) -> None:
    client = browser(app)

    async def knock(username: str, password: str) -> tuple[int, str, bool]:
        form = {"username": username, "password": password}
        answer = await client.post(door, **{DOORS[door]: form})
        return answer.status_code, answer.text.replace(f'"{username}"', "NOMBRE"), "set-cookie" in answer.headers

    known = [await knock("ana", "mala") for _ in range(sessions.MAX_FAILED_LOGINS + 1)]
    unknown = [await knock("nadie", "mala") for _ in range(sessions.MAX_FAILED_LOGINS + 1)]
    locked = await knock("ana", PASSWORD)
    assert {*known, *unknown, locked} == {known[0]}, "locked, wrong and nobody look the same"
    assert (known[0][0], known[0][2]) == (401, False)


async def test_no_account_costs_as_much_work_as_one_with_a_wrong_password(
    app: FastAPI, monkeypatch: pytest.MonkeyPatch
) -> None:
    """So that the time tells nothing either: a hash is compared each time."""
    hashed: list[bool] = []
    verify = agents.passwords.verify

    def counted(password_hash: str | None, password: str) -> bool:
        hashed.append(True)
        return verify(password_hash, password)

    monkeypatch.setattr(agents.passwords, "verify", counted)
    for username in ("ana", "nadie"):
        await browser(app).post("/api/auth/login", json={"username": username, "password": "mala"})
    assert len(hashed) == 2


async def _disable(session: AsyncSession, user: User) -> None:
    await agents.set_active(session, user, is_active=False)


async def _reset(session: AsyncSession, user: User) -> None:
    await agents.reset_password(session, user)


PUT_OUT: dict[str, Callable[..., Awaitable[None]]] = {"disabled": _disable, "password reset": _reset}


@pytest.mark.parametrize("how", PUT_OUT)
async def test_whoever_is_put_out_is_out_at_once_of_open_streams_too(
    app: FastAPI, database: Database, how: str
) -> None:
    ana = await sign_in(app, "ana")
    issued = await browser(app).post("/api/auth/tokens", json={"username": "ana", "password": PASSWORD})
    bearer = {"Authorization": f"Bearer {issued.json()['token']}"}
    through_a_gate = _cookie(ana) | {"Authorization": "Basic YW5hOnB1ZXJ0YQ=="}  # of a proxy's that asks for it
    streams = [asyncio.create_task(_follow(app, headers)) for headers in (_cookie(ana), bearer, through_a_gate)]
    await asyncio.sleep(0.5)
    assert not any(one.done() for one in streams)
    async with database.transaction() as session:
        await PUT_OUT[how](session, await agents.find_user(session, "ana"))
    async with asyncio.timeout(live_stream.HEARTBEAT / 2):  # not at the next heartbeat, but now
        ends = await asyncio.gather(*streams)
    assert [end[-1] for end in ends] == ["signed_out"] * 3
    assert (await ana.get("/api/auth/me")).status_code == 401
    assert (await browser(app).get("/api/auth/me", headers=bearer)).status_code == 401


def _cookie(staff: Staff) -> dict[str, str]:
    return {"Cookie": "; ".join(f"{name}={value}" for name, value in staff.client.cookies.items())}


async def _follow(app: FastAPI, headers: dict[str, str]) -> list[str]:
    """The events of a console's stream, until it ends by itself."""
    events: list[str] = []
    over = asyncio.Event()

    async def receive() -> dict[str, object]:
        await over.wait()
        return {"type": "http.disconnect"}

    async def send(message: dict[str, object]) -> None:
        body = bytes(message.get("body", b"")).decode()  # type: ignore[call-overload]
        events.extend(line.removeprefix("event: ").strip() for line in body.splitlines() if line.startswith("event"))
        if message["type"] == "http.response.body" and not message.get("more_body"):
            over.set()

    raw = [(name.lower().encode(), value.encode()) for name, value in headers.items()]
    scope = {
        "type": "http", "method": "GET", "path": "/api/console/stream", "query_string": b"", "headers": raw,
        "http_version": "1.1", "scheme": "https", "server": ("testserver", 443), "client": ("127.0.0.1", 1),
        "root_path": "",
    }  # fmt: skip
    await app(scope, receive, send)
    return events


async def test_a_lesser_role_counts_from_the_next_request_on(app: FastAPI, database: Database) -> None:
    adela = await sign_in(app, "adela")
    assert (await adela.get("/api/users")).status_code == 200
    async with database.transaction() as session:
        (await agents.find_user(session, "adela")).role = Role.ANALYST
    assert (await adela.get("/api/users")).status_code == 403
