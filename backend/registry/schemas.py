"""Shapes of the registry API."""

from datetime import datetime
from typing import Any
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from backend.fields import CleanText
from backend.registry import intake, petitions
from backend.registry.models import (
    ActorKind,
    EntryChannel,
    PetitionEventKind,
    PetitionKind,
    PetitionStatus,
    Priority,
)
from backend.registry.queries import EventRow, PetitionDetails, PetitionRow


class PersonOut(BaseModel):
    model_config = ConfigDict(from_attributes=True)

    id: UUID
    full_name: str
    phone: str | None = Field(description="E.164.")
    email: str | None
    curp: str | None


class PlaceOut(BaseModel):
    id: str = Field(description="INEGI key.")
    name: str


class PetitionSummary(BaseModel):
    id: UUID
    folio: str
    kind: PetitionKind
    kind_text: str
    status: PetitionStatus
    status_text: str
    priority: Priority
    channel: EntryChannel
    person: PersonOut | None = Field(description="Null: anonymous.")
    municipality: PlaceOut | None
    colonia: str | None
    topic: str | None
    agency: str | None
    assignee: str | None
    narrative: str
    created_at: datetime
    updated_at: datetime


class EventOut(BaseModel):
    kind: PetitionEventKind
    from_status: PetitionStatus | None
    to_status: PetitionStatus | None
    actor: ActorKind
    user_name: str | None
    text: str
    detail: dict[str, Any]
    at: datetime


class FileOut(BaseModel):
    id: UUID
    file_name: str
    content_type: str
    size: int


class PetitionOut(PetitionSummary):
    details: dict[str, Any] = Field(description="What only some kinds have, such as `tipo_acta`.")
    conversation_id: UUID | None
    events: list[EventOut] = Field(description="Newest first.")
    attachments: list[FileOut]


class PetitionPageOut(BaseModel):
    petitions: list[PetitionSummary]
    total: int
    page: int
    pages: int


class PetitionIn(BaseModel):
    """A petition that staff register. Answers are checked as the bot's are."""

    kind: PetitionKind
    channel: EntryChannel
    narrative: str = Field(min_length=10, max_length=4000)
    municipality: str | None = Field(None, max_length=120, description="Name, nickname or INEGI key.")
    colonia: str | None = Field(None, max_length=120)
    name: str | None = Field(None, max_length=120, description="Absent: anonymous.")
    phone: str | None = Field(None, max_length=40)
    email: str | None = Field(None, max_length=254)
    curp: str | None = Field(None, max_length=20)
    tipo_acta: str | None = Field(None, max_length=20)
    priority: Priority = Priority.NORMAL
    conversation_id: UUID | None = None


class PetitionFiled(BaseModel):
    folio: str
    access_code: str = Field(description="Told once; the citizen needs it to ask for the status.")


class PetitionChange(BaseModel):
    status: PetitionStatus | None = None
    reason: CleanText = Field("", max_length=2000, description="Why the status changes; needed with `status`.")
    narrative: CleanText | None = Field(None, min_length=10, max_length=4000)
    colonia: CleanText | None = Field(None, max_length=120)
    municipality_id: str | None = Field(None, pattern=r"^26\d{3}$")
    topic_id: UUID | None = None
    agency_id: UUID | None = None
    priority: Priority | None = None
    assignee_id: UUID | None = None


class NoteIn(BaseModel):
    text: CleanText = Field(min_length=1, max_length=4000)


def summary_out(row: PetitionRow) -> PetitionSummary:
    return PetitionSummary(**_summary(row))


def _summary(row: PetitionRow) -> dict[str, Any]:
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
        "person": PersonOut.model_validate(row.person) if row.person else None,
        "municipality": place,
        "colonia": petition.colonia,
        "topic": row.topic,
        "agency": row.agency,
        "assignee": row.assignee,
        "narrative": petition.narrative,
        "created_at": petition.created_at,
        "updated_at": petition.updated_at,
    }


def petition_out(details: PetitionDetails) -> PetitionOut:
    petition = details.row.petition
    return PetitionOut(
        **_summary(details.row),
        details=petition.details,
        conversation_id=petition.conversation_id,
        events=[_event_out(row) for row in details.events],
        attachments=[
            FileOut(id=file.id, file_name=file.file_name, content_type=file.content_type, size=file.size)
            for file in details.attachments
        ],
    )


def _event_out(row: EventRow) -> EventOut:
    event = row.event
    return EventOut(
        kind=event.kind,
        from_status=event.from_status,
        to_status=event.to_status,
        actor=event.actor,
        user_name=row.user_name,
        text=event.text,
        detail=event.detail,
        at=event.at,
    )
