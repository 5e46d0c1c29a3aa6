"""The rows behind a figure: which they are, newest first, a page or all of them."""

from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Select, String, cast, func, select, tuple_
from sqlalchemy.ext.asyncio import AsyncSession

from backend.agents.models import User
from backend.catalog.models import Agency, Municipality, Topic
from backend.ledger.models import Direction, Interaction, InteractionKind
from backend.registry.intake import KIND_TEXTS
from backend.registry.models import Petition, PetitionEvent
from backend.registry.petitions import STATUS_TEXTS
from backend.reports import names
from backend.reports.computing import UNSAID, column_of, query_parameters, rows_of
from backend.reports.figures import By, Expression, Figure, Filters, Source
from backend.reports.periods import Period
from backend.spreadsheets import Cell

Query = Select[*tuple[Any, ...]]

PAGE_SIZE = 50
_CHUNK = 1000
_KINDS = {
    (InteractionKind.CHAT, Direction.INBOUND): "Chat recibido",
    (InteractionKind.CHAT, Direction.OUTBOUND): "Chat iniciado",
    (InteractionKind.CALL, Direction.INBOUND): "Llamada recibida",
    (InteractionKind.CALL, Direction.OUTBOUND): "Llamada realizada",
    (InteractionKind.WALK_IN, Direction.INBOUND): "Visita",
    (InteractionKind.WALK_IN, Direction.OUTBOUND): "Visita",
}

#: Where the row after which a page begins stands: its moment and its id.
Place = tuple[datetime, UUID | int]


@dataclass(frozen=True)
class Row:
    """One row behind a figure; `cells` follow the headings. What it is of can be opened by folio or conversation."""

    id: UUID | int
    moment: datetime
    cells: Sequence[Cell]
    folio: str | None = None
    conversation_id: UUID | None = None
    interaction_id: UUID | None = None


@dataclass(frozen=True)
class RowsPage:
    headings: Sequence[str]
    rows: Sequence[Row]
    total: int
    #: Where the next page begins; None on the last.
    next: Place | None


@dataclass(frozen=True)
class Which:
    """Whose rows: a figure's in a period, narrowed, and of one line of a breakdown (`by` and `key`)."""

    figure: Figure
    period: Period
    filters: Filters
    by: By | None = None
    key: str | None = None

    @property
    def conditions(self) -> list[Any]:
        found: list[Any] = [self.figure.measure.behind(self.figure.where)]
        if self.by is not None and self.key is not None:
            column = func.coalesce(cast(column_of(self.figure.source, self.by), String), UNSAID)
            found.append(column == self.key)
        return found

    def rows(self, *columns: Expression) -> Query:
        by = self.by if self.key is not None else None
        return rows_of(self.figure.source, (self.period,), self.filters, *columns, by=by).where(*self.conditions)


@dataclass(frozen=True)
class Listing:
    """How rows of one table are shown: the headings with their widths, and a row's cells."""

    columns: Sequence[tuple[str, int]]
    select: Callable[[], Query]
    row: Callable[[Any], Row]

    @property
    def headings(self) -> Sequence[str]:
        return tuple(heading for heading, _ in self.columns)

    @property
    def widths(self) -> Sequence[int]:
        return tuple(width for _, width in self.columns)


def _contacts() -> Query:
    return (
        select(Interaction, User.full_name, Municipality.name, Topic.name, Petition.folio)
        .outerjoin(Petition, Interaction.petition_id == Petition.id)
        .outerjoin(User, Interaction.agent_id == User.id)
        .outerjoin(
            Municipality, Municipality.id == func.coalesce(Interaction.municipality_id, Petition.municipality_id)
        )
        .outerjoin(Topic, Topic.id == func.coalesce(Interaction.topic_id, Petition.topic_id))
    )


def _contact_row(found: Any) -> Row:
    contact, agent, municipality, topic, folio = found
    channel = {"web": "chat_sonora", "telefono": "call_center"}.get(contact.channel, contact.channel)
    cells: Sequence[Cell] = (
        contact.started_at,
        _KINDS[contact.kind, contact.direction],
        next((name for one, name in names.CHANNELS.items() if one.value == channel), channel),
        names.PURPOSES.get(contact.purpose),
        names.OUTCOMES.get(contact.outcome),
        agent or ("El bot" if contact.attended_by == "bot" else None),
        municipality,
        topic,
        contact.queue_seconds,
        contact.person_seconds,
        contact.score,
        folio,
    )
    return Row(contact.id, contact.started_at, cells, folio, contact.conversation_id, contact.id)


def _petitions() -> Query:
    return _with_catalogs(select(Petition, Municipality.name, Topic.name, Agency.short_name, User.full_name)).outerjoin(
        User, Petition.assignee_id == User.id
    )


def _with_catalogs(query: Query) -> Query:
    return (
        query.outerjoin(Municipality, Petition.municipality_id == Municipality.id)
        .outerjoin(Topic, Petition.topic_id == Topic.id)
        .outerjoin(Agency, Petition.agency_id == Agency.id)
    )


def _petition_cells(petition: Petition, municipality: str, topic: str, agency: str) -> tuple[Cell, ...]:
    return (
        petition.folio,
        KIND_TEXTS[petition.kind],
        STATUS_TEXTS[petition.status][0],
        names.CHANNELS[petition.channel],
        municipality,
        topic,
        agency,
    )


def _petition_row(found: Any) -> Row:
    petition, municipality, topic, agency, assignee = found
    cells = (
        *_petition_cells(petition, municipality, topic, agency),
        assignee,
        petition.created_at,
        petition.due_on,
        petition.concluded_at,
    )
    return Row(petition.id, petition.created_at, cells, petition.folio)


def _events() -> Query:
    return _with_catalogs(
        select(PetitionEvent, Petition, Municipality.name, Topic.name, Agency.short_name, User.full_name)
        .join(Petition, PetitionEvent.petition_id == Petition.id)
        .outerjoin(User, PetitionEvent.user_id == User.id)
    )


def _event_row(found: Any) -> Row:
    event, petition, municipality, topic, agency, actor = found
    cells = (
        event.at,
        names.DEEDS.get(event.kind, event.kind.value),
        _said(event),
        *_petition_cells(petition, municipality, topic, agency),
        actor or ("La ciudadanía" if event.actor == "citizen" else None),
    )
    return Row(event.id, event.at, cells, petition.folio)


def _said(event: PetitionEvent) -> str | None:
    """What came of it: the state to which it led, or the citizen's answer."""
    if "solved" in event.detail:
        return "Sí se resolvió" if event.detail["solved"] else "No se resolvió"
    return STATUS_TEXTS[event.to_status][0] if event.to_status else None


_OF_PETITION = (
    ("Folio", 18),
    ("Tipo", 18),
    ("Estado", 22),
    ("Canal", 16),
    ("Municipio", 18),
    ("Tema", 24),
    ("Dependencia", 24),
)
_LISTINGS: dict[Any, Listing] = {
    Interaction: Listing(
        (
            ("Empezó", 16),
            ("Contacto", 18),
            ("Canal", 14),
            ("Motivo", 16),
            ("Resultado", 16),
            ("Atendió", 24),
            ("Municipio", 18),
            ("Tema", 24),
            ("Espera (segundos)", 12),
            ("Con el personal (segundos)", 14),
            ("Calificación", 8),
            ("Folio", 18),
        ),
        _contacts,
        _contact_row,
    ),
    Petition: Listing(
        (*_OF_PETITION, ("Responsable", 24), ("Registrada", 16), ("Vence", 12), ("Terminada", 16)),
        _petitions,
        _petition_row,
    ),
    PetitionEvent: Listing(
        (("Cuándo", 16), ("Qué", 26), ("Resultado", 22), *_OF_PETITION, ("Quién", 24)), _events, _event_row
    ),
}


def listing_of(source: Source) -> Listing:
    """How a source's rows are shown."""
    return _LISTINGS[source.table]


async def rows(session: AsyncSession, which: Which, *, after: Place | None = None, limit: int = PAGE_SIZE) -> RowsPage:
    """A page of the rows behind a figure, newest first, from the one that follows `after`."""
    parameters = await query_parameters(session)
    total = await session.scalar(
        select(func.count()).select_from(which.rows(which.figure.source.id).subquery()), parameters
    )
    found, following = await _slice(session, which, parameters, after, limit)
    return RowsPage(listing_of(which.figure.source).headings, found, total or 0, following)


async def chunks(session: AsyncSession, which: Which) -> AsyncIterator[Sequence[Row]]:
    """All the rows behind a figure, newest first, a thousand at a time."""
    parameters = await query_parameters(session)
    place: Place | None = None
    while True:
        found, place = await _slice(session, which, parameters, place, _CHUNK)
        yield found
        if place is None:
            return


async def _slice(
    session: AsyncSession, which: Which, parameters: dict[str, Any], after: Place | None, limit: int
) -> tuple[Sequence[Row], Place | None]:
    source = which.figure.source
    wanted = which.rows(source.moment.label("moment"), source.id.label("id"))
    if after is not None:
        wanted = wanted.where(tuple_(source.moment, source.id) < tuple_(*after))
    wanted = wanted.order_by(source.moment.desc(), source.id.desc()).limit(limit + 1)
    places = [(row.moment, row.id) for row in (await session.execute(wanted, parameters)).all()]
    page = places[:limit]
    listing = listing_of(source)
    shown = await session.execute(listing.select().where(source.id.in_([one for _, one in page])))
    by_id = {row.id: row for row in map(listing.row, shown.all())}
    return [by_id[one] for _, one in page], page[-1] if len(places) > limit else None
