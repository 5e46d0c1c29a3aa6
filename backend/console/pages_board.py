"""The live board: the head's page, the wall screen, their settings, and the screens' keys."""

import time
from collections.abc import AsyncIterator, Mapping
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Form, Query, Request, Response
from fastapi.responses import RedirectResponse
from markupsafe import Markup
from sqlalchemy.ext.asyncio import AsyncSession
from sse_starlette import EventSourceResponse, ServerSentEvent

from backend.agents.auth import CurrentHead, check_origin, head_of
from backend.agents.models import User
from backend.board import service
from backend.board.live import LiveBoard
from backend.board.shapes import Board
from backend.console import board_texts, texts
from backend.console.rendering import page, staff_page, templates
from backend.console.typed_forms import texts_of
from backend.db import Database, Tx
from backend.errors import ChatSonoraError, InvalidInput

BOARD = "/consola/tablero"
router = APIRouter(prefix=BOARD, include_in_schema=False)

#: A screen's key, sent to the board's addresses and to no other.
DISPLAY_COOKIE = "__Secure-tablero"
_DISPLAY_LIFE = 400 * 24 * 3600  # as long as browsers keep a cookie
#: Seconds after which a stream asks again whether who looks still may.
_CHECK = 20.0


def paint(board: Board) -> Mapping[str, str]:
    """A board as the head's page (`mesa`) and the wall screen (`pared`) show it, for all who look at it."""
    part = templates.env.get_template("board_live.html")
    shown = {"board": board, "words": board_texts, "texts": texts}
    # Escaped once already, by the part's own template.
    painted = {"mesa": part.render(shown, is_wall=False), "pared": part.render(shown, is_wall=True)}
    return {kind: Markup(html) for kind, html in painted.items()}  # noqa: S704


async def _may_look(request: Request, session: Tx) -> None:
    """A screen by its key, or whom `CurrentHead` lets in. Raises as that does."""
    key = request.cookies.get(DISPLAY_COOKIE)
    if not key or await service.find_display(session, key) is None:
        await head_of(request, session)


@router.get("")
async def desk(request: Request, tx: Tx, user: CurrentHead) -> Response:
    board: LiveBoard = request.app.state.board
    return await staff_page(request, tx, user, "board.html", {"active": "board", "part": (await board.look())["mesa"]})


@router.get("/pared", dependencies=[Depends(_may_look)])
async def wall(request: Request) -> Response:
    """The wall screen: big, dark, nothing to press but the sound."""
    board: LiveBoard = request.app.state.board
    return page(request, "board_wall.html", {"part": (await board.look())["pared"]})


@router.get("/en-vivo", dependencies=[Depends(_may_look)])
async def stream(request: Request, vista: Annotated[str, Query(pattern="^(mesa|pared)$")] = "mesa") -> Response:
    """Each new picture of the board as the event `board`; `signed_out` is the last, if it comes."""
    return EventSourceResponse(_events(request, vista), ping=15)


async def _events(request: Request, kind: str) -> AsyncIterator[ServerSentEvent]:
    board: LiveBoard = request.app.state.board
    database: Database = request.app.state.database
    checked_at = time.monotonic()
    async for picture in board.follow():
        if time.monotonic() - checked_at > _CHECK:
            checked_at = time.monotonic()
            try:
                async with database.transaction() as session:
                    await _may_look(request, session)
            except ChatSonoraError:
                yield ServerSentEvent(event="signed_out", data="{}")
                return
        yield ServerSentEvent(event="board", id=str(picture.number), data=picture.pages[kind])


@router.get("/pantalla")
async def screen_page(request: Request) -> Response:
    """Where a screen shows its key; what follows `#` in the address is taken for it."""
    return page(request, "board_key.html")


@router.post("/pantalla")
async def open_screen(request: Request, tx: Tx, clave: Annotated[str, Form(max_length=100)] = "") -> Response:
    check_origin(request)
    if await service.find_display(tx, clave) is None:
        return page(request, "board_key.html", {"error": "Esa clave no abre el tablero. Pida otra a la jefatura."}, 403)
    response = RedirectResponse(f"{BOARD}/pared", status_code=303)
    response.set_cookie(
        DISPLAY_COOKIE, clave.strip(), max_age=_DISPLAY_LIFE, path=BOARD, secure=True, httponly=True, samesite="lax"
    )
    return response


@router.get("/ajustes")
async def settings_page(request: Request, tx: Tx, user: CurrentHead) -> Response:
    return await _settings(request, tx, user, {})


async def _settings(
    request: Request,
    session: AsyncSession,
    user: User,
    typed: Mapping[str, str],
    error: ChatSonoraError | None = None,
    key: str | None = None,
) -> Response:
    kept = await service.settings(session)
    context = {
        "active": "board",
        "words": board_texts,
        "limits": service.LIMITS,
        "shown": {name: typed.get(name, str(getattr(kept, name))) for name in service.LIMITS},
        "typed": typed,
        "displays": await service.displays(session),
        "key": key,
        "key_address": f"{request.app.state.settings.base_url}{BOARD}/pantalla#{key}" if key else None,
        "problem": error.details.get("field") if error else None,
        "error": error.text if error else None,
    }
    return await staff_page(request, session, user, "board_settings.html", context, error.status if error else 200)


@router.post("/ajustes")
async def save_settings(request: Request, tx: Tx, user: CurrentHead) -> Response:
    typed = texts_of(await request.form())
    try:
        await service.set_settings(tx, user, {name: _whole(typed, name) for name in service.LIMITS})
    except ChatSonoraError as refused:
        return await _settings(request, tx, user, typed, refused)
    return RedirectResponse(f"{BOARD}/ajustes?aviso=tablero", status_code=303)


def _whole(typed: Mapping[str, str], name: str) -> int:
    raw = typed.get(name, "")
    if not (raw.isascii() and raw.isdigit() and len(raw) < 7):
        raise InvalidInput("Escriba un número entero.", field=name)
    return int(raw)


@router.post("/pantallas")
async def add_screen(request: Request, tx: Tx, user: CurrentHead) -> Response:
    """A key for a screen, shown once."""
    typed = texts_of(await request.form())
    try:
        key = await service.add_display(tx, user, typed.get("name", ""))
    except ChatSonoraError as refused:
        return await _settings(request, tx, user, typed, refused)
    return await _settings(request, tx, user, {}, key=key)


@router.post("/pantallas/{display_id}/quitar")
async def revoke_screen(tx: Tx, user: CurrentHead, display_id: UUID) -> Response:
    """That screen sees the board no more."""
    await service.revoke_display(tx, user, display_id)
    return RedirectResponse(f"{BOARD}/ajustes?aviso=pantalla_fuera", status_code=303)
