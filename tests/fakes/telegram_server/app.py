"""The stand-in for Telegram as an ASGI application."""

import re
import secrets
from typing import Any

from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse, Response
from pydantic import BaseModel

from tests.fakes.clock import VendorClock
from tests.fakes.control import add_control
from tests.fakes.link import FaultyLink
from tests.fakes.telegram_server.errors import TelegramError, answer, answer_status, bad_request
from tests.fakes.telegram_server.methods import Methods
from tests.fakes.telegram_server.parameters import read
from tests.fakes.telegram_server.state import DOWNLOAD_LIMIT, TelegramState
from tests.fakes.telegram_server.telephones import TelegramTelephones
from tests.fakes.telegram_server.updates import Updates

_TOKEN = re.compile(r"^\d+:[A-Za-z0-9_-]{10,}$")
_SEND = re.compile(r"/send(?!chataction)[a-z]+$", re.IGNORECASE)


def create_telegram(token: str, clock: VendorClock) -> FastAPI:
    """A stand-in of its own, with one bot."""
    state = TelegramState(token, clock)
    updates = Updates(state)
    telephones = TelegramTelephones(state, updates)
    app = FastAPI(title="Stand-in for Telegram's Bot API", openapi_url=None)
    _add_bot_api(app, state, Methods(state, updates))
    add_control(app, telephones, state.faults, clock)
    _add_own_control(app, state, updates, telephones)

    @app.exception_handler(TelegramError)
    async def refused(request: Request, error: TelegramError) -> JSONResponse:
        return answer(error)

    app.add_middleware(FaultyLink, faults=state.faults, is_send=_is_send, error=answer_status)
    return app


def _is_send(method: str, path: str) -> bool:
    return bool(_SEND.search(path))


def _check(state: TelegramState, token: str) -> None:
    if not _TOKEN.match(token):
        raise TelegramError(404, "Not Found")
    if not secrets.compare_digest(token, state.token):
        raise TelegramError(401, "Unauthorized")


def _add_bot_api(app: FastAPI, state: TelegramState, methods: Methods) -> None:
    @app.api_route("/bot{token}/{name}", methods=["GET", "POST"])
    async def call(token: str, name: str, request: Request) -> Response:
        _check(state, token)
        method = methods.named(name)
        if method is None:
            raise TelegramError(404, "Not Found")
        try:
            result = await method(await read(request))
        except ValueError as error:
            raise bad_request(f"invalid parameter: {error}") from error
        return JSONResponse({"ok": True, "result": result})

    @app.get("/file/bot{token}/{path:path}")
    async def download(token: str, path: str) -> Response:
        _check(state, token)
        file = next((file for file in state.files.values() if file.path == path), None)
        if file is None or len(file.content) > DOWNLOAD_LIMIT:
            raise TelegramError(404, "Not Found")
        return Response(file.content, media_type="application/octet-stream")


class Edit(BaseModel):
    message_id: str
    text: str


class Group(BaseModel):
    title: str
    citizen_id: str


class Replay(BaseModel):
    times: int = 1


class Gap(BaseModel):
    count: int


def _add_own_control(app: FastAPI, state: TelegramState, updates: Updates, telephones: TelegramTelephones) -> None:
    """What can be asked of this stand-in alone."""

    @app.post("/_control/citizens/{citizen_id}/edit")
    async def edit(citizen_id: str, body: Edit) -> None:
        telephones.edit(citizen_id, body.message_id, body.text)

    @app.post("/_control/groups", status_code=201)
    async def add_group(body: Group) -> dict[str, int]:
        return {"id": telephones.add_group(body.title, body.citizen_id)}

    @app.get("/_control/deliveries")
    async def deliveries() -> list[dict[str, Any]]:
        return updates.deliveries

    @app.get("/_control/updates")
    async def all_updates() -> list[dict[str, Any]]:
        return [update.public for update in updates.log.values()]

    @app.post("/_control/updates/skip")
    async def skip(body: Gap) -> None:
        """Leave a gap in the update ids."""
        updates.skip_ids(body.count)

    @app.post("/_control/updates/{update_id}/replay")
    async def replay(update_id: int, body: Replay) -> None:
        updates.replay(update_id, body.times)

    @app.get("/_control/callback_answers")
    async def callback_answers() -> dict[str, dict[str, Any]]:
        return state.query_answers
