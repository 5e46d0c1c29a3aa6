"""What all open pages are told of the inbox, read for all of them at once: `InboxLooks`.

The inbox moves with every message of the office and rings for every page. Nothing is kept from one look to the next:
who asks is told what was read after they asked.
"""

import asyncio
from collections import defaultdict
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from backend.console import presenting
from backend.console.schemas import ClosingWindow, CountsOut
from backend.conversations import queries
from backend.db import Database


@dataclass(frozen=True)
class InboxSeen:
    """One agent's part of it: each view's count, and the windows of theirs that close within the hour."""

    counts: CountsOut
    closing: list[ClosingWindow]


class InboxLooks:
    """All who ask before a reading begins share it; whoever asks later shares the next."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._asking: set[UUID] = set()
        self._next: asyncio.Task[Mapping[UUID, InboxSeen]] | None = None
        self._one_at_a_time = asyncio.Lock()

    async def look(self, agent_id: UUID) -> InboxSeen:
        self._asking.add(agent_id)
        if self._next is None:
            self._next = asyncio.create_task(self._read(), name="inbox-look")
        return (await asyncio.shield(self._next))[agent_id]

    async def _read(self) -> Mapping[UUID, InboxSeen]:
        async with self._one_at_a_time:
            asked, self._asking, self._next = self._asking, set(), None
            async with self._database.snapshot() as session:
                return await read(session, asked)


async def read(session: AsyncSession, agent_ids: Collection[UUID]) -> Mapping[UUID, InboxSeen]:
    """What each of these agents is told."""
    counts = await presenting.counts_out(session, agent_ids)
    rows = await queries.closing_windows(session, agent_ids)
    closing: defaultdict[UUID | None, list[ClosingWindow]] = defaultdict(list)
    for one, out in zip(rows, await presenting.closing_out(session, rows), strict=True):
        closing[one.agent_id].append(out)
    return {agent_id: InboxSeen(counts[agent_id], closing[agent_id]) for agent_id in agent_ids}
