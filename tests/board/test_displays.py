"""A screen's key opens the board and nothing else, until it is taken back."""

import asyncio
import re

from fastapi import FastAPI

from backend.board.live import LiveBoard
from backend.console.pages_board import DISPLAY_COOKIE
from backend.db import Database
from tests.all_routes import all_routes
from tests.console.conftest import app
from tests.staff import browser, sign_in

__all__ = ["app"]
BOARD = "/consola/tablero"


async def test_a_screens_key_opens_the_board_alone_and_can_be_taken_back(app: FastAPI) -> None:
    head, ana = await sign_in(app, "hilda"), await sign_in(app, "ana")
    assert (await ana.get(f"{BOARD}/pared")).status_code == 403
    assert (await ana.submit(f"{BOARD}/pantallas", name="Sala")).status_code == 403
    assert (await head.submit(f"{BOARD}/pantallas", name=" ")).status_code == 422
    made = (await head.submit(f"{BOARD}/pantallas", name="Sala de atención")).text
    key = re.findall(r"data-key>([^<]+)<", made)[0]
    assert key not in (await head.get(f"{BOARD}/ajustes")).text

    screen = browser(app)
    assert (await screen.post(f"{BOARD}/pantalla", data={"clave": "otra"})).status_code == 403
    opened = await screen.post(f"{BOARD}/pantalla", data={"clave": key})
    assert (opened.status_code, opened.headers["location"]) == (303, f"{BOARD}/pared")
    cookie = opened.headers["set-cookie"]
    for part in (f"Path={BOARD}", "HttpOnly", "Secure"):
        assert part in cookie, part
    wall = await screen.get(f"{BOARD}/pared")
    assert wall.status_code == 200
    assert "Chats en espera" in wall.text
    # Sent along on purpose to addresses to which no browser would send it.
    stranger = browser(app)
    stranger.headers["Cookie"] = f"{DISPLAY_COOKIE}={key}"
    opens = set()
    for route in all_routes(app):
        if route.path.startswith(("/consola", "/api/console", "/api/auth", "/api/petitions")) and route.method == "GET":
            if route.path in (f"{BOARD}/en-vivo", "/consola/entrar", f"{BOARD}/pantalla"):
                continue
            if (await stranger.get(route.address({}))).status_code not in (303, 401):
                opens.add(route.path)
    assert opens == {f"{BOARD}/pared"}

    display = re.findall(rf"{BOARD}/pantallas/([0-9a-f-]+)/quitar", (await head.get(f"{BOARD}/ajustes")).text)[0]
    assert (await head.submit(f"{BOARD}/pantallas/{display}/quitar")).status_code == 303
    assert (await screen.get(f"{BOARD}/pared")).status_code == 303


async def test_the_settings_are_the_heads_and_keep_what_was_typed(app: FastAPI) -> None:
    head = await sign_in(app, "hilda")
    form = {"chat_target": "90", "chat_seconds": "60", "call_target": "85", "call_seconds": "20", "wait_seconds": "120",
            "emergency_seconds": "30", "bot_failures": "2", "undelivered_notices": "5"}  # fmt: skip
    refused = await head.submit(f"{BOARD}/ajustes", **{**form, "chat_target": "101"})
    assert refused.status_code == 422
    assert 'value="101"' in refused.text
    assert (await head.submit(f"{BOARD}/ajustes", **form)).status_code == 303
    assert "meta 90 %" in (await head.get(BOARD)).text


async def test_twenty_who_look_share_one_computation(app: FastAPI, database: Database) -> None:
    painted = 0

    def paint(_: object) -> dict[str, str]:
        nonlocal painted
        painted += 1
        return {"pared": str(painted)}

    board = LiveBoard(database, app.state.live, paint)

    async def first() -> str:
        async for picture in board.follow():
            return picture.pages["pared"]
        raise AssertionError

    assert await asyncio.gather(*(first() for _ in range(20))) == ["1"] * 20
    await board.stop()
