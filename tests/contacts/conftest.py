"""One citizen's conversations in several channels, with a fake assistant behind them all."""

import re
import uuid
from collections.abc import Awaitable, Callable

import pytest
from sqlalchemy import select

from backend.contacts import service as contacts
from backend.contacts.service import JoinHow
from backend.conversations import service as conversations
from backend.conversations.models import ConversationEvent, EventKind
from backend.conversations.turns import Advancer
from backend.db import Database
from backend.messaging.models import ChannelAccount
from tests.conversations.conftest import Stage, ana, assistant
from tests.fake_assistant import FakeAssistant

__all__ = ["ana", "assistant"]

SECRET = b"contacts-test-secret"
WHATSAPP, BOT = "+526620000000", "777000"
OpenChat = Callable[..., Awaitable[Stage]]
_ACCOUNTS = {"web": "portal", "whatsapp": WHATSAPP, "telegram": BOT, "sms": WHATSAPP}


@pytest.fixture
def chat(database: Database, assistant: FakeAssistant) -> OpenChat:
    """Opens a conversation in a channel."""
    advancer = Advancer(database, assistant, secret=SECRET, lease_seconds=15, turn_seconds=8)

    async def open_chat(channel: str = "web", *, phone: str | None = None) -> Stage:
        async with database.transaction() as session:
            conversation = await conversations.open_conversation(
                session, channel=channel, account=_ACCOUNTS[channel], external_user_id=uuid.uuid4().hex
            )
            if phone is not None:
                await contacts.note_verified_phone(session, conversation, phone)
        return Stage(database, assistant, advancer, conversation.id)

    return open_chat


@pytest.fixture
async def channels_on(database: Database) -> None:
    async with database.transaction() as session:
        for channel, account, options in (
            ("whatsapp", WHATSAPP, {}),
            ("telegram", BOT, {"username": "SonoraBot"}),
        ):
            session.add(
                ChannelAccount(channel=channel, account=account, name=channel, options=options, credentials=b"-")
            )


async def join(one: Stage, other: Stage, how: JoinHow = JoinHow.CODE) -> bool:
    async with one.database.transaction() as session:
        first = await conversations.lock(session, one.conversation_id)
        second = await conversations.lock(session, other.conversation_id)
        return await contacts.join(session, first, second, how)


async def are_one(one: Stage, other: Stage) -> bool:
    return (await one.conversation()).contact_id == (await other.conversation()).contact_id


async def are_proved(one: Stage, other: Stage) -> bool:
    return (await one.conversation()).identity_id == (await other.conversation()).identity_id


async def history(stage: Stage) -> list[tuple[EventKind, str | None]]:
    async with stage.database.transaction() as session:
        rows = await session.scalars(
            select(ConversationEvent)
            .where(ConversationEvent.conversation_id == stage.conversation_id)
            .order_by(ConversationEvent.id)
        )
        return [(event.kind, event.reason) for event in rows]


async def ask_code(stage: Stage, words: str = "vincular") -> str:
    """The code that a citizen is given."""
    (answer,) = await stage.say(words)
    found = re.search(r"VINCULAR ([0-9A-Z]{6})", answer.text)
    assert found is not None, answer.text
    return found[1]
