"""What every transaction stands on: live connections, and one wake-up of a kind."""

import asyncio

import psycopg
import pytest
from procrastinate.exceptions import ConnectorException
from procrastinate.manager import JobManager
from psycopg import sql
from sqlalchemy import text
from sqlalchemy.exc import OperationalError

from backend import db, jobqueue
from backend.db import Database
from backend.wakeups import is_first, notify

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


async def test_a_transaction_wakes_once_for_the_same(database: Database) -> None:
    async with database.transaction() as session:
        for _ in range(3):
            await jobqueue.defer(session, "outbox.dispatch")
            await jobqueue.defer(session, "conversations.advance", conversation_id="c1")
            await notify(session, "inbox")
        count = text("SELECT count(*) FROM procrastinate_jobs")
        assert await session.scalar(count) == 2
        async with session.begin_nested():
            assert is_first(session, "said in a savepoint") and is_first(session, "said in a savepoint")
        assert is_first(session, "said in a savepoint"), "the savepoint may have been undone"
        assert not is_first(session, "said in a savepoint")
    async with database.transaction() as session:
        assert is_first(session, "said in a savepoint")


@pytest.mark.parametrize("fresh_seconds", [0.0, 1000.0], ids=["idle", "just used"])
async def test_the_queues_lost_connection_is_replaced(
    database_url: str, other: Database, fresh_seconds: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Unseen where it was idle; where it was in use just now, one statement fails and the next has another."""
    monkeypatch.setattr(jobqueue, "FRESH_SECONDS", fresh_seconds)
    connector = jobqueue.connector_to(database_url)
    await connector.open_async()

    async def pid() -> object:
        return (await connector.execute_query_one_async("SELECT pg_backend_pid() AS pid"))["pid"]

    # One after another, so that it is the one connection that was used.
    used = {await pid() for _ in range(8)}
    async with other.transaction() as session:
        for one in used:
            await session.execute(text(_END_OTHERS), {"pid": one})
    lost = 0
    for _ in used:
        try:
            await pid()
        except ConnectorException:
            lost += 1
    assert lost == (0 if fresh_seconds == 0.0 else len(used))
    assert await pid() not in used
    await connector.close_async()
    await other.close()


async def test_each_statement_of_the_queue_is_a_transaction(database_url: str, other: Database) -> None:
    connector = jobqueue.connector_to(database_url)
    await connector.open_async()
    await connector.execute_query_async("CREATE TABLE told (id int)")
    pid = (await connector.execute_query_one_async("SELECT pg_backend_pid() AS pid"))["pid"]
    async with other.transaction() as session:
        state = text("SELECT query FROM pg_stat_activity WHERE pid = :pid AND state = 'idle'")
        assert "pg_backend_pid" in (await session.scalar(state, {"pid": pid}) or ""), "no COMMIT came after it"
    await connector.close_async()
    await other.close()


async def test_the_queue_waits_for_no_disk_and_everybody_else_does(database_url: str, database: Database) -> None:
    shown = "SELECT setting || ' by ' || source AS value FROM pg_settings WHERE name = 'synchronous_commit'"
    connector = jobqueue.connector_to(database_url)
    await connector.open_async()
    assert (await connector.execute_query_one_async(shown))["value"] == "off by session"
    await connector.close_async()
    async with database.transaction() as session:
        assert "by session" not in str(await session.scalar(text(shown)))


async def test_what_a_dead_worker_was_at_leaves_the_queue(database_url: str, database: Database) -> None:
    connector = jobqueue.connector_to(database_url)
    await connector.open_async()
    manager = JobManager(connector)
    working, dead = await manager.register_worker(), await manager.register_worker()
    for worker in (working, dead):
        async with database.transaction() as session:
            await jobqueue.defer(session, "conversations.advance", conversation_id=str(worker))
        assert await manager.fetch_job(None, worker) is not None
    await manager.unregister_worker(dead)
    await connector.close_async()

    assert await jobqueue.forget_stalled(database_url) == 1
    async with database.transaction() as session:
        left = (await session.scalars(text("SELECT args ->> 'conversation_id' FROM procrastinate_jobs"))).all()
    assert left == [str(working)]
