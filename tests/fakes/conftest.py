"""The office as the stand-ins see it: an address that takes webhooks and answers as it is told."""

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest
from fastapi import FastAPI, Request
from fastapi.responses import Response

from tests.fakes.handles import TelegramServer, TwilioServer
from tests.fakes.link import cut
from tests.fakes.running import bind, running_telegram, running_twilio, serving, url_of


@dataclass
class Call:
    """A webhook as it arrived."""

    path: str
    headers: dict[str, str]
    form: dict[str, str] = field(default_factory=dict)
    json: dict[str, Any] = field(default_factory=dict)


@dataclass
class Office:
    """What it answers next, then 200; a status of 0 cuts the connection."""

    base_url: str
    calls: list[Call] = field(default_factory=list)
    statuses: list[int] = field(default_factory=list)
    seconds: float = 0

    def forms(self, path: str) -> list[dict[str, str]]:
        return [call.form for call in self.calls if call.path == path]


def office_app(office: Office) -> FastAPI:
    app = FastAPI()

    @app.post("/{path:path}")
    async def take(path: str, request: Request) -> Response:
        call = Call(request.url.path, dict(request.headers))
        if "json" in call.headers["content-type"]:
            call.json = await request.json()
        else:
            call.form = {name: str(value) for name, value in (await request.form()).items()}
        office.calls.append(call)
        await asyncio.sleep(office.seconds)
        status = office.statuses.pop(0) if office.statuses else 200
        if status == 0:
            await cut(request.scope)
        return Response("<Response/>", media_type="text/xml", status_code=status or 200)

    @app.get("/oficio.pdf")
    async def document() -> Response:
        return Response(b"%PDF-1.4 carta", media_type="application/pdf")

    return app


@pytest.fixture
def office() -> Iterator[Office]:
    bound = bind()
    office = Office(url_of(bound))
    with serving(office_app(office), bound):
        yield office


@pytest.fixture
def twilio(office: Office) -> Iterator[TwilioServer]:
    with running_twilio(webhook_url=f"{office.base_url}/whatsapp", sms_webhook_url=f"{office.base_url}/sms") as server:
        yield server


@pytest.fixture
def telegram() -> Iterator[TelegramServer]:
    with running_telegram() as server:
        yield server
