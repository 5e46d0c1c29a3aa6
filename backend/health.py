"""Health: `/healthz` says that the process lives, `/readyz` that it can do its work."""

from fastapi import APIRouter, Request, Response, status
from pydantic import BaseModel
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from backend.assistant.port import Assistant
from backend.db import Database

router = APIRouter(tags=["health"])


class Health(BaseModel):
    status: str


class Readiness(BaseModel):
    """`bot` may be false and the service still ready: the scripted intake takes petitions meanwhile."""

    database: bool
    live_events: bool
    bot: bool


@router.get("/healthz")
async def healthz() -> Health:
    return Health(status="ok")


@router.get("/readyz", responses={503: {"model": Readiness}})
async def readyz(request: Request, response: Response) -> Readiness:
    database: Database = request.app.state.database
    assistant: Assistant = request.app.state.assistant
    try:
        async with database.transaction() as session:
            await session.execute(text("SELECT 1"))
        has_database = True
    except (DBAPIError, OSError):
        has_database = False
    readiness = Readiness(
        database=has_database,
        live_events=request.app.state.live.connected.is_set(),
        bot=await assistant.is_ready(),
    )
    if not (readiness.database and readiness.live_events):
        response.status_code = status.HTTP_503_SERVICE_UNAVAILABLE
    return readiness
