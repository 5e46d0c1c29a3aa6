"""Health, for an orchestrator and for whoever starts us.

`/health/live`: the process answers; nothing else is looked at, for what a restart cannot mend must not cause one.
`/health/ready`: it can do its work: the database answers in time and has the tables that this version needs, and
wake-ups arrive. The bot is none of it: the scripted intake takes petitions meanwhile. `/readyz` tells of the bot too.
"""

import asyncio

from fastapi import APIRouter, Request, Response, status
from pydantic import BaseModel
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolExhausted

from backend.assistant.port import Assistant
from backend.db import Database
from backend.migrate import head, is_known

router = APIRouter(tags=["health"])

#: Seconds that the database has to answer.
PATIENCE = 2.0


class Health(BaseModel):
    status: str


class CanServe(BaseModel):
    """`migrated`: the schema is what this version needs, or newer, as it is while the next version comes in."""

    database: bool
    migrated: bool
    live_events: bool


class Readiness(BaseModel):
    """`bot` may be false and the service still ready: the scripted intake takes petitions meanwhile.

    `rasas`: each process of the bot's, by its address; one is enough.
    """

    database: bool
    live_events: bool
    bot: bool
    rasas: dict[str, bool]


@router.get("/health/live")
async def is_alive() -> Health:
    return Health(status="ok")


@router.get("/health/ready", responses={503: {"model": CanServe}})
async def can_serve(request: Request, response: Response) -> CanServe:
    revision = await _revision(request.app.state.database)
    ready = CanServe(
        database=revision is not None,
        migrated=revision is not None and await asyncio.to_thread(_is_enough, revision),
        live_events=request.app.state.live.connected.is_set(),
    )
    if not (ready.migrated and ready.live_events):
        response.status_code = status.HTTP_503_SERVICE_UNAVAILABLE
    return ready


@router.get("/readyz", responses={503: {"model": Readiness}})
async def readyz(request: Request, response: Response) -> Readiness:
    assistant: Assistant = request.app.state.assistant
    rasas = dict(await assistant.answering())
    readiness = Readiness(
        database=await _revision(request.app.state.database) is not None,
        live_events=request.app.state.live.connected.is_set(),
        bot=any(rasas.values()),
        rasas=rasas,
    )
    if not (readiness.database and readiness.live_events):
        response.status_code = status.HTTP_503_SERVICE_UNAVAILABLE
    return readiness


async def _revision(database: Database) -> str | None:
    """The schema's revision, "" where there is none; None where the database does not answer in time."""
    try:
        async with asyncio.timeout(PATIENCE), database.transaction() as session:
            if await session.scalar(text("SELECT to_regclass('public.alembic_version')")) is None:
                return ""
            return str(await session.scalar(text("SELECT version_num FROM public.alembic_version")) or "")
    except (DBAPIError, PoolExhausted, OSError, TimeoutError):
        return None


def _is_enough(revision: str) -> bool:
    """An older schema is one that we know and are past; one that we do not know is a newer version's."""
    return revision == head() or (revision != "" and not is_known(revision))
