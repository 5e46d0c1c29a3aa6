"""The trail as an auditor reads it: filtered, newest first, a page at a time or all of it."""

import uuid
from collections.abc import AsyncIterator, Collection, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from uuid import UUID

from sqlalchemy import ColumnElement, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from backend import clock, words
from backend.agents.models import User
from backend.audit.models import DETAIL_WORDS, AdminEvent
from backend.registry import folios
from backend.registry.models import Petition

PAGE = 50
_CHUNK = 500


@dataclass(frozen=True)
class Wanted:
    """`kinds` None: of any kind. `thing`: a folio, a user's name, an identifier, or a word of what was noted."""

    user_id: UUID | None = None
    is_nobody: bool = False
    kinds: Collection[str] | None = None
    thing: str = ""
    first: date | None = None
    last: date | None = None


@dataclass(frozen=True)
class Line:
    """A row with who did it and, where it was done to an account, whose."""

    event: AdminEvent
    who: str | None
    account: str | None


async def page(
    session: AsyncSession, wanted: Wanted, *, before: int | None = None
) -> tuple[Sequence[Line], int | None]:
    """A page's rows, and before which one the next page begins; None: there is none."""
    conditions = await _conditions(session, wanted)
    found = await _lines(session, conditions, before=before, limit=PAGE + 1)
    return found[:PAGE], found[PAGE - 1].event.id if len(found) > PAGE else None


async def chunks(session: AsyncSession, wanted: Wanted) -> AsyncIterator[Sequence[Line]]:
    """All the rows, some hundreds at a time."""
    conditions = await _conditions(session, wanted)
    before: int | None = None
    while found := await _lines(session, conditions, before=before, limit=_CHUNK):
        yield found
        before = found[-1].event.id


async def people(session: AsyncSession) -> Sequence[User]:
    """Everybody who may stand on the trail."""
    return (await session.scalars(select(User).where(~User.is_system).order_by(User.full_name))).all()


async def _lines(
    session: AsyncSession, conditions: Sequence[ColumnElement[bool]], *, before: int | None, limit: int
) -> Sequence[Line]:
    query = select(AdminEvent, User.full_name).outerjoin(User, User.id == AdminEvent.user_id).where(*conditions)
    if before is not None:
        query = query.where(AdminEvent.id < before)
    rows = (await session.execute(query.order_by(AdminEvent.id.desc()).limit(limit))).all()
    subjects = {event.subject_id for event, _ in rows}
    accounts = await session.execute(select(User.id, User.full_name).where(User.id.in_(subjects)))
    named: dict[uuid.UUID, str] = dict(accounts.all())
    return [Line(event, who, named.get(event.subject_id)) for event, who in rows]


async def _conditions(session: AsyncSession, wanted: Wanted) -> list[ColumnElement[bool]]:
    conditions: list[ColumnElement[bool]] = []
    if wanted.is_nobody:
        conditions.append(AdminEvent.user_id.is_(None))
    elif wanted.user_id is not None:
        conditions.append(AdminEvent.user_id == wanted.user_id)
    if wanted.kinds is not None:
        conditions.append(AdminEvent.kind.in_(wanted.kinds))
    if wanted.first is not None:
        conditions.append(AdminEvent.at >= _midnight(wanted.first))
    if wanted.last is not None:
        conditions.append(AdminEvent.at < _midnight(wanted.last + timedelta(days=1)))
    if wanted.thing:
        conditions.append(await _about(session, wanted.thing))
    return conditions


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time.min, clock.HERMOSILLO)


async def _about(session: AsyncSession, thing: str) -> ColumnElement[bool]:
    subjects: list[UUID] = []
    folio = folios.parse(thing)
    if folio is not None:
        subjects += (await session.scalars(select(Petition.id).where(Petition.folio == folio))).all()
    subjects += (await session.scalars(select(User.id).where(User.username == thing.lower()))).all()
    with suppress(ValueError):
        subjects.append(UUID(thing))
    about = AdminEvent.subject_id.in_(subjects)
    typed = words.split(thing)
    if not typed:
        return about
    # One after the other, the last of them as a beginning.
    return or_(about, words.found(DETAIL_WORDS, " <-> ".join([*typed[:-1], f"{typed[-1]}:*"])))
