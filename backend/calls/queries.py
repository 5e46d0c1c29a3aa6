"""Reading the log: the list by filters, a page at a time from wherever it is, and what one call's page shows."""

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import ColumnElement, Select, false, func, literal_column, or_, select, tuple_
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased

from backend.agents.models import User
from backend.catalog.models import Municipality, OfficeArea, Topic
from backend.ledger.models import (
    Direction,
    Interaction,
    InteractionChange,
    InteractionKind,
    Outcome,
    Purpose,
    Source,
)
from backend.registry.models import Person, Petition
from backend.text import fold
from backend.vault import blind
from backend.vault.columns import ending_of
from channels.phones import MEXICAN_DIGITS, normal_phone

PAGE = 50
CHUNK = 1000
#: Nobody counts further.
MOST_COUNTED = 2_000
_TransferArea = aliased(OfficeArea)


@dataclass(frozen=True)
class CallFilter:
    """Which rows; what is absent does not narrow. `since` is taken, `before` left out."""

    since: datetime | None = None
    before: datetime | None = None
    kind: InteractionKind | None = None
    direction: Direction | None = None
    purpose: Purpose | None = None
    outcome: Outcome | None = None
    source: Source | None = None
    agent_id: UUID | None = None
    area_id: UUID | None = None
    municipality_id: str | None = None
    #: The whole number; or its last digits, of which the last four count.
    digits: str = ""
    words: str = ""


@dataclass(frozen=True)
class Cursor:
    """A row's place in the list."""

    started_at: datetime
    id: UUID

    def __str__(self) -> str:
        return f"{self.started_at.isoformat()}_{self.id}"

    @classmethod
    def parse(cls, raw: str) -> "Cursor | None":
        moment, _, identity = raw.partition("_")
        try:
            started = datetime.fromisoformat(moment)
            return cls(started, UUID(identity)) if started.tzinfo else None
        except ValueError:
            return None


@dataclass(frozen=True)
class CallRow:
    call: Interaction
    agent: str | None
    area: str | None
    transfer_area: str | None
    municipality: str | None
    topic: str | None
    folio: str | None
    person: Person | None

    @property
    def cursor(self) -> Cursor:
        return Cursor(self.call.started_at, self.call.id)


@dataclass(frozen=True)
class Page:
    """`newer` and `older` are the rows beyond which another page lies; None where there is none."""

    rows: Sequence[CallRow]
    total: int
    is_capped: bool
    newer: Cursor | None
    older: Cursor | None


def _rows() -> Select[Interaction, str, str, str, str, str, str, Person]:
    return (
        select(
            Interaction,
            User.full_name,
            OfficeArea.short_name,
            _TransferArea.short_name,
            Municipality.name,
            Topic.name,
            Petition.folio,
            Person,
        )
        .outerjoin(User, User.id == Interaction.agent_id)
        .outerjoin(OfficeArea, OfficeArea.id == Interaction.area_id)
        .outerjoin(_TransferArea, _TransferArea.id == Interaction.transfer_area_id)
        .outerjoin(Municipality, Municipality.id == Interaction.municipality_id)
        .outerjoin(Topic, Topic.id == Interaction.topic_id)
        .outerjoin(Petition, Petition.id == Interaction.petition_id)
        .outerjoin(Person, Person.id == Interaction.person_id)
    )


def _conditions(wanted: CallFilter) -> list[ColumnElement[bool]]:
    conditions: list[ColumnElement[bool]] = [Interaction.source != Source.CHAT]
    for column, value in (
        (Interaction.kind, wanted.kind),
        (Interaction.direction, wanted.direction),
        (Interaction.purpose, wanted.purpose),
        (Interaction.outcome, wanted.outcome),
        (Interaction.source, wanted.source),
        (Interaction.agent_id, wanted.agent_id),
        (Interaction.municipality_id, wanted.municipality_id),
    ):
        if value is not None:
            conditions.append(column == value)
    if wanted.since is not None:
        conditions.append(Interaction.started_at >= wanted.since)
    if wanted.before is not None:
        conditions.append(Interaction.started_at < wanted.before)
    if wanted.area_id is not None:
        conditions.append(or_(Interaction.area_id == wanted.area_id, Interaction.transfer_area_id == wanted.area_id))
    if wanted.digits:
        conditions.append(_number(wanted.digits))
    if words := fold(wanted.words):
        query = func.plainto_tsquery(literal_column("'simple'"), words)
        conditions.append(Interaction.words.op("@@", is_comparison=True)(query))
    return conditions


def _number(digits: str) -> ColumnElement[bool]:
    if len(digits) < blind.SHORT_ENDING:
        return false()
    whole = normal_phone(f"52{digits}" if len(digits) == MEXICAN_DIGITS else digits)
    return ending_of(Interaction.phone) == digits if whole is None else Interaction.phone == whole


async def page(
    session: AsyncSession, wanted: CallFilter, *, before: Cursor | None = None, after: Cursor | None = None
) -> Page:
    """The newest rows; those older than `before`; or those just newer than `after`."""
    conditions = _conditions(wanted)
    some = select(Interaction.id).where(*conditions).limit(MOST_COUNTED + 1).subquery()
    counted = await session.scalar(select(func.count()).select_from(some)) or 0
    is_backwards = after is not None and before is None
    found = await _read(session, conditions, before or after, is_backwards=is_backwards, limit=PAGE + 1)
    has_more = len(found) > PAGE
    rows = found[:PAGE][::-1] if is_backwards else found[:PAGE]
    has_newer, has_older = (has_more, True) if is_backwards else (before is not None, has_more)
    return Page(
        rows,
        min(counted, MOST_COUNTED),
        counted > MOST_COUNTED,
        rows[0].cursor if rows and has_newer else None,
        rows[-1].cursor if rows and has_older else None,
    )


async def _read(
    session: AsyncSession,
    conditions: Sequence[ColumnElement[bool]],
    beyond: Cursor | None,
    *,
    is_backwards: bool,
    limit: int,
) -> Sequence[CallRow]:
    place = tuple_(Interaction.started_at, Interaction.id)
    order = (Interaction.started_at, Interaction.id)
    query = _rows().where(*conditions).limit(limit)
    query = query.order_by(*order) if is_backwards else query.order_by(*(column.desc() for column in order))
    if beyond is not None:
        edge = (beyond.started_at, beyond.id)
        query = query.where(place > edge if is_backwards else place < edge)
    return [CallRow(*row) for row in await session.execute(query)]


async def chunks(session: AsyncSession, wanted: CallFilter) -> AsyncIterator[Sequence[CallRow]]:
    """Every row of a filter, newest first, a thousand at a time."""
    conditions, last = _conditions(wanted), None
    while rows := await _read(session, conditions, last, is_backwards=False, limit=CHUNK):
        yield rows
        last = rows[-1].cursor


async def one(session: AsyncSession, interaction_id: UUID) -> CallRow | None:
    found = (await session.execute(_rows().where(Interaction.id == interaction_id))).one_or_none()
    return CallRow(*found) if found else None


async def corrections(session: AsyncSession, interaction_id: UUID) -> Sequence[tuple[InteractionChange, str | None]]:
    """What was changed since it ended, the latest first, each with who did."""
    rows = await session.execute(
        select(InteractionChange, User.full_name)
        .outerjoin(User, User.id == InteractionChange.user_id)
        .where(InteractionChange.interaction_id == interaction_id)
        .order_by(InteractionChange.at.desc(), InteractionChange.id.desc())
    )
    return [(change, name) for change, name in rows]


async def of_petition(session: AsyncSession, petition_id: UUID, *, limit: int = 30) -> Sequence[CallRow]:
    """The calls and visits about a petition, the latest first."""
    return await _some(session, Interaction.petition_id == petition_id, limit)


async def of_person(
    session: AsyncSession, person_id: UUID | None, phone: str | None, *, limit: int = 10
) -> Sequence[CallRow]:
    """The calls and visits of a person, or of a number, the latest first."""
    ways = [Interaction.person_id == person_id] if person_id else []
    ways += [Interaction.phone == phone] if phone else []
    return await _some(session, or_(*ways), limit) if ways else []


async def _some(session: AsyncSession, condition: ColumnElement[bool], limit: int) -> Sequence[CallRow]:
    query = _rows().where(condition, Interaction.source != Source.CHAT)
    rows = await session.execute(query.order_by(Interaction.started_at.desc()).limit(limit))
    return [CallRow(*row) for row in rows]
