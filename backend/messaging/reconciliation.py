"""Whether everything that the vendor has is here and shown, and bringing what is missing."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

import structlog
from sqlalchemy import func, or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from backend import clock
from backend.agents.models import User
from backend.audit import service as audit
from backend.db import Database
from backend.messaging import accounts, comparison, health
from backend.messaging.adapters import Adapters
from backend.messaging.comparison import Finding, Row
from backend.messaging.errors import VendorRefused
from backend.messaging.models import Arrival, ChannelAccount, UnreadableWebhook
from backend.webhooks import service as webhooks
from channels.port import ChannelRefused, Listed, Malformed, Recovering, VendorChannel, WebhookRequest

log = structlog.get_logger(__name__)

CATCH_UP_EVERY = timedelta(minutes=5)
CATCH_UP_PERIOD = timedelta(hours=1)
#: A message younger than this may still come by its webhook, which tells more of it than the list does.
GRACE = timedelta(minutes=2)
#: How much earlier the list begins than the period, to recognise what came about its beginning.
_MARGIN = timedelta(hours=1)


@dataclass(frozen=True)
class Report:
    """A period compared. `has_list` is False where the vendor keeps none: then there are no rows."""

    has_list: bool
    rows: Sequence[Row]

    @property
    def counts(self) -> Counter[Finding]:
        return Counter(row.finding for row in self.rows)

    @property
    def at_vendor(self) -> int:
        return sum(row.vendor_state is not None for row in self.rows)

    @property
    def stored(self) -> int:
        return sum(row.is_stored for row in self.rows)

    @property
    def shown(self) -> int:
        return sum(row.times_shown > 0 for row in self.rows)

    @property
    def recoverable(self) -> int:
        return sum(row.finding is Finding.NOT_STORED and row.is_inbound for row in self.rows)


@dataclass(frozen=True)
class Recovered:
    """What a replay did: messages stored, and messages or calls that still could not be."""

    stored: int
    refused: int


async def report(database: Database, adapters: Adapters, account_id: UUID, since: datetime, until: datetime) -> Report:
    """Compare the vendor's list with what is stored and shown. Raises NotFound, VendorRefused."""
    account, adapter = await _open(database, adapters, account_id)
    listed = await _list(adapter, since - _MARGIN)
    if listed is None:
        return Report(has_list=False, rows=())
    async with database.snapshot() as session:
        known = await comparison.ours(session, account, listed, since, until)
    return Report(has_list=True, rows=comparison.compare(listed, known, since, until))


async def replay_missing(
    database: Database, adapters: Adapters, user: User, account_id: UUID, since: datetime, until: datetime
) -> Recovered:
    """Store the citizens' messages of the period that are only at the vendor. Raises NotFound, VendorRefused."""
    account, adapter = await _open(database, adapters, account_id)
    listed = await _list(adapter, since)
    wanted = [one for one in listed or () if since.timestamp() <= one.at <= until.timestamp()]
    recovered = await _recover(database, account, adapter, wanted)
    async with database.transaction() as session:
        await audit.record(
            session, user, "messages_replayed", account_id, stored=recovered.stored, refused=recovered.refused
        )
    return recovered


async def unreadable(session: AsyncSession, account_id: UUID, *, limit: int = 100) -> Sequence[UnreadableWebhook]:
    """Calls that could not be read and were not replayed, the oldest first."""
    return (
        await session.scalars(
            select(UnreadableWebhook)
            .where(UnreadableWebhook.account_id == account_id, UnreadableWebhook.replayed_at.is_(None))
            .order_by(UnreadableWebhook.created_at)
            .limit(limit)
        )
    ).all()


async def replay_unreadable(database: Database, adapters: Adapters, user: User, account_id: UUID) -> Recovered:
    """Read anew the calls that once could not be, and store what they say. Raises NotFound, VendorRefused."""
    account, adapter = await _open(database, adapters, account_id)
    async with database.transaction() as session:
        calls = await unreadable(session, account_id)
    stored = 0
    for call in calls:
        stored += await _replay_call(database, account, adapter, call)
    async with database.transaction() as session:
        await audit.record(session, user, "webhooks_replayed", account_id, stored=stored, refused=len(calls) - stored)
    return Recovered(stored, len(calls) - stored)


async def _replay_call(
    database: Database, account: ChannelAccount, adapter: VendorChannel, call: UnreadableWebhook
) -> bool:
    try:
        await _store_call(database, account, adapter, call)
    except Malformed:
        log.info("webhook_still_unreadable", webhook_id=str(call.id))
        return False
    except Exception:  # one of many: recorded, and the others go on
        log.exception("webhook_still_failing", webhook_id=str(call.id))
        return False
    return True


async def _store_call(
    database: Database, account: ChannelAccount, adapter: VendorChannel, call: UnreadableWebhook
) -> None:
    told = adapter.parse(WebhookRequest(call.url, {}, call.body))
    async with database.transaction() as session:
        for inbound in told:
            await webhooks.store(session, account, inbound)
        await session.execute(
            update(UnreadableWebhook).where(UnreadableWebhook.id == call.id).values(replayed_at=clock.now())
        )


async def catch_up(database: Database, adapters: Adapters) -> int:
    """Store what the vendors' lists of the last hour have and we do not; how many messages.

    For the worker's sweep: each account that is on is looked at every five minutes, by one worker, and a vendor's
    failure is noted on its account.
    """
    stored = 0
    for account in await _claim_due(database):
        adapter = await adapters.open(account)
        if adapter is None or not isinstance(adapter, Recovering):
            continue
        try:
            listed = await adapter.list_since((clock.now() - CATCH_UP_PERIOD).timestamp())
        except ChannelRefused as refused:
            log.warning("catch_up_refused", account_id=str(account.id), error=refused.code)
            async with database.transaction() as session:
                await health.note_error(session, account.id, refused.code)
            continue
        stored += (await _recover(database, account, adapter, listed or ())).stored
    return stored


async def _claim_due(database: Database) -> Sequence[ChannelAccount]:
    """The accounts to look at now, marked as looked at."""
    moment = clock.now()
    async with database.transaction() as session:
        due = (
            await session.scalars(
                select(ChannelAccount)
                .where(
                    ChannelAccount.is_on,
                    or_(ChannelAccount.reconciled_at.is_(None), ChannelAccount.reconciled_at < moment - CATCH_UP_EVERY),
                )
                .with_for_update(skip_locked=True)
            )
        ).all()
        for account in due:
            account.reconciled_at = moment
    return due


async def _recover(
    database: Database, account: ChannelAccount, adapter: VendorChannel, listed: Sequence[Listed]
) -> Recovered:
    """Store the citizens' messages of a list that are missing, the oldest first, each in a transaction of its own.

    What may be among the calls that were accepted and wait to be read is left to them, who tell more of it.
    """
    async with database.transaction() as session:
        waiting = select(func.min(Arrival.created_at)).where(Arrival.account_id == account.id)
        until = (await session.scalar(waiting) or clock.now()) - GRACE
        ripe = [one for one in listed if one.at <= until.timestamp()]
        missing = await comparison.missing_inbound(session, account, ripe)
    stored = refused = 0
    for one in missing:
        assert isinstance(adapter, Recovering)  # only such an adapter lists
        try:
            message = await adapter.recover(one)
        except ChannelRefused as error:
            log.warning("recovery_refused", account_id=str(account.id), error=error.code)
            refused += 1
            continue
        async with database.transaction() as session:
            await webhooks.store(session, account, message)
        stored += 1
        log.info("message_recovered", account_id=str(account.id), external_id=one.provider_id)
    await _bring_states(database, account, adapter, listed)
    return Recovered(stored, refused)


async def _bring_states(
    database: Database, account: ChannelAccount, adapter: VendorChannel, listed: Sequence[Listed]
) -> None:
    """Take over what the list says of our messages where we lag behind it: a receipt that never came."""
    assert isinstance(adapter, Recovering)
    async with database.transaction() as session:
        behind = await comparison.behind(session, account, listed)
    for one in behind:
        told = adapter.receipt_of(one)
        if told is not None:
            async with database.transaction() as session:
                await webhooks.store(session, account, told)
            log.info("receipt_recovered", account_id=str(account.id), provider_id=one.provider_id)


async def _open(database: Database, adapters: Adapters, account_id: UUID) -> tuple[ChannelAccount, VendorChannel]:
    async with database.transaction() as session:
        account = await accounts.get(session, account_id)
    adapter = await adapters.open(account)
    if adapter is None:
        raise VendorRefused("Las credenciales de esta cuenta no se pueden leer. Captúrelas de nuevo.")
    return account, adapter


async def _list(adapter: VendorChannel, since: datetime) -> Sequence[Listed] | None:
    try:
        return await adapter.list_since(since.timestamp())
    except ChannelRefused as refused:
        raise VendorRefused(refused.text) from refused
