"""The worker's part: reminds whoever is to answer a request, as agencies are reminded of their turns."""

from collections.abc import Sequence
from datetime import date

from sqlalchemy.ext.asyncio import AsyncSession

from backend.agents.models import User
from backend.db import Database
from backend.transparency import service
from backend.transparency.models import OPEN, EventKind, InfoRequest
from backend.turns import owed
from backend.turns.owed import Owed

PAGE = "/consola/transparencia/"


async def look_after(database: Database, today: date | None = None) -> int:
    """Remind of whatever is due; how many were."""
    return await owed.look_after(database, _OWED, today)


async def _told(session: AsyncSession, one: InfoRequest) -> Sequence[User]:
    person = await session.get(User, one.user_id) if one.user_id else None
    return [person] if person is not None else []


async def _words(_: AsyncSession, one: InfoRequest, today: date) -> tuple[str, str]:
    assert one.due_on is not None, "only what has a day is reminded of"
    return owed.told_words(f"la solicitud de información {one.folio}", one.due_on, today)


async def _note(session: AsyncSession, one: InfoRequest, step: int, how: str) -> None:
    await service.note(session, one, EventKind.REMINDED, None, how, {"step": step})


_OWED = Owed(InfoRequest, OPEN, PAGE, _told, _words, _note)
