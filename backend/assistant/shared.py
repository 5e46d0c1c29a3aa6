"""Two models side by side: each conversation belongs to one of them, by a stable share (docs/adr/0009)."""

import hashlib
from uuid import UUID

import structlog

from backend.assistant.port import Assistant, AssistantError, Turn, TurnResult
from backend.assistant.rasa import RasaAssistant
from backend.settings import Settings

log = structlog.get_logger(__name__)


def is_in_share(conversation_id: UUID, percent: int) -> bool:
    """Whether a conversation is among the `percent` that the second model answers; for its life, at that share."""
    digest = hashlib.sha256(b"second-model:" + conversation_id.bytes).digest()
    return int.from_bytes(digest[:8], "big") % 100 < percent


class SharedAssistant:
    """Gives each turn to its conversation's model, and to the other while that one cannot be reached.

    Only what surely began no turn goes to the other: both write the same tracker, and two turns
    at once in one conversation would spoil it.
    """

    def __init__(self, first: Assistant, second: Assistant, *, second_percent: int) -> None:
        self._first = first
        self._second = second
        self._percent = second_percent

    async def reply(self, turn: Turn) -> TurnResult:
        own, other = self._first, self._second
        if is_in_share(turn.conversation_id, self._percent):
            own, other = other, own
        try:
            return await own.reply(turn)
        except AssistantError as error:
            if not error.is_away:
                raise
            log.warning("model_away", kind=error.kind, message_id=str(turn.message_id))
        return await other.reply(turn)

    async def is_ready(self) -> bool:
        """Whether one of them answers: the other's conversations then go to it."""
        return await self._first.is_ready() or await self._second.is_ready()

    async def close(self) -> None:
        await self._first.close()
        await self._second.close()


def assistant_of(settings: Settings) -> Assistant:
    """The bot as the settings say: one model, or two by share."""
    token, timeout = settings.bot_token.get_secret_value(), settings.turn_timeout
    first = RasaAssistant(settings.rasa_url, token, timeout=timeout)
    if settings.second_rasa_url is None or settings.second_model_share == 0:
        return first
    second = RasaAssistant(settings.second_rasa_url, token, timeout=timeout)
    return SharedAssistant(first, second, second_percent=settings.second_model_share)
