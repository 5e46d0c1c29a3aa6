"""Messages on their way out, and a channel that answers what it is told to."""

import uuid
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field, replace
from uuid import UUID

import pytest
from sqlalchemy import select

from backend.conversations import messages
from backend.conversations import service as conversations
from backend.conversations.files import FileStore
from backend.conversations.messages import NewMessage
from backend.conversations.models import Author
from backend.db import Database
from backend.limits import RateLimiter
from backend.outbox.dispatcher import Dispatcher
from backend.outbox.models import Delivery, DeliveryAttempt
from backend.settings import Settings
from channels.manners import MANNERS
from channels.port import Manners, NotSent, OutboundMessage, SendOutcome, Sent


@dataclass
class FakeChannel:
    """Implements `channels.port.Channel`."""

    name: str = "web"
    manners: Manners = MANNERS["web"]
    resend_when_uncertain: bool = False
    outcomes: list[SendOutcome] = field(default_factory=list)
    sent: list[OutboundMessage] = field(default_factory=list)
    #: What the vendor says of an uncertain send, and the sends it was asked about.
    found: Sent | NotSent | None = None
    asked: list[OutboundMessage] = field(default_factory=list)

    async def send(self, message: OutboundMessage) -> SendOutcome:
        self.sent.append(message)
        return self.outcomes.pop(0) if self.outcomes else Sent(provider_id=f"wamid.{len(self.sent)}")

    async def find(self, message: OutboundMessage, since: float, known: Collection[str]) -> Sent | NotSent | None:
        self.asked.append(message)
        return self.found


@dataclass
class Post:
    """One conversation's outbox."""

    database: Database
    channel: FakeChannel
    conversation_id: UUID
    settings: Settings

    @property
    def files(self) -> FileStore:
        return FileStore(self.settings.attachments_dir, max_bytes=1024)

    async def say(self, *texts: str, author: Author = Author.BOT) -> None:
        async with self.database.transaction() as session:
            conversation = await messages.lock(session, self.conversation_id)
            for text in texts:
                await messages.append(session, conversation, NewMessage(author, text=text))

    async def dispatch(self) -> int:
        return await Dispatcher(self.database, self, self.settings, self.files, RateLimiter()).send_all_due()

    async def of(self, channel: str, account: str) -> FakeChannel:
        return self.channel

    async def deliveries(self) -> Sequence[Delivery]:
        async with self.database.transaction() as session:
            return (await session.scalars(select(Delivery).order_by(Delivery.created_at))).all()

    async def one(self) -> Delivery:
        (delivery,) = await self.deliveries()
        return delivery

    async def attempts(self) -> list[tuple[str | None, str | None]]:
        async with self.database.transaction() as session:
            rows = await session.scalars(select(DeliveryAttempt).order_by(DeliveryAttempt.started_at))
            return [(row.outcome, row.error_code) for row in rows]


@pytest.fixture
def channel() -> FakeChannel:
    return FakeChannel()


@pytest.fixture
def stands_for_a_vendor(monkeypatch: pytest.MonkeyPatch) -> None:
    """Our own chat has nothing to send; here it stands for a channel that has, without any vendor's manners."""
    monkeypatch.setitem(MANNERS, "web", replace(MANNERS["web"], is_read_where_stored=False))


@pytest.fixture
async def post(database: Database, channel: FakeChannel, settings: Settings, stands_for_a_vendor: None) -> Post:
    async with database.transaction() as session:
        conversation = await conversations.open_conversation(
            session, channel="web", account="portal", external_user_id=uuid.uuid4().hex
        )
        return Post(database, channel, conversation.id, settings)
