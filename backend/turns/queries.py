"""Finding turns: a petition's for staff, an agency's for its liaison, the overdue ones for the head."""

import enum
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from sqlalchemy import ColumnElement, Select, func, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from backend.agents.models import Role, User
from backend.catalog.models import Agency, Municipality
from backend.conversations.models import Attachment, Author, Message
from backend.dossier.models import Document
from backend.registry import folios
from backend.registry.deadlines import Pace, WorkCalendar, pace_of
from backend.registry.models import ActorKind, Person, Petition, PetitionEvent, PetitionEventKind
from backend.text import fold
from backend.turns import sharing
from backend.turns.errors import TurnNotFound
from backend.turns.models import OPEN, Turn, TurnFile, TurnState

PAGE_SIZE = 25
#: Nobody counts further.
COUNTED = 1000
#: What the agency itself reads of its turn's history; the office's own steps stay with the office.
SHOWN_TO_AGENCY = (
    PetitionEventKind.TURNED,
    PetitionEventKind.TURN_ACKNOWLEDGED,
    PetitionEventKind.TURN_ANSWERED,
    PetitionEventKind.TURN_RETURNED,
    PetitionEventKind.TURN_WITHDRAWN,
    PetitionEventKind.TURN_NOTE,
    PetitionEventKind.TURN_REMINDED,
    PetitionEventKind.EXTENSION_ASKED,
    PetitionEventKind.EXTENSION_GRANTED,
    PetitionEventKind.EXTENSION_REFUSED,
)


class Show(enum.StrEnum):
    """Which of an agency's turns are listed."""

    OPEN = "abiertas"
    OVERDUE = "vencidas"
    ANSWERED = "contestadas"
    ALL = "todas"


@dataclass(frozen=True)
class Time:
    """How an open turn stands; `days` are working days left, negative when overdue."""

    pace: Pace
    days: int


def time_of(one: Turn, today: date, work: WorkCalendar) -> Time | None:
    """None for a turn that is closed."""
    if one.state not in OPEN:
        return None
    return Time(pace_of(one.due_on, today, work), work.between(today, one.due_on))


@dataclass(frozen=True)
class HistoryRow:
    event: PetitionEvent
    user_name: str | None
    is_agency: bool


@dataclass(frozen=True)
class AgencyRow:
    """A turn in its agency's list."""

    turn: Turn
    folio: str
    kind: str
    narrative: str
    municipality: str | None


@dataclass(frozen=True)
class AgencyPage:
    """`total` is counted up to `COUNTED`; when `is_capped` there are more."""

    rows: Sequence[AgencyRow]
    total: int
    is_capped: bool
    page: int
    has_more: bool

    @property
    def pages(self) -> int:
        """Of what was counted."""
        return max(1, -(-self.total // PAGE_SIZE))


async def of_agency(
    session: AsyncSession, agency_id: UUID, *, show: Show, search: str, today: date, page: int
) -> AgencyPage:
    """A page of what was turned to one agency: open ones first by due date, then the latest closed."""
    conditions = [Turn.agency_id == agency_id, *_shown(show, today), *_matching(search)]
    listed = select(Turn.id).where(*conditions)
    if search.strip():
        listed = listed.join(Petition, Petition.id == Turn.petition_id)
    counted = await session.scalar(select(func.count()).select_from(listed.limit(COUNTED + 1).subquery())) or 0
    wanted = max(1, page if counted > COUNTED else min(page, -(-counted // PAGE_SIZE)))
    rows = await session.execute(
        select(Turn, Petition.folio, Petition.kind, Petition.narrative, Municipality.name)
        .join(Petition, Petition.id == Turn.petition_id)
        .outerjoin(Municipality, Municipality.id == Petition.municipality_id)
        .where(*conditions)
        # What is not closed comes first: nobody has said when.
        .order_by(Turn.closed_at.desc().nulls_first(), Turn.due_on, Turn.id)
        .limit(PAGE_SIZE + 1)
        .offset((wanted - 1) * PAGE_SIZE)
    )
    found = [AgencyRow(*row) for row in rows]
    total, is_capped = min(counted, COUNTED), counted > COUNTED
    return AgencyPage(found[:PAGE_SIZE], total, is_capped, wanted, len(found) > PAGE_SIZE)


def _shown(show: Show, today: date) -> list[ColumnElement[bool]]:
    if show is Show.OPEN:
        return [Turn.state.in_(OPEN)]
    if show is Show.OVERDUE:
        return [Turn.state.in_(OPEN), Turn.due_on < today]
    return [Turn.state == TurnState.ANSWERED] if show is Show.ANSWERED else []


def _matching(typed: str) -> list[ColumnElement[bool]]:
    """By folio, by the words of the narrative, or by those of the instructions; never by the person."""
    if not typed.strip():
        return []
    folio = folios.parse(typed)
    if folio is not None:
        return [Petition.folio == folio]
    words = typed.strip()
    return [
        or_(
            Petition.folio.icontains(words, autoescape=True),
            func.to_tsvector("spanish", func.lower(Petition.narrative)).op("@@")(
                func.websearch_to_tsquery("spanish", words.lower())
            ),
            Petition.narrative.icontains(words, autoescape=True),
            Petition.colonia.icontains(words, autoescape=True),
            Turn.instructions.icontains(words, autoescape=True),
        )
    ]


@dataclass(frozen=True)
class AgencyTurn:
    """All that an agency needs of what was turned to it, and nothing else of the petition.

    What is no longer the agency's to attend (sent back, withdrawn) shows neither the matter nor the person.
    """

    turn: Turn
    petition: Petition
    municipality: str | None
    person: Person | None
    attachments: Sequence[Attachment]
    #: Of the expediente, what staff shared with this turn.
    documents: Sequence[Document]
    #: What the person told after filing.
    added: Sequence[PetitionEvent]
    files: Sequence[TurnFile]
    history: Sequence[HistoryRow]
    is_theirs: bool


async def for_agency(session: AsyncSession, turn_id: UUID, agency_id: UUID) -> AgencyTurn:
    """A turn as its agency sees it. Raises TurnNotFound for another agency's as for none."""
    row = (
        await session.execute(
            select(Turn, Petition, Municipality.name)
            .join(Petition, Petition.id == Turn.petition_id)
            .outerjoin(Municipality, Municipality.id == Petition.municipality_id)
            .where(Turn.id == turn_id, Turn.agency_id == agency_id)
        )
    ).one_or_none()
    if row is None:
        raise TurnNotFound
    one, petition, municipality = row
    is_theirs = one.state in (*OPEN, TurnState.ANSWERED)
    person = await session.get(Person, petition.person_id) if is_theirs and petition.person_id else None
    return AgencyTurn(
        turn=one,
        petition=petition,
        municipality=municipality,
        person=person,
        attachments=(await session.scalars(_sent_by_citizen(petition.id))).all() if is_theirs else (),
        documents=(await sharing.shared_with(session, [one.id]))[one.id] if is_theirs else (),
        added=(await session.scalars(_told_later(petition.id))).all() if is_theirs else (),
        files=(await files_of(session, [one.id]))[one.id],
        history=await history(session, one.id, kinds=SHOWN_TO_AGENCY),
        is_theirs=is_theirs,
    )


def _sent_by_citizen(petition_id: UUID) -> Select[Attachment]:
    """What the person sent with the petition: not what staff wrote among themselves."""
    return (
        select(Attachment)
        .join(Message, Message.id == Attachment.message_id)
        .where(Attachment.petition_id == petition_id, Message.author == Author.CITIZEN)
        .order_by(Attachment.created_at)
    )


def _told_later(petition_id: UUID) -> Select[PetitionEvent]:
    return (
        select(PetitionEvent)
        .where(
            PetitionEvent.petition_id == petition_id,
            PetitionEvent.kind == PetitionEventKind.INFORMATION_ADDED,
            PetitionEvent.actor.in_((ActorKind.CITIZEN, ActorKind.BOT)),
        )
        .order_by(PetitionEvent.at, PetitionEvent.id)
    )


async def history(
    session: AsyncSession, turn_id: UUID, *, kinds: Sequence[PetitionEventKind] | None = None
) -> list[HistoryRow]:
    """What happened to one turn, the first thing first."""
    query = (
        select(PetitionEvent, User.full_name, User.role)
        .outerjoin(User, User.id == PetitionEvent.user_id)
        .where(PetitionEvent.turn_id == turn_id)
        .order_by(PetitionEvent.at, PetitionEvent.id)
    )
    rows = await session.execute(query.where(PetitionEvent.kind.in_(kinds)) if kinds else query)
    return [HistoryRow(event, name, role is Role.LIAISON) for event, name, role in rows]


async def files_of(session: AsyncSession, turn_ids: Sequence[UUID]) -> dict[UUID, list[TurnFile]]:
    """The evidence of some turns, the first one first."""
    rows = await session.scalars(
        select(TurnFile).where(TurnFile.turn_id.in_(turn_ids)).order_by(TurnFile.created_at, TurnFile.file_name)
    )
    found: dict[UUID, list[TurnFile]] = {turn_id: [] for turn_id in turn_ids}
    for file in rows:
        found[file.turn_id].append(file)
    return found


async def evidence(session: AsyncSession, petition_id: UUID, turn_id: UUID, file_id: UUID) -> TurnFile:
    """A file of a petition's turn. Raises TurnNotFound."""
    found = await session.scalar(
        select(TurnFile)
        .join(Turn, Turn.id == TurnFile.turn_id)
        .where(TurnFile.id == file_id, Turn.id == turn_id, Turn.petition_id == petition_id)
    )
    if found is None:
        raise TurnNotFound("Ese archivo no existe.")
    return found


async def file_for_agency(
    session: AsyncSession, turn_id: UUID, agency_id: UUID, file_id: UUID
) -> TurnFile | Attachment | Document:
    """A file that an agency may open: its own evidence, what the person sent, what staff shared.

    Raises TurnNotFound for any other.
    """
    shown = await for_agency(session, turn_id, agency_id)
    allowed: list[TurnFile | Attachment | Document] = [*shown.files, *shown.attachments, *shown.documents]
    found = next((file for file in allowed if file.id == file_id), None)
    if found is None:
        raise TurnNotFound("Ese archivo no existe.")
    return found


@dataclass(frozen=True)
class OverdueRow:
    turn: Turn
    folio: str
    days_late: int


@dataclass(frozen=True)
class OverdueAgency:
    """What one agency owes, the longest first."""

    agency: Agency
    rows: Sequence[OverdueRow]


async def escalated(session: AsyncSession, today: date, work: WorkCalendar, typed: str = "") -> list[OverdueAgency]:
    """The open turns that are before the head, by agency; who owes most comes first."""
    rows = await session.execute(
        select(Turn, Agency, Petition.folio)
        .join(Agency, Agency.id == Turn.agency_id)
        .join(Petition, Petition.id == Turn.petition_id)
        .where(Turn.state.in_(OPEN), Turn.escalated_at.is_not(None))
        .order_by(Turn.due_on, Petition.folio)
    )
    wanted = fold(typed)
    owed: dict[Agency, list[OverdueRow]] = {}
    for one, agency, folio in rows:
        if wanted in fold(f"{folio} {agency.name} {agency.short_name}"):
            owed.setdefault(agency, []).append(OverdueRow(one, folio, work.between(one.due_on, today)))
    found = [OverdueAgency(agency, turns) for agency, turns in owed.items()]
    return sorted(found, key=lambda owing: (-len(owing.rows), owing.agency.name))
