"""Citizens at the public chat API, and a bot that echoes."""

import asyncio
import uuid
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import httpx
import pytest
from fastapi import FastAPI

from backend.app import create_app
from backend.conversations import messages
from backend.conversations.messages import NewMessage
from backend.conversations.turns import Advancer
from backend.db import Database
from backend.settings import Settings
from tests.fake_assistant import FakeAssistant
from tests.staff import browser

MEBIBYTE = 1024 * 1024


@dataclass
class Citizen:
    """One chat session, as a client of the API sees it."""

    client: httpx.AsyncClient
    session_id: UUID
    token: str
    database: Database

    async def post(self, path: str, body: Any = None, **extra: Any) -> httpx.Response:
        return await self.client.post(f"/api/chat/{path}", json=body, **extra)

    async def send(self, text: str | None = None, client_id: str | None = None, **fields: Any) -> httpx.Response:
        body = {"client_id": client_id or uuid.uuid4().hex} | ({} if text is None else {"text": text}) | fields
        return await self.post("messages", body)

    async def upload(self, content: bytes, name: str = "foto.png", client_id: str | None = None) -> httpx.Response:
        return await self.client.post(
            "/api/chat/attachments",
            files={"file": (name, content, "image/png")},
            data={"client_id": client_id or uuid.uuid4().hex},
        )

    async def read(self, **parameters: Any) -> dict[str, Any]:
        answer = await self.client.get("/api/chat/messages", params=parameters, timeout=60)
        assert answer.status_code == 200, answer.text
        page: dict[str, Any] = answer.json()
        return page

    async def hear(self, *new: NewMessage) -> None:
        """Messages stored for this citizen by the office's side."""
        async with self.database.transaction() as session:
            conversation = await messages.lock(session, self.session_id)
            for message in new:
                await messages.append(session, conversation, message)

    async def answered(self) -> None:
        """The bot deals with everything pending."""
        await Advancer(self.database, FakeAssistant(), secret=b"test", lease_seconds=15, turn_seconds=8).advance(
            self.session_id
        )


@pytest.fixture
def settings(settings: Settings) -> Settings:
    return settings.model_copy(update={"attachment_max_bytes": MEBIBYTE})


@pytest.fixture
async def app(database: Database, settings: Settings) -> AsyncIterator[FastAPI]:
    """The application, started: long polls and streams need its LISTEN connection."""
    app = create_app(settings)
    async with app.router.lifespan_context(app):
        async with asyncio.timeout(60):
            await app.state.live.connected.wait()
        yield app


async def _arrive(app: FastAPI, database: Database) -> Citizen:
    client = browser(app)
    opened = (await client.post("/api/chat/sessions")).json()
    client.headers["Authorization"] = f"Bearer {opened['token']}"
    return Citizen(client, UUID(opened["session_id"]), opened["token"], database)


@pytest.fixture
async def citizen(app: FastAPI, database: Database) -> Citizen:
    return await _arrive(app, database)


@pytest.fixture
async def stranger(app: FastAPI, database: Database) -> Citizen:
    """Somebody else's session."""
    return await _arrive(app, database)
