"""What staff do about notices: tell something in words of their own, and try again."""

from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from backend.conversations import service as conversations
from backend.errors import Conflict, InvalidInput, NotFound
from backend.notices import proof, service, texts
from backend.notices.models import Notice
from backend.notices.proof import AttemptState, NoticeState
from backend.registry import petitions
from backend.registry.models import ActorKind, Petition, PetitionEventKind

#: With the folio before it, a notice stays within what WhatsApp's templates and three SMS take.
MAX_TOLD = 400


class NoticeNotFound(NotFound):
    code = "aviso_no_encontrado"
    message = "Ese aviso no existe."


class AlreadyTold(Conflict):
    code = "aviso_entregado"
    message = "Ese aviso ya llegó."


class StillUnderWay(Conflict):
    code = "aviso_en_camino"
    message = "Ese aviso todavía está en camino. Espere a ver cómo resulta."


async def tell(session: AsyncSession, petition: Petition, said: str, *, user_id: UUID) -> Notice:
    """Tell a locked petition's citizen something in one's own words; its history says who said what."""
    clean = conversations.clean_text(said)
    if len(clean) > MAX_TOLD:
        raise InvalidInput(f"El aviso tiene {len(clean)} caracteres y el máximo es {MAX_TOLD}.")
    event = await petitions.add_event(
        session, petition, PetitionEventKind.NOTICE, actor=ActorKind.STAFF, user_id=user_id, text=clean
    )
    return await service.send(session, petition, event, texts.of_staff(petition.folio, clean))


async def retry(session: AsyncSession, petition: Petition, notice_id: UUID, *, user_id: UUID) -> None:
    """Try a notice of a locked petition again: by the next way if one is unanswered, else from the first one on.

    Raises NoticeNotFound, AlreadyTold, StillUnderWay.
    """
    notice = await session.get(Notice, notice_id, with_for_update=True)
    if notice is None or notice.petition_id != petition.id:
        raise NoticeNotFound
    view = await proof.of_notice(session, notice_id)
    if view.state is NoticeState.ARRIVED:
        raise AlreadyTold
    last = view.attempts[-1] if view.attempts else None
    if last is not None and last.state in (AttemptState.SENDING, AttemptState.CALL_PENDING):
        raise StillUnderWay
    if last is None or proof.is_ended(last):
        notice.round_start = len(view.attempts)
    notice.settled_at = notice.arrived_at = None
    await petitions.add_event(
        session,
        petition,
        PetitionEventKind.NOTICE,
        actor=ActorKind.STAFF,
        user_id=user_id,
        text="Se volvió a intentar un aviso.",
        detail={"notice_id": str(notice_id)},
    )
    await service.try_next(session, notice, petition)
