"""The job queue (procrastinate, on PostgreSQL): it only wakes; the truth is in the tables (docs/adr/0004).

A job is deferred on the caller's own connection, so it exists if and only if the
caller's transaction commits. Should a wake-up be lost all the same, the sweep finds
the work in its table. So nothing that a worker tells the queue waits for the disk.
"""

import time
from typing import Any
from weakref import WeakKeyDictionary

from procrastinate import App, PsycopgConnector
from procrastinate.jobs import Status
from procrastinate.manager import JobManager
from psycopg import AsyncConnection
from psycopg_pool import AsyncConnectionPool
from sqlalchemy.ext.asyncio import AsyncSession

from backend.db import FRESH_SECONDS, conninfo
from backend.wakeups import is_first

#: Tasks register here at import. Never opened: deferring borrows the caller's connection,
#: and the worker opens its own copy with a connector of its own.
queue = App(connector=PsycopgConnector())


async def defer(session: AsyncSession, task: str, **arguments: Any) -> None:
    """Enqueue `task` within the session's transaction, once however often it is asked."""
    if not is_first(session, (task, *sorted(arguments.items()))):
        return
    raw = await (await session.connection()).get_raw_connection()
    await queue.configure_task(task, allow_unknown=True, connection=raw.driver_connection).defer_async(**arguments)


def connector_to(database_url: str, *, connections: int = 4) -> PsycopgConnector:
    """The worker's own connections to the queue, a transaction for each statement: it says nothing that takes two."""
    return PsycopgConnector(
        conninfo=conninfo(database_url),
        min_size=connections,
        max_size=connections,
        pool_factory=_pool,
        configure=_configure,
    )


async def _configure(connection: AsyncConnection[Any]) -> None:
    await connection.set_autocommit(True)
    await connection.execute("SET synchronous_commit TO off")


async def forget_stalled(database_url: str) -> int:
    """Drop the jobs that a worker was at when it died, and tell how many: their work was found by the sweep."""
    connector = connector_to(database_url, connections=1)
    await connector.open_async()
    try:
        manager = JobManager(connector)
        stalled = list(await manager.get_stalled_jobs())
        for job in stalled:
            await manager.finish_job(job, Status.ABORTED, delete_job=True)
    finally:
        await connector.close_async()
    return len(stalled)


def _pool(**options: Any) -> AsyncConnectionPool[AsyncConnection[Any]]:
    """As procrastinate would make it, but a connection in use just now is taken for alive, as in `backend.db`."""
    looked_at: WeakKeyDictionary[AsyncConnection[Any], float] = WeakKeyDictionary()

    async def look(connection: AsyncConnection[Any]) -> None:
        moment = time.monotonic()
        if moment - looked_at.get(connection, 0.0) > FRESH_SECONDS:
            await AsyncConnectionPool.check_connection(connection)
        looked_at[connection] = moment

    return AsyncConnectionPool(**{**options, "check": look})
