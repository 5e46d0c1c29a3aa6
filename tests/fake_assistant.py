"""A fake that implements the assistant's port."""

import asyncio
from collections.abc import Callable

from backend.assistant.port import AssistantError, Reply, Turn, TurnResult

Answer = TurnResult | AssistantError | Callable[[Turn], TurnResult]


class FakeAssistant:
    """An assistant that echoes, or answers what it was told to; it can be held in mid-turn."""

    def __init__(self) -> None:
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

    async def is_ready(self) -> bool:
        return True

    async def close(self) -> None:
        return None
