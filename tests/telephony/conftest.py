"""The product with a telephone: Twilio's stand-in on one side, the routes and the database on the other."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import delete, select, update

from backend.agents import service as agents
from backend.agents.models import PresenceState, Role, User
from backend.app import create_app
from backend.catalog.models import BusinessHours, Holiday, OfficeArea
from backend.db import Database
from backend.ledger.models import Interaction
from backend.messaging.credentials import seal
from backend.messaging.models import ChannelAccount
from backend.registry import petitions
from backend.registry.models import ActorKind, EntryChannel, Petition, PetitionKind
from backend.settings import Settings
from backend.telephony.models import Call
from backend.telephony.turn import Addresses
from backend.worker import Worker
from tests.fake_assistant import FakeAssistant
from tests.fakes.handles import Handset, TwilioServer
from tests.fakes.running import bind, running_twilio, serving, url_of

CITIZEN = "+526621234567"


@dataclass
class Exchange:
    """The served product, a worker whose steps the test takes, and Twilio."""

    settings: Settings
    database: Database
    worker: Worker
    twilio: TwilioServer
    account: ChannelAccount
    values: dict[str, str]

    def address(self, step: str, subject: UUID | None = None, **query: str) -> str:
        return Addresses.of(self.settings, self.account.id).to(step, subject, **query)

    async def call(self, from_: str = CITIZEN) -> Handset:
        return await asyncio.to_thread(self.twilio.call, from_)

    async def set(self, **options: Any) -> None:
        """How the line behaves."""
        async with self.database.transaction() as session:
            account = await session.get_one(ChannelAccount, self.account.id)
            account.options = {"voice": {**account.options.get("voice", {}), **options}}

    async def add_agent(self, username: str, number: str) -> UUID:
        """An agent who is available at a telephone number."""
        async with self.database.transaction() as session:
            user, _ = await agents.create_user(
                session, username=username, full_name=username.title(), role=Role.ANALYST, password="una-contrasena-1"
            )
            user.extension = number
            await agents.set_presence(session, user.id, PresenceState.AVAILABLE)
            return user.id

    async def is_open(self, is_open: bool) -> None:
        """Let the office's hours be all day, or never."""
        async with self.database.transaction() as session:
            await session.execute(delete(BusinessHours))
            await session.execute(delete(Holiday))
            for day in range(7) if is_open else ():
                session.add(BusinessHours(weekday=day, opens=time(0), closes=time(23, 59, 59, 999999)))

    async def log(self) -> list[Interaction]:
        async with self.database.transaction() as session:
            return list(await session.scalars(select(Interaction).order_by(Interaction.started_at)))

    async def calls(self) -> dict[str | None, Call]:
        """By the citizen's telephone, the latest."""
        return {call.phone: call for call in sorted(await self.all(Call), key=lambda call: call.started_at)}

    async def petition(self) -> tuple[Petition, str]:
        """A petition, and its code."""
        async with self.database.transaction() as session:
            new = petitions.NewPetition(PetitionKind.PETICION, EntryChannel.PRESENCIAL, "Un bache enorme.")
            filed = await petitions.file(session, new, actor=ActorKind.STAFF)
            return filed, petitions.code_of(filed, self.settings.secret_key.get_secret_value().encode())

    async def folio(self, call: Call) -> str:
        async with self.database.transaction() as session:
            return (await session.get_one(Petition, call.petition_id)).folio

    async def area(self, number: str) -> OfficeArea:
        """An area that can be rung."""
        async with self.database.transaction() as session:
            area = (await session.scalars(select(OfficeArea).limit(1))).one()
            area.extension = number
            return area

    async def add_sms(self) -> None:
        """An account for text messages."""
        values = {**self.values, "number": self.twilio.sms_number}
        sealed = seal(self.settings.secret_key.get_secret_value().encode(), values)
        async with self.database.transaction() as session:
            session.add(ChannelAccount(channel="sms", account=self.twilio.sms_number, name="SMS", credentials=sealed))

    async def age_calls(self, *, minutes: int) -> None:
        """As if so much time had passed since anything was heard of the calls."""
        async with self.database.transaction() as session:
            await session.execute(update(Call).values(seen_at=Call.seen_at - timedelta(minutes=minutes)))

    async def all(self, model: Any) -> list[Any]:
        async with self.database.transaction() as session:
            return list(await session.scalars(select(model)))

    async def user(self, user_id: UUID) -> User:
        async with self.database.transaction() as session:
            return await session.get_one(User, user_id)


@pytest.fixture
def twilio() -> Iterator[TwilioServer]:
    with running_twilio(speed=1) as server:
        server.faults(waits_for_people=True)
        yield server


@pytest.fixture
async def exchange(settings: Settings, twilio: TwilioServer) -> AsyncIterator[Exchange]:
    bound = bind()
    settings = settings.model_copy(update={"public_url": url_of(bound), "twilio_api_url": twilio.base_url})
    worker = Worker(settings, FakeAssistant())
    values = {"account_sid": twilio.account_sid, "auth_token": twilio.auth_token, "number": twilio.voice_number}
    sealed = seal(settings.secret_key.get_secret_value().encode(), values)
    async with worker.database.transaction() as session:
        account = ChannelAccount(channel="voz", account=twilio.voice_number, name="Teléfono", credentials=sealed)
        session.add(account)
    exchange = Exchange(settings, worker.database, worker, twilio, account, values)
    twilio.configure(voice_url=exchange.address("entrada"), voice_status_url=exchange.address("estado"))
    await exchange.is_open(True)
    with serving(create_app(settings), bound):
        yield exchange
        await worker.close()


def moment(second: int) -> datetime:
    """A Monday in November at ten in the morning in Hermosillo, and so many seconds."""
    return datetime(2026, 11, 23, 17, 0, tzinfo=UTC).replace(minute=second // 60, second=second % 60)
