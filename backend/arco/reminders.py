"""The worker's part: takes up ARCO petitions from the chat, and reminds of what the law gives a day for."""

from collections.abc import Sequence
from datetime import date

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from backend.agents.models import Role, User
from backend.arco import service
from backend.arco.models import OPEN, ArcoEventKind, ArcoRequest, ArcoState
from backend.db import Database
from backend.registry.models import Petition
from backend.turns import owed
from backend.turns.owed import Owed

PAGE = "/consola/arco/"


async def look_after(database: Database, today: date | None = None) -> int:
    """Open what came from the chat, and remind of whatever is due; how many were reminded of."""
    async with database.transaction() as session:
        await service.adopt(session)
    return await owed.look_after(database, _OWED, today)


async def _told(session: AsyncSession, one: ArcoRequest) -> Sequence[User]:
    """Whoever has it, and the heads: the duty is the office's."""
    heads = select(User).where(User.role == Role.HEAD, User.is_active)
    found = list(await session.scalars(heads.order_by(User.username)))
    person = await session.get(User, one.user_id) if one.user_id else None
    return [person, *(one for one in found if one.id != person.id)] if person is not None else found


async def _words(session: AsyncSession, one: ArcoRequest, today: date) -> tuple[str, str]:
    assert one.due_on is not None, "only what has a day is reminded of"
    petition = await session.get_one(Petition, one.petition_id)
    what = "el cumplimiento de" if one.state is ArcoState.GRANTED else "la respuesta a"
    return owed.told_words(f"{what} la solicitud ARCO {petition.folio}", one.due_on, today)


async def _note(session: AsyncSession, one: ArcoRequest, step: int, how: str) -> None:
    await service.note(session, one, ArcoEventKind.REMINDED, None, how, {"step": step})


_OWED = Owed(ArcoRequest, OPEN, PAGE, _told, _words, _note)
