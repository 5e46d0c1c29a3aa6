"""Petitions as the list shows them: with their pace, what time is left, and their labels."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from backend.console import due_texts
from backend.registry import deadlines
from backend.registry.deadlines import Pace, WorkCalendar
from backend.registry.models import PetitionSuspension
from backend.registry.queries import PetitionRow
from backend.workspace import labels
from backend.workspace.models import Label


@dataclass(frozen=True)
class ListedRow:
    row: PetitionRow
    pace: Pace
    left: str
    labels: Sequence[Label]


async def listed(
    session: AsyncSession, rows: Sequence[PetitionRow], work: WorkCalendar, today: date
) -> list[ListedRow]:
    """The rows of a page, dressed in two queries however many they are."""
    ids = [row.petition.id for row in rows]
    borne = await labels.of(session, ids)
    running = select(PetitionSuspension.petition_id).where(
        PetitionSuspension.petition_id.in_(ids), PetitionSuspension.until.is_(None)
    )
    paused = set((await session.scalars(running)).all())
    shown = []
    for row in rows:
        pace = deadlines.pace(row.petition, today, work, is_paused=row.petition.id in paused)
        left = due_texts.left(row.petition, pace, today, work)
        shown.append(ListedRow(row, pace, left, borne[row.petition.id]))
    return shown
