"""«Escribiendo…» on the citizen's telephone while the assistant prepares its answer."""

import asyncio
from collections.abc import Mapping, Sequence
from uuid import UUID

from sqlalchemy import select

from backend.assistant.port import Assistant, Turn, TurnResult
from backend.conversations.models import Conversation, Message
from backend.db import Database
from backend.messaging.adapters import Adapters
from channels.manners import MANNERS


class TypingAssistant:
    """An assistant whose turns are announced on the channels that can show it. An ornament: it delays nothing."""

    def __init__(self, assistant: Assistant, database: Database, adapters: Adapters) -> None:
        self._assistant = assistant
        self._database = database
        self._adapters = adapters
        self._shown: set[asyncio.Task[None]] = set()

    def fit(self, conversation_id: UUID) -> Sequence[str]:
        return self._assistant.fit(conversation_id)

    async def answering(self) -> Mapping[str, bool]:
        return await self._assistant.answering()

    async def close(self) -> None:
        await self._assistant.close()

    async def reply(self, turn: Turn) -> TurnResult:
        if MANNERS[turn.channel].shows_typing:
            task = asyncio.create_task(self._show(turn))
            self._shown.add(task)
            task.add_done_callback(self._shown.discard)
        return await self._assistant.reply(turn)

    async def _show(self, turn: Turn) -> None:
        async with self._database.transaction() as session:
            row = (
                await session.execute(
                    select(Conversation.account, Conversation.address, Message.external_id)
                    .join(Message, Message.conversation_id == Conversation.id)
                    .where(Message.id == turn.message_id)
                )
            ).one()
        adapter = await self._adapters.vendor(turn.channel, row.account)
        if adapter is not None and row.address is not None:
            await adapter.show_typing(row.address, row.external_id)
