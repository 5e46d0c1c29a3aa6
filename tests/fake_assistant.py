"""A fake that implements the assistant's port."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from uuid import UUID

from backend.assistant.port import AssistantError, Reply, Turn, TurnResult

Answer = TurnResult | AssistantError | Callable[[Turn], TurnResult]


class FakeAssistant:
    """An assistant that echoes, or answers what it was told to; it can be held in mid-turn.

    `names`: those of its processes that are fit to have turns.
    """

    def __init__(self, *names: str) -> None:
        self.names = names or ("rasa:5005",)
        self.turns: list[Turn] = []
        self.answers: list[Answer] = []
        self.hold: asyncio.Event | None = None
        self.entered = asyncio.Event()

    async def reply(self, turn: Turn) -> TurnResult:
        self.turns.append(turn)
        self.entered.set()
        if self.hold is not None:
            await self.hold.wait()
        answer = self.answers.pop(0) if self.answers else TurnResult((Reply(f"eco: {turn.text}"),))
        if isinstance(answer, AssistantError):
            raise answer
        return answer(turn) if callable(answer) else answer

    def fit(self, conversation_id: UUID) -> Sequence[str]:
        return self.names

    async def answering(self) -> Mapping[str, bool]:
        return dict.fromkeys(self.names, True)

    async def close(self) -> None:
        return None
