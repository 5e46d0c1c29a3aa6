"""The input channel: one turn a request, and the same answer to a repeated message id.

The backend is the only caller. It serialises a conversation's messages and may repeat a
call whose answer it never got; the tracker, saved at a turn's end, tells whether the turn
was had. A turn that fails is answered 500, never with an empty success, and one that is not done
at `ends_at` is given up: then another process may have the conversation (docs/adr/0031). With the replies goes
what was understood (`bot/connectors/understanding.py`), where the tracker can tell it.
"""

import asyncio
import hmac
import logging
import time
from collections.abc import Awaitable, Callable
from typing import Any

from rasa.core.channels.channel import CollectingOutputChannel, InputChannel, UserMessage
from rasa.shared.core.events import BotUttered, UserUttered
from sanic import Blueprint, response
from sanic.request import Request
from sanic.response import HTTPResponse

from bot.connectors import action_answers
from bot.connectors.understanding import understanding_of

logger = logging.getLogger(__name__)


class WholeTextOutputChannel(CollectingOutputChannel):
    """Collects replies; a text with blank lines stays one reply."""

    async def send_text_message(self, recipient_id: str, text: str, **kwargs: Any) -> None:
        await self._persist_message(self._message(recipient_id, text=text))


class ChatSonoraInput(InputChannel):
    """`POST /webhooks/chat_sonora/webhook` with `sender_id`, `message_id`, `text`, `metadata`, `ends_at`."""

    def __init__(self, token: str) -> None:
        self._token = token

    @classmethod
    def name(cls) -> str:
        return "chat_sonora"

    @classmethod
    def from_credentials(cls, credentials: dict[str, Any] | None) -> "ChatSonoraInput":
        token = (credentials or {}).get("token")
        if not token:
            raise ValueError("credentials.yml gives no token for the chat_sonora channel")
        action_answers.check_their_schema_once()
        return cls(token)

    def blueprint(self, on_new_message: Callable[[UserMessage], Awaitable[Any]]) -> Blueprint:
        webhook = Blueprint("chat_sonora_webhook")

        @webhook.get("/")
        async def health(request: Request) -> HTTPResponse:
            agent = request.app.ctx.agent
            is_ready = agent is not None and agent.is_ready()
            return response.json({"ready": is_ready}, status=200 if is_ready else 503)

        @webhook.post("/webhook")
        async def receive(request: Request) -> HTTPResponse:
            if not self._is_authorised(request):
                return response.json({"error": "unauthorised"}, status=401)
            body = request.json or {}
            sender_id, message_id, text = body.get("sender_id"), body.get("message_id"), body.get("text")
            if not (sender_id and message_id and isinstance(text, str)):
                return response.json({"error": "sender_id, message_id and text are needed"}, status=422)
            earlier = await _earlier_answer(request, sender_id, message_id)
            if earlier:
                return await _answer(request, sender_id, message_id, earlier, repeated=True)
            message = UserMessage(
                text,
                WholeTextOutputChannel(),
                sender_id,
                input_channel=self.name(),
                message_id=message_id,
                metadata={**(body.get("metadata") or {}), "message_id": message_id},
            )
            return await self._have_turn(request, on_new_message, message, _seconds_left(body))

        return webhook

    def _is_authorised(self, request: Request) -> bool:
        given = (request.headers.get("authorization") or "").removeprefix("Bearer ")
        return hmac.compare_digest(given.encode(), self._token.encode())

    async def _have_turn(
        self,
        request: Request,
        on_new_message: Callable[[UserMessage], Awaitable[Any]],
        message: UserMessage,
        seconds: float | None,
    ) -> HTTPResponse:
        try:
            await asyncio.wait_for(on_new_message(message), seconds)
        except Exception as error:  # whatever failed, the backend must hear that it did
            logger.error("turn failed: message_id=%s error=%s", message.message_id, type(error).__name__)
            return response.json({"error": type(error).__name__}, status=500)
        replies = message.output_channel.messages
        if not replies:
            logger.error("turn gave no reply: message_id=%s", message.message_id)
            return response.json({"error": "empty"}, status=500)
        return await _answer(request, message.sender_id, message.message_id, replies, repeated=False)


def _seconds_left(body: dict[str, Any]) -> float | None:
    """How long the turn may take: the backend gives it up at `ends_at`, and so must we. None: it does not say."""
    ends_at = body.get("ends_at")
    return None if ends_at is None else float(ends_at) - time.time()


async def _answer(
    request: Request, sender_id: str, message_id: str, replies: list[dict[str, Any]], *, repeated: bool
) -> HTTPResponse:
    # The tracker store answers None where it fails: the replies then go without an understanding.
    tracker = await request.app.ctx.agent.tracker_store.retrieve(sender_id)
    understanding = understanding_of(tracker.events, message_id) if tracker is not None else None
    if understanding is not None:
        understanding["model"] = _model_version(request.app.ctx.agent)
    return response.json({"messages": replies, "repeated": repeated, "understanding": understanding})


def _model_version(agent: Any) -> str:
    """The fingerprint by which the model's file is named."""
    return str(agent.processor.model_filename).removesuffix(".tar.gz")


async def _earlier_answer(request: Request, sender_id: str, message_id: str) -> list[dict[str, Any]]:
    """What was answered to `message_id` before; empty if that turn was never had to its end."""
    tracker = await request.app.ctx.agent.tracker_store.retrieve_full_tracker(sender_id)
    if tracker is None:
        return []
    answers: list[dict[str, Any]] = []
    is_in_turn = False
    for event in tracker.events:
        if isinstance(event, UserUttered):
            is_in_turn = event.message_id == message_id
        elif is_in_turn and isinstance(event, BotUttered):
            answers.append(_as_sent(event))
    return answers


def _as_sent(event: BotUttered) -> dict[str, Any]:
    sent = {"text": event.text, "buttons": event.data.get("buttons"), "custom": event.data.get("custom")}
    return {name: value for name, value in sent.items() if value}
