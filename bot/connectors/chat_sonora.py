"""The input channel: one turn a request, and the same answer to a repeated message id.

The backend is the only caller. It serialises a conversation's messages and may repeat a
call whose answer it never got; of one that is not said to be new the tracker store, written at
a turn's end, tells whether the turn was had, and while it cannot be asked the call waits. A turn
that fails is answered 500, never with an empty success, and one that is not done at `ends_at` is
given up: then another process may have the conversation (docs/adr/0031). With the replies goes
what was understood (`bot/connectors/understanding.py`), where the turn was stored.
"""

import asyncio
import gc
import hmac
import logging
import time
from collections.abc import Awaitable, Callable, Iterable
from typing import Any

from rasa.core.channels.channel import CollectingOutputChannel, InputChannel, UserMessage
from rasa.core.tracker_store import FailSafeTrackerStore
from rasa.shared.core.events import BotUttered, Event, UserUttered
from sanic import Blueprint, response
from sanic.request import Request
from sanic.response import HTTPResponse

from bot.connectors import action_answers, action_calls
from bot.connectors.understanding import understanding_of
from bot.trackers import TurnTrackerStore, saved_in_this_turn

logger = logging.getLogger(__name__)


class WholeTextOutputChannel(CollectingOutputChannel):
    """Collects replies; a text with blank lines stays one reply."""

    async def send_text_message(self, recipient_id: str, text: str, **kwargs: Any) -> None:
        await self._persist_message(self._message(recipient_id, text=text))


class ChatSonoraInput(InputChannel):
    """`POST /webhooks/chat_sonora/webhook` with `sender_id`, `message_id`, `text`, `metadata`, `ends_at`, `is_new`."""

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
        action_calls.keep_connections()
        return cls(token)

    def blueprint(self, on_new_message: Callable[[UserMessage], Awaitable[Any]]) -> Blueprint:
        webhook = Blueprint("chat_sonora_webhook")

        @webhook.after_server_start
        async def settle(*_: Any) -> None:
            # All that Rasa loads is for good: a full round of the collector through it holds up a turn.
            gc.collect()
            gc.freeze()

        @webhook.after_server_stop
        async def end(*_: Any) -> None:
            await action_calls.end_connections()

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
            message = UserMessage(
                text,
                WholeTextOutputChannel(),
                sender_id,
                input_channel=self.name(),
                message_id=message_id,
                metadata={**(body.get("metadata") or {}), "message_id": message_id},
            )
            try:
                answer = _answer_to(request, message, on_new_message, is_new=body.get("is_new") is True)
                return await asyncio.wait_for(answer, _seconds_left(body))
            except Exception as error:  # whatever failed, the backend must hear that it did
                return _failed(message_id, type(error).__name__)

        return webhook

    def _is_authorised(self, request: Request) -> bool:
        given = (request.headers.get("authorization") or "").removeprefix("Bearer ")
        return hmac.compare_digest(given.encode(), self._token.encode())


async def _answer_to(
    request: Request, message: UserMessage, on_new_message: Callable[[UserMessage], Awaitable[Any]], *, is_new: bool
) -> HTTPResponse:
    """What was answered to the message before, or its turn; all within one task, which knows what the turn stored."""
    store = _store(request)
    earlier = None if is_new else await _earlier_answer(request, store, message.sender_id, message.message_id)
    if earlier is not None:
        return earlier
    await on_new_message(message)
    replies = message.output_channel.messages
    if not replies:
        return _failed(message.message_id, "empty")
    tracker = saved_in_this_turn()
    # Where the store failed, the replies go without an understanding.
    events = tracker.events if tracker is not None else ()
    return _answer(request.app.ctx.agent, message.message_id, replies, events, repeated=False)


def _seconds_left(body: dict[str, Any]) -> float | None:
    """How long the turn may take: the backend gives it up at `ends_at`, and so must we. None: it does not say."""
    ends_at = body.get("ends_at")
    return None if ends_at is None else float(ends_at) - time.time()


def _failed(message_id: str, kind: str) -> HTTPResponse:
    logger.error("turn failed: message_id=%s error=%s", message_id, kind)
    return response.json({"error": kind}, status=500)


def _store(request: Request) -> TurnTrackerStore:
    """The tracker store itself, without Rasa's wrapper, which answers nothing where it fails."""
    store = request.app.ctx.agent.tracker_store
    store = store._tracker_store if isinstance(store, FailSafeTrackerStore) else store
    if not isinstance(store, TurnTrackerStore):
        raise TypeError(f"bot/endpoints.yml names another tracker store: {type(store).__name__}")
    return store


def _answer(
    agent: Any, message_id: str, replies: list[dict[str, Any]], events: Iterable[Event], *, repeated: bool
) -> HTTPResponse:
    understanding = understanding_of(events, message_id)
    if understanding is not None:
        understanding["model"] = _model_version(agent)
    return response.json({"messages": replies, "repeated": repeated, "understanding": understanding})


def _model_version(agent: Any) -> str:
    """The fingerprint by which the model's file is named."""
    return str(agent.processor.model_filename).removesuffix(".tar.gz")


async def _earlier_answer(
    request: Request, store: TurnTrackerStore, sender_id: str, message_id: str
) -> HTTPResponse | None:
    """What was answered to `message_id` before; None if that turn was never had to its end."""
    if not await store.has_heard(sender_id, message_id):
        return None
    tracker = await store.retrieve_full_tracker(sender_id)
    events = tracker.events if tracker is not None else ()
    replies = _replies_to(message_id, events)
    return _answer(request.app.ctx.agent, message_id, replies, events, repeated=True) if replies else None


def _replies_to(message_id: str, events: Iterable[Event]) -> list[dict[str, Any]]:
    replies: list[dict[str, Any]] = []
    is_in_turn = False
    for event in events:
        if isinstance(event, UserUttered):
            is_in_turn = event.message_id == message_id
        elif is_in_turn and isinstance(event, BotUttered):
            replies.append(_as_sent(event))
    return replies


def _as_sent(event: BotUttered) -> dict[str, Any]:
    sent = {"text": event.text, "buttons": event.data.get("buttons"), "custom": event.data.get("custom")}
    return {name: value for name, value in sent.items() if value}
