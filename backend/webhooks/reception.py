"""The vendors' door: an authentic call is committed whole, by one statement, and read later by a worker.

What a call says is nobody's business here: whatever fails in reading it, the vendor has been answered, and the call
is there to be read again (docs/adr/0033-arrivals.md).
"""

import asyncio
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

import structlog
from sqlalchemy.ext.asyncio import AsyncSession

from backend.db import Database
from backend.errors import ChatSonoraError, Forbidden, NotFound
from backend.messaging.adapters import Adapters
from backend.messaging.models import ARRIVAL_BODY, ChannelAccount
from backend.vault import ring
from backend.vault.sealing import seal
from backend.webhooks import service
from channels.port import NotAuthentic, VendorChannel, WebhookRequest

log = structlog.get_logger(__name__)

#: Rings for the workers when calls were accepted.
ARRIVED = "arrivals"
#: Seconds between two rings: what arrives meanwhile is rung for together.
_PAUSE = 0.02
_LANE_BYTES = 8

#: Nothing is stored for an account that is off, or not as we know it any more.
_KEEP: Final = """
INSERT INTO arrival (account_id, lane, url, body)
SELECT id, %(lane)s, %(url)s::text, %(body)s FROM channel_account
WHERE id = %(account_id)s AND is_on AND credentials = %(credentials)s
"""


class ChannelOff(ChatSonoraError):
    """Telegram tries again for a day, in order; Twilio reports an error."""

    status = 503
    code = "canal_apagado"
    message = "Este canal está apagado."


def row_of(account_id: UUID, adapter: VendorChannel, call: WebhookRequest) -> dict[str, Any]:
    """A call as `Arrival` holds it. Its lane tells nobody without the index key whose it is."""
    sender = adapter.sender_of(call).encode("utf-8", "surrogatepass")
    digest = ring.current().digest(b"lane\0" + account_id.bytes + sender)
    lane = int.from_bytes(digest[:_LANE_BYTES], "big", signed=True)
    return {"account_id": account_id, "lane": lane, "url": call.url[:500], "body": call.body}


async def opened(
    session: AsyncSession, adapters: Adapters, channel: str, account_id: UUID
) -> tuple[ChannelAccount, VendorChannel]:
    """The account that is called and its adapter. Raises NotFound, ChannelOff."""
    account = await service.account_of(session, channel, account_id)
    if account is None:
        raise NotFound
    adapter = await adapters.open(account) if account.is_on else None
    if adapter is None:
        raise ChannelOff
    return account, adapter


def verify(account_id: UUID, adapter: VendorChannel, call: WebhookRequest) -> None:
    """Raises Forbidden. Reckoned here, and nobody asked: a transaction that is open meanwhile is none the longer."""
    try:
        adapter.verify(call)
    except NotAuthentic as error:
        log.warning("webhook_refused", account_id=str(account_id))
        raise Forbidden("La llamada no trae una firma válida.") from error


@dataclass(frozen=True)
class _Door:
    """An account as it was when it was last looked at."""

    channel: str
    credentials: bytes
    adapter: VendorChannel

    def admits(self, channel: str, call: WebhookRequest) -> bool:
        try:
            self.adapter.verify(call)
        except NotAuthentic:
            return False
        return self.channel == channel


class Reception:
    """Accepts vendors' calls in this process."""

    def __init__(self, database: Database, adapters: Adapters) -> None:
        self._database = database
        self._adapters = adapters
        self._doors: dict[UUID, _Door] = {}
        self._bell = _Bell(database)

    async def accept(self, channel: str, account_id: UUID, call: WebhookRequest) -> None:
        """Commit an authentic call, for a worker to read. Raises NotFound, ChannelOff, Forbidden.

        The account is not read for each call: the statement that stores it looks whether it still is as we know it.
        """
        door = self._doors.get(account_id)
        if door is None or not door.admits(channel, call) or not await self._keep(account_id, door, call):
            door = await self._look(channel, account_id)
            verify(account_id, door.adapter, call)
            if not await self._keep(account_id, door, call):
                raise ChannelOff
        self._bell.ring()

    async def close(self) -> None:
        await self._bell.close()

    async def _look(self, channel: str, account_id: UUID) -> _Door:
        async with self._database.transaction() as session:
            account, adapter = await opened(session, self._adapters, channel, account_id)
        door = self._doors[account_id] = _Door(channel, account.credentials, adapter)
        return door

    async def _keep(self, account_id: UUID, door: _Door, call: WebhookRequest) -> bool:
        row = row_of(account_id, door.adapter, call)
        values = {**row, "body": seal(ARRIVAL_BODY, row["body"]), "credentials": door.credentials}
        return await self._database.run_alone(_KEEP, values) == 1


class _Bell:
    """Wakes the workers after commits: at once, and then for all that was accepted in a pause together.

    A NOTIFY in each call's own transaction would have them commit one after another.
    """

    def __init__(self, database: Database) -> None:
        self._database = database
        self._is_due = False
        self._ringing: asyncio.Task[None] | None = None

    def ring(self) -> None:
        self._is_due = True
        if self._ringing is None or self._ringing.done():
            self._ringing = asyncio.create_task(self._ring())

    async def _ring(self) -> None:
        while self._is_due:
            self._is_due = False
            await self._database.announce(ARRIVED)
            await asyncio.sleep(_PAUSE)

    async def close(self) -> None:
        if self._ringing is not None:
            await self._ringing
