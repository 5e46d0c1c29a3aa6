"""The telephone numbers of this process: one for each account, opened at its first use and kept."""

import hashlib
from uuid import UUID

import structlog
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from backend.messaging.credentials import CredentialsUnreadable, unseal
from backend.messaging.models import ChannelAccount
from backend.settings import Settings
from channels.catalogue import VOICE, open_line
from channels.voice import VoiceLine

log = structlog.get_logger(__name__)


class Lines:
    """Opens accounts' lines, and opens them anew when their credentials change."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._opened: dict[UUID, tuple[str, VoiceLine]] = {}

    async def close(self) -> None:
        for _, line in self._opened.values():
            await line.close()
        self._opened.clear()

    async def open(self, account: ChannelAccount) -> VoiceLine | None:
        """An account's line, whether it is on or not; None where its credentials are unreadable."""
        version = hashlib.sha256(account.credentials).hexdigest()
        known = self._opened.get(account.id)
        if known is not None and known[0] == version:
            return known[1]
        try:
            values = unseal(self._settings.secret_key.get_secret_value().encode(), account.credentials)
        except CredentialsUnreadable:
            log.error("credentials_unreadable", account_id=str(account.id))
            return None
        line = open_line(values, self._settings.twilio_api_url)
        self._opened[account.id] = (version, line)
        if known is not None:
            await known[1].close()
        return line


async def account_of(session: AsyncSession, account_id: UUID) -> ChannelAccount | None:
    """A telephone's account."""
    return await session.scalar(
        select(ChannelAccount).where(ChannelAccount.id == account_id, ChannelAccount.channel == VOICE.name)
    )


async def first_on(session: AsyncSession) -> ChannelAccount | None:
    """The number from which the office calls: the oldest that is on."""
    return await session.scalar(
        select(ChannelAccount)
        .where(ChannelAccount.channel == VOICE.name, ChannelAccount.is_on)
        .order_by(ChannelAccount.created_at)
        .limit(1)
    )
