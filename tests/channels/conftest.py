"""The product between a vendor's stand-in and a fake assistant: real routes, real database, official libraries."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta

import httpx
import pytest
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from twilio.request_validator import RequestValidator

from backend import clock
from backend.app import create_app
from backend.conversations.models import Conversation, Message
from backend.conversations.views import MessageView, transcript
from backend.db import Database
from backend.messaging.adapters import Adapters, webhook_address
from backend.messaging.credentials import seal
from backend.messaging.models import ChannelAccount
from backend.outbox.models import Delivery, DeliveryState
from backend.settings import Settings
from backend.worker import Worker
from tests.fake_assistant import FakeAssistant
from tests.fakes.handles import TelegramServer, TwilioServer
from tests.fakes.running import bind, running_telegram, running_twilio, serving, url_of

WEBHOOK_SECRET = "stand-in-webhook-secret_0123456789"


@dataclass
class Office:
    """The web application, served, and a worker whose steps the test takes."""

    settings: Settings
    database: Database
    worker: Worker
    assistant: FakeAssistant

    async def work(self) -> None:
        """Do all there is to do: calls, files, turns, deliveries, those too that keep a chat's pause of a second."""
        for _ in range(3):
            await self.take_turns()
            await self.worker.dispatcher.send_all_due()
        while await self._is_pausing():
            await asyncio.sleep(0.2)
            await self.worker.dispatcher.send_all_due()

    async def take_turns(self) -> None:
        """Read what the vendors brought, and answer it."""
        await self.worker.arrivals.read_due()
        await self.worker.media.fetch_due()
        await self.worker.turns.sweep()
        await self.worker.turns.finish()

    @asynccontextmanager
    async def looking(self) -> AsyncIterator[AsyncSession]:
        """The database once everything that was accepted is read."""
        await self.worker.arrivals.read_due()
        async with self.database.transaction() as session:
            yield session

    async def _is_pausing(self) -> bool:
        soon = clock.now() + timedelta(seconds=1.5)
        return any(one.state is DeliveryState.PENDING and one.next_attempt_at < soon for one in await self.deliveries())

    async def add_account(self, channel: str, account: str, values: dict[str, str]) -> ChannelAccount:
        secret = self.settings.secret_key.get_secret_value().encode()
        async with self.database.transaction() as session:
            added = ChannelAccount(channel=channel, account=account, name=channel, credentials=seal(secret, values))
            session.add(added)
            await session.flush()
            return added

    async def conversations(self) -> list[Conversation]:
        async with self.looking() as session:
            return list(await session.scalars(select(Conversation).order_by(Conversation.created_at)))

    async def transcript(self, conversation: Conversation) -> list[MessageView]:
        async with self.looking() as session:
            return await transcript(session, conversation.id)

    async def messages(self) -> list[Message]:
        async with self.looking() as session:
            return list(await session.scalars(select(Message).order_by(Message.created_at, Message.seq)))

    async def deliveries(self) -> list[Delivery]:
        async with self.looking() as session:
            return list(await session.scalars(select(Delivery).order_by(Delivery.created_at, Delivery.part)))

    async def from_citizen(self) -> list[str]:
        return [message.text for message in await self.messages() if message.author == "citizen"]


@pytest.fixture
def twilio() -> Iterator[TwilioServer]:
    with running_twilio() as server:
        yield server


@pytest.fixture
def telegram() -> Iterator[TelegramServer]:
    with running_telegram() as server:
        yield server


@pytest.fixture
async def office(settings: Settings, twilio: TwilioServer, telegram: TelegramServer) -> AsyncIterator[Office]:
    bound = bind()
    settings = settings.model_copy(
        update={"public_url": url_of(bound), "twilio_api_url": twilio.base_url, "telegram_api_url": telegram.base_url}
    )
    assistant = FakeAssistant()
    worker = Worker(settings, assistant)
    with serving(create_app(settings), bound):
        yield Office(settings, worker.database, worker, assistant)
        await worker.close()


@pytest.fixture
async def whatsapp(office: Office, twilio: TwilioServer) -> ChannelAccount:
    number = twilio.whatsapp_number.removeprefix("whatsapp:")
    account = await office.add_account("whatsapp", number, _twilio_values(twilio, number))
    twilio.configure(webhook_url=webhook_address(office.settings, account))
    return account


@pytest.fixture
async def sms(office: Office, twilio: TwilioServer) -> ChannelAccount:
    account = await office.add_account("sms", twilio.sms_number, _twilio_values(twilio, twilio.sms_number))
    twilio.configure(sms_webhook_url=webhook_address(office.settings, account))
    return account


async def post_signed(
    office: Office, account: ChannelAccount, twilio: TwilioServer, fields: dict[str, str], *, tail: str = ""
) -> httpx.Response:
    """A call as Twilio would make it, with whatever fields."""
    address = f"{webhook_address(office.settings, account)}{tail}"
    signature = RequestValidator(twilio.auth_token).compute_signature(address, fields)
    async with httpx.AsyncClient() as client:
        return await client.post(address, data=fields, headers={"X-Twilio-Signature": signature})


def _twilio_values(twilio: TwilioServer, number: str) -> dict[str, str]:
    return {"account_sid": twilio.account_sid, "auth_token": twilio.auth_token, "number": number}


@pytest.fixture
async def telegram_account(office: Office, telegram: TelegramServer) -> ChannelAccount:
    values = {"token": telegram.token, "webhook_secret": WEBHOOK_SECRET}
    account = await office.add_account("telegram", telegram.token.partition(":")[0], values)
    adapter = await Adapters(office.settings, office.database).open(account)
    assert adapter is not None
    await adapter.register_webhook(webhook_address(office.settings, account))  # type: ignore[attr-defined]
    await adapter.close()
    return account
