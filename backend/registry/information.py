"""What the citizen adds to a petition; one that waited for it goes back to where it was."""

from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from backend.catalog.models import Agency
from backend.registry import petitions
from backend.registry.models import ActorKind, Petition, PetitionEventKind, PetitionStatus
from backend.turns.models import OPEN, Turn

S = PetitionStatus


async def add(session: AsyncSession, petition: Petition, text: str, detail: dict[str, Any] | None = None) -> None:
    """Put what the citizen tells into a locked petition's history, and into those of its open turns.

    Where the petition waited for it, it is attended again if an agency still owes an answer, else analysed.
    """
    told = await petitions.add_event(
        session,
        petition,
        PetitionEventKind.INFORMATION_ADDED,
        actor=ActorKind.CITIZEN,
        text=text,
        detail=detail,
    )
    open_turns = (
        await session.execute(
            select(Turn.id, Agency.short_name)
            .join(Agency, Agency.id == Turn.agency_id)
            .where(Turn.petition_id == petition.id, Turn.state.in_(OPEN))
            .order_by(Turn.created_at)
        )
    ).all()
    for turn_id, agency in open_turns:
        await petitions.add_event(
            session,
            petition,
            PetitionEventKind.TURN_NOTE,
            actor=ActorKind.CITIZEN,
            text=f"La persona envió información: {text}",
            turn_id=turn_id,
            detail={"agency": agency, "information_event_id": told.id},
        )
    if petition.status is S.REQUIERE_INFORMACION:
        await petitions.change_status(
            session,
            petition,
            S.EN_ATENCION if open_turns else S.EN_ANALISIS,
            actor=ActorKind.CITIZEN,
            reason="La persona envió la información que se le pidió.",
            is_told=False,
        )
