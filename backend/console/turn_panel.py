"""The turns of a folio, as its page shows them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from backend import clock
from backend.agents.models import User
from backend.catalog import service as catalog
from backend.catalog.models import Agency
from backend.dossier.models import Document
from backend.mail import service as mail
from backend.mail.models import EmailMessage
from backend.registry import deadlines, lifecycle
from backend.registry.models import Petition, PetitionStatus
from backend.turns import queries, sharing
from backend.turns import service as turns
from backend.turns.models import OPEN, Turn, TurnFile, TurnState
from backend.turns.queries import HistoryRow, Time

S = PetitionStatus


@dataclass(frozen=True)
class TurnCard:
    turn: Turn
    agency: Agency
    time: Time | None
    files: Sequence[TurnFile]
    mails: Sequence[EmailMessage]
    history: Sequence[HistoryRow]
    #: Documents of the expediente that the agency sees.
    shared: Sequence[Document]
    #: It came back, and no other turn has taken its place.
    is_to_turn_again: bool


@dataclass(frozen=True)
class TurnPanel:
    """`agencies`: to whom it may be turned now, the `suggested` one first; none while its status forbids it."""

    cards: Sequence[TurnCard]
    agencies: Sequence[Agency]
    suggested: Agency | None
    #: The earliest due date that may be set.
    tomorrow: str
    #: What may be shared with an agency.
    documents: Sequence[Document]


async def context(session: AsyncSession, petition: Petition, user: User) -> dict[str, Any]:
    """What `petition_turns.html` shows."""
    views = await turns.of_petition(session, petition.id)
    ids = [view.turn.id for view in views]
    files, mails = await queries.files_of(session, ids), await mail.of_turns(session, ids)
    shared = await sharing.shared_with(session, ids)
    work, today = await deadlines.calendar(session), clock.local(clock.now()).date()
    replaced = {view.turn.replaces_id for view in views}
    can_turn = petition.status in (S.TURNADA, S.EN_ATENCION) or (
        lifecycle.transition(petition.status, S.TURNADA) is not None
    )
    cards = [
        TurnCard(
            turn=view.turn,
            agency=view.agency,
            time=queries.time_of(view.turn, today, work),
            files=files[view.turn.id],
            mails=mails[view.turn.id],
            history=await queries.history(session, view.turn.id),
            shared=shared[view.turn.id],
            is_to_turn_again=can_turn and view.turn.state is TurnState.RETURNED and view.turn.id not in replaced,
        )
        for view in views
    ]
    busy = {view.turn.agency_id for view in views if view.turn.state in OPEN}
    free = [one for one in await catalog.agencies(session) if one.id not in busy] if can_turn else []
    suggested = next((one for one in free if one.id == petition.agency_id), None) if not views else None
    free.sort(key=lambda one: one is not suggested)
    tomorrow = (today + timedelta(days=1)).isoformat()
    documents = await sharing.shareable(session, petition.id) if views else []
    return {"turn_panel": TurnPanel(cards, free, suggested, tomorrow, documents)}
