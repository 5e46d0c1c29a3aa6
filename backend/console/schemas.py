"""Shapes of the console's JSON endpoints."""

from datetime import datetime
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from backend.agents.models import BreakKind, PresenceState
from backend.conversations.models import Author, CloseReason, Owner
from backend.outbox.models import DeliveryState
from backend.registry.models import PetitionKind


class _Out(BaseModel):
    model_config = ConfigDict(from_attributes=True)


class CountsOut(_Out):
    mine: int
    waiting: int
    bot: int
    closed: int
    unread: int = Field(description="The agent's own conversations with something unread.")
    agency_news: int = Field(0, description="What agencies told and neither the agent nor anybody has seen.")


class InboxRowOut(BaseModel):
    id: UUID
    title: str = Field(description="The person's name, or how we call somebody without one.")
    channel: str
    owner: Owner
    agent_name: str | None
    is_mine: bool
    is_emergency: bool
    reason: str | None = Field(description="Why a person was asked for.")
    language: str | None = Field(description="In words, where it is not Spanish.")
    queued_at: datetime | None
    last_message_at: datetime | None
    last_text: str
    last_author: Author | None
    unread: int
    window_closes_at: datetime | None = Field(description="When free text stops being allowed; null: never.")


class InboxOut(BaseModel):
    rows: list[InboxRowOut]
    counts: CountsOut
    more: bool


class FileOut(BaseModel):
    id: UUID
    file_name: str
    content_type: str
    size: int
    url: str
    is_image: bool
    is_audio: bool


class LocationOut(_Out):
    latitude: float
    longitude: float
    label: str | None = None


class CardOut(_Out):
    name: str
    phone: str
    is_own: bool = Field(False, description="The channel says that the number is the sender's.")


class FailureOut(_Out):
    """Why it did not arrive and what to do; `retry` is what the button says, null where it would not help."""

    reason: str
    advice: str
    retry: str | None


class MessageOut(BaseModel):
    id: UUID
    seq: int
    author: Author
    author_name: str
    text: str
    buttons: list[str] = Field(description="Titles of the options that were offered.")
    attachments: list[FileOut]
    created_at: datetime
    delivery: DeliveryState | None
    delivery_text: str | None
    failure: FailureOut | None
    location: LocationOut | None
    card: CardOut | None
    edited_at: datetime | None
    deleted_at: datetime | None
    former: list[str] = Field(description="What it said before, oldest first.")
    idempotency_key: str | None = Field(description="On the caller's own messages: the key they were sent with.")


class TranscriptOut(BaseModel):
    messages: list[MessageOut]
    cursor: int
    more: bool


class NamedValue(BaseModel):
    label: str
    value: str


class DraftOut(BaseModel):
    kind: PetitionKind
    kind_text: str
    filled: list[NamedValue]
    missing: list[str]


class PetitionLine(BaseModel):
    folio: str
    kind: str
    status: str
    created_at: datetime


class EarlierConversation(BaseModel):
    id: UUID
    channel: str
    status: str
    last_message_at: datetime | None


class OtherConversation(BaseModel):
    """Another conversation of the same person."""

    id: UUID
    channel: str
    display_name: str | None
    status: str
    last_message_at: datetime | None
    is_proved: bool = Field(description="By telephone or code; else only staff said so.")
    opted_out: bool
    blocked: bool


class WindowOut(BaseModel):
    """WhatsApp's window. `template` is what would be sent to resume; null where none is approved."""

    closes_at: datetime
    template: str | None


class ClosingWindow(BaseModel):
    """A conversation whose window closes within the hour."""

    id: UUID
    title: str
    closes_at: datetime


class HistoryMessage(BaseModel):
    conversation_id: UUID
    channel: str
    message: MessageOut


class HistoryOut(BaseModel):
    messages: list[HistoryMessage]
    before: datetime | None = Field(description="Ask for what came before this; null: that was all.")


class EventOut(BaseModel):
    text: str
    at: datetime
    who: str | None
    reason: str | None


class RatingOut(_Out):
    score: int
    comment: str | None
    created_at: datetime


class PersonOut(_Out):
    full_name: str
    phone: str | None
    email: str | None
    curp: str | None


class ConversationOut(BaseModel):
    """All that stands beside a transcript."""

    id: UUID
    title: str
    channel: str
    owner: Owner
    owner_text: str
    agent_id: UUID | None
    agent_name: str | None
    is_mine: bool
    is_emergency: bool
    reason: str | None
    language: str | None = Field(description="In words, where it is not Spanish.")
    misunderstood: str | None = Field(description="The sentence after which a person was asked for.")
    queued_at: datetime | None
    opened_at: datetime
    close_reason: str | None
    consent: bool
    page_url: str | None
    person: PersonOut | None
    municipality: str | None
    draft: DraftOut | None
    petitions: list[PetitionLine]
    earlier: list[EarlierConversation]
    display_name: str | None = Field(description="What the person calls themselves in the channel.")
    verified_phone: str | None
    is_masked: bool = Field(False, description="Telephone, e-mail and CURP are masked: who reads does not attend it.")
    opted_out: bool
    blocked: bool
    others: list[OtherConversation]
    preferred_conversation_id: UUID | None
    window: WindowOut | None
    events: list[EventOut]
    ratings: list[RatingOut]
    callbacks: int
    last_seq: int


class LiveState(BaseModel):
    """What changes about an open conversation besides its messages."""

    owner: Owner
    agent_name: str | None
    citizen_typing: bool
    others: str = Field(description="Which colleagues have it open too, as a sentence; empty where nobody has.")
    last_seq: int


class Reply(BaseModel):
    text: str = Field(max_length=4000)
    idempotency_key: str = Field(min_length=8, max_length=64, description="One per composed message.")


class Resume(BaseModel):
    idempotency_key: str = Field(min_length=8, max_length=64)


class Join(BaseModel):
    conversation_id: UUID = Field(description="The other conversation of the same person.")


class Preferred(BaseModel):
    conversation_id: UUID | None = Field(description="Null: where the person wrote last.")


class Transfer(BaseModel):
    to_agent_id: UUID | None = Field(None, description="Null: back to the queue.")
    note: str = Field("", max_length=1000)


class Close(BaseModel):
    reason: CloseReason
    note: str = Field("", max_length=1000)


class ReadUpTo(BaseModel):
    up_to: int = Field(ge=0)


class ColleagueOut(_Out):
    user_id: UUID
    full_name: str
    is_available: bool


class PresenceBody(BaseModel):
    state: PresenceState
    break_kind: BreakKind | None = None
    capacity: int | None = Field(None, ge=1, le=50)


class FieldOption(BaseModel):
    title: str
    value: str


class FormField(BaseModel):
    """One answer of a petition's form. `problem` is a sentence for whoever fills it in."""

    name: str
    label: str
    value: str
    required: bool
    options: list[FieldOption] = []
    problem: str | None = None


class DraftForm(BaseModel):
    """The citizen's form, as the bot left it, for an agent to complete."""

    kind: PetitionKind
    fields: list[FormField]
    is_complete: bool


class DraftAnswers(BaseModel):
    kind: PetitionKind
    fields: dict[str, str] = Field(default_factory=dict, description="Answers by field name, as written.")
    file: bool = Field(False, description="Register it when nothing is missing.")


class DraftResult(BaseModel):
    form: DraftForm
    folio: str | None = None
    access_code: str | None = Field(None, description="Told once, to be passed on to the citizen.")
