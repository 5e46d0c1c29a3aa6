"""Neighbours who tell petitions, and an analyst who ties them together."""

from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import select

from backend.conversations.models import Message
from backend.db import Database
from backend.registry import petitions
from backend.registry.models import ActorKind, EntryChannel, Petition, PetitionKind, PetitionStatus
from backend.related import telling
from tests.conversations.conftest import add_agent
from tests.registry.conftest import Counter, open_conversation
from tests.registry.turned import with_turns_for

HERMOSILLO = "26030"
NO_WATER = "No hay agua en mi colonia desde el lunes"


@dataclass
class Street:
    """Each call is a transaction of its own. Every neighbour has a conversation, a name and a telephone."""

    database: Database
    analyst: UUID
    counters: list[Counter] = field(default_factory=list)

    async def neighbour(self) -> Counter:
        self.counters.append(Counter(self.database, await open_conversation(self.database)))
        return self.counters[-1]

    async def told(self, narrative: str = NO_WATER, **changed: Any) -> Petition:
        """A petition of another neighbour."""
        number = len(self.counters)
        counter = await self.neighbour()
        new = petitions.NewPetition(
            **{
                "kind": PetitionKind.PETICION,
                "channel": EntryChannel.CHAT_SONORA,
                "narrative": narrative,
                "municipality_id": HERMOSILLO,
                "colonia": "Sahuaro",
                "name": f"{('Ana', 'Beto', 'Carla', 'Dora', 'Elio')[number % 5]} {'Soto' * (number + 1)}",
                "phone": f"+52662100{number:04}",
                "conversation_id": counter.conversation_id,
            }
            | changed
        )
        async with self.database.transaction() as session:
            return await petitions.file(session, new, actor=ActorKind.BOT)

    async def move(self, petition: Petition, to: PetitionStatus) -> None:
        async with self.database.transaction() as session:
            found = await petitions.get(session, petition.folio, for_update=True)
            await with_turns_for(session, found, to, self.analyst)
            await petitions.change_status(session, found, to, user_id=self.analyst, reason="Se revisó")

    async def get(self, petition: Petition) -> Petition:
        async with self.database.transaction() as session:
            return await session.get_one(Petition, petition.id)

    async def told_in(self, counter: Counter) -> list[str]:
        """What was written to a neighbour, once everybody was told."""
        await telling.tell_followers(self.database)
        async with self.database.transaction() as session:
            rows = await session.scalars(
                select(Message.text).where(Message.conversation_id == counter.conversation_id).order_by(Message.seq)
            )
            return [text for text in rows if text]


@pytest.fixture
async def street(database: Database) -> Street:
    return Street(database, await add_agent(database, "Irene"))
