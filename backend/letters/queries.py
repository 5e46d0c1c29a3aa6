"""Finding letters for staff."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import ColumnElement, Select, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from backend.agents.models import User
from backend.letters.models import Letter, LetterTemplate, Series
from backend.registry import folios
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
    page: int
    has_more: bool


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


def _called(typed: str) -> ColumnElement[bool]:
    """Letters of a whole folio, which an index finds; else those that have what was typed as a part."""
    folio = folios.parse(typed)
    if folio is not None:
        return Letter.petition_id.in_(select(Petition.id).where(Petition.folio == folio))
    part = typed.strip().upper()
    return or_(Letter.reference.contains(part, autoescape=True), Petition.folio.contains(part, autoescape=True))


async def made(session: AsyncSession, *, typed: str = "", series: Series | None = None, page: int = 1) -> LetterPage:
    """The book of numbers, newest first; `typed` is part of a number or of a folio."""
    query = _rows()
    if series is not None:
        query = query.where(Letter.series == series)
    if typed.strip():
        query = query.where(_called(typed))
    page = max(1, page)
    ordered = query.order_by(Letter.made_at.desc(), Letter.number.desc())
    found = (await session.execute(ordered.limit(PAGE_SIZE + 1).offset((page - 1) * PAGE_SIZE))).all()
    return LetterPage([LetterRow(*row) for row in found[:PAGE_SIZE]], page, len(found) > PAGE_SIZE)
