"""The petition of an ARCO request follows it, so that its folio says how it is doing as any other's does."""

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from backend.agents.models import User
from backend.arco.models import ArcoRequest
from backend.registry import lifecycle, petitions
from backend.registry.models import ActorKind, Petition, PetitionStatus

S = PetitionStatus
#: What lies between two states that are not next to one another.
_BETWEEN = (S.EN_ANALISIS, S.EN_ATENCION)


async def lead(
    session: AsyncSession,
    one: ArcoRequest,
    to: PetitionStatus,
    by: User,
    reason: str,
    *,
    asked: str = "",
    told: str = "",
) -> None:
    """Bring a request's petition to a state and tell its citizen; one that staff led elsewhere by hand stays there."""
    petition = await session.scalar(select(Petition).where(Petition.id == one.petition_id).with_for_update())
    assert petition is not None, "a request has a petition"
    for step in _path(petition.status, to):
        await petitions.change_status(
            session, petition, step, reason=reason, user_id=by.id, actor=ActorKind.STAFF, asked=asked,
            told=told if step is to else "", is_told=step is to,
        )  # fmt: skip


def _path(before: PetitionStatus, to: PetitionStatus) -> list[PetitionStatus]:
    if lifecycle.transition(before, to) is not None:
        return [to]
    for between in _BETWEEN:
        if lifecycle.transition(before, between) and lifecycle.transition(between, to):
            return [between, to] if before not in lifecycle.CLOSED else []
    return []
