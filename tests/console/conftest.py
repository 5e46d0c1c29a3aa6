"""Two agents, and a conversation that waits for one."""

import uuid
from uuid import UUID

import pytest
from fastapi import FastAPI

from backend.agents.models import Role
from backend.app import create_app
from backend.conversations import service as conversations
from backend.conversations.models import HandoffReason
from backend.db import Database
from backend.settings import Settings
from tests.staff import Staff, add_staff, sign_in


@pytest.fixture
async def app(database: Database, settings: Settings) -> FastAPI:
    await add_staff(database, "ana")
    await add_staff(database, "beto")
    await add_staff(database, "hilda", Role.HEAD)
    await add_staff(database, "adela", Role.ADMIN)
    return create_app(settings)


@pytest.fixture
async def ana(app: FastAPI) -> Staff:
    return await sign_in(app, "ana")


@pytest.fixture
async def beto(app: FastAPI) -> Staff:
    return await sign_in(app, "beto")


@pytest.fixture
async def waiting(app: FastAPI, database: Database) -> UUID:
    """A conversation in the queue, with one message of its citizen."""
    async with database.transaction() as session:
        conversation = await conversations.open_conversation(
            session, channel="web", account="portal", external_user_id=uuid.uuid4().hex
        )
        await conversations.receive(
            session, conversation.id, external_id="1", text="No hay agua en mi colonia <script>alert(1)</script>"
        )
        await conversations.hand_to_queue(session, conversation.id, HandoffReason.MISUNDERSTOOD)
        return conversation.id
