"""The vendors' stand-ins, with an office's accounts on them."""

from collections.abc import AsyncIterator

import pytest

from backend.agents.models import Role, User
from backend.agents.service import create_user
from backend.db import Database
from backend.messaging import accounts
from backend.messaging.adapters import Adapters
from backend.messaging.models import ChannelAccount
from backend.settings import Settings
from tests.fakes.handles import TelegramServer, TwilioServer
from tests.stand_ins import telegram, twilio

__all__ = ["telegram", "twilio"]


@pytest.fixture
def settings(settings: Settings, twilio: TwilioServer, telegram: TelegramServer) -> Settings:
    return settings.model_copy(update={"twilio_api_url": twilio.base_url, "telegram_api_url": telegram.base_url})


@pytest.fixture
async def adapters(settings: Settings, database: Database) -> AsyncIterator[Adapters]:
    adapters = Adapters(settings, database)
    yield adapters
    await adapters.close()


@pytest.fixture
async def admin(database: Database) -> User:
    async with database.transaction() as session:
        user, _ = await create_user(
            session, username="adela", full_name="Adela", role=Role.ADMIN, password="una-contrasena-larga"
        )
        return user


@pytest.fixture
async def whatsapp(database: Database, settings: Settings, admin: User, twilio: TwilioServer) -> ChannelAccount:
    """An account on the stand-in, switched on."""
    typed = {"account_sid": twilio.account_sid, "auth_token": twilio.auth_token, "number": twilio.whatsapp_number}
    async with database.transaction() as session:
        account = await accounts.create(session, settings, admin, "whatsapp", "WhatsApp", typed)
        account.is_on = True
        return account


@pytest.fixture
async def bot(database: Database, settings: Settings, admin: User, telegram: TelegramServer) -> ChannelAccount:
    async with database.transaction() as session:
        account = await accounts.create(session, settings, admin, "telegram", "Bot", {"token": telegram.token})
        account.is_on = True
        return account
