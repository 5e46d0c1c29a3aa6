"""What a citizen may learn of a petition: with its code, or from a conversation proved to be who filed it."""

import enum
from dataclasses import dataclass, replace
from datetime import timedelta
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from backend import clock
from backend.conversations.models import Conversation
from backend.registry import folios, intake, petitions
from backend.registry.models import ActorKind, FolioAttempt, Petition, PetitionEventKind, PetitionStatus
from backend.related.models import Supporter
from backend.related.roots import root_of

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
    """Nothing personal: what the holder of the code is told."""

    folio: str
    kind_text: str
    status: str
    status_text: str
    explanation: str
    updated_text: str


@dataclass(frozen=True)
class Lookup:
    result: LookupResult
    petition: Petition | None = None
    #: A neighbour who joined asks: of what the petition's own citizen told, they may learn nothing.
    is_supporter: bool = False


async def look_up(session: AsyncSession, conversation_id: UUID, folio: str, code: str | None, secret: bytes) -> Lookup:
    """Find a petition for a citizen. A wrong code and an unknown folio are the same answer, after the same work.

    Five wrong attempts in a quarter of an hour block the conversation for that long.
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
    nonce = petition.access_nonce if petition else "0" * 32
    is_right = folios.is_access_code(secret, petition.folio if petition else _NOBODYS, nonce, code)
    if petition is None or not is_right:
        session.add(FolioAttempt(conversation_id=conversation_id, at=clock.now()))
        await session.flush()
        return Lookup(LookupResult.NOT_FOUND)
    return Lookup(LookupResult.FOUND, petition)


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


def status_view(petition: Petition) -> StatusView:
    title, explanation = petitions.STATUS_TEXTS[petition.status]
    return StatusView(
        folio=petition.folio,
        kind_text=intake.KIND_TEXTS[petition.kind],
        status=petition.status.value,
        status_text=title,
        explanation=explanation,
        updated_text=f"{clock.local(petition.updated_at):%d/%m/%Y}",
    )


async def told_status(session: AsyncSession, petition: Petition) -> StatusView:
    """How a petition is doing; a merged one under its own folio, as the one does with which it is attended."""
    root = await root_of(session, petition)
    if root is None:
        return status_view(petition)
    view = status_view(root)
    means = GATHERING if root.status is PetitionStatus.REQUIERE_INFORMACION else view.explanation
    own = {"folio": petition.folio, "kind_text": intake.KIND_TEXTS[petition.kind]}
    return replace(view, explanation=f"{JOINED_STATUS} {means}", **own)


async def add_information(
    session: AsyncSession, conversation_id: UUID, folio: str, code: str | None, text: str, secret: bytes
) -> Lookup:
    """Put what the citizen adds into the petition's history, under the same conditions as reading it."""
    found = await look_up(session, conversation_id, folio, code, secret)
    if found.petition is not None:
        await petitions.add_event(
            session,
            found.petition,
            PetitionEventKind.INFORMATION_ADDED,
            actor=ActorKind.CITIZEN,
            text=f"{FROM_SUPPORTER} {text}" if found.is_supporter else text,
        )
    return found
