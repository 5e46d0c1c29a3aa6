"""The assistant that runs in Rasa, reached through our input channel (bot/connectors/chat_sonora.py).

Rasa answers a failed turn with an empty list, so an empty answer is a failure here
(design, section 8). Which of several processes has a turn: `backend/assistant/pool.py`.
"""

import asyncio
from typing import Any

import httpx
from pydantic import BaseModel, Field, ValidationError

from backend import clock
from backend.assistant.port import (
    AssistantError,
    Handoff,
    Outcome,
    Reading,
    Reply,
    ReplyButton,
    Turn,
    TurnResult,
    Understanding,
)
from backend.conversations.models import HandoffReason


class _Button(BaseModel):
    title: str
    payload: str


class _HandoffDirective(BaseModel):
    reason: HandoffReason
    emergency: bool = False
    language: str | None = Field(None, pattern=r"^[a-z]{2,3}(-[a-z]{2,3})?$")
    summary: str | None = Field(None, max_length=1000)


class _Custom(BaseModel):
    handoff: _HandoffDirective | None = None


class _Message(BaseModel):
    text: str | None = None
    buttons: list[_Button] = []
    custom: _Custom | None = None


class _Reading(BaseModel):
    intent: str
    confidence: float


class _Understanding(BaseModel):
    ranking: list[_Reading]
    model: str
    outcome: Outcome
    is_typed: bool
    in_form: bool


class _Answer(BaseModel):
    messages: list[_Message]
    understanding: _Understanding | None = None


class RasaProcess:
    """One process of Rasa. Conversations are serialised before they come here."""

    def __init__(self, base_url: str, token: str) -> None:
        self._url = httpx.URL(base_url)
        self._client = httpx.AsyncClient(
            base_url=base_url,
            headers={"Authorization": f"Bearer {token}"},
            # What limits a turn is its end (`_post`): httpx limits each read.
            timeout=httpx.Timeout(None, connect=2.0),
            # Ends before the bot ends an idle connection, lest a turn be sent into one that is just being closed.
            limits=httpx.Limits(max_connections=50, keepalive_expiry=2.0),
        )

    @property
    def name(self) -> str:
        return self._url.netloc.decode()

    async def close(self) -> None:
        await self._client.aclose()

    async def is_ready(self) -> bool:
        try:
            return (await self._client.get("/webhooks/chat_sonora/", timeout=2.0)).status_code == httpx.codes.OK
        except httpx.HTTPError:
            return False

    async def reply(self, turn: Turn) -> TurnResult:
        """Have the turn here. Raises AssistantError."""
        try:
            response = await self._post(turn)
        except (httpx.ConnectError, httpx.ConnectTimeout) as error:
            raise AssistantError(type(error).__name__, is_away=True) from error
        except TimeoutError as error:
            raise AssistantError("TimeoutError", may_go_on=True) from error
        except httpx.HTTPError as error:
            is_gone = await self._is_gone()
            raise AssistantError(type(error).__name__, is_away=is_gone, may_go_on=not is_gone) from error
        if response.status_code != httpx.codes.OK:
            raise AssistantError(f"status_{response.status_code}")
        try:
            answer = _Answer.model_validate(_json(response))
        except ValidationError as error:
            raise AssistantError("malformed") from error
        return _result(answer)

    async def _post(self, turn: Turn) -> httpx.Response:
        body = {
            "sender_id": str(turn.conversation_id),
            "message_id": str(turn.message_id),
            "text": turn.text,
            "metadata": {"channel": turn.channel},
            "ends_at": turn.ends_at.timestamp(),
            "is_new": turn.is_new,
        }
        async with asyncio.timeout((turn.ends_at - clock.now()).total_seconds()):
            return await self._client.post("/webhooks/chat_sonora/webhook", json=body)

    async def _is_gone(self) -> bool:
        """Whether the process that cut a connection has ended: nothing listens there any more."""
        try:
            async with asyncio.timeout(1.0):
                _, writer = await asyncio.open_connection(self._url.host, self._url.port)
        except ConnectionRefusedError:
            return True
        except (OSError, TimeoutError):
            return False
        writer.close()
        return False


def _json(response: httpx.Response) -> Any:
    try:
        return response.json()
    except ValueError as error:
        raise AssistantError("malformed") from error


def _result(answer: _Answer) -> TurnResult:
    replies = tuple(
        Reply(message.text, tuple(ReplyButton(button.title, button.payload) for button in message.buttons))
        for message in answer.messages
        if message.text and message.text.strip()
    )
    if not replies:
        raise AssistantError("empty")
    directive = next((m.custom.handoff for m in answer.messages if m.custom and m.custom.handoff), None)
    handoff = _handoff(directive) if directive else None
    return TurnResult(replies, handoff, _understanding(answer.understanding))


def _handoff(directive: _HandoffDirective) -> Handoff:
    return Handoff(directive.reason, directive.emergency, directive.language, directive.summary)


def _understanding(told: _Understanding | None) -> Understanding | None:
    if told is None:
        return None
    ranking = tuple(Reading(row.intent, row.confidence) for row in told.ranking)
    return Understanding(ranking, told.model, told.outcome, told.is_typed, told.in_form)
