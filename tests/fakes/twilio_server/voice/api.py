"""The REST API of 2010-04-01 for calls and recordings, after «Calls resource» and «Recordings resource»."""

import re
from datetime import UTC, datetime
from email.utils import format_datetime
from typing import Any
from urllib.parse import urlsplit

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse, RedirectResponse, Response

from tests.fakes.twilio_server.errors import TwilioError
from tests.fakes.twilio_server.state import TwilioState
from tests.fakes.twilio_server.voice.running import Runner
from tests.fakes.twilio_server.voice.state import Leg, Recording, VoiceState


def voice_routes(state: TwilioState, voice: VoiceState, runner: Runner) -> APIRouter:
    router = APIRouter(prefix="/2010-04-01/Accounts/{account_sid}")

    @router.post("/Calls.json")
    async def create(account_sid: str, request: Request) -> Response:
        form = await request.form()
        to, from_, url = (str(form.get(name, "")) for name in ("To", "From", "Url"))
        if not re.fullmatch(r"\+[1-9]\d{7,14}", to):
            raise TwilioError(21211, to)
        if from_ != state.account.voice_number:
            raise TwilioError(21210, from_)
        if urlsplit(url).scheme not in {"http", "https"}:
            raise TwilioError(21205, url)
        leg = voice.add(from_, to, "outbound-api")
        leg.callback_url = str(form.get("StatusCallback", ""))
        leg.callback_events = tuple(str(event) for event in form.getlist("StatusCallbackEvent")) or ("completed",)
        runner.ring_and_begin(leg, url, float(str(form.get("Timeout", "60"))))
        return JSONResponse(_call(state, leg), status_code=201)

    @router.get("/Calls/{call_sid}.json")
    async def fetch(account_sid: str, call_sid: str) -> Response:
        return JSONResponse(_call(state, _found(voice, call_sid)))

    @router.post("/Calls/{call_sid}.json")
    async def update(account_sid: str, call_sid: str, request: Request) -> Response:
        leg, form = _found(voice, call_sid), await request.form()
        if leg.is_over:
            raise TwilioError(21220, call_sid)
        if form.get("Status") == "completed":
            leg.is_gone = True
        elif urlsplit(str(form.get("Url", ""))).scheme in {"http", "https"}:
            leg.redirect = str(form["Url"])
        else:
            raise TwilioError(21205, str(form.get("Url", "")))
        return JSONResponse(_call(state, leg))

    router.include_router(_recordings(state, voice))
    return router


def _recordings(state: TwilioState, voice: VoiceState) -> APIRouter:
    router = APIRouter(prefix="/Recordings")

    @router.get("/{recording_sid}.json")
    async def described(account_sid: str, recording_sid: str) -> Response:
        return JSONResponse(_recording(state, _kept(voice, recording_sid)))

    @router.get("/{recording_sid}.mp3")
    async def content(account_sid: str, recording_sid: str, request: Request) -> Response:
        """Redirects to another host, as media do: credentials have no business there."""
        _kept(voice, recording_sid)
        host = "localhost" if request.url.hostname == "127.0.0.1" else "127.0.0.1"
        return RedirectResponse(f"http://{host}:{request.url.port}/_cdn/recordings/{recording_sid}", status_code=307)

    @router.delete("/{recording_sid}.json")
    async def delete(account_sid: str, recording_sid: str) -> Response:
        del voice.recordings[_kept(voice, recording_sid).sid]
        return Response(status_code=204)

    return router


def recordings_network(state: TwilioState, voice: VoiceState) -> APIRouter:
    """Where recordings lie: shut to requests that bring credentials."""
    router = APIRouter(prefix="/_cdn/recordings")

    @router.get("/{recording_sid}")
    async def content(recording_sid: str, request: Request) -> Response:
        if "authorization" in request.headers:
            state.alerts.append({"code": 0, "problem": "credentials were sent to the content network"})
            return Response("Only one auth mechanism allowed", status_code=400)
        return Response(_kept(voice, recording_sid).content, media_type="audio/mpeg")

    return router


def _found(voice: VoiceState, call_sid: str) -> Leg:
    if call_sid not in voice.legs:
        raise TwilioError(20404, f"/Calls/{call_sid}.json")
    return voice.legs[call_sid]


def _kept(voice: VoiceState, recording_sid: str) -> Recording:
    if recording_sid not in voice.recordings:
        raise TwilioError(20404, f"/Recordings/{recording_sid}.json")
    return voice.recordings[recording_sid]


def _date(moment: datetime | None) -> str | None:
    return format_datetime(moment.astimezone(UTC)) if moment else None


def _call(state: TwilioState, leg: Leg) -> dict[str, Any]:
    return {
        "sid": leg.sid,
        "account_sid": state.account.sid,
        "parent_call_sid": leg.parent.sid if leg.parent else None,
        "api_version": "2010-04-01",
        "from": leg.from_,
        "to": leg.to,
        "direction": leg.direction,
        "status": leg.status,
        "duration": str(leg.seconds) if leg.is_over else None,
        "date_created": _date(leg.created),
        "date_updated": _date(leg.ended or leg.created),
        "start_time": _date(leg.answered),
        "end_time": _date(leg.ended),
        "uri": f"/2010-04-01/Accounts/{state.account.sid}/Calls/{leg.sid}.json",
    }


def _recording(state: TwilioState, recording: Recording) -> dict[str, Any]:
    return {
        "sid": recording.sid,
        "account_sid": state.account.sid,
        "call_sid": recording.call_sid,
        "api_version": "2010-04-01",
        "status": recording.status,
        "duration": str(recording.seconds),
        "channels": 1,
        "date_created": _date(recording.created),
        "date_updated": _date(recording.created),
        "start_time": _date(recording.created),
        "uri": f"/2010-04-01/Accounts/{state.account.sid}/Recordings/{recording.sid}.json",
    }
