"""What every transaction stands on: live connections, and one wake-up of a kind."""

import asyncio
from typing import Any

import psycopg
import pytest
from psycopg import sql
from sqlalchemy import event, text
from sqlalchemy.exc import OperationalError

from backend import db
from backend.db import Database
from backend.wakeups import notify
from tests.wakeups import listening

_END_OTHERS = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid = :pid"


async def _end_idle_connection(database: Database, other: Database) -> None:
    async with database.transaction() as session:
        pid = await session.scalar(text("SELECT pg_backend_pid()"))
    async with other.transaction() as session:
        await session.execute(text(_END_OTHERS), {"pid": pid})


@pytest.fixture
async def other(database_url: str) -> Database:
    return Database(database_url)


async def test_a_connection_lost_while_idle_is_replaced_unseen(
    database: Database, other: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(db, "FRESH_SECONDS", 0.0)
    await _end_idle_connection(database, other)
    async with database.transaction() as session:
        assert await session.scalar(text("SELECT 1")) == 1
    await other.close()


async def test_one_lost_just_after_its_use_fails_one_transaction_and_no_more(
    database: Database, other: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(db, "FRESH_SECONDS", 1000.0)
    await _end_idle_connection(database, other)
    with pytest.raises(OperationalError):
        async with database.transaction() as session:
            await session.execute(text("SELECT 1"))
    async with database.transaction() as session:
        assert await session.scalar(text("SELECT 1")) == 1
    await other.close()


_TOUCH = "SELECT pg_sleep(%(seconds)s)"


@pytest.mark.parametrize("fresh_seconds", [0.0, 1000.0], ids=["idle", "just used"])
async def test_a_statement_alone_has_another_connection_where_its_own_was_lost(
    database: Database, other: Database, fresh_seconds: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(db, "FRESH_SECONDS", fresh_seconds)
    ((pid,),) = await database.read_alone(text("SELECT pg_backend_pid()"), {})
    async with other.transaction() as session:
        await session.execute(text(_END_OTHERS), {"pid": pid})
    if fresh_seconds > 0.0:
        with pytest.raises(OperationalError):
            await database.run_alone(_TOUCH, {"seconds": 0})
    assert await database.run_alone(_TOUCH, {"seconds": 0}) == 1
    await other.close()


async def test_a_statement_alone_that_gets_no_connection_fails_as_a_session_does(
    database: Database, postgres: str
) -> None:
    assert await database.run_alone(_TOUCH, {"seconds": 0}) == 1
    ((name,),) = await database.read_alone(text("SELECT current_database()"), {})
    async with await psycopg.AsyncConnection.connect(postgres, autocommit=True) as server:
        admit = sql.SQL("ALTER DATABASE {} ALLOW_CONNECTIONS {}")
        await server.execute(admit.format(sql.Identifier(name), sql.SQL("false")))
        end = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s"
        await server.execute(end, [name])
        for _ in range(2):  # the first has lost its connection, the second finds none
            with pytest.raises(OperationalError):
                await database.run_alone(_TOUCH, {"seconds": 0})
        await server.execute(admit.format(sql.Identifier(name), sql.SQL("true")))
    assert await database.run_alone(_TOUCH, {"seconds": 0}) == 1


async def test_statements_alone_that_are_given_up_leave_no_connection_behind(database: Database) -> None:
    """As a vendor's call is that takes too long: the server stops, and whoever comes next is served."""
    for _ in range(2 * db.ALONE_AT_ONCE):
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.05):
                await database.run_alone(_TOUCH, {"seconds": 60})
    assert await database.run_alone(_TOUCH, {"seconds": 0}) == 1
    async with asyncio.timeout(10):
        while True:
            open_ones = text("SELECT count(*) FROM pg_stat_activity WHERE query LIKE 'SELECT pg_sleep%'")
            ((count,),) = await database.read_alone(open_ones, {})
            if count <= 1:
                return
            await asyncio.sleep(0.05)


async def test_a_transaction_wakes_once_for_the_same_and_only_if_it_is_committed(
    database: Database, database_url: str
) -> None:
    with listening(database_url) as told:
        async with database.transaction() as session:
            for _ in range(3):
                await notify(session, "turn:c1", "inbox")
            async with session.begin_nested():
                await notify(session, "inbox", "media")
            assert told() == []
        assert told() == ["turn:c1", "inbox", "media"]
        with pytest.raises(ZeroDivisionError):
            async with database.transaction() as session:
                await notify(session, "inbox")
                raise ZeroDivisionError
        assert told() == []


async def test_what_is_committed_in_the_midst_of_a_request_wakes_then(database: Database, database_url: str) -> None:
    with listening(database_url) as told:
        async with database.transaction() as session:
            await notify(session, "inbox")
            await session.commit()
            assert told() == ["inbox"]
        assert told() == []


async def test_a_transaction_tells_all_its_wake_ups_by_one_statement(database: Database) -> None:
    said: list[str] = []

    @event.listens_for(database.engine.sync_engine, "before_cursor_execute")
    def note(*arguments: Any) -> None:
        said.append(arguments[2])

    async with database.transaction() as session:
        await notify(session, "inbox")
        await notify(session, "media", "inbox")
        await session.execute(text("SELECT 1"))
    assert [one for one in said if "pg_notify" in one] == said[-1:], "the last, and the only one"
    async with database.transaction() as session:
        await session.execute(text("SELECT 1"))
    assert "pg_notify" not in said[-1], "who changed nothing wakes nobody"


async def test_a_rush_opens_no_connection_that_the_next_must_open_anew(database: Database) -> None:
    """Those closed after a rush would cost every busy moment PostgreSQL's caches and the driver's statements."""
    opened = []
    event.listen(database.engine.sync_engine, "connect", lambda *_: opened.append(1))

    async def use_one() -> None:
        async with database.transaction() as session:
            await session.execute(text("SELECT pg_sleep(0.05)"))

    for _ in range(3):
        await asyncio.gather(*(use_one() for _ in range(20)))
    assert len(opened) == database.engine.pool.checkedin()  # type: ignore[attr-defined]
