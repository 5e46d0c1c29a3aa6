"""The assistant, timed: how long its turns take, and how they end."""

import time
from collections.abc import Mapping, Sequence
from uuid import UUID

from backend.assistant.port import Assistant, AssistantError, Turn, TurnResult
from backend.monitoring import metrics, tracing


class MeasuredAssistant:
    """Another assistant, and what is told of it to operators."""

    def __init__(self, inner: Assistant) -> None:
        self._inner = inner

    async def reply(self, turn: Turn) -> TurnResult:
        began, outcome = time.perf_counter(), "failed"
        try:
            with tracing.span("bot", message_id=str(turn.message_id), channel=turn.channel):
                result = await self._inner.reply(turn)
            outcome = "answered"
            return result
        except AssistantError as error:
            outcome = metrics.code_name(error.kind)
            raise
        finally:
            rasa = turn.at or metrics.NONE
            metrics.BOT_TURNS.labels(outcome, rasa).inc()
            metrics.BOT_SECONDS.labels(rasa).observe(time.perf_counter() - began)

    def fit(self, conversation_id: UUID) -> Sequence[str]:
        return self._inner.fit(conversation_id)

    async def answering(self) -> Mapping[str, bool]:
        return await self._inner.answering()

    async def close(self) -> None:
        await self._inner.close()
