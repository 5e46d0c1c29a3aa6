"""The control API that every stand-in has: be a citizen, and make things go wrong."""

import asyncio
import time
from pathlib import Path
from typing import Annotated, Any

from fastapi import APIRouter, Body, FastAPI, HTTPException, Request
from fastapi.responses import FileResponse, JSONResponse
from pydantic import BaseModel, ValidationError

from tests.fakes.clock import VendorClock
from tests.fakes.conversation import CitizenMessage, CitizenView, MessageView, NewCitizen, NoSuch, SentView, Telephones
from tests.fakes.faults import Faults

PAGE = Path(__file__).parent / "page"
IDLE_SECONDS = 60


class Press(BaseModel):
    title: str
    message_id: str | None = None


class Speed(BaseModel):
    """`speed`: how many of the vendor's seconds pass in one of ours."""

    speed: float | None = None
    advance_seconds: float = 0


def add_control(app: FastAPI, telephones: Telephones, faults: Faults[Any], clock: VendorClock) -> None:
    """The routes under `/_control`, and the citizen's page."""
    app.include_router(_citizens(telephones))
    app.include_router(_conditions(telephones, faults, clock))
    app.include_router(_page())

    @app.exception_handler(NoSuch)
    async def no_such(request: Request, error: NoSuch) -> JSONResponse:
        return JSONResponse({"detail": str(error)}, status_code=404)


def _citizens(telephones: Telephones) -> APIRouter:
    router = APIRouter(prefix="/_control/citizens")

    @router.post("", status_code=201)
    async def add(citizen: NewCitizen) -> CitizenView:
        return telephones.add(citizen)

    @router.get("")
    async def all_of_them() -> list[CitizenView]:
        return telephones.citizens()

    @router.get("/{citizen_id}/conversation")
    async def conversation(citizen_id: str) -> list[MessageView]:
        return telephones.conversation(citizen_id)

    @router.post("/{citizen_id}/messages", status_code=201)
    async def say(citizen_id: str, message: CitizenMessage) -> SentView:
        return telephones.say(citizen_id, message)

    @router.post("/{citizen_id}/press", status_code=201)
    async def press(citizen_id: str, body: Press) -> SentView:
        return telephones.press(citizen_id, body.title, body.message_id)

    @router.get("/{citizen_id}/actions")
    async def actions(citizen_id: str) -> list[str]:
        return telephones.actions(citizen_id)

    @router.post("/{citizen_id}/block")
    async def block(citizen_id: str) -> CitizenView:
        return telephones.set_blocked(citizen_id, True)

    @router.post("/{citizen_id}/unblock")
    async def unblock(citizen_id: str) -> CitizenView:
        return telephones.set_blocked(citizen_id, False)

    return router


def _conditions(telephones: Telephones, faults: Faults[Any], clock: VendorClock) -> APIRouter:
    router = APIRouter(prefix="/_control")

    @router.get("/faults")
    async def read_faults() -> dict[str, Any]:
        settings: dict[str, Any] = faults.settings.model_dump()
        return settings

    @router.patch("/faults")
    async def change_faults(changes: Annotated[dict[str, Any], Body()]) -> dict[str, Any]:
        try:
            settings: dict[str, Any] = faults.change(changes).model_dump()
        except ValidationError as error:
            raise HTTPException(422, error.errors(include_url=False, include_context=False)) from error
        return settings

    @router.patch("/clock")
    async def change_clock(body: Speed) -> dict[str, Any]:
        if body.speed is not None:
            clock.set_speed(body.speed)
        clock.advance(body.advance_seconds)
        return {"speed": clock.speed, "now": clock.now().isoformat()}

    @router.get("/idle")
    async def wait_idle(seconds: float = IDLE_SECONDS) -> dict[str, bool]:
        """Answers when everything under way is done, or at the latest after `seconds`."""
        deadline = time.monotonic() + seconds
        while not (idle := telephones.is_idle()) and time.monotonic() < deadline:
            await asyncio.sleep(0.01)
        return {"idle": idle}

    return router


def _page() -> APIRouter:
    router = APIRouter()

    @router.get("/_citizen")
    async def page() -> FileResponse:
        return FileResponse(PAGE / "citizen.html")

    @router.get("/_page/{name}")
    async def part(name: str) -> FileResponse:
        if name not in {"citizen.js", "citizen.css", "telephone.js", "telephone.css"}:
            raise HTTPException(404)
        return FileResponse(PAGE / name)

    return router
