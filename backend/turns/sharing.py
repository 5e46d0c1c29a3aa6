"""Documents of the expediente that a turn's agency may see: those that staff chose for it, and no other."""

from collections.abc import Collection, Mapping, Sequence
from uuid import UUID

from sqlalchemy import delete, select
from sqlalchemy.ext.asyncio import AsyncSession

from backend import clock
from backend.catalog.models import Agency
from backend.dossier.models import Document
from backend.registry import petitions
from backend.registry.models import ActorKind, Petition, PetitionEventKind
from backend.turns.errors import TurnRefused
from backend.turns.models import Turn, TurnDocument


async def shareable(session: AsyncSession, petition_id: UUID) -> Sequence[Document]:
    """What may be shared: what staff put into the expediente. What the person sent, agencies see anyhow."""
    found = await session.scalars(
        select(Document)
        .where(
            Document.petition_id == petition_id,
            Document.uploaded_by.is_not(None),
            Document.withdrawn_at.is_(None),
        )
        .order_by(Document.created_at, Document.title)
    )
    return found.all()


async def shared_with(session: AsyncSession, turn_ids: Collection[UUID]) -> Mapping[UUID, list[Document]]:
    """The documents that some turns' agencies see; one that was withdrawn is shown no more."""
    rows = await session.execute(
        select(TurnDocument.turn_id, Document)
        .join(Document, Document.id == TurnDocument.document_id)
        .where(TurnDocument.turn_id.in_(turn_ids), Document.withdrawn_at.is_(None))
        .order_by(Document.created_at, Document.title)
    )
    found: dict[UUID, list[Document]] = {turn_id: [] for turn_id in turn_ids}
    for turn_id, document in rows:
        found[turn_id].append(document)
    return found


async def share(
    session: AsyncSession, petition: Petition, one: Turn, chosen: Collection[UUID], *, user_id: UUID
) -> None:
    """Let a locked turn's agency see the chosen documents, and no others. Raises TurnRefused for a strange one."""
    known = {document.id: document for document in await shareable(session, petition.id)}
    if not set(chosen) <= known.keys():
        raise TurnRefused("Un documento ya no está en el expediente. Actualice la página.", field="document")
    before = {document.id for document in (await shared_with(session, [one.id]))[one.id]}
    added, taken = set(chosen) - before, before - set(chosen)
    session.add_all(
        TurnDocument(turn_id=one.id, document_id=each, shared_by=user_id, shared_at=clock.now()) for each in added
    )
    await session.execute(
        delete(TurnDocument).where(TurnDocument.turn_id == one.id, TurnDocument.document_id.in_(taken))
    )
    await session.flush()
    agency = (await session.get_one(Agency, one.agency_id)).short_name
    for ids, did in ((added, "Se compartió con"), (taken, "Se dejó de compartir con")):
        if ids:
            titles = ", ".join(f"«{document.title}»" for key, document in known.items() if key in ids)
            await petitions.add_event(
                session,
                petition,
                PetitionEventKind.NOTE,
                actor=ActorKind.STAFF,
                user_id=user_id,
                text=f"{did} {agency}: {titles}",
                turn_id=one.id,
                detail={"agency": agency, "documents": sorted(str(each) for each in ids)},
            )
