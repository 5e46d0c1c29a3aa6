"""Shapes of the API that the bot's actions speak. The bot's client is in `bot/actions/backend_client.py`."""

from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from backend.registry.drafts import DraftView
from backend.registry.intake import KIND_TEXTS
from backend.registry.lookups import LookupResult
from backend.registry.models import PetitionKind


class OptionOut(BaseModel):
    model_config = ConfigDict(from_attributes=True)

    title: str
    value: str


class NextFieldOut(BaseModel):
    name: str
    options: list[OptionOut]


class DraftOut(BaseModel):
    """The petition in hand. `shown` is `fields` in words; `summary` is there when nothing is missing."""

    id: UUID
    kind: PetitionKind
    kind_text: str
    state: str
    fields: dict[str, str]
    shown: dict[str, str]
    awaiting: str | None
    missing: list[str]
    next: NextFieldOut | None
    summary: str
    attachments: int


class PetitionBrief(BaseModel):
    folio: str
    kind_text: str
    status_text: str


class Context(BaseModel):
    """What the bot needs to know before it speaks."""

    channel: str
    consent: bool
    known_name: str | None
    known_phone: str | None
    draft: DraftOut | None
    petitions: list[PetitionBrief]
    privacy_notice: str
    privacy_url: str


class Consent(BaseModel):
    accepted: bool


class DraftIn(BaseModel):
    kind: PetitionKind
    fields: dict[str, str] = {}


class AnswerIn(BaseModel):
    field: str = Field(pattern="^(narrativa|tipo_acta|municipio|colonia|anonimo|nombre|curp|contacto)$")
    text: str = Field(max_length=5000)


class AnswerOut(BaseModel):
    accepted: bool
    problem: str | None
    problem_text: str | None
    suggestion: OptionOut | None
    options: list[OptionOut]
    draft: DraftOut


class FieldIn(BaseModel):
    field: str = Field(pattern="^(narrativa|tipo_acta|municipio|colonia|anonimo|nombre|curp|contacto)$")


class FiledOut(BaseModel):
    folio: str
    access_code: str
    repeated: bool


class JoinOffer(BaseModel):
    """What a citizen may know of the open petition that theirs repeats."""

    model_config = ConfigDict(from_attributes=True)

    topic: str
    colonia: str
    since: str
    people: int


class OfferOut(BaseModel):
    offer: JoinOffer | None = None


class JoinedOut(BaseModel):
    """Without a folio nothing was joined: what was offered is gone."""

    folio: str | None = None
    people: int = 0


class FolioIn(BaseModel):
    folio: str = Field(max_length=200)
    access_code: str | None = Field(None, max_length=200)


class InformationIn(FolioIn):
    text: str = Field(min_length=1, max_length=4000)


class StatusOut(BaseModel):
    model_config = ConfigDict(from_attributes=True)

    folio: str
    kind_text: str
    status: str
    status_text: str
    explanation: str
    updated_text: str
    question_id: UUID | None = None


class LookupOut(BaseModel):
    result: LookupResult
    petition: StatusOut | None = None


class CallbackIn(BaseModel):
    name: str = Field(max_length=200)
    phone: str = Field(max_length=100)
    note: str = Field("", max_length=1000)


class CallbackOut(BaseModel):
    accepted: bool
    problem: str | None = None
    problem_text: str | None = None


class Text(BaseModel):
    text: str


def draft_out(view: DraftView) -> DraftOut:
    upcoming = view.next
    return DraftOut(
        id=view.id,
        kind=view.kind,
        kind_text=KIND_TEXTS[view.kind],
        state=view.state.value,
        fields=view.fields,
        shown=view.shown,
        awaiting=view.awaiting,
        missing=view.missing,
        next=NextFieldOut(name=upcoming.name, options=[OptionOut.model_validate(o) for o in upcoming.options])
        if upcoming
        else None,
        summary=view.summary,
        attachments=view.attachments,
    )
