"""Drafts: a petition being told, to the bot, to the scripted intake or to an agent, one after another."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from backend import clock
from backend.conversations.models import Attachment, Author, Conversation, EventKind, Message
from backend.conversations.service import record_event
from backend.registry import draft_answers, intake, petitions
from backend.registry.errors import DraftIncomplete, NoDraft
from backend.registry.models import (
    ActorKind,
    DraftState,
    Petition,
    PetitionDraft,
    PetitionKind,
)

#: The same words filed again from the same conversation within this time are the same petition.
SAME_PETITION = timedelta(hours=24)

#: What was sent this long before a petition was begun belongs to it: people show first and tell after.
_JUST_BEFORE = timedelta(minutes=10)


@dataclass(frozen=True)
class NextField:
    name: str
    options: tuple[intake.Option, ...]


@dataclass(frozen=True)
class DraftView:
    """A draft as whoever asks the questions needs it. `summary` is there when nothing is missing."""

    id: UUID
    kind: PetitionKind
    state: DraftState
    fields: dict[str, str]
    shown: dict[str, str]
    awaiting: str | None
    missing: list[str]
    next: NextField | None
    summary: str
    attachments: int


@dataclass(frozen=True)
class Answer:
    accepted: bool
    problem: str | None
    suggestion: intake.Option | None
    options: tuple[intake.Option, ...]
    draft: DraftView


@dataclass(frozen=True)
class Filed:
    """What the citizen is told once. `repeated`: it had been filed already."""

    folio: str
    access_code: str
    repeated: bool


async def open_draft_of(session: AsyncSession, conversation_id: UUID) -> PetitionDraft | None:
    """The open draft of a conversation, locked."""
    return await session.scalar(
        select(PetitionDraft)
        .where(PetitionDraft.conversation_id == conversation_id, PetitionDraft.state == DraftState.OPEN)
        .with_for_update()
    )


async def _require(session: AsyncSession, conversation_id: UUID) -> PetitionDraft:
    draft = await open_draft_of(session, conversation_id)
    if draft is None:
        raise NoDraft
    return draft


async def current_draft(session: AsyncSession, conversation_id: UUID) -> DraftView | None:
    """The petition in hand, if there is one."""
    draft = await open_draft_of(session, conversation_id)
    return await view(session, draft) if draft is not None else None


async def view(session: AsyncSession, draft: PetitionDraft) -> DraftView:
    answers: dict[str, str] = draft.fields
    wanted = intake.fields_of(draft.kind, answers)
    missing = [field for field in wanted if field not in answers]
    upcoming = NextField(missing[0], intake.OPTIONS.get(missing[0], ())) if missing else None
    files = await session.scalar(select(func.count()).select_from(Attachment).where(*_files_of(draft)))
    return DraftView(
        id=draft.id,
        kind=draft.kind,
        state=draft.state,
        fields=dict(answers),
        shown={name: await intake.shown(session, name, value) for name, value in answers.items()},
        awaiting=draft.awaiting,
        missing=missing,
        next=upcoming,
        summary="" if missing else await intake.summary(session, draft.kind, answers, files or 0),
        attachments=files or 0,
    )


def _files_of(draft: PetitionDraft) -> tuple[ColumnElement[bool], ...]:
    told_in = [draft.conversation_id, *map(UUID, draft.earlier_conversations)]
    return (
        Attachment.conversation_id.in_(told_in),
        Attachment.petition_id.is_(None),
        Attachment.created_at >= draft.created_at - _JUST_BEFORE,
        # Not the acuse that went out with an earlier folio.
        Attachment.message_id.in_(select(Message.id).where(Message.author.in_((Author.CITIZEN, Author.AGENT)))),
    )


async def open_draft(
    session: AsyncSession, conversation_id: UUID, kind: PetitionKind, fields: Mapping[str, str]
) -> DraftView:
    """Open a draft, or go on with the open one. Another kind keeps the answers that both ask for.

    `fields` are raw answers already heard; those that do not pass their check are asked again.
    """
    draft = await open_draft_of(session, conversation_id)
    answers: dict[str, str] = {}
    if draft is None:
        draft = PetitionDraft(conversation_id=conversation_id, kind=kind, fields={}, created_at=clock.now())
        session.add(draft)
        just_shared = await _place_just_shared(session, conversation_id)
        place = {intake.PLACE: _place(just_shared)} if just_shared else {}
        answers = {**place, **await draft_answers.known_already(session, draft)}
    elif draft.kind is not kind:
        allowed = {*intake.fields_of(kind, {}), "narrativa", intake.PLACE}
        draft.kind = kind
        kept = {name: value for name, value in draft.fields.items() if name in allowed}
        answers = {**await draft_answers.known_already(session, draft), **kept}
    else:
        answers = dict(draft.fields)
    for name, raw in fields.items():
        if name in answers or name not in intake.QUESTIONS:
            continue
        checked = await intake.check(session, name, raw)
        if checked.value is not None:
            answers[name] = checked.value
    draft.fields = answers
    await _await_next(session, draft)
    return await view(session, draft)


async def _place_just_shared(session: AsyncSession, conversation_id: UUID) -> dict[str, Any] | None:
    return await session.scalar(
        select(Message.extra["location"])
        .where(
            Message.conversation_id == conversation_id,
            Message.extra.has_key("location"),
            Message.created_at >= clock.now() - _JUST_BEFORE,
        )
        .order_by(Message.seq.desc())
        .limit(1)
    )


def _place(location: Mapping[str, Any]) -> str:
    coordinates = f"{location['latitude']:.6f},{location['longitude']:.6f}"
    return f"{coordinates} {location['label']}" if location.get("label") else coordinates


async def note_place(session: AsyncSession, conversation_id: UUID, location: Mapping[str, Any]) -> None:
    """Put a shared location into the draft in hand. Raises NoDraft."""
    draft = await _require(session, conversation_id)
    draft.fields = {**draft.fields, intake.PLACE: _place(location)}
    await session.flush()


async def _await_next(session: AsyncSession, draft: PetitionDraft) -> None:
    missing = [field for field in intake.fields_of(draft.kind, draft.fields) if field not in draft.fields]
    draft.awaiting = missing[0] if missing else None
    await session.flush()


async def answer(session: AsyncSession, conversation_id: UUID, field: str, text: str) -> Answer:
    """An answer to one question: kept in its normal form, or refused with its problem. Raises NoDraft."""
    draft = await _require(session, conversation_id)
    checked = await intake.check(session, field, text)
    if checked.value is not None:
        draft.fields = await draft_answers.with_answer(session, draft, field, checked.value, text)
        await _await_next(session, draft)
    return Answer(
        accepted=checked.value is not None,
        problem=checked.problem,
        suggestion=checked.suggestion,
        options=checked.options,
        draft=await view(session, draft),
    )


async def clear_field(session: AsyncSession, conversation_id: UUID, field: str) -> DraftView:
    """Forget one answer, to ask for it again. Raises NoDraft."""
    draft = await _require(session, conversation_id)
    draft.fields = {name: value for name, value in draft.fields.items() if name != field}
    await session.flush()
    draft.awaiting = field
    await session.flush()
    return await view(session, draft)


async def restart_draft(session: AsyncSession, conversation_id: UUID) -> DraftView:
    """Forget every answer, but what the channel vouches for. Raises NoDraft."""
    draft = await _require(session, conversation_id)
    draft.fields = await draft_answers.known_already(session, draft)
    await _await_next(session, draft)
    return await view(session, draft)


async def move_draft(session: AsyncSession, draft_id: UUID, to: Conversation) -> UUID | None:
    """Go on with a draft in another conversation of the same proved person; where it was before, or None.

    None when it is not there to be moved: no longer open, not theirs, or `to` has one of its own. The consent
    under which it was told goes with it.
    """
    draft = await session.scalar(
        select(PetitionDraft)
        .where(PetitionDraft.id == draft_id, PetitionDraft.state == DraftState.OPEN)
        .with_for_update()
    )
    if draft is None or await open_draft_of(session, to.id) is not None:
        return None
    origin = await session.get_one(Conversation, draft.conversation_id)
    if origin.identity_id != to.identity_id:
        return None
    draft.conversation_id = to.id
    draft.earlier_conversations = [*draft.earlier_conversations, str(origin.id)]
    if to.consent_at is None:
        to.consent_version, to.consent_at = origin.consent_version, origin.consent_at
    await session.flush()
    return origin.id


async def cancel_draft(session: AsyncSession, conversation_id: UUID) -> None:
    """Give the draft up; nothing happens when there is none."""
    draft = await open_draft_of(session, conversation_id)
    if draft is not None:
        draft.state = DraftState.CANCELLED
        await session.flush()


async def file_draft(
    session: AsyncSession,
    conversation_id: UUID,
    secret: bytes,
    *,
    actor: ActorKind = ActorKind.BOT,
    user_id: UUID | None = None,
) -> Filed:
    """File the draft: folio and access code. Filing what was just filed gives the same folio.

    Raises NoDraft when there is nothing to file, DraftIncomplete when answers are missing.
    """
    draft = await open_draft_of(session, conversation_id)
    if draft is None:
        return await _filed_before(session, await _last_filed(session, conversation_id), secret)
    missing = [field for field in intake.fields_of(draft.kind, draft.fields) if field not in draft.fields]
    if missing:
        raise DraftIncomplete(missing)
    twin = await _twin(session, draft)
    if twin is not None:
        draft.state, draft.petition_id = DraftState.FILED, twin.id
        await session.flush()
        return Filed(twin.folio, petitions.code_of(twin, secret), repeated=True)
    conversation = await session.get_one(Conversation, conversation_id)
    petition = await petitions.file(session, new_petition(draft, conversation), actor=actor, user_id=user_id)
    await _link(session, draft, petition, conversation)
    return Filed(petition.folio, petitions.code_of(petition, secret), repeated=False)


async def filed_since(session: AsyncSession, conversation_id: UUID, moment: datetime, secret: bytes) -> Filed | None:
    """What was last filed from this conversation, if that was after `moment`."""
    draft = await _last_filed(session, conversation_id)
    return await _filed_before(session, draft, secret) if draft is not None and draft.updated_at > moment else None


async def _last_filed(session: AsyncSession, conversation_id: UUID) -> PetitionDraft | None:
    return await session.scalar(
        select(PetitionDraft)
        .where(PetitionDraft.conversation_id == conversation_id, PetitionDraft.state == DraftState.FILED)
        .order_by(PetitionDraft.updated_at.desc())
        .limit(1)
    )


async def _filed_before(session: AsyncSession, draft: PetitionDraft | None, secret: bytes) -> Filed:
    if draft is None or draft.petition_id is None:
        raise NoDraft
    petition = await session.get_one(Petition, draft.petition_id)
    return Filed(petition.folio, petitions.code_of(petition, secret), repeated=True)


async def _twin(session: AsyncSession, draft: PetitionDraft) -> Petition | None:
    """The petition of the same kind and words that this conversation filed lately."""
    return await session.scalar(
        select(Petition).where(
            Petition.conversation_id == draft.conversation_id,
            Petition.kind == draft.kind,
            Petition.narrative == _narrative(draft),
            Petition.created_at > clock.now() - SAME_PETITION,
        )
    )


def _narrative(draft: PetitionDraft) -> str:
    return draft.fields.get("narrativa") or intake.implied_narrative(draft.kind) or intake.KIND_TEXTS[draft.kind]


def new_petition(draft: PetitionDraft, conversation: Conversation) -> petitions.NewPetition:
    """What a complete draft says, as it would be filed."""
    answers: dict[str, str] = {name: value for name, value in draft.fields.items() if value != intake.SKIPPED}
    is_anonymous = answers.get("anonimo") == "si"
    contact = "" if is_anonymous else answers.get("contacto", "")
    details = {name: answers[name] for name in ("tipo_acta", intake.PLACE) if name in answers}
    happened = intake.day_of_facts(draft.kind, answers.get("narrativa", ""), draft.created_at)
    if happened is not None:
        details["fecha_hechos"] = happened
    return petitions.NewPetition(
        kind=draft.kind,
        channel=intake.entry_channel(conversation.channel),
        narrative=_narrative(draft),
        municipality_id=answers.get("municipio"),
        colonia=answers.get("colonia"),
        name=None if is_anonymous else answers.get("nombre"),
        phone=contact if contact.startswith("+") else None,
        email=contact if "@" in contact else None,
        curp=answers.get("curp"),
        details=details,
        conversation_id=conversation.id,
    )


async def complete_draft(session: AsyncSession, conversation_id: UUID) -> PetitionDraft | None:
    """The open draft, locked, if nothing of it is missing."""
    draft = await open_draft_of(session, conversation_id)
    if draft is None or any(field not in draft.fields for field in intake.fields_of(draft.kind, draft.fields)):
        return None
    return draft


async def join_draft(session: AsyncSession, draft: PetitionDraft, petition: Petition) -> None:
    """A draft is told, but as support of another's petition: its files go there, and no folio of its own is made."""
    await _become(session, draft, petition)
    # Not FILED: what was filed gives its access code again, and this one is somebody else's.
    draft.state = DraftState.CANCELLED
    await session.flush()


async def settle(session: AsyncSession, conversation_id: UUID, petition: Petition) -> None:
    """The open draft, if any, has become `petition`; its files go with it."""
    draft = await open_draft_of(session, conversation_id)
    if draft is not None:
        await _become(session, draft, petition)


async def _become(session: AsyncSession, draft: PetitionDraft, petition: Petition) -> None:
    for file in await session.scalars(select(Attachment).where(*_files_of(draft))):
        file.petition_id = petition.id
    draft.state, draft.petition_id, draft.awaiting = DraftState.FILED, petition.id, None
    await session.flush()


async def _link(session: AsyncSession, draft: PetitionDraft, petition: Petition, conversation: Conversation) -> None:
    await _become(session, draft, petition)
    if petition.person_id is not None:
        conversation.person_id = petition.person_id
    await session.flush()
    await record_event(session, conversation, EventKind.PETITION_FILED, detail={"folio": petition.folio})
