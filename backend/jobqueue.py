"""The job queue (procrastinate, on PostgreSQL): it only wakes; the truth is in the tables (docs/adr/0004).

A job is deferred on the caller's own connection, so it exists if and only if the
caller's transaction commits. Should a wake-up be lost all the same, the sweep finds
the work in its table.
"""

from typing import Any

from procrastinate import App, PsycopgConnector
from sqlalchemy.ext.asyncio import AsyncSession

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
