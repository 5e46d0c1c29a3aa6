"""Reading everything as of one moment."""

import pytest
from sqlalchemy import func, select, text
from sqlalchemy.exc import DBAPIError

from backend.agents import service as agents
from backend.agents.models import Role, User
from backend.db import Database


async def test_a_snapshot_does_not_see_what_is_committed_meanwhile(database: Database) -> None:
    count = select(func.count()).select_from(User)
    async with database.snapshot() as reading:
        before = await reading.scalar(count)
        async with database.transaction() as writing:
            await agents.create_user(writing, username="nueva", full_name="Nueva", role=Role.ANALYST)
        assert await reading.scalar(count) == before
    async with database.snapshot() as reading:
        assert await reading.scalar(count) == (before or 0) + 1


async def test_a_snapshot_only_reads_and_the_next_transaction_writes_again(database: Database) -> None:
    with pytest.raises(DBAPIError, match="read-only"):
        async with database.snapshot() as reading:
            await reading.execute(text("DELETE FROM staff_user"))
    async with database.transaction() as writing:
        assert await writing.scalar(text("SHOW transaction_isolation")) == "read committed"
        await agents.create_user(writing, username="otra", full_name="Otra", role=Role.ANALYST)
