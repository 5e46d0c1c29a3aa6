"""Two agencies with a liaison each, and petitions turned to them."""

from dataclasses import dataclass
from uuid import UUID

from fastapi import FastAPI
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from backend.agents import service as agents
from backend.agents.models import Role, User
from backend.catalog.models import Agency
from backend.conversations import service as conversations
from backend.conversations.messages import NewMessage, StoredFile
from backend.conversations.models import Attachment, Author
from backend.db import Database
from backend.registry import petitions
from backend.registry.models import ActorKind, EntryChannel, Petition, PetitionEventKind, PetitionKind
from backend.turns import service as turns
from backend.turns.models import Turn
from backend.turns.service import TurnOrder
from tests.registry.turned import agency
from tests.staff import PASSWORD, Staff, sign_in

NARRATIVE = "Llevamos tres semanas sin agua en la colonia Palo Verde"
NAME = "Guadalupe Enríquez"


async def add_liaison(session: AsyncSession, key: str, username: str) -> None:
    """A liaison, and the agency's e-mail address in the catalog."""
    agency_id = await agency(session, key)
    await agents.create_user(
        session,
        username=username,
        full_name=f"Enlace {username.title()}",
        role=Role.LIAISON,
        password=PASSWORD,
        agency_id=agency_id,
    )
    (await session.get_one(Agency, agency_id)).liaison_email = f"enlace@{key}.example"


async def add_petition(session: AsyncSession, narrative: str = NARRATIVE, name: str | None = NAME) -> Petition:
    """A petition with a photo that its person sent, a private note with a file, and a note of the office's."""
    conversation = await conversations.open_conversation(
        session, channel="web", account="portal", external_user_id=narrative
    )
    petition = await petitions.file(
        session,
        petitions.NewPetition(
            kind=PetitionKind.QUEJA,
            channel=EntryChannel.CHAT_SONORA,
            narrative=narrative,
            colonia="Palo Verde",
            name=name,
            phone="+526621234567" if name else None,
            curp="EIGG800101MSRNRD09" if name else None,
            conversation_id=conversation.id,
        ),
        actor=ActorKind.BOT,
    )
    for author, file_name in ((Author.CITIZEN, "foto.jpg"), (Author.NOTE, "interno.pdf")):
        kept = StoredFile(file_name, "image/jpeg", 10, "a" * 64)
        message = await conversations.append(session, conversation, NewMessage(author, text="x", files=(kept,)))
        attachment = await session.scalar(select(Attachment).where(Attachment.message_id == message.id))
        assert attachment is not None
        attachment.petition_id = petition.id
    note = "Nota interna: ojo con esta dependencia"
    await petitions.add_event(session, petition, PetitionEventKind.NOTE, actor=ActorKind.STAFF, text=note)
    return petition


async def turn_to(session: AsyncSession, petition: Petition, *keys: str, username: str = "hilda") -> list[Turn]:
    user_id = await session.scalar(select(User.id).where(User.username == username))
    assert user_id is not None
    orders = [TurnOrder(await agency(session, key), f"Para {key}") for key in keys]
    return await turns.turn(session, petition, orders, user_id=user_id)


@dataclass
class Turned:
    """One folio at two agencies, and their people."""

    app: FastAPI
    database: Database
    ana: Staff
    water: Staff
    health: Staff
    folio: str
    at_water: UUID
    at_health: UUID


async def turned(app: FastAPI, database: Database) -> Turned:
    async with database.transaction() as session:
        await add_liaison(session, "cea", "wendy")
        await add_liaison(session, "salud", "saul")
        petition = await add_petition(session)
        water, health = await turn_to(session, petition, "cea", "salud")
    people = [await sign_in(app, name) for name in ("ana", "wendy", "saul")]
    return Turned(app, database, *people, petition.folio, water.id, health.id)
