"""Finding petitions and people for staff."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import ColumnElement, Select, func, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from backend.agents.models import User
from backend.catalog.models import Agency, Municipality, Topic
from backend.conversations.models import Attachment, Conversation
from backend.notices import proof
from backend.registry import folios
from backend.registry.models import Person, Petition, PetitionEvent, PetitionKind, PetitionStatus
from backend.related.models import Supporter
from backend.text import fold

PAGE_SIZE = 25


@dataclass(frozen=True)
class PetitionFilter:
    search: str = ""
    status: PetitionStatus | None = None
    kind: PetitionKind | None = None
    municipality_id: str | None = None
    page: int = 1
    #: Only those whose latest notice nothing proves to have arrived.
    is_untold: bool = False


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


def _conditions(wanted: PetitionFilter) -> list[ColumnElement[bool]]:
    conditions: list[ColumnElement[bool]] = []
    if wanted.status is not None:
        conditions.append(Petition.status == wanted.status)
    if wanted.kind is not None:
        conditions.append(Petition.kind == wanted.kind)
    if wanted.municipality_id:
        conditions.append(Petition.municipality_id == wanted.municipality_id)
    if wanted.is_untold:
        conditions.append(proof.is_undelivered())
    if wanted.search.strip():
        conditions.append(_search(wanted.search))
    return conditions


def _search(typed: str) -> ColumnElement[bool]:
    """A folio exactly; else Spanish full-text, or the letters themselves (parts of names, of phones)."""
    folio = folios.parse(typed)
    if folio is not None:
        return Petition.folio == folio
    folded = fold(typed)
    digits = "".join(char for char in folded if char.isdigit())
    ways = [
        Petition.search.op("@@")(func.websearch_to_tsquery("spanish", folded)),
        Petition.search_text.contains(folded, autoescape=True),
    ]
    if len(digits) >= 7:
        ways.append(Petition.search_text.contains(digits[-10:], autoescape=True))
    return or_(*ways)


async def search(session: AsyncSession, wanted: PetitionFilter) -> PetitionPage:
    """A page of petitions, newest first."""
    conditions = _conditions(wanted)
    total = await session.scalar(select(func.count()).select_from(Petition).where(*conditions)) or 0
    page = max(1, wanted.page)
    query = _rows().where(*conditions).order_by(Petition.created_at.desc(), Petition.number.desc())
    rows = await session.execute(query.limit(PAGE_SIZE).offset((page - 1) * PAGE_SIZE))
    pages = max(1, -(-total // PAGE_SIZE))
    return PetitionPage([PetitionRow(*row) for row in rows], total, page, pages)


def _rows() -> Select[Petition, Person, str, str, str, str]:
    return (
        select(Petition, Person, Municipality.name, Topic.name, Agency.short_name, User.full_name)
        .outerjoin(Person, Person.id == Petition.person_id)
        .outerjoin(Municipality, Municipality.id == Petition.municipality_id)
        .outerjoin(Topic, Topic.id == Petition.topic_id)
        .outerjoin(Agency, Agency.id == Petition.agency_id)
        .outerjoin(User, User.id == Petition.assignee_id)
    )


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
    joined = select(Supporter.petition_id).where(Supporter.conversation_id.in_(proved))
    rows = await session.scalars(
        select(Petition)
        .where(or_(Petition.conversation_id.in_(proved), Petition.id.in_(joined)))
        .order_by(Petition.created_at.desc())
    )
    return rows.all()


async def people(session: AsyncSession, typed: str, *, limit: int = 20) -> Sequence[Person]:
    """People whose name, phone, e-mail or CURP contains what was typed."""
    rows = await session.scalars(
        select(Person)
        .where(Person.search_text.contains(fold(typed), autoescape=True))
        .order_by(Person.full_name)
        .limit(limit)
    )
    return rows.all()
