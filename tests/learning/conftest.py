"""A conversation whose messages the bot handled, as the learning loop keeps them."""

import uuid
from collections.abc import Awaitable, Callable
from datetime import timedelta
from uuid import UUID

import pytest

from backend import clock
from backend.agents.models import Role, User
from backend.assistant.port import Handoff, Outcome, Reading, Understanding
from backend.conversations import service as conversations
from backend.conversations.messages import NewMessage
from backend.conversations.models import Author
from backend.db import Database
from backend.learning import models
from backend.learning import service as learning
from tests.conversations.conftest import assistant, stage

__all__ = ["assistant", "stage"]

Readings = dict[str, float]
Hear = Callable[..., Awaitable[UUID]]


def understood(
    readings: Readings,
    outcome: Outcome = Outcome.ANSWERED,
    *,
    model: str = "0000000000000001",
    is_typed: bool = True,
    in_form: bool = False,
) -> Understanding:
    ranking = tuple(Reading(intent, confidence) for intent, confidence in readings.items())
    return Understanding(ranking, model, outcome, is_typed, in_form)


async def open_one(database: Database) -> UUID:
    async with database.transaction() as session:
        opened = await conversations.open_conversation(
            session, channel="web", account="portal", external_user_id=uuid.uuid4().hex
        )
        return opened.id


async def hear_in(
    database: Database,
    conversation_id: UUID,
    text: str,
    told: Understanding | None,
    *,
    handoff: Handoff | None = None,
    is_sensitive: bool = False,
    ago: timedelta = timedelta(),
    times: int = 1,
) -> UUID:
    """A citizen's message that the bot handled; its id. `ago` dates it."""
    async with database.transaction() as session:
        conversation = await conversations.lock(session, conversation_id)
        new = NewMessage(Author.CITIZEN, text=text, is_sensitive=is_sensitive)
        message = await conversations.append(session, conversation, new)
        await session.flush()
        message.created_at = clock.now() - ago
        await session.flush()
        for _ in range(times):
            await learning.record(session, message, told, handoff)
        return message.id


async def kept(database: Database, message_id: UUID) -> models.Understanding:
    async with database.transaction() as session:
        return await session.get_one(models.Understanding, message_id)


@pytest.fixture
async def conversation_id(database: Database) -> UUID:
    return await open_one(database)


@pytest.fixture
def hear(database: Database, conversation_id: UUID) -> Hear:
    async def hear(text: str, told: Understanding | None, **how: object) -> UUID:
        return await hear_in(database, conversation_id, text, told, **how)  # type: ignore[arg-type]

    return hear


@pytest.fixture
async def hilda(database: Database) -> UUID:
    async with database.transaction() as session:
        user = User(username="hilda", full_name="Hilda", role=Role.HEAD, password_hash="x", must_change_password=False)
        session.add(user)
        await session.flush()
        return user.id
