"""Conversations with a fake assistant and two agents."""

import uuid
from dataclasses import dataclass, field
from uuid import UUID

import pytest

from backend import clock
from backend.agents.models import Presence, PresenceState, Role, User
from backend.conversations import service as conversations
from backend.conversations.models import Conversation
from backend.conversations.turns import Advancer
from backend.conversations.views import MessageView, transcript
from backend.db import Database
from tests.fake_assistant import FakeAssistant


@dataclass
class Stage:
    """One conversation, and what happens in it."""

    database: Database
    assistant: FakeAssistant
    advancer: Advancer
    conversation_id: UUID
    numbers: list[int] = field(default_factory=list)

    async def hear(self, text: str = "", *, payload: str | None = None, external_id: str | None = None) -> UUID:
        """A citizen's message, stored but not yet handled."""
        async with self.database.transaction() as session:
            received = await conversations.receive(
                session,
                self.conversation_id,
                external_id=external_id or uuid.uuid4().hex,
                text=text,
                payload=payload,
            )
        return received.message_id

    async def say(self, text: str = "", *, payload: str | None = None) -> list[MessageView]:
        """A citizen's message, handled; what was said to the citizen since."""
        before = (await self.conversation()).last_seq
        await self.hear(text, payload=payload)
        await self.advance()
        return [view for view in await self.transcript(after=before) if view.author != "citizen"]

    async def advance(self) -> None:
        await self.advancer.advance(self.conversation_id)

    async def conversation(self) -> Conversation:
        async with self.database.transaction() as session:
            return await session.get_one(Conversation, self.conversation_id)

    async def transcript(self, *, after: int = 0, private: bool = False) -> list[MessageView]:
        async with self.database.transaction() as session:
            return await transcript(session, self.conversation_id, after_seq=after, include_private=private)

    async def another(self) -> "Stage":
        return Stage(self.database, self.assistant, self.advancer, await open_one(self.database))


async def open_one(database: Database) -> UUID:
    async with database.transaction() as session:
        conversation = await conversations.open_conversation(
            session, channel="web", account="portal", external_user_id=uuid.uuid4().hex
        )
        return conversation.id


@pytest.fixture
def assistant() -> FakeAssistant:
    return FakeAssistant()


@pytest.fixture
async def stage(database: Database, assistant: FakeAssistant) -> Stage:
    advancer = Advancer(database, assistant, secret=b"test", lease_seconds=15, turn_seconds=8)
    return Stage(database, assistant, advancer, await open_one(database))


async def add_agent(
    database: Database,
    name: str,
    *,
    role: Role = Role.ANALYST,
    state: PresenceState = PresenceState.OFFLINE,
    capacity: int = 5,
) -> UUID:
    async with database.transaction() as session:
        user = User(username=name.lower(), full_name=name, role=role, password_hash="x", must_change_password=False)
        session.add(user)
        await session.flush()
        session.add(Presence(user_id=user.id, state=state, capacity=capacity, last_seen_at=clock.now()))
        return user.id


@pytest.fixture
async def ana(database: Database) -> UUID:
    return await add_agent(database, "Ana")


@pytest.fixture
async def beto(database: Database) -> UUID:
    return await add_agent(database, "Beto")
