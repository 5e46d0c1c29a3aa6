"""Finding petitions and people for staff."""

import enum
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Select, exists, literal_column, or_, select, union
from sqlalchemy.ext.asyncio import AsyncSession

from backend.agents.models import User
from backend.catalog.models import Agency, Municipality, Topic
from backend.conversations.models import Attachment, Conversation
from backend.notices import proof
from backend.registry import folios, lifecycle, paging, searching
from backend.registry.models import (
    PRIORITY_RANK,
    EntryChannel,
    Person,
    Petition,
    PetitionEvent,
    PetitionKind,
    PetitionStatus,
    PetitionSuspension,
    Priority,
)
from backend.related.models import Supporter
from backend.workspace.models import PetitionLabel

PAGE_SIZE = 25


class Order(enum.StrEnum):
    """How a list of petitions is sorted."""

    NEWEST = "recientes"
    OLDEST = "antiguas"
    DUE = "vencimiento"
    CHANGED = "movimiento"
    PRIORITY = "prioridad"


@dataclass(frozen=True)
class Due:
    """A condition on due dates, of petitions under way: first to last day, paused, or without a term."""

    first: date | None = None
    last: date | None = None
    is_paused: bool = False
    is_none: bool = False


@dataclass(frozen=True)
class PetitionFilter:
    search: str = ""
    status: PetitionStatus | None = None
    kind: PetitionKind | None = None
    municipality_id: str | None = None
    page: int = 1
    #: Only those whose latest notice nothing proves to have arrived.
    is_untold: bool = False
    statuses: frozenset[PetitionStatus] = frozenset()
    channel: EntryChannel | None = None
    agency_id: UUID | None = None
    topic_id: UUID | None = None
    assignee_id: UUID | None = None
    is_unassigned: bool = False
    label_id: UUID | None = None
    priority: Priority | None = None
    due: Due | None = None
    #: Filed from the first moment on, before the second.
    since: datetime | None = None
    before: datetime | None = None
    order: Order = Order.NEWEST


@dataclass(frozen=True)
class PetitionRow:
    petition: Petition
    person: Person | None
    municipality: str | None
    topic: str | None
    agency: str | None
    assignee: str | None


@dataclass(frozen=True)
class PetitionPage:
    rows: Sequence[PetitionRow]
    total: int
    page: int
    pages: int
    #: There are more than `total`, and more pages than `pages`: nobody counted further.
    is_capped: bool = False


@dataclass(frozen=True)
class EventRow:
    event: PetitionEvent
    user_name: str | None
    at: datetime


@dataclass(frozen=True)
class PetitionDetails:
    row: PetitionRow
    events: Sequence[EventRow]
    attachments: Sequence[Attachment]


def _conditions(
    wanted: PetitionFilter, *, whole: bool = False, is_hidden: bool = False, told_since: datetime | None = None
) -> list[ColumnElement[bool]]:
    """`told_since`: with it, `is_untold` knows only petitions whose latest notice is no older."""
    conditions: list[ColumnElement[bool]] = [Petition.withheld_at.is_(None)]
    if wanted.status is not None:
        conditions.append(Petition.status == wanted.status)
    if wanted.kind is not None:
        conditions.append(Petition.kind == wanted.kind)
    if wanted.municipality_id:
        conditions.append(Petition.municipality_id == wanted.municipality_id)
    if wanted.is_untold:
        conditions.append(proof.is_undelivered(told_since))
    if wanted.statuses:
        conditions.append(Petition.status.in_(wanted.statuses))
    equal = (
        (Petition.channel, wanted.channel),
        (Petition.agency_id, wanted.agency_id),
        (Petition.topic_id, wanted.topic_id),
        (Petition.assignee_id, wanted.assignee_id),
        (Petition.priority, wanted.priority),
    )
    conditions.extend(column == value for column, value in equal if value is not None)
    if wanted.is_unassigned:
        conditions.append(Petition.assignee_id.is_(None))
    if wanted.label_id is not None:
        bearing = select(PetitionLabel.petition_id).where(PetitionLabel.label_id == wanted.label_id)
        conditions.append(Petition.id.in_(bearing))
    if wanted.due is not None:
        conditions.extend(_due(wanted.due))
    if wanted.since is not None:
        conditions.append(Petition.created_at >= wanted.since)
    if wanted.before is not None:
        conditions.append(Petition.created_at < wanted.before)
    if wanted.search.strip():
        conditions.append(searching.petitions(wanted.search, whole=whole, is_hidden=is_hidden))
    return conditions


def _due(due: Due) -> list[ColumnElement[bool]]:
    # As `models.IS_OPEN` has it, or the index of what is under way is of no use.
    under_way = Petition.status.in_([one for one in PetitionStatus if one not in lifecycle.CLOSED])
    if due.is_paused or due.is_none:
        paused = or_(
            Petition.status == PetitionStatus.REQUIERE_INFORMACION,
            exists().where(PetitionSuspension.petition_id == Petition.id, PetitionSuspension.until.is_(None)),
        )
        return [under_way, Petition.due_on.is_(None), paused if due.is_paused else ~paused]
    conditions: list[ColumnElement[bool]] = [under_way]
    if due.first is not None:
        conditions.append(Petition.due_on >= due.first)
    if due.last is not None:
        conditions.append(Petition.due_on <= due.last)
    return conditions


def _ordering(order: Order) -> list[ColumnElement[Any]]:
    newest: list[ColumnElement[Any]] = [Petition.created_at.desc(), Petition.number.desc()]
    match order:
        case Order.OLDEST:
            return [Petition.created_at.asc(), Petition.number.asc()]
        case Order.DUE:
            return [Petition.due_on.asc().nulls_last(), *newest]
        case Order.CHANGED:
            return [Petition.updated_at.desc(), Petition.number.desc()]
        case Order.PRIORITY:
            return [literal_column(PRIORITY_RANK), Petition.due_on.asc().nulls_last(), *newest]
    return newest


async def _found(session: AsyncSession, wanted: PetitionFilter) -> tuple[list[ColumnElement[bool]], paging.Page]:
    """A filter's conditions and its page; what no petition has as whole words is taken for beginnings."""
    if wanted.is_untold and wanted.order is Order.NEWEST and (recent := await _latest_untold(session, wanted)):
        return _conditions(wanted), recent
    is_search = bool(wanted.search.strip())
    is_newest_of_words = _is_words_alone(wanted) and folios.parse(wanted.search) is None
    for whole in (True, False) if is_search else (True,):
        conditions = _conditions(wanted, whole=whole)
        found = await paging.page(
            session,
            conditions,
            _ordering(wanted.order),
            number=wanted.page,
            size=PAGE_SIZE,
            most=paging.MOST_FOUND if is_search or wanted.is_untold else paging.MOST_COUNTED,
            hidden=_conditions(wanted, whole=whole, is_hidden=True) if is_newest_of_words else None,
        )
        if found.total:
            break
    return conditions, found


async def _latest_untold(session: AsyncSession, wanted: PetitionFilter) -> paging.Page | None:
    """The newest of many whose citizens were not told, by the latest notices alone: each one's proofs are read."""
    since = await proof.unproved_since(session, 2 * paging.MOST_FOUND)
    if since is None:
        return None
    # Whose latest notice is older was filed before.
    conditions = [*_conditions(wanted, whole=True, told_since=since), Petition.created_at >= since]
    found = await paging.page(
        session, conditions, _ordering(wanted.order), number=wanted.page, size=PAGE_SIZE, most=paging.MOST_FOUND
    )
    return found if found.is_capped else None


def _is_words_alone(wanted: PetitionFilter) -> bool:
    """Whether words are all that is asked for, the newest first: with another filter its index is the way to them."""
    return bool(wanted.search.strip()) and replace(wanted, search="", page=1) == PetitionFilter()


async def search(session: AsyncSession, wanted: PetitionFilter) -> PetitionPage:
    """A page of petitions, newest first."""
    _, found = await _found(session, wanted)
    rows = await session.execute(_rows().where(Petition.id.in_(found.ids)))
    by_id = {row[0].id: PetitionRow(*row) for row in rows}
    return PetitionPage([by_id[one] for one in found.ids], found.total, found.number, found.pages, found.is_capped)


def _rows() -> Select[Petition, Person, str, str, str, str]:
    return (
        select(Petition, Person, Municipality.name, Topic.name, Agency.short_name, User.full_name)
        .outerjoin(Person, Person.id == Petition.person_id)
        .outerjoin(Municipality, Municipality.id == Petition.municipality_id)
        .outerjoin(Topic, Topic.id == Petition.topic_id)
        .outerjoin(Agency, Agency.id == Petition.agency_id)
        .outerjoin(User, User.id == Petition.assignee_id)
    )


async def chunks(session: AsyncSession, wanted: PetitionFilter, size: int = 1000) -> AsyncIterator[list[PetitionRow]]:
    """All petitions of a filter in its order, a handful at a time, however many they are."""
    conditions, _ = await _found(session, wanted)
    query = _rows().where(*conditions).order_by(*_ordering(wanted.order))
    result = await session.stream(query.execution_options(yield_per=size))
    async for rows in result.partitions(size):
        yield [PetitionRow(*row) for row in rows]
        session.expunge_all()


async def details(session: AsyncSession, petition: Petition) -> PetitionDetails:
    """Everything of a petition on one page."""
    row = (await session.execute(_rows().where(Petition.id == petition.id))).one()
    events = await session.execute(
        select(PetitionEvent, User.full_name)
        .outerjoin(User, User.id == PetitionEvent.user_id)
        .where(PetitionEvent.petition_id == petition.id)
        .order_by(PetitionEvent.at.desc(), PetitionEvent.id.desc())
    )
    files = await session.scalars(
        select(Attachment).where(Attachment.petition_id == petition.id).order_by(Attachment.created_at)
    )
    return PetitionDetails(PetitionRow(*row), [EventRow(event, name, event.at) for event, name in events], files.all())


async def filed_from(session: AsyncSession, conversation_id: UUID) -> Sequence[Petition]:
    """The petitions filed or joined from a conversation and from those proved to be the same person's, newest first."""
    identity = select(Conversation.identity_id).where(Conversation.id == conversation_id).scalar_subquery()
    proved = select(Conversation.id).where(Conversation.identity_id == identity)
    filed = select(Petition.id).where(Petition.conversation_id.in_(proved))
    joined = select(Supporter.petition_id).where(Supporter.conversation_id.in_(proved))
    # Each by its index: joined by OR, none of them serves.
    found = union(filed, joined).subquery()
    rows = await session.scalars(
        select(Petition).join(found, found.c.id == Petition.id).order_by(Petition.created_at.desc())
    )
    return rows.all()


async def people(session: AsyncSession, typed: str, *, limit: int = 20) -> Sequence[Person]:
    """People by parts of their name, phone, e-mail or CURP."""
    found = select(Person).where(Person.id.in_(searching.some_people(typed)))
    return (await session.scalars(found.order_by(Person.full_name).limit(limit))).all()
