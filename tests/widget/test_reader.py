"""However many pages come back together, most connections are left to whoever writes."""

import asyncio
import uuid
from collections.abc import Mapping
from typing import Any, cast

from backend.db import Database
from backend.live import LiveEvents
from backend.widget.reader import AT_ONCE, Reader
from backend.widget.tokens import UnknownSession


class Counting:
    """A database that counts who reads at one time."""

    def __init__(self) -> None:
        self.reading = self.most = 0
        self.read: list[uuid.UUID] = []

    async def read_alone(self, _: Any, values: Mapping[str, Any]) -> list[Any]:
        self.reading += 1
        self.most = max(self.most, self.reading)
        await asyncio.sleep(0)
        self.read.append(values["conversation_id"])
        self.reading -= 1
        return []


async def test_pages_that_come_back_together_read_by_turns() -> None:
    database, pages = Counting(), [uuid.uuid4() for _ in range(1000)]
    reader = Reader(cast(Database, database), cast(LiveEvents, None))
    found = await asyncio.gather(*(reader.read_after(page, 0) for page in pages), return_exceptions=True)
    assert {type(one) for one in found} == {UnknownSession}
    assert database.read == pages
    assert database.most == AT_ONCE
