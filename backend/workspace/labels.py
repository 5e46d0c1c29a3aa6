"""Labels: put on petitions, taken off, listed."""

from collections.abc import Collection, Sequence
from uuid import UUID

from sqlalchemy import delete, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from backend.registry import petitions
from backend.registry.models import ActorKind, Petition, PetitionEventKind
from backend.text import fold, strip_control
from backend.workspace.errors import LabelRefused
from backend.workspace.models import Label, PetitionLabel

LONGEST = 40
#: As many as a petition may bear.
MOST = 12


async def known(session: AsyncSession) -> Sequence[Label]:
    """All labels, by name."""
    return (await session.scalars(select(Label).order_by(Label.folded))).all()


async def of(session: AsyncSession, petition_ids: Collection[UUID]) -> dict[UUID, list[Label]]:
    """The labels of each of some petitions, by name."""
    found: dict[UUID, list[Label]] = {one: [] for one in petition_ids}
    rows = await session.execute(
        select(PetitionLabel.petition_id, Label)
        .join(Label, Label.id == PetitionLabel.label_id)
        .where(PetitionLabel.petition_id.in_(petition_ids))
        .order_by(Label.folded)
    )
    for petition_id, label in rows:
        found[petition_id].append(label)
    return found


async def add(session: AsyncSession, petition: Petition, typed: str, *, user_id: UUID) -> bool:
    """Put a label on a locked petition, making it where it is new; False where the petition bore it.

    Raises LabelRefused for an empty name, one too long, or one too many.
    """
    name = " ".join(strip_control(typed).split())
    if not fold(name):
        raise LabelRefused("Escriba la etiqueta.")
    if len(name) > LONGEST or len(fold(name)) > LONGEST:
        raise LabelRefused(f"Una etiqueta lleva {LONGEST} letras como máximo.")
    borne = (await of(session, [petition.id]))[petition.id]
    if any(label.folded == fold(name) for label in borne):
        return False
    if len(borne) >= MOST:
        raise LabelRefused(f"Una petición lleva {MOST} etiquetas como máximo.")
    label = await _find_or_make(session, name)
    session.add(PetitionLabel(petition_id=petition.id, label_id=label.id))
    await _tell(session, petition, user_id, added=label.name)
    return True


async def _find_or_make(session: AsyncSession, name: str) -> Label:
    await session.execute(insert(Label).values(name=name, folded=fold(name)).on_conflict_do_nothing())
    return (await session.scalars(select(Label).where(Label.folded == fold(name)))).one()


async def remove(session: AsyncSession, petition: Petition, typed: str, *, user_id: UUID) -> bool:
    """Take a label off a locked petition; False where it did not bear it."""
    label = await session.scalar(select(Label).where(Label.folded == fold(typed)))
    if label is None:
        return False
    gone = await session.scalar(
        delete(PetitionLabel)
        .where(PetitionLabel.petition_id == petition.id, PetitionLabel.label_id == label.id)
        .returning(PetitionLabel.label_id)
    )
    if gone is None:
        return False
    await _tell(session, petition, user_id, removed=label.name)
    return True


async def _tell(session: AsyncSession, petition: Petition, user_id: UUID, **detail: str) -> None:
    await petitions.add_event(
        session, petition, PetitionEventKind.LABELLED, actor=ActorKind.STAFF, user_id=user_id, detail=detail
    )
