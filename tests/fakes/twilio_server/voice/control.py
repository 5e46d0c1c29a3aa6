"""Being the people on the telephone: callers, agents and citizens who are called."""

from pathlib import Path

from fastapi import APIRouter, FastAPI, HTTPException
from fastapi.responses import FileResponse
from pydantic import BaseModel

from tests.fakes.twilio_server.state import TwilioState
from tests.fakes.twilio_server.voice.running import Runner
from tests.fakes.twilio_server.voice.state import Input, Leg, LegView, VoiceState, view

PAGE = Path(__file__).parents[2] / "page"


class NewCall(BaseModel):
    #: E.164, or a word such as `anonymous` for a number that is hidden.
    from_: str


class Doing(BaseModel):
    """`kind`: keys, speech, recorded, silence, answer, refuse, hang_up."""

    kind: str
    text: str = ""
    seconds: int = 10
    then_hang_up: bool = False


class Manner(BaseModel):
    """What happens when a number is rung; empty: somebody decides each time."""

    number: str
    manner: str = ""


def add_voice_control(app: FastAPI, state: TwilioState, voice: VoiceState, runner: Runner) -> None:
    router = APIRouter(prefix="/_control/voice")

    @router.post("/calls", status_code=201)
    async def call(new: NewCall) -> LegView:
        """Somebody calls the office."""
        account = state.account
        if not account.voice_url:
            raise HTTPException(409, "the number has no voice webhook")
        leg = voice.add(new.from_, account.voice_number, "inbound")
        leg.callback_url, leg.callback_events = account.voice_status_url, ("completed",)
        leg.status = "ringing"
        runner.begin(leg, account.voice_url)
        return view(leg)

    @router.get("/legs")
    async def legs() -> list[LegView]:
        return [view(leg) for leg in voice.legs.values()]

    @router.get("/legs/{call_sid}")
    async def one(call_sid: str) -> LegView:
        return view(voice.leg(call_sid))

    @router.post("/legs/{call_sid}")
    async def do(call_sid: str, doing: Doing) -> LegView:
        leg = voice.leg(call_sid)
        _do(leg, doing)
        return view(leg)

    @router.patch("/manners")
    async def manner(change: Manner) -> None:
        voice.manners[change.number] = change.manner

    app.include_router(router)

    @app.get("/_telephone")
    async def page() -> FileResponse:
        return FileResponse(PAGE / "telephone.html")


def _do(leg: Leg, doing: Doing) -> None:
    if leg.is_over:
        raise HTTPException(409, "the call is over")
    match doing.kind:
        case "answer" | "refuse":
            leg.takes = doing.kind == "answer"
        case "hang_up":
            leg.is_gone = True
        case "keys" | "speech" | "recorded" | "silence":
            leg.inputs.append(Input(doing.kind, doing.text, doing.seconds))
            leg.is_gone = leg.is_gone or doing.then_hang_up
        case _:
            raise HTTPException(422, f"nobody can {doing.kind!r} on a telephone")
