"""The stand-in for Twilio as an ASGI application."""

import base64
import dataclasses
import secrets
from collections.abc import Awaitable, Callable
from typing import Any

from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse, Response
from pydantic import BaseModel, ConfigDict

from tests.fakes.clock import VendorClock
from tests.fakes.control import add_control
from tests.fakes.link import OURS, FaultyLink
from tests.fakes.twilio_server.api import api_routes, content_network, typing_indicator
from tests.fakes.twilio_server.content import content_routes
from tests.fakes.twilio_server.errors import TwilioError, answer, answer_status
from tests.fakes.twilio_server.outbound import Outbound
from tests.fakes.twilio_server.state import Account, TwilioState
from tests.fakes.twilio_server.telephones import TwilioTelephones
from tests.fakes.twilio_server.voice.api import recordings_network, voice_routes
from tests.fakes.twilio_server.voice.callbacks import Callbacks
from tests.fakes.twilio_server.voice.control import add_voice_control
from tests.fakes.twilio_server.voice.running import Runner
from tests.fakes.twilio_server.voice.state import VoiceState
from tests.fakes.twilio_server.webhooks import Webhooks

_PUBLIC = (*OURS, "/_cdn")


def create_twilio(account: Account, clock: VendorClock, *, base_url: str = "") -> FastAPI:
    """A stand-in of its own. `base_url`: what the addresses of media begin with."""
    state = TwilioState(account, clock)
    webhooks = Webhooks(state)
    outbound = Outbound(state, webhooks)
    telephones = TwilioTelephones(state, webhooks, outbound)
    telephones.media_base_url = base_url
    app = FastAPI(title="Stand-in for Twilio", openapi_url=None)
    app.include_router(api_routes(state, outbound))
    app.include_router(typing_indicator(state))
    _add_voice(app, state, webhooks)
    app.include_router(content_network(state))
    app.include_router(content_routes(state))
    add_control(app, telephones, state.faults, clock)
    _add_own_control(app, state, telephones)
    _add_authentication(app, state)

    @app.exception_handler(TwilioError)
    async def refused(request: Request, error: TwilioError) -> JSONResponse:
        return answer(error)

    app.add_middleware(FaultyLink, faults=state.faults, is_send=_is_send, error=answer_status)
    return app


def _add_voice(app: FastAPI, state: TwilioState, webhooks: Webhooks) -> None:
    voice = VoiceState(state)
    runner = Runner(state, voice, Callbacks(state, webhooks))
    state.calls_are_idle = voice.is_idle
    app.include_router(voice_routes(state, voice, runner))
    app.include_router(recordings_network(state, voice))
    add_voice_control(app, state, voice, runner)


def _is_send(method: str, path: str) -> bool:
    return method == "POST" and path.endswith("/Messages.json")


def _add_authentication(app: FastAPI, state: TwilioState) -> None:
    """Basic authentication on all that is Twilio's, and its limit of requests at once."""
    running = 0

    @app.middleware("http")
    async def authenticate(request: Request, call_next: Callable[[Request], Awaitable[Response]]) -> Response:
        nonlocal running
        if request.url.path.startswith(_PUBLIC):
            return await call_next(request)
        if not _knows(state.account, request):
            return answer(TwilioError(20003))
        if running >= state.faults.settings.api_concurrency:
            return answer(TwilioError(20429))
        running += 1
        try:
            await state.clock.sleep(state.faults.settings.busy_seconds)
            return await call_next(request)
        finally:
            running -= 1


def _knows(account: Account, request: Request) -> bool:
    scheme, _, credentials = request.headers.get("authorization", "").partition(" ")
    expected = base64.b64encode(f"{account.sid}:{account.token}".encode()).decode()
    if scheme != "Basic" or not secrets.compare_digest(credentials.encode(), expected.encode()):
        return False
    path, own = request.url.path, f"/2010-04-01/Accounts/{account.sid}"
    return not path.startswith("/2010-04-01/") or path.startswith((f"{own}.json", f"{own}/"))


class AccountChange(BaseModel):
    """Where the office's webhooks go; what is not named stays."""

    model_config = ConfigDict(extra="forbid")

    webhook_url: str | None = None
    sms_webhook_url: str | None = None
    fallback_url: str | None = None
    voice_url: str | None = None
    voice_status_url: str | None = None
    token: str | None = None


class Reachability(BaseModel):
    """`code`: what messages to a citizen fail with; none: they arrive."""

    code: int | None = None


class ApprovalChange(BaseModel):
    status: str
    rejection_reason: str = ""


class Replay(BaseModel):
    times: int = 1


def _add_own_control(app: FastAPI, state: TwilioState, telephones: TwilioTelephones) -> None:
    """What can be asked of this stand-in alone."""

    @app.patch("/_control/account")
    async def change_account(change: AccountChange) -> dict[str, Any]:
        for name, value in change.model_dump(exclude_none=True).items():
            setattr(state.account, name, value)
        return dataclasses.asdict(state.account)

    @app.get("/_control/deliveries")
    async def deliveries() -> list[dict[str, Any]]:
        """Every attempt at a webhook, inbound and status, the oldest first."""
        return [dataclasses.asdict(delivery) for delivery in state.deliveries]

    @app.get("/_control/alerts")
    async def alerts() -> list[dict[str, Any]]:
        """What Twilio's debugger would show, and credentials sent where they must not go."""
        return state.alerts

    @app.post("/_control/citizens/{citizen_id}/close_window")
    async def close_window(citizen_id: str) -> None:
        """As if the citizen had last written long ago."""
        state.citizen(citizen_id).last_wrote = None

    @app.post("/_control/citizens/{citizen_id}/reachability")
    async def reachability(citizen_id: str, body: Reachability) -> None:
        state.citizen(citizen_id).unreachable = body.code

    @app.patch("/_control/contents/{content_sid}")
    async def decide(content_sid: str, change: ApprovalChange) -> None:
        """Approve or reject a template now."""
        state.contents[content_sid]["approval"].update(change.model_dump())

    @app.post("/_control/messages/{message_sid}/replay")
    async def replay(message_sid: str, body: Replay) -> None:
        telephones.replay(message_sid, body.times)
