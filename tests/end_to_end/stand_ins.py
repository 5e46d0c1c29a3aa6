"""The vendors' stand-ins, and the accounts by which a running product knows them."""

import asyncio
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import select

from backend import models
from backend.db import Database
from backend.environment import complete, settings_from
from backend.messaging.adapters import Adapters, webhook_address
from backend.messaging.credentials import seal
from backend.messaging.models import ChannelAccount, ReceiveMode
from backend.settings import Settings
from backend.telephony.turn import Addresses
from channels.catalogue import ACCOUNTS, VOICE, account_name
from channels.telegram import TelegramChannel
from tests.fakes.handles import TelegramServer, TwilioServer
from tests.fakes.running import running_telegram, running_twilio

__all__ = ["StandIns", "models", "register", "running_stand_ins", "settings_of"]  # models: every table is known

WEBHOOK_SECRET = "stand-in-webhook-secret_0123456789"


@dataclass(frozen=True)
class StandIns:
    """Both vendors, served from this process."""

    twilio: TwilioServer
    telegram: TelegramServer

    @property
    def environment(self) -> dict[str, str]:
        """What the product must be started with, to take them for the vendors."""
        return {"TWILIO_API_URL": self.twilio.base_url, "TELEGRAM_API_URL": self.telegram.base_url}


@contextmanager
def running_stand_ins(*, speed: float = 20, twilio_port: int = 0, telegram_port: int = 0) -> Iterator[StandIns]:
    """`speed`: how many of the vendors' seconds pass in one of ours. Port 0: a free one."""
    with (
        running_twilio(speed=speed, port=twilio_port) as twilio,
        running_telegram(speed=speed, port=telegram_port) as telegram,
    ):
        yield StandIns(twilio, telegram)


def settings_of(stand_ins: StandIns, var_dir: Path, port: int, database_url: str) -> Settings:
    """The settings of the product that runs in a folder on a port, with the stand-ins for vendors."""
    given = {**os.environ, **stand_ins.environment, "VAR_DIR": str(var_dir), "PORT": str(port)}
    return settings_from(complete(given, database_url))


def register(stand_ins: StandIns, settings: Settings) -> None:
    """Make the stand-ins' accounts known to the product (or renew them), and its webhooks to the stand-ins."""
    asyncio.run(_register(stand_ins.twilio, stand_ins.telegram, settings))


async def _register(twilio: TwilioServer, telegram: TelegramServer, settings: Settings) -> None:
    database = Database(settings.database_url)
    adapters = Adapters(settings, database)
    try:
        ours = {"account_sid": twilio.account_sid, "auth_token": twilio.auth_token}
        number = twilio.whatsapp_number.removeprefix("whatsapp:")
        whatsapp = await _keep(database, settings, "whatsapp", {**ours, "number": number})
        sms = await _keep(database, settings, "sms", {**ours, "number": twilio.sms_number})
        bot_values = {"token": telegram.token, "webhook_secret": WEBHOOK_SECRET}
        bot = await _keep(database, settings, "telegram", bot_values)
        voice = await _keep(database, settings, VOICE.name, {**ours, "number": twilio.voice_number})
        calls = Addresses.of(settings, voice.id)
        twilio.configure(
            webhook_url=webhook_address(settings, whatsapp),
            sms_webhook_url=webhook_address(settings, sms),
            voice_url=calls.to("entrada"),
            voice_status_url=calls.to("estado"),
        )
        adapter = await adapters.open(bot)
        assert isinstance(adapter, TelegramChannel)
        await adapter.register_webhook(webhook_address(settings, bot))
    finally:
        await adapters.close()
        await database.close()


async def _keep(database: Database, settings: Settings, channel: str, values: Mapping[str, str]) -> ChannelAccount:
    account = account_name(ACCOUNTS[channel], values)
    async with database.transaction() as session:
        query = select(ChannelAccount).where(ChannelAccount.channel == channel, ChannelAccount.account == account)
        kept = await session.scalar(query)
        if kept is None:
            kept = ChannelAccount(channel=channel, account=account, name=f"{ACCOUNTS[channel].title} (ensayo)")
            session.add(kept)
        kept.credentials = seal(settings.secret_key.get_secret_value().encode(), values)
        kept.is_on, kept.receive_mode = True, ReceiveMode.WEBHOOK
        return kept
