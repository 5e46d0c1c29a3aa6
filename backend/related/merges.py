"""The same petition told twice: one is kept, the other goes on as part of it, and it can be undone."""

from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from backend import clock
from backend.errors import InvalidInput
from backend.notices import service as notices
from backend.registry import lifecycle, petitions
from backend.registry.models import ActorKind, Person, Petition, PetitionEvent, PetitionEventKind, PetitionStatus
from backend.related import roots, texts
from backend.related.errors import MergeRefused, NotMerged, SamePetition
from backend.related.models import Merge


@dataclass(frozen=True)
class MergedView:
    """A petition that went into another, with who told it."""

    petition: Petition
    person: Person | None


async def merge(session: AsyncSession, merged_id: UUID, kept_id: UUID, *, reason: str, user_id: UUID) -> Merge:
    """Keep one petition and cancel the other, which follows the kept one from here on; its citizen is told.

    Both are locked here. Raises SamePetition, MergeRefused, InvalidInput without a reason, and what the lifecycle's
    table refuses: an agency that still owes the merged one an answer is one.
    """
    if merged_id == kept_id:
        raise SamePetition
    if not reason.strip():
        raise InvalidInput("Escriba por qué son la misma petición.")
    locked = await roots.lock(session, (merged_id, kept_id))
    merged, kept = locked[merged_id], locked[kept_id]
    if kept.status in lifecycle.CLOSED:
        raise MergeRefused(f"{kept.folio} ya está cerrada. Conserve la que sigue abierta.")
    if await roots.active_merge(session, merged_id) is not None:
        raise MergeRefused(f"{merged.folio} ya está unida a otra.")
    why = reason.strip()
    await petitions.change_status(
        session,
        merged,
        PetitionStatus.CANCELADA,
        reason=f"Es la misma que {kept.folio}",
        actor=ActorKind.SYSTEM,
        user_id=user_id,
        is_told=False,
    )
    event = await _tell_both(session, merged, kept, PetitionEventKind.MERGED, why, user_id)
    made = Merge(
        merged_id=merged_id,
        kept_id=kept_id,
        root_id=kept_id,
        told_through=await last_event(session, kept_id),
        created_by=user_id,
        created_at=clock.now(),
    )
    session.add(made)
    await session.flush()
    await _follow(session, merged_id, kept_id)
    await notices.send(session, merged, event, texts.merged(merged.folio))
    return made


async def undo(session: AsyncSession, merged_id: UUID, *, reason: str, user_id: UUID) -> None:
    """Let a merged petition stand for itself again, to be analysed; its citizen is told. Raises NotMerged."""
    if not reason.strip():
        raise InvalidInput("Escriba por qué se deshace la unión.")
    found = await roots.active_merge(session, merged_id)
    if found is None:
        raise NotMerged
    locked = await roots.lock(session, (merged_id, found.kept_id))
    await session.refresh(found, with_for_update=True)
    if found.undone_at is not None:
        raise NotMerged
    merged, kept = locked[merged_id], locked[found.kept_id]
    why = reason.strip()
    if merged.status is PetitionStatus.CANCELADA:
        await petitions.change_status(
            session,
            merged,
            PetitionStatus.EN_ANALISIS,
            reason=f"No es la misma que {kept.folio}",
            actor=ActorKind.SYSTEM,
            user_id=user_id,
            is_told=False,
        )
    found.undone_by, found.undone_at = user_id, clock.now()
    await session.flush()
    await _follow(session, merged_id, merged_id)
    event = await _tell_both(session, merged, kept, PetitionEventKind.UNMERGED, why, user_id)
    await notices.send(session, merged, event, texts.unmerged(merged.folio))


async def _tell_both(
    session: AsyncSession, merged: Petition, kept: Petition, kind: PetitionEventKind, why: str, user_id: UUID
) -> PetitionEvent:
    """The event on both histories; the merged one's, which its citizen is told of."""

    async def tell(told: Petition, named: Petition, role: str) -> PetitionEvent:
        text, detail = f"{named.folio}: {why}", {role: named.folio}
        return await petitions.add_event(
            session, told, kind, actor=ActorKind.STAFF, user_id=user_id, text=text, detail=detail
        )

    await tell(kept, merged, "merged")
    return await tell(merged, kept, "kept")


async def last_event(session: AsyncSession, petition_id: UUID) -> int:
    """The number of a petition's latest event."""
    latest = await session.scalar(select(func.max(PetitionEvent.id)).where(PetitionEvent.petition_id == petition_id))
    return latest or 0


async def _follow(session: AsyncSession, petition_id: UUID, root_id: UUID) -> None:
    """Let whatever was merged into a petition, at any remove, follow `root_id`."""
    told_through = await last_event(session, root_id)
    children = [petition_id]
    while children:
        rows = await session.scalars(
            update(Merge)
            .where(Merge.kept_id.in_(children), Merge.undone_at.is_(None))
            .values(root_id=root_id, told_through=told_through)
            .returning(Merge.merged_id)
            .execution_options(synchronize_session=False)
        )
        children = list(rows.all())


async def merged_into(session: AsyncSession, petition_id: UUID) -> list[MergedView]:
    """The petitions that a petition speaks for, the first one first."""
    rows = await session.execute(
        select(Petition, Person)
        .join(Merge, Merge.merged_id == Petition.id)
        .outerjoin(Person, Person.id == Petition.person_id)
        .where(Merge.root_id == petition_id, Merge.undone_at.is_(None))
        .order_by(Petition.created_at)
    )
    return [MergedView(petition, person) for petition, person in rows]
