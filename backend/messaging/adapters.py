"""The open adapters of this process: one for each account that is on, opened at its first use and kept."""

import hashlib
from uuid import UUID

import structlog
from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert

from backend.db import Database
from backend.messaging.credentials import CredentialsUnreadable, unseal
from backend.messaging.models import ChannelAccount, ProviderContent
from backend.settings import Settings
from channels.catalogue import CHANNELS, Surroundings
from channels.port import Channel, VendorChannel
from channels.web import WebChannel

log = structlog.get_logger(__name__)


class StoredContents:
    """An account's sets of buttons at the vendor, in the database."""

    def __init__(self, database: Database, account_id: UUID) -> None:
        self._database = database
        self._account_id = account_id

    async def get(self, digest: str) -> str | None:
        async with self._database.transaction() as session:
            found = await session.get(ProviderContent, (self._account_id, digest))
            return found.content_sid if found else None

    async def put(self, digest: str, content_sid: str) -> None:
        row = {"account_id": self._account_id, "digest": digest, "content_sid": content_sid}
        async with self._database.transaction() as session:
            await session.execute(insert(ProviderContent).values(**row).on_conflict_do_nothing())


class Adapters:
    """Opens accounts' adapters, and opens them anew when their credentials change."""

    def __init__(self, settings: Settings, database: Database) -> None:
        self._settings = settings
        self._database = database
        self._web = WebChannel()
        self._opened: dict[UUID, tuple[str, VendorChannel]] = {}

    async def close(self) -> None:
        for _, adapter in self._opened.values():
            await adapter.close()
        self._opened.clear()

    async def of(self, channel: str, account: str) -> Channel | None:
        """The adapter of a channel's account; None where it is off or its credentials are unreadable."""
        return self._web if channel == self._web.name else await self.vendor(channel, account)

    async def vendor(self, channel: str, account: str) -> VendorChannel | None:
        """As `of`, for a channel with a vendor behind it."""
        async with self._database.transaction() as session:
            found = await session.scalar(
                select(ChannelAccount).where(ChannelAccount.channel == channel, ChannelAccount.account == account)
            )
        return await self.open(found) if found is not None and found.is_on else None

    async def open(self, account: ChannelAccount) -> VendorChannel | None:
        """An account's adapter, whether it is on or not; None where its credentials are unreadable.

        None too for a telephone's, which carries no messages.
        """
        kind = CHANNELS.get(account.channel)
        if kind is None:
            return None
        version = hashlib.sha256(account.credentials).hexdigest()
        known = self._opened.get(account.id)
        if known is not None and known[0] == version:
            return known[1]
        try:
            values = unseal(self._settings.key, account.credentials)
        except CredentialsUnreadable:
            log.error("credentials_unreadable", account_id=str(account.id))
            return None
        adapter = kind.open(values, self._surroundings(account))
        self._opened[account.id] = (version, adapter)
        if known is not None:
            await known[1].close()
        return adapter

    def _surroundings(self, account: ChannelAccount) -> Surroundings:
        return Surroundings(
            status_callback=f"{webhook_address(self._settings, account)}/status",
            contents=StoredContents(self._database, account.id),
            twilio_base=self._settings.twilio_api_url,
            telegram_base=self._settings.telegram_api_url,
        )


def webhook_address(settings: Settings, account: ChannelAccount) -> str:
    """Where the vendor calls for this account: built from the configured public address alone."""
    return f"{settings.base_url}/webhooks/{account.channel}/{account.id}"
