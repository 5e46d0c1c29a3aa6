"""Petitions that have to do with each other, without being the same."""

from uuid import UUID

from sqlalchemy import delete, or_, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from backend import clock
from backend.registry import petitions
from backend.registry.models import ActorKind, Petition, PetitionEventKind
from backend.related import roots
from backend.related.errors import SamePetition
from backend.related.models import Link


async def relate(session: AsyncSession, one_id: UUID, other_id: UUID, *, user_id: UUID) -> bool:
    """Link two petitions; False when they were linked already. Raises SamePetition."""
    if one_id == other_id:
        raise SamePetition
    locked = await roots.lock(session, (one_id, other_id))
    first, second = sorted((one_id, other_id))
    added = await session.scalar(
        insert(Link)
        .values(one_id=first, other_id=second, created_by=user_id, created_at=clock.now())
        .on_conflict_do_nothing()
        .returning(Link.one_id)
    )
    if added is None:
        return False
    await _tell(session, locked[one_id], locked[other_id], PetitionEventKind.RELATED, user_id)
    return True


async def unrelate(session: AsyncSession, one_id: UUID, other_id: UUID, *, user_id: UUID) -> bool:
    """Take a link away; False when there was none."""
    locked = await roots.lock(session, (one_id, other_id))
    first, second = sorted((one_id, other_id))
    gone = await session.scalar(
        delete(Link).where(Link.one_id == first, Link.other_id == second).returning(Link.one_id)
    )
    if gone is None:
        return False
    await _tell(session, locked[one_id], locked[other_id], PetitionEventKind.UNRELATED, user_id)
    return True


async def _tell(session: AsyncSession, one: Petition, other: Petition, kind: PetitionEventKind, user_id: UUID) -> None:
    for told, named in ((one, other), (other, one)):
        await petitions.add_event(
            session,
            told,
            kind,
            actor=ActorKind.STAFF,
            user_id=user_id,
            text=named.folio,
            detail={"folio": named.folio},
        )


async def of_petition(session: AsyncSession, petition_id: UUID) -> list[Petition]:
    """The petitions linked with a petition, newest first."""
    rows = await session.scalars(
        select(Petition)
        .join(Link, or_(Link.one_id == Petition.id, Link.other_id == Petition.id))
        .where(or_(Link.one_id == petition_id, Link.other_id == petition_id), Petition.id != petition_id)
        .order_by(Petition.created_at.desc())
    )
    return list(rows.all())
