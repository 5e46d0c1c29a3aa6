"""The demonstration data lead lives that the registry allows."""

from sqlalchemy import select

from backend import clock
from backend.agents.models import Role, User
from backend.db import Database
from backend.demo.seeding import seed
from backend.registry import lifecycle
from backend.registry.lifecycle import CLOSED
from backend.registry.models import Petition, PetitionEvent
from backend.turns import service as turns
from backend.turns.models import OPEN


async def test_it_is_added_once_and_every_history_is_one_that_could_have_happened(database: Database) -> None:
    async with database.transaction() as session:
        seeded = await seed(session)
    async with database.transaction() as session:
        assert (await seed(session)).petitions == 0
        found = (await session.scalars(select(Petition))).all()
        assert len(found) >= seeded.petitions > 10
        for petition in found:
            query = select(PetitionEvent).where(PetitionEvent.petition_id == petition.id).order_by(PetitionEvent.id)
            events = (await session.scalars(query)).all()
            assert lifecycle.replay(events) is petition.status
            moments = [event.at for event in events]
            assert moments == sorted(moments)
            assert moments[0] == petition.created_at
            assert moments[-1] <= clock.now()
            if petition.status in CLOSED:
                states = [view.turn.state for view in await turns.of_petition(session, petition.id)]
                assert not set(states) & set(OPEN)


async def test_there_is_somebody_of_every_role(database: Database) -> None:
    async with database.transaction() as session:
        await seed(session)
        roles = set(await session.scalars(select(User.role)))
    assert {Role.ANALYST, Role.HEAD, Role.LIAISON} <= roles
