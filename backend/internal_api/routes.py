"""What the bot's actions may ask for and do. On loopback, behind a service token; never for citizens or staff."""

from functools import partial
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Request
from sqlalchemy import bindparam, select
from sqlalchemy.ext.asyncio import AsyncSession

from backend import clock
from backend.assistant.emergency import EMERGENCY_TEXT
from backend.catalog import service as catalog
from backend.catalog.schemas import OfficeOut
from backend.contacts import service as contacts
from backend.conversations.errors import ConversationNotFound
from backend.conversations.models import Conversation
from backend.db import Tx
from backend.internal_api.idempotency import Key, KeyIfGiven, ServiceOnly, once, read_once
from backend.internal_api.schemas import (
    AnswerIn,
    AnswerOut,
    CallbackIn,
    CallbackOut,
    Consent,
    Context,
    DraftIn,
    DraftOut,
    FieldIn,
    FiledOut,
    FolioIn,
    InformationIn,
    JoinedOut,
    JoinOffer,
    LookupOut,
    OfferOut,
    OptionOut,
    PetitionBrief,
    StatusOut,
    Text,
    draft_out,
)
from backend.outreach import asking
from backend.outreach.asking import Ask
from backend.outreach.models import ReasonKind
from backend.privacy import service as privacy
from backend.registry import intake, queries
from backend.registry import service as registry
from backend.registry.models import Person
from backend.related import support
from backend.related.errors import AlreadyJoined, OfferGone
from backend.settings import Settings

router = APIRouter(prefix="/internal", tags=["internal"], dependencies=[ServiceOnly])
_BASE = "/conversations/{conversation_id}"
_IS_THERE = select(Conversation.id).where(Conversation.id == bindparam("id"))


async def _found(tx: Tx, conversation_id: UUID) -> Conversation:
    conversation = await tx.get(Conversation, conversation_id)
    if conversation is None:
        raise ConversationNotFound
    return conversation


async def _known(tx: Tx, conversation_id: UUID) -> UUID:
    """The same without reading it: most of what the bot does needs its id alone."""
    if await tx.scalar(_IS_THERE, {"id": conversation_id}) is None:
        raise ConversationNotFound
    return conversation_id


FoundConversation = Annotated[Conversation, Depends(_found)]
KnownConversation = Annotated[UUID, Depends(_known)]


def _secret(request: Request) -> bytes:
    settings: Settings = request.app.state.settings
    return settings.key


@router.get("/texts/emergency")
async def emergency_text() -> Text:
    """What is said first when a life is in danger."""
    return Text(text=EMERGENCY_TEXT)


@router.get("/office")
async def office(tx: Tx) -> OfficeOut:
    """Whether a person is there, and when. Apart from the context, which every message needs and this few."""
    return OfficeOut.model_validate(await catalog.office_state(tx, clock.now()))


@router.get(_BASE)
async def context(request: Request, tx: Tx, conversation: FoundConversation, key: KeyIfGiven) -> Context:
    """Everything the bot needs to know before it speaks.

    With a key, a petition in hand is told as the first call with it found it: a turn that is run again hears its
    message as it was heard then, though what came of it is stored already.
    """
    find = partial(_context, request, tx, conversation)
    if key is None:
        return await find()
    return await read_once(tx, key, Context, find, is_kept=lambda found: found.draft is not None)


async def _context(request: Request, tx: AsyncSession, conversation: Conversation) -> Context:
    person_id = await contacts.known_person_id(tx, conversation)
    person = await tx.get(Person, person_id) if person_id else None
    draft = await registry.current_draft(tx, conversation.id)
    settings: Settings = request.app.state.settings
    return Context(
        channel=conversation.channel,
        consent=conversation.consent_at is not None,
        known_name=person.full_name if person else None,
        known_phone=(person.phone if person else None) or conversation.verified_phone,
        draft=draft_out(draft) if draft else None,
        petitions=[
            PetitionBrief(
                folio=petition.folio,
                kind_text=intake.KIND_TEXTS[petition.kind],
                status_text=(await registry.told_status(tx, petition)).status_text,
            )
            for petition in await queries.filed_from(tx, conversation.id)
        ],
        privacy_notice=privacy.short_notice(),
        privacy_url=f"{settings.base_url}{privacy.PATH}",
    )


@router.post(_BASE + "/consent")
async def consent(tx: Tx, conversation_id: KnownConversation, key: Key, body: Consent) -> Consent:
    """The citizen accepted the privacy notice, or not."""

    async def effect() -> Consent:
        await privacy.record_consent(tx, conversation_id, accepted=body.accepted)
        return body

    return await once(tx, key, Consent, effect)


@router.post(_BASE + "/draft")
async def open_draft(tx: Tx, conversation_id: KnownConversation, key: Key, body: DraftIn) -> DraftOut:
    """Open a draft, or go on with the open one."""

    async def effect() -> DraftOut:
        return draft_out(await registry.open_draft(tx, conversation_id, body.kind, body.fields))

    return await once(tx, key, DraftOut, effect)


@router.post(_BASE + "/draft/answer")
async def answer(tx: Tx, conversation_id: KnownConversation, key: Key, body: AnswerIn) -> AnswerOut:
    """An answer to one question."""

    async def effect() -> AnswerOut:
        result = await registry.answer(tx, conversation_id, body.field, body.text)
        return AnswerOut(
            accepted=result.accepted,
            problem=result.problem,
            problem_text=intake.PROBLEMS.get(result.problem) if result.problem else None,
            suggestion=OptionOut.model_validate(result.suggestion) if result.suggestion else None,
            options=[OptionOut.model_validate(option) for option in result.options],
            draft=draft_out(result.draft),
        )

    return await once(tx, key, AnswerOut, effect)


@router.post(_BASE + "/draft/clear")
async def clear(tx: Tx, conversation_id: KnownConversation, key: Key, body: FieldIn) -> DraftOut:
    """Forget one answer, to ask for it again."""

    async def effect() -> DraftOut:
        return draft_out(await registry.clear_field(tx, conversation_id, body.field))

    return await once(tx, key, DraftOut, effect)


@router.post(_BASE + "/draft/cancel")
async def cancel(tx: Tx, conversation_id: KnownConversation) -> Text:
    """Give the draft up. Repeating it changes nothing, so it needs no key."""
    await registry.cancel_draft(tx, conversation_id)
    return Text(text="")


@router.post(_BASE + "/draft/file")
async def file(request: Request, tx: Tx, conversation_id: KnownConversation) -> FiledOut:
    """File the draft. Idempotent by the draft itself; the access code is derived again, never kept."""
    filed = await registry.file_draft(tx, conversation_id, _secret(request))
    return FiledOut(folio=filed.folio, access_code=filed.access_code, repeated=filed.repeated)


@router.post(_BASE + "/draft/offer")
async def offer(tx: Tx, conversation_id: KnownConversation) -> OfferOut:
    """The open petition that the complete draft repeats, to be joined. Asking again gives the same."""
    found = await support.offer(tx, conversation_id)
    return OfferOut(offer=JoinOffer.model_validate(found) if found else None)


@router.post(_BASE + "/draft/decline")
async def decline(tx: Tx, conversation_id: KnownConversation) -> Text:
    """They want a folio of their own. Repeating it changes nothing, so it needs no key."""
    await support.decline(tx, conversation_id)
    return Text(text="")


@router.post(_BASE + "/draft/join")
async def join(tx: Tx, conversation_id: KnownConversation, key: Key) -> JoinedOut:
    """Join what was offered, in place of filing."""

    async def effect() -> JoinedOut:
        try:
            joined = await support.join(tx, conversation_id)
        except (OfferGone, AlreadyJoined):
            return JoinedOut()
        return JoinedOut(folio=joined.folio, people=joined.people)

    return await once(tx, key, JoinedOut, effect)


@router.post(_BASE + "/status")
async def status(request: Request, tx: Tx, conversation_id: KnownConversation, key: Key, body: FolioIn) -> LookupOut:
    """How a petition is doing, for who holds its code."""

    async def effect() -> LookupOut:
        found = await registry.look_up(
            tx, conversation_id, body.folio, body.access_code, _secret(request), request.app.state.limiter
        )
        return await _lookup_out(tx, found)

    return await once(tx, key, LookupOut, effect)


@router.post(_BASE + "/information")
async def information(
    request: Request, tx: Tx, conversation_id: KnownConversation, key: Key, body: InformationIn
) -> LookupOut:
    """Add what the citizen tells to a petition."""

    async def effect() -> LookupOut:
        found = await registry.add_information(
            tx, conversation_id, body.folio, body.access_code, body.text, _secret(request), request.app.state.limiter
        )
        return await _lookup_out(tx, found)

    return await once(tx, key, LookupOut, effect)


async def _lookup_out(tx: Tx, found: registry.Lookup) -> LookupOut:
    if found.petition is None:
        return LookupOut(result=found.result, petition=None)
    status = await registry.told_status(tx, found.petition, is_supporter=found.is_supporter)
    petition = StatusOut.model_validate(status)
    return LookupOut(result=found.result, petition=petition)


@router.post(_BASE + "/callback")
async def callback(tx: Tx, conversation_id: KnownConversation, key: Key, body: CallbackIn) -> CallbackOut:
    """Somebody is to call this citizen."""

    async def effect() -> CallbackOut:
        name = await intake.check(tx, "nombre", body.name)
        phone = await intake.check(tx, "telefono", body.phone)
        problem = name.problem or phone.problem
        if problem:
            return CallbackOut(accepted=False, problem=problem, problem_text=intake.PROBLEMS[problem])
        assert phone.value is not None, "a telephone without a problem has a value"
        conversation = await tx.get_one(Conversation, conversation_id)
        wanted = Ask(
            ReasonKind.ASKED,
            phone.value,
            name=name.value,
            note=body.note,
            conversation_id=conversation_id,
            person_id=conversation.person_id,
        )
        await asking.ask(tx, wanted)
        return CallbackOut(accepted=True)

    return await once(tx, key, CallbackOut, effect)
