"""One webhook of a call: what is known of it, and the addresses at which the call goes on."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import urlencode
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from backend import clock
from backend.errors import NotFound
from backend.messaging.models import ChannelAccount
from backend.settings import Settings
from backend.telephony import book
from backend.telephony import settings as line_settings
from backend.telephony.models import Call
from backend.telephony.settings import LineSettings
from channels.twiml import Step
from channels.voice import Told

PREFIX = "/webhooks/voz"


@dataclass(frozen=True)
class Addresses:
    """Where Twilio calls for an account's calls: under the configured public address alone."""

    base: str

    @classmethod
    def of(cls, settings: Settings, account_id: UUID) -> "Addresses":
        return cls(f"{settings.base_url}{PREFIX}/{account_id}")

    def to(self, step: str, subject: UUID | None = None, **query: str) -> str:
        path = f"{self.base}/{step}" if subject is None else f"{self.base}/{step}/{subject}"
        return f"{path}?{urlencode(query)}" if query else path


@dataclass(frozen=True)
class Turn:
    """A verified webhook. `subject` is what its address names: a ring, an area or a call."""

    session: AsyncSession
    settings: Settings
    account: ChannelAccount
    told: Told
    subject: UUID | None
    query: dict[str, str]
    at: datetime

    @property
    def line(self) -> LineSettings:
        return line_settings.of(self.account)

    @property
    def number(self) -> str:
        return self.account.account

    @property
    def secret(self) -> bytes:
        return self.settings.secret_key.get_secret_value().encode()

    @property
    def addresses(self) -> Addresses:
        return Addresses.of(self.settings, self.account.id)

    def to(self, step: str, subject: UUID | None = None, **query: str) -> str:
        return self.addresses.to(step, subject, **query)

    @property
    def music(self) -> str:
        return f"{self.settings.base_url}{PREFIX}/musica.wav"

    async def call(self) -> Call:
        """The call of this webhook's own leg, locked: one that came in."""
        return await book.of_sid(self.session, self.account.id, self.told)

    async def subject_call(self) -> Call:
        """The call that the address names, locked. Raises NotFound."""
        call = await self.session.get(Call, self.subject, with_for_update=True, populate_existing=True)
        if call is None or call.account_id != self.account.id:
            raise NotFound
        call.seen_at = clock.now()
        return call


Handler = Callable[[Turn], Awaitable[Sequence[Step]]]
#: By the step's name in its address.
STEPS: dict[str, Handler] = {}


def step(name: str) -> Callable[[Handler], Handler]:
    """Register what answers the webhooks of a step."""

    def register(handler: Handler) -> Handler:
        STEPS[name] = handler
        return handler

    return register
