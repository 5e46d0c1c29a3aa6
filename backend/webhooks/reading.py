"""Reading the calls that were accepted: each once, a person's in their order, whoever of several workers it is.

A call is read, what it says stored and its row deleted in one transaction, under the row's lock: a worker that dies
leaves it as it was. One that fails through a fault of ours is tried again, with growing pauses, and what the same
person sent after it waits; after `MAX_ATTEMPTS` it is kept with the calls that nobody could read, and the others go on.
"""

import asyncio
from collections.abc import Sequence
from datetime import timedelta
from uuid import UUID

import structlog
from sqlalchemy import exists, func, select, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased

from backend.crew import Crew
from backend.db import Database
from backend.live import LiveEvents
from backend.messaging.adapters import Adapters
from backend.messaging.credentials import CredentialsUnreadable
from backend.messaging.models import Arrival, ChannelAccount
from backend.webhooks import service
from backend.webhooks.reception import ARRIVED
from channels.port import Inbound, VendorChannel, WebhookRequest

log = structlog.get_logger(__name__)

#: Calls read side by side in one process.
ROOM = 8
#: With the pauses between them, some five minutes.
MAX_ATTEMPTS = 10
_LONGEST_PAUSE = 60.0
#: Why a call is with those that nobody could read.
GAVE_UP = "failed"

_earlier, _other = aliased(Arrival), aliased(Arrival)
#: The first call that may be read now, and whether others' wait behind it.
_NEXT = (
    select(
        Arrival.id,
        Arrival.account_id,
        exists().where(_other.id > Arrival.id, _other.lane != Arrival.lane).label("others_wait"),
    )
    .where(Arrival.due_at <= func.now(), ~exists().where(_earlier.lane == Arrival.lane, _earlier.id < Arrival.id))
    .order_by(Arrival.id)
    .limit(1)
    .with_for_update(of=Arrival, skip_locked=True)
)


class ArrivalReader:
    """Reads what was accepted, in this process."""

    def __init__(self, database: Database, adapters: Adapters) -> None:
        self._database = database
        self._adapters = adapters
        self._crew = Crew("arrivals", self._read_next, room=ROOM)
        self._settling: set[asyncio.Task[None]] = set()

    async def run(self, live: LiveEvents, *, idle_seconds: float) -> None:
        """For ever: read when calls arrive, and look for what no wake-up told of."""
        try:
            await self._crew.run(live, ARRIVED, idle_seconds=idle_seconds)
        finally:
            await asyncio.gather(*self._settling, return_exceptions=True)

    async def read_due(self) -> None:
        """Read everything that may be read now, and tell the vendors what they expect."""
        await self._crew.finish()
        while self._settling:
            await asyncio.wait(self._settling)

    async def _read_next(self) -> bool:
        """Read one call; False where none may be read now."""
        taken: int | None = None
        try:
            async with self._database.transaction() as session:
                found = (await session.execute(_NEXT)).first()
                if found is None:
                    return False
                taken = found.id
                if found.others_wait:
                    self._crew.start()
                adapter, told = await self._read(session, found.id, found.account_id)
        except Exception:  # the call's outer loop: recorded, and tried again
            if taken is None:
                raise
            log.exception("arrival_failed", arrival_id=taken)
            await self._put_off(taken)
            return True
        for inbound in told:
            self._settle(adapter, inbound)
        return True

    async def _read(
        self, session: AsyncSession, arrival_id: int, account_id: UUID
    ) -> tuple[VendorChannel, Sequence[Inbound]]:
        account = await session.get_one(ChannelAccount, account_id)
        adapter = await self._adapters.open(account)
        if adapter is None:
            raise CredentialsUnreadable
        arrival = await session.get_one(Arrival, arrival_id)
        told = await service.take_in(session, account, adapter, _call(arrival))
        await session.delete(arrival)
        return adapter, told

    def _settle(self, adapter: VendorChannel, inbound: Inbound) -> None:
        """Tell the vendor what it expects, and let nobody wait for it."""
        task = asyncio.create_task(adapter.settle(inbound, group_refusal=service.GROUP_REFUSAL))
        self._settling.add(task)
        task.add_done_callback(self._settled)

    def _settled(self, task: asyncio.Task[None]) -> None:
        self._settling.discard(task)
        error = None if task.cancelled() else task.exception()
        if error is not None:
            log.warning("settling_failed", error=type(error).__name__)

    async def _put_off(self, arrival_id: int) -> None:
        """Let a call that failed wait for its next try, or go after its last. While the database is away none count."""
        async with self._database.transaction() as session:
            this = Arrival.id == arrival_id
            failed = await session.scalar(select(Arrival.attempts).where(this).with_for_update())
            if failed is None:
                return  # another worker has read it meanwhile
            attempts = failed + 1
            pause = timedelta(seconds=min(2.0**attempts, _LONGEST_PAUSE))
            await session.execute(update(Arrival).where(this).values(attempts=attempts, due_at=func.now() + pause))
        if attempts >= MAX_ATTEMPTS:
            await self._give_up(arrival_id)

    async def _give_up(self, arrival_id: int) -> None:
        """Keep a call with those that nobody could read, so that what waits behind it goes on."""
        async with self._database.transaction() as session:
            arrival = await session.get(Arrival, arrival_id, with_for_update=True)
            if arrival is not None:
                account = await session.get_one(ChannelAccount, arrival.account_id)
                await service.keep_unreadable(session, account, _call(arrival), GAVE_UP)
                await session.delete(arrival)
                log.error("arrival_given_up", arrival_id=arrival_id)


def _call(arrival: Arrival) -> WebhookRequest:
    return WebhookRequest(arrival.url, {}, arrival.body)
