"""Reading for all open pages of this process, a few at one time."""

import asyncio
from uuid import UUID

from backend.db import Database
from backend.live import LiveEvents
from backend.widget import service
from backend.widget.service import Page

#: How many pages read at one time. A thousand that come back together wait for their turn here, and leave the pool's
#: other connections (`Database`) to whoever writes.
AT_ONCE = 6


class Reader:
    """What open pages are shown, and what rings when there is more."""

    def __init__(self, database: Database, live: LiveEvents) -> None:
        self.live = live
        self._database = database
        self._turns = asyncio.Semaphore(AT_ONCE)

    async def read_after(self, conversation_id: UUID, cursor: int) -> Page:
        """The messages after `cursor` (at most a page) and the conversation's state. Raises UnknownSession."""
        async with self._turns, self._database.snapshot() as session:
            return await service.read_after(session, self.live, conversation_id, cursor)
