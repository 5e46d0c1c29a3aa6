"""What a citizen may learn of a petition: with its code, or from a conversation proved to be who filed it."""

import enum
from dataclasses import dataclass, replace
from datetime import timedelta
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from backend import clock
from backend.conversations.models import Conversation
from backend.errors import TooManyRequests
from backend.limits import RateLimiter
from backend.notices.models import Notice
from backend.registry import folios, guessing, information, intake, progress, verdicts
from backend.registry.models import FolioAttempt, Petition, PetitionStatus
from backend.related.models import Supporter
from backend.related.roots import root_of
from backend.text import sentence

MAX_ATTEMPTS = 5
WINDOW = timedelta(minutes=15)
_NOBODYS = "AC-0000-000000-0"
#: Put before what somebody adds to a petition that they joined.
FROM_SUPPORTER = "(De una persona que se sumó)"
#: Of a merged petition, which its citizen knows by its own folio.
JOINED_STATUS = "Se atiende junto con otra petición igual."
GATHERING = "Estamos reuniendo la información que falta para atenderla."


class LookupResult(enum.StrEnum):
    FOUND = "found"
    NOT_FOUND = "not_found"
    NEEDS_CODE = "needs_code"
    BLOCKED = "blocked"
    MALFORMED = "malformed"


@dataclass(frozen=True)
class StatusView:
    """Nothing personal: what the holder of the code is told in a chat.

    `question_id`: the notice of a conclusion of which the citizen may say whether it was solved.
    """

    folio: str
    kind_text: str
    status: str
    status_text: str
    explanation: str
    updated_text: str
    question_id: UUID | None = None


@dataclass(frozen=True)
class Lookup:
    result: LookupResult
    petition: Petition | None = None
    #: A neighbour who joined asks: of what the petition's own citizen told, they may learn nothing.
    is_supporter: bool = False


async def look_up(
    session: AsyncSession, conversation_id: UUID, folio: str, code: str | None, secret: bytes, limiter: RateLimiter
) -> Lookup:
    """Find a petition for a citizen. A wrong code and an unknown folio are the same answer, after the same work.

    Five wrong attempts in a quarter of an hour block the conversation for that long; `guessing.PER_FOLIO` of
    whomever, the folio: a new conversation is easily begun.
    """
    parsed = folios.parse(folio)
    if parsed is None:
        return Lookup(LookupResult.MALFORMED)
    petition = await session.scalar(select(Petition).where(Petition.folio == parsed))
    if petition is not None and await _is_verified(session, petition, conversation_id):
        return Lookup(LookupResult.FOUND, petition)
    if petition is not None and await _has_joined(session, petition, conversation_id):
        return Lookup(LookupResult.FOUND, petition, is_supporter=True)
    if not code or not code.strip():
        return Lookup(LookupResult.NEEDS_CODE)
    if await _attempts(session, conversation_id) >= MAX_ATTEMPTS:
        return Lookup(LookupResult.BLOCKED)
    try:
        await guessing.count(limiter, parsed)
    except TooManyRequests:
        return Lookup(LookupResult.BLOCKED)
    if not opens(petition, code, secret):
        session.add(FolioAttempt(conversation_id=conversation_id, at=clock.now()))
        await session.flush()
        return Lookup(LookupResult.NOT_FOUND)
    await guessing.forget(limiter, parsed)
    return Lookup(LookupResult.FOUND, petition)


def opens(petition: Petition | None, code: str, secret: bytes) -> bool:
    """Whether `code` is the petition's; the same work where there is no petition, and False."""
    nonce = petition.access_nonce if petition else "0" * 32
    is_right = folios.is_access_code(secret, petition.folio if petition else _NOBODYS, nonce, code)
    return petition is not None and is_right


def opens_by_keypad(petition: Petition | None, typed: str, secret: bytes) -> bool:
    """As `opens`, with the code typed on a telephone's keys. The caller limits how often it may be tried."""
    nonce = petition.access_nonce if petition else "0" * 32
    is_right = folios.is_keypad_code(secret, petition.folio if petition else _NOBODYS, nonce, typed)
    return petition is not None and is_right


async def _is_verified(session: AsyncSession, petition: Petition, conversation_id: UUID) -> bool:
    """Filed from this very conversation, whose token (or vendor) proves who writes, or from one proved to be theirs."""
    if petition.conversation_id is None:
        return False
    if petition.conversation_id == conversation_id:
        return True
    origin = await session.get_one(Conversation, petition.conversation_id)
    asking = await session.get_one(Conversation, conversation_id)
    return origin.identity_id == asking.identity_id


async def _has_joined(session: AsyncSession, petition: Petition, conversation_id: UUID) -> bool:
    """From this conversation, or from one proved to be the same person's."""
    identity = select(Conversation.identity_id).where(Conversation.id == conversation_id).scalar_subquery()
    joined = await session.scalar(
        select(Supporter.id)
        .join(Conversation, Conversation.id == Supporter.conversation_id)
        .where(Supporter.petition_id == petition.id, Conversation.identity_id == identity)
        .limit(1)
    )
    return joined is not None


async def _attempts(session: AsyncSession, conversation_id: UUID) -> int:
    count = await session.scalar(
        select(func.count())
        .select_from(FolioAttempt)
        .where(FolioAttempt.conversation_id == conversation_id, FolioAttempt.at > clock.now() - WINDOW)
    )
    return count or 0


async def status_view(session: AsyncSession, petition: Petition) -> StatusView:
    """A petition's status in a chat's few words: with whom it is, what is awaited, by when."""
    now = await progress.of_petition(session, petition)
    asked = f"Le pedimos: {sentence(now.asked)}" if now.asked else ""
    said = " ".join(part for part in (now.explanation, asked, now.due_text) if part)
    return StatusView(
        folio=now.folio,
        kind_text=now.kind_text,
        status=now.status.value,
        status_text=now.status_text,
        explanation=said,
        updated_text=f"{clock.local(petition.updated_at):%d/%m/%Y}",
        question_id=await _question(session, now.verdict),
    )


async def told_status(session: AsyncSession, petition: Petition, *, is_supporter: bool = False) -> StatusView:
    """How a petition is doing; a merged one under its own folio, as the one does with which it is attended.

    Whose petition it is not (`is_supporter`, or merged) learns neither what was asked of its citizen nor is asked.
    """
    root = await root_of(session, petition)
    if root is None and not is_supporter:
        return await status_view(session, petition)
    followed = root or petition
    view = await status_view(session, followed)
    means = GATHERING if followed.status is PetitionStatus.REQUIERE_INFORMACION else view.explanation
    said = f"{JOINED_STATUS} {means}" if root else means
    own = {"folio": petition.folio, "kind_text": intake.KIND_TEXTS[petition.kind]}
    return replace(view, explanation=said, question_id=None, **own)


async def _question(session: AsyncSession, verdict: verdicts.Verdict | None) -> UUID | None:
    if verdict is None or not verdict.is_open:
        return None
    return await session.scalar(select(Notice.id).where(Notice.event_id == verdict.conclusion.id))


async def add_information(
    session: AsyncSession,
    conversation_id: UUID,
    folio: str,
    code: str | None,
    text: str,
    secret: bytes,
    limiter: RateLimiter,
) -> Lookup:
    """Put what the citizen adds into the petition's history, under the same conditions as reading it."""
    found = await look_up(session, conversation_id, folio, code, secret, limiter)
    if found.petition is not None:
        await session.refresh(found.petition, with_for_update=True)
        await information.add(session, found.petition, f"{FROM_SUPPORTER} {text}" if found.is_supporter else text)
    return found
