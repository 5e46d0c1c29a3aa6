"""However many pages come back together, most connections are left to whoever writes."""

import asyncio
import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, cast

import pytest

from backend.db import Database
from backend.live import LiveEvents
from backend.widget import service
from backend.widget.reader import AT_ONCE, Reader


class Counting:
    """A database that counts who reads at one time."""

    def __init__(self) -> None:
        self.reading = self.most = 0

    @asynccontextmanager
    async def snapshot(self) -> AsyncIterator[None]:
        self.reading += 1
        self.most = max(self.most, self.reading)
        yield
        self.reading -= 1


async def test_pages_that_come_back_together_read_by_turns(monkeypatch: pytest.MonkeyPatch) -> None:
    read = []

    async def read_after(session: Any, live: Any, conversation_id: uuid.UUID, cursor: int) -> None:
        await asyncio.sleep(0)
        read.append(conversation_id)

    monkeypatch.setattr(service, "read_after", read_after)
    database, pages = Counting(), [uuid.uuid4() for _ in range(1000)]
    reader = Reader(cast(Database, database), cast(LiveEvents, None))
    await asyncio.gather(*(reader.read_after(page, 0) for page in pages))
    assert read == pages
    assert database.most == AT_ONCE
