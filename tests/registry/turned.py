"""Turns as a step of the lifecycle wants them: one that is open, or none."""

from datetime import timedelta
from uuid import UUID

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession

from backend import clock
from backend.catalog.models import Agency
from backend.registry import lifecycle
from backend.registry.lifecycle import Requirement
from backend.registry.models import Petition, PetitionStatus
from backend.turns.models import OPEN, Turn, TurnState


async def agency(session: AsyncSession, key: str = "cea") -> UUID:
    found = await session.scalar(select(Agency.id).where(Agency.key == key))
    assert found is not None
    return found


async def with_turns_for(session: AsyncSession, petition: Petition, to: PetitionStatus, user_id: UUID) -> None:
    """Meet what the step to `to` asks of turns, without any other effect on the petition's status."""
    step = lifecycle.transition(petition.status, to)
    requires = step.requires if step else frozenset()
    open_turns = (
        await session.scalars(select(Turn.id).where(Turn.petition_id == petition.id, Turn.state.in_(OPEN)))
    ).all()
    if Requirement.OPEN_TURN in requires and not open_turns:
        due_on = clock.local(clock.now()).date() + timedelta(days=14)
        session.add(Turn(petition_id=petition.id, agency_id=await agency(session), due_on=due_on, created_by=user_id))
        await session.flush()
    if Requirement.NO_OPEN_TURN in requires and open_turns:
        await session.execute(update(Turn).where(Turn.id.in_(open_turns)).values(state=TurnState.ANSWERED))
