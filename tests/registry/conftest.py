"""A conversation at the registry's counter, and the application with one analyst."""

import uuid
from dataclasses import dataclass, field
from uuid import UUID

import pytest
from fastapi import FastAPI

from backend.app import create_app
from backend.conversations import service as conversations
from backend.db import Database
from backend.limits import RateLimiter
from backend.registry import service as registry
from backend.registry.models import EntryChannel, PetitionKind
from backend.settings import Settings
from tests.staff import Staff, add_staff, sign_in

SECRET = b"registry-test-secret"
#: Answers that every check accepts.
ANSWERS = {
    "narrativa": "No hay agua en mi colonia desde el lunes",
    "municipio": "Hermosillo",
    "colonia": "Centro",
    "nombre": "Ana Luz Soto",
    "contacto": "662 123 4567",
}


async def open_conversation(database: Database, *, channel: str = "web", account: str = "portal") -> UUID:
    async with database.transaction() as session:
        conversation = await conversations.open_conversation(
            session, channel=channel, account=account, external_user_id=uuid.uuid4().hex
        )
        return conversation.id


@dataclass
class Counter:
    """One citizen's conversation; each call is a transaction of its own, as each of the bot's is."""

    database: Database
    conversation_id: UUID
    limiter: RateLimiter = field(default_factory=RateLimiter)

    async def open(self, kind: PetitionKind = PetitionKind.PETICION, **fields: str) -> registry.DraftView:
        async with self.database.transaction() as session:
            return await registry.open_draft(session, self.conversation_id, kind, fields)

    async def answer(self, field: str, text: str) -> registry.Answer:
        async with self.database.transaction() as session:
            return await registry.answer(session, self.conversation_id, field, text)

    async def clear(self, field: str) -> registry.DraftView:
        async with self.database.transaction() as session:
            return await registry.clear_field(session, self.conversation_id, field)

    async def cancel(self) -> None:
        async with self.database.transaction() as session:
            await registry.cancel_draft(session, self.conversation_id)

    async def draft(self) -> registry.DraftView | None:
        async with self.database.transaction() as session:
            return await registry.current_draft(session, self.conversation_id)

    async def file(self) -> registry.Filed:
        async with self.database.transaction() as session:
            return await registry.file_draft(session, self.conversation_id, SECRET)

    async def tell(self, kind: PetitionKind = PetitionKind.PETICION, **changed: str) -> registry.Filed:
        """A whole petition, told and filed."""
        await self.open(kind, **(ANSWERS | changed))
        return await self.file()

    async def look_up(self, folio: str, code: str | None = None) -> registry.Lookup:
        async with self.database.transaction() as session:
            return await registry.look_up(session, self.conversation_id, folio, code, SECRET, self.limiter)

    async def add_information(self, folio: str, code: str | None, text: str) -> registry.Lookup:
        async with self.database.transaction() as session:
            return await registry.add_information(
                session, self.conversation_id, folio, code, text, SECRET, self.limiter
            )


@pytest.fixture
async def counter(database: Database) -> Counter:
    return Counter(database, await open_conversation(database))


@pytest.fixture
async def stranger(database: Database) -> Counter:
    """Somebody else's conversation."""
    return Counter(database, await open_conversation(database))


@pytest.fixture
async def app(database: Database, settings: Settings) -> FastAPI:
    await add_staff(database, "ana")
    return create_app(settings)


@pytest.fixture
async def ana(app: FastAPI) -> Staff:
    return await sign_in(app, "ana")


@pytest.fixture
async def folio(ana: Staff) -> str:
    """A petition that an analyst registered."""
    body = {
        "kind": PetitionKind.PETICION,
        "channel": EntryChannel.CALL_CENTER,
        "narrative": ANSWERS["narrativa"],
        "municipality": "obregon",
        "name": "Juan Pérez",
        "phone": "044 662 123 4567",
    }
    answer = await ana.post("/api/petitions", body)
    assert answer.status_code == 201, answer.text
    found: str = answer.json()["folio"]
    return found
