"""Telegram by asking: for a laptop without a public address.

One worker polls an account at a time (an advisory lock). The cursor moves in the transaction that accepts the
update, as a call of the vendor's is accepted, so that a crash loses nothing and doubles nothing.
"""

import asyncio
import json
import zlib
from uuid import UUID

import structlog
from sqlalchemy import func, insert, select
from sqlalchemy.exc import SQLAlchemyError
from telegram.error import TelegramError

from backend.db import Database
from backend.messaging import health
from backend.messaging.adapters import Adapters
from backend.messaging.models import Arrival, ChannelAccount, ReceiveMode
from backend.monitoring import chores
from backend.wakeups import notify
from backend.webhooks.reception import ARRIVED, row_of
from channels.port import WebhookRequest
from channels.telegram import TelegramChannel

log = structlog.get_logger(__name__)

#: What this is called by who watches it.
_POLLING = "polling"
_WAIT_SECONDS = 25
LOOK_FOR_ACCOUNTS_SECONDS = 5.0
_AFTER_ERROR_SECONDS = 5.0


class Poller:
    """Keeps a task for each account that polls."""

    def __init__(self, database: Database, adapters: Adapters) -> None:
        self._database = database
        self._adapters = adapters
        self._tasks: dict[UUID, asyncio.Task[None]] = {}

    async def run(self) -> None:
        """For ever: begin with accounts that poll now, and end with those that do no more."""
        chores.expect(_POLLING, LOOK_FOR_ACCOUNTS_SECONDS)
        try:
            while True:
                try:
                    await self._follow(await self._polling_accounts())
                    chores.done(_POLLING)
                except SQLAlchemyError as error:
                    log.warning("poller_without_database", error=type(error).__name__)
                await asyncio.sleep(LOOK_FOR_ACCOUNTS_SECONDS)
        finally:
            await self._follow(set())

    async def _polling_accounts(self) -> set[UUID]:
        async with self._database.transaction() as session:
            rows = await session.scalars(
                select(ChannelAccount.id).where(
                    ChannelAccount.receive_mode == ReceiveMode.POLL, ChannelAccount.is_on.is_(True)
                )
            )
            return set(rows)

    async def _follow(self, wanted: set[UUID]) -> None:
        for account_id in set(self._tasks) - wanted:
            task = self._tasks.pop(account_id)
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
        for account_id in wanted - set(self._tasks):
            self._tasks[account_id] = asyncio.create_task(self._poll_for_ever(account_id))

    async def _poll_for_ever(self, account_id: UUID) -> None:
        while True:
            try:
                await self.poll_once(account_id, wait_seconds=_WAIT_SECONDS)
            except (TelegramError, SQLAlchemyError, OSError) as error:
                log.warning("poll_failed", account_id=str(account_id), error=type(error).__name__)
                await self._note(account_id, type(error).__name__)
                await asyncio.sleep(_AFTER_ERROR_SECONDS)
            except Exception:  # the outer loop: recorded, and tried again
                log.exception("poll_crashed", account_id=str(account_id))
                await asyncio.sleep(_AFTER_ERROR_SECONDS)

    async def _note(self, account_id: UUID, code: str) -> None:
        try:
            async with self._database.transaction() as session:
                await health.note_error(session, account_id, code)
        except SQLAlchemyError as error:
            log.warning("poll_error_not_noted", error=type(error).__name__)

    async def poll_once(self, account_id: UUID, *, wait_seconds: int) -> int:
        """Ask once and accept what came; how many updates. Raises TelegramError."""
        async with self._database.transaction() as session:
            account = await session.get(ChannelAccount, account_id)
        adapter = await self._adapters.open(account) if account is not None and account.is_on else None
        if account is None or not isinstance(adapter, TelegramChannel):
            await asyncio.sleep(_AFTER_ERROR_SECONDS)
            return 0
        updates, cursor = await adapter.poll(account.poll_cursor, wait_seconds=wait_seconds)
        if not updates:
            return 0
        async with self._database.transaction() as session:
            await session.execute(select(func.pg_advisory_xact_lock(zlib.crc32(account_id.bytes))))
            current = await session.get_one(ChannelAccount, account_id, populate_existing=True)
            for update in updates:
                if current.poll_cursor is not None and update["update_id"] < int(current.poll_cursor):
                    continue  # another worker accepted it
                call = WebhookRequest("poll", {}, json.dumps(update).encode())
                await session.execute(insert(Arrival).values(**row_of(account_id, adapter, call)))
            current.poll_cursor = cursor
            await notify(session, ARRIVED)
        return len(updates)
