"""A stand-in for Rasa behind our input channel, in its answers' shape, which fails in every way that Rasa can.

It answers a text with two replies that repeat it, and a repeated message id with what it answered before, as
`bot/connectors/chat_sonora.py` does. `turns` is its diary: what it was asked, from when to when.
"""

import asyncio
import enum
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse, Response, StreamingResponse

from tests.fakes.link import cut
from tests.fakes.running import bind, serving, url_of

_HUNG_SECONDS = 30.0


class Manner(enum.StrEnum):
    """How it answers a turn."""

    WELL = "well"
    #: Takes the message, and says nothing for half a minute.
    HUNG = "hung"
    #: A byte now and then, without end: no single read lasts too long.
    DRIPPING = "dripping"
    #: What Rasa's REST channel answers to a turn that failed.
    EMPTY = "empty"
    #: Our channel's answer, with nothing said in it.
    SILENT = "silent"
    FAILING = "failing"
    MALFORMED = "malformed"
    #: JSON of another shape.
    STRANGE = "strange"
    #: Cuts the connection in mid-turn: what a killed process looks like.
    DEAD = "dead"


@dataclass
class Turn:
    """One call. `ended` is 0 while it is under way."""

    conversation_id: str
    message_id: str
    begun: float
    ended: float = 0.0


def overlaps(turns: Sequence[Turn]) -> int:
    """How often a turn began while another one of the same conversation was under way."""
    last_end: dict[str, float] = {}
    found = 0
    for turn in sorted(turns, key=lambda turn: turn.begun):
        found += turn.begun < last_end.get(turn.conversation_id, 0.0)
        last_end[turn.conversation_id] = max(last_end.get(turn.conversation_id, 0.0), turn.ended or turn.begun)
    return found


@dataclass
class Bot:
    """A running stand-in, as a test holds it."""

    url: str
    manner: Manner = Manner.WELL
    #: Seconds that a turn takes.
    seconds: float = 0.0
    turns: list[Turn] = field(default_factory=list)
    _answers: dict[str, list[dict[str, Any]]] = field(default_factory=dict)

    def overlaps(self) -> int:
        return overlaps(self.turns)

    def order_of(self, conversation_id: str) -> list[str]:
        """The messages of a conversation in the order in which it first heard of them."""
        return list(dict.fromkeys(turn.message_id for turn in self.turns if turn.conversation_id == conversation_id))

    async def answer(self, body: dict[str, Any]) -> Response:
        turn = Turn(body["sender_id"], body["message_id"], time.monotonic())
        self.turns.append(turn)
        try:
            return await self._answer(body)
        finally:
            turn.ended = time.monotonic()

    async def _answer(self, body: dict[str, Any]) -> Response:
        match self.manner:
            case Manner.HUNG:
                await asyncio.sleep(_HUNG_SECONDS)
                return Response(status_code=500)
            case Manner.DRIPPING:
                return StreamingResponse(_drip(), media_type="application/json")
            case Manner.EMPTY:
                return JSONResponse([])
            case Manner.SILENT:
                return JSONResponse({"messages": [], "repeated": False, "understanding": None})
            case Manner.FAILING:
                return JSONResponse({"error": "GraphRecursionError"}, status_code=500)
            case Manner.MALFORMED:
                return Response(b'{"messages": [{"text": "ho', media_type="application/json")
            case Manner.STRANGE:
                return JSONResponse({"messages": {"text": 5}})
        await asyncio.sleep(self.seconds)
        repeated = body["message_id"] in self._answers
        replies = self._answers.setdefault(body["message_id"], [{"text": f"{way} {body['text']}"} for way in "ab"])
        return JSONResponse({"messages": replies, "repeated": repeated, "understanding": None})


async def _drip() -> Any:
    while True:
        yield b" "
        await asyncio.sleep(0.2)


@contextmanager
def running_bot() -> Iterator[Bot]:
    """The stand-in on a free port of loopback."""
    bound = bind()
    bot = Bot(url_of(bound))
    app = FastAPI(openapi_url=None)

    @app.get("/webhooks/chat_sonora/")
    async def health() -> dict[str, bool]:
        return {"ready": True}

    @app.post("/webhooks/chat_sonora/webhook")
    async def turn(request: Request) -> Response:
        body = await request.json()
        if bot.manner is Manner.DEAD:
            await cut(request.scope)
            return Response(status_code=500)
        return await bot.answer(body)

    with serving(app, bound):
        yield bot
