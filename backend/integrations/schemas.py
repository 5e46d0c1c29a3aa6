"""Shapes of the integration API. What names or finds a person is masked for a key without that scope (`sees_persons`).

Staff see whole how to reach a person, and their CURP, where they ask for one petition; in lists masked (`is_whole`).
"""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Annotated, Any
from uuid import UUID

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from backend.conversations.models import Attachment
from backend.fields import CleanText
from backend.integrations.listing import Row
from backend.learning import masking
from backend.registry import intake, petitions
from backend.registry.models import (
    ActorKind,
    EntryChannel,
    PetitionEventKind,
    PetitionKind,
    PetitionStatus,
    Priority,
)
from backend.registry.queries import EventRow
from backend.registry.schemas import PersonOut, PlaceOut
from backend.turns.models import TurnOutcome, TurnState
from backend.turns.service import TurnView

#: What stands in a masked value's place.
HIDDEN = "‹dato personal›"
#: What an event's detail may tell to anybody: no words of people, no addresses.
_OPEN_DETAIL = frozenset({"agency", "due_on", "until", "outcome", "solved", "number"})


class ErrorBody(BaseModel):
    code: str = Field(description="Stable, for programs.", examples=["folio_no_encontrado"])
    message: str = Field(description="In Spanish, for people.", examples=["No existe una petición con ese folio."])
    details: dict[str, Any] = Field(description="What the code needs told, such as `field`.")


class ErrorOut(BaseModel):
    """Every error of the API."""

    error: ErrorBody


class CatalogOut(BaseModel):
    key: str = Field(examples=["agua"])
    name: str = Field(examples=["Agua potable"])


class PersonShown(BaseModel):
    """Who asks. Without the scope `datos_personales` only that there is somebody.

    To staff, lists tell telephone, e-mail and CURP as `662 *** ** 67`.
    """

    id: UUID | None
    full_name: str = Field(examples=["Ana Luz Soto", HIDDEN])
    phone: str | None = Field(description="E.164.", examples=["+526621234567"])
    email: str | None
    curp: str | None


class PetitionBrief(BaseModel):
    """A petition in a list."""

    id: UUID
    folio: str = Field(examples=["AC-2026-000123-K"])
    kind: PetitionKind
    kind_text: str
    status: PetitionStatus
    status_text: str
    priority: Priority
    channel: EntryChannel
    person: PersonShown | None = Field(description="Null: anonymous.")
    municipality: PlaceOut | None
    colonia: str | None
    topic: CatalogOut | None
    agency: CatalogOut | None = Field(description="Whose it is now, or probably will be.")
    assignee: str | None = Field(description="The member of the office's staff who follows it.")
    narrative: str
    due_on: date | None
    concluded_at: datetime | None
    created_at: datetime
    updated_at: datetime
    is_masked: bool = Field(description="Personal data are hidden from who asks, or told in part.")


class EventShown(BaseModel):
    """What happened to a petition; never changes."""

    id: int
    kind: PetitionEventKind
    from_status: PetitionStatus | None
    to_status: PetitionStatus | None
    actor: ActorKind
    user_name: str | None
    turn_id: UUID | None
    text: str
    detail: dict[str, Any]
    at: datetime


class TurnOut(BaseModel):
    """A petition at an agency."""

    id: UUID
    agency: CatalogOut
    state: TurnState
    instructions: str
    due_on: date
    outcome: TurnOutcome | None
    answer: str
    created_at: datetime
    acknowledged_at: datetime | None
    closed_at: datetime | None


class FileShown(BaseModel):
    """What is told of an attachment; its content is opened in the console alone."""

    id: UUID
    file_name: str
    content_type: str
    size: int
    sha256: str
    created_at: datetime


class PetitionFull(PetitionBrief):
    postal_code: str | None
    street: str | None
    place_reference: str | None
    details: dict[str, Any] = Field(description="What only some kinds have, such as `tipo_acta`.")
    conversation_id: UUID | None
    turns: list[TurnOut] = Field(description="The first one first.")
    events: list[EventShown] = Field(description="The latest 50, newest first; all of them under `/events`.")
    attachments: list[FileShown]


class PetitionList(BaseModel):
    petitions: list[PetitionBrief]
    next_cursor: str | None = Field(description="Give it as `cursor` for the next page; null on the last.")


class EventList(BaseModel):
    events: list[EventShown] = Field(description="Oldest first.")
    next_after: int | None = Field(description="Give it as `after` for the next page; null on the last.")


class PetitionFiled(BaseModel):
    folio: str
    access_code: str = Field(description="Told once; the citizen needs it to ask for the status.")


class ChangeIn(BaseModel):
    """What is to change. What is absent stays."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"status": "en_analisis", "reason": "Se revisa con el organismo operador."}]}
    )

    status: PetitionStatus | None = None
    reason: CleanText = Field("", max_length=2000, description="Why the status changes; needed with `status`.")
    asked: CleanText = Field(
        "",
        max_length=1000,
        description="With `requiere_informacion`: what the citizen is asked for, in words for them.",
    )
    narrative: CleanText | None = Field(None, min_length=10, max_length=4000)
    colonia: CleanText | None = Field(None, max_length=120)
    municipality_id: str | None = Field(None, pattern=r"^26[0-9]{3}$", description="INEGI key.")
    topic_id: UUID | None = None
    agency_id: UUID | None = None
    priority: Priority | None = None
    assignee_id: UUID | None = None


class RemarkIn(BaseModel):
    model_config = ConfigDict(json_schema_extra={"examples": [{"text": "La cuadrilla va el martes."}]})

    text: CleanText = Field(min_length=1, max_length=4000)


def _strip(value: object) -> object:
    return value.strip() if isinstance(value, str) else value


Key = Annotated[str, BeforeValidator(_strip), Field(min_length=1, max_length=60, pattern=r"^[a-z0-9-]+$")]


class TurnIn(BaseModel):
    model_config = ConfigDict(
        json_schema_extra={"examples": [{"agency": "cea", "instructions": "Revisar la fuga de la calle Reforma."}]}
    )

    agency: Key = Field(description="The agency's `key` (`/api/catalog/agencies`).")
    instructions: CleanText = Field("", max_length=4000)
    due_on: date | None = Field(None, description="Absent: the agency's own term in working days.")
    reason: CleanText = Field("", max_length=2000)


class AnswerIn(BaseModel):
    model_config = ConfigDict(
        json_schema_extra={"examples": [{"text": "Se reparó la fuga el 20 de noviembre.", "outcome": "atendida"}]}
    )

    text: CleanText = Field(min_length=1, max_length=4000)
    outcome: TurnOutcome


def brief(row: Row, *, sees_persons: bool, is_whole: bool) -> PetitionBrief:
    return PetitionBrief(**_brief(row, sees_persons, is_whole))


def _brief(row: Row, sees_persons: bool, is_whole: bool) -> dict[str, Any]:
    petition = row.petition
    place = None
    if petition.municipality_id and row.municipality:
        place = PlaceOut(id=petition.municipality_id, name=row.municipality)
    return {
        "id": petition.id,
        "folio": petition.folio,
        "kind": petition.kind,
        "kind_text": intake.KIND_TEXTS[petition.kind],
        "status": petition.status,
        "status_text": petitions.STATUS_TEXTS[petition.status][0],
        "priority": petition.priority,
        "channel": petition.channel,
        "person": _person(row, sees_persons, is_whole),
        "municipality": place,
        "colonia": petition.colonia,
        "topic": CatalogOut(key=row.topic.key, name=row.topic.name) if row.topic else None,
        "agency": CatalogOut(key=row.agency.key, name=row.agency.short_name) if row.agency else None,
        "assignee": row.assignee,
        "narrative": _words(petition.narrative, sees_persons),
        "due_on": petition.due_on,
        "concluded_at": petition.concluded_at,
        "created_at": petition.created_at,
        "updated_at": petition.updated_at,
        "is_masked": not (sees_persons and is_whole),
    }


def _person(row: Row, sees_persons: bool, is_whole: bool) -> PersonShown | None:
    if row.person is None:
        return None
    if not sees_persons:
        return PersonShown(id=None, full_name=HIDDEN, phone=None, email=None, curp=None)
    told = PersonOut.model_validate(row.person)
    return PersonShown(**(told if is_whole else told.masked()).model_dump())


def _words(text: str, sees_persons: bool) -> str:
    return text if sees_persons else masking.mask(text)


def full(
    row: Row,
    turns: Sequence[TurnView],
    events: Sequence[EventRow],
    files: Sequence[Attachment],
    *,
    sees_persons: bool,
    is_whole: bool,
) -> PetitionFull:
    petition = row.petition
    return PetitionFull(
        **_brief(row, sees_persons, is_whole),
        postal_code=petition.postal_code,
        street=petition.street if sees_persons or not petition.street else HIDDEN,
        place_reference=petition.place_reference if sees_persons or not petition.place_reference else HIDDEN,
        details=petition.details if sees_persons else {},
        conversation_id=petition.conversation_id,
        turns=[turn_out(view, sees_persons=sees_persons) for view in turns],
        events=[event_out(event, sees_persons=sees_persons) for event in events],
        attachments=[_file(file, sees_persons) for file in files],
    )


def _file(file: Attachment, sees_persons: bool) -> FileShown:
    return FileShown(
        id=file.id,
        file_name=file.file_name if sees_persons else HIDDEN,
        content_type=file.content_type,
        size=file.size,
        sha256=file.sha256,
        created_at=file.created_at,
    )


def turn_out(view: TurnView, *, sees_persons: bool) -> TurnOut:
    one = view.turn
    return TurnOut(
        id=one.id,
        agency=CatalogOut(key=view.agency.key, name=view.agency.short_name),
        state=one.state,
        instructions=_words(one.instructions, sees_persons),
        due_on=one.due_on,
        outcome=one.outcome,
        answer=_words(one.answer, sees_persons),
        created_at=one.created_at,
        acknowledged_at=one.acknowledged_at,
        closed_at=one.closed_at,
    )


def event_out(row: EventRow, *, sees_persons: bool) -> EventShown:
    event = row.event
    detail = event.detail if sees_persons else {key: event.detail[key] for key in event.detail.keys() & _OPEN_DETAIL}
    return EventShown(
        id=event.id,
        kind=event.kind,
        from_status=event.from_status,
        to_status=event.to_status,
        actor=event.actor,
        user_name=row.user_name,
        turn_id=event.turn_id,
        text=_words(event.text, sees_persons),
        detail=detail,
        at=row.at,
    )
