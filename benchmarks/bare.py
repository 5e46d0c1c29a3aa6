"""The least that could stand where our web process stands: `python -m benchmarks.bare`, with DATABASE_URL and PORT.

A webhook that inserts what came, unique by the sender's id, and answers when it is committed; and a stream of events
fed by LISTEN. No signature, no order within a conversation, nobody woken, no second look: what all that costs is what
the benchmarks tell. Served as `python -m backend web` is.
"""

import asyncio
import json
import os
from collections import defaultdict
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import psycopg
import uvicorn
from fastapi import FastAPI, Request, Response
from psycopg_pool import AsyncConnectionPool
from sse_starlette import EventSourceResponse, ServerSentEvent

TABLE = """
CREATE TABLE IF NOT EXISTS bare_message (
    id bigserial PRIMARY KEY, external_id text NOT NULL UNIQUE, sender text NOT NULL, body text NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now())
"""
INSERT = "INSERT INTO bare_message (external_id, sender, body) VALUES (%s, %s, %s) ON CONFLICT DO NOTHING"
CHANNEL = "bare"


class Bare:
    """The application and what it holds open."""

    def __init__(self, database_url: str) -> None:
        self._url = database_url
        # As many connections as the backend's pool: 10, and 10 more when all are taken.
        self._pool = AsyncConnectionPool(database_url, min_size=10, max_size=20, open=False)
        self._followers: defaultdict[str, set[asyncio.Queue[str]]] = defaultdict(set)

    @asynccontextmanager
    async def lifespan(self, _: FastAPI) -> AsyncIterator[None]:
        async with self._pool:
            async with self._pool.connection() as connection:
                await connection.execute(TABLE)
            listening = asyncio.create_task(self._listen())
            yield
            listening.cancel()

    async def _listen(self) -> None:
        async with await psycopg.AsyncConnection.connect(self._url, autocommit=True) as connection:
            await connection.execute(f"LISTEN {CHANNEL}")
            async for notification in connection.notifies():
                topic, _, said = notification.payload.partition(" ")
                for follower in self._followers[topic]:
                    follower.put_nowait(said)

    async def store(self, external_id: str, sender: str, body: str) -> None:
        async with self._pool.connection() as connection:
            await connection.execute(INSERT, (external_id, sender, body))

    async def events(self, topic: str) -> AsyncIterator[ServerSentEvent]:
        waiting: asyncio.Queue[str] = asyncio.Queue()
        self._followers[topic].add(waiting)
        try:
            yield ServerSentEvent(event="status", data="{}")
            while True:
                yield ServerSentEvent(event="message", data=await waiting.get())
        finally:
            self._followers[topic].discard(waiting)


def create_bare(database_url: str) -> FastAPI:
    bare = Bare(database_url)
    app = FastAPI(lifespan=bare.lifespan, docs_url=None, redoc_url=None)

    @app.get("/healthz")
    async def ready() -> dict[str, str]:
        return {"status": "ok"}

    @app.post("/whatsapp")
    async def whatsapp(request: Request) -> Response:
        form = await request.form()
        await bare.store(str(form["MessageSid"]), str(form["From"]), str(form["Body"]))
        return Response("<Response/>", media_type="text/xml")

    @app.post("/telegram")
    async def telegram(request: Request) -> Response:
        update = json.loads(await request.body())
        message = update["message"]
        await bare.store(str(update["update_id"]), str(message["from"]["id"]), message["text"])
        return Response("<Response/>", media_type="text/xml")

    @app.get("/events/{topic}")
    async def follow(topic: str) -> EventSourceResponse:
        return EventSourceResponse(bare.events(topic), ping=15)

    return app


if __name__ == "__main__":
    uvicorn.run(
        create_bare(os.environ["DATABASE_URL"]),
        host="127.0.0.1",
        port=int(os.environ["PORT"]),
        access_log=False,
        log_level="warning",
        proxy_headers=True,
        forwarded_allow_ips="127.0.0.1",
        timeout_graceful_shutdown=3,
    )
