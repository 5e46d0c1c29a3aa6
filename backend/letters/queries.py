"""Finding letters for staff."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import Select, func, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from backend.agents.models import User
from backend.letters.models import Letter, LetterTemplate, Series
from backend.registry.models import Petition

PAGE_SIZE = 50


@dataclass(frozen=True)
class LetterRow:
    letter: Letter
    folio: str
    template_version: int
    made_by: str


@dataclass(frozen=True)
class LetterPage:
    rows: Sequence[LetterRow]
    total: int
    page: int
    pages: int


def _rows() -> Select[Letter, str, int, str]:
    return (
        select(Letter, Petition.folio, LetterTemplate.version, User.full_name)
        .join(Petition, Petition.id == Letter.petition_id)
        .join(LetterTemplate, LetterTemplate.id == Letter.template_id)
        .join(User, User.id == Letter.made_by)
    )


async def of_petition(session: AsyncSession, petition_id: UUID) -> list[LetterRow]:
    """A petition's letters, newest first."""
    rows = await session.execute(
        _rows().where(Letter.petition_id == petition_id).order_by(Letter.made_at.desc(), Letter.number.desc())
    )
    return [LetterRow(*row) for row in rows]


async def made(session: AsyncSession, *, typed: str = "", series: Series | None = None, page: int = 1) -> LetterPage:
    """The book of numbers, newest first; `typed` is part of a number or of a folio."""
    query = _rows()
    if series is not None:
        query = query.where(Letter.series == series)
    if typed.strip():
        part = typed.strip().upper()
        query = query.where(
            or_(Letter.reference.contains(part, autoescape=True), Petition.folio.contains(part, autoescape=True))
        )
    total = await session.scalar(select(func.count()).select_from(query.with_only_columns(Letter.id).subquery())) or 0
    page = max(1, page)
    rows = await session.execute(
        query.order_by(Letter.made_at.desc(), Letter.number.desc()).limit(PAGE_SIZE).offset((page - 1) * PAGE_SIZE)
    )
    return LetterPage([LetterRow(*row) for row in rows], total, page, max(1, -(-total // PAGE_SIZE)))
