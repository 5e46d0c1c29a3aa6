"""The bot's actions at the door: the service token, and a conversation."""

import uuid
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import httpx
import pytest
from fastapi import FastAPI

from backend.app import create_app
from backend.conversations import service as conversations
from backend.db import Database
from backend.settings import Settings
from tests.staff import browser

TOKEN = {"Authorization": "Bearer test-internal-token"}


@dataclass
class Actions:
    """What an action calls: addresses are below the conversation's."""

    client: httpx.AsyncClient
    conversation_id: UUID

    async def context(self, key: str | None = None) -> dict[str, Any]:
        headers = TOKEN | ({"Idempotency-Key": key} if key else {})
        answer = await self.client.get(f"/internal/conversations/{self.conversation_id}", headers=headers)
        assert answer.status_code == 200, answer.text
        found: dict[str, Any] = answer.json()
        return found

    async def post(self, name: str, body: Any = None, key: str | None = None) -> httpx.Response:
        """A call; without `key`, one that was never used."""
        headers = TOKEN | {"Idempotency-Key": key or uuid.uuid4().hex}
        return await self.client.post(
            f"/internal/conversations/{self.conversation_id}/{name}", json=body, headers=headers
        )


@pytest.fixture
def app(database: Database, settings: Settings) -> FastAPI:
    return create_app(settings)


async def _actions(app: FastAPI, database: Database) -> Actions:
    async with database.transaction() as session:
        conversation = await conversations.open_conversation(
            session, channel="web", account="portal", external_user_id=uuid.uuid4().hex
        )
        return Actions(browser(app), conversation.id)


@pytest.fixture
async def actions(app: FastAPI, database: Database) -> Actions:
    return await _actions(app, database)


@pytest.fixture
async def elsewhere(app: FastAPI, database: Database) -> Actions:
    """The same, in another conversation."""
    return await _actions(app, database)
