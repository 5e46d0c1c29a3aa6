"""Which petition speaks for a merged one. Apart, so that the registry's own look-ups may ask."""

from collections.abc import Iterable
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from backend.registry.models import Petition, PetitionStatus
from backend.related.models import Merge


async def active_merge(session: AsyncSession, petition_id: UUID) -> Merge | None:
    """The merge that a petition went away in, unless it was undone."""
    return await session.scalar(select(Merge).where(Merge.merged_id == petition_id, Merge.undone_at.is_(None)))


async def root_of(session: AsyncSession, petition: Petition) -> Petition | None:
    """The petition that is attended in place of this merged one; None for one that stands for itself."""
    if petition.status is not PetitionStatus.CANCELADA:
        return None
    return await session.scalar(
        select(Petition)
        .join(Merge, Merge.root_id == Petition.id)
        .where(Merge.merged_id == petition.id, Merge.undone_at.is_(None))
    )


async def lock(session: AsyncSession, ids: Iterable[UUID]) -> dict[UUID, Petition]:
    """Petitions locked in one order for all, so that no two transactions wait for each other."""
    rows = await session.scalars(
        select(Petition)
        .where(Petition.id.in_(set(ids)))
        .order_by(Petition.id)
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    return {petition.id: petition for petition in rows}
