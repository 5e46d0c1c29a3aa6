"""The web process's measures and traces, while it serves."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import FastAPI

from backend.db import Database
from backend.live import LiveEvents
from backend.monitoring import metrics
from backend.monitoring.listener import told_to_operators


@asynccontextmanager
async def watched_web(app: FastAPI) -> AsyncIterator[None]:
    """While the block lasts, operators can see how the application fares."""
    database: Database = app.state.database
    live: LiveEvents = app.state.live
    pool = metrics.watch_pool(database.engine)
    try:
        async with told_to_operators(app.state.settings, live.connected.is_set):
            yield
    finally:
        metrics.forget(pool)
