"""How an account fares, for the administrator: last message in, last sent, last error.

Written at most once a minute each, so that messages of one account do not wait for each other's row lock.
"""

from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import ColumnElement, or_, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import InstrumentedAttribute

from backend import clock
from backend.messaging.models import ChannelAccount

_GRAIN = timedelta(minutes=1)


async def note_inbound(session: AsyncSession, account: ChannelAccount) -> None:
    if account.last_inbound_at is None or account.last_inbound_at < clock.now() - _GRAIN:
        await _stamp(session, ChannelAccount.id == account.id, ChannelAccount.last_inbound_at)


async def note_sent(session: AsyncSession, channel: str, account: str) -> None:
    which = (ChannelAccount.channel == channel) & (ChannelAccount.account == account)
    await _stamp(session, which, ChannelAccount.last_sent_at)


async def note_error(session: AsyncSession, account_id: UUID, code: str) -> None:
    await session.execute(
        update(ChannelAccount)
        .where(ChannelAccount.id == account_id)
        .values(last_error_code=code[:60], last_error_at=clock.now())
        .execution_options(synchronize_session=False)
    )


async def note_send_error(session: AsyncSession, channel: str, account: str, code: str) -> None:
    """An error that is the account's, not the recipient's."""
    moment = clock.now()
    await session.execute(
        update(ChannelAccount)
        .where(
            ChannelAccount.channel == channel,
            ChannelAccount.account == account,
            or_(
                ChannelAccount.last_error_at.is_(None),
                ChannelAccount.last_error_at < moment - _GRAIN,
                ChannelAccount.last_error_code != code,
            ),
        )
        .values(last_error_code=code[:60], last_error_at=moment)
        .execution_options(synchronize_session=False)
    )


async def _stamp(
    session: AsyncSession, which: ColumnElement[bool], column: InstrumentedAttribute[datetime | None]
) -> None:
    moment = clock.now()
    await session.execute(
        update(ChannelAccount)
        .where(which, or_(column.is_(None), column < moment - _GRAIN))
        .values({column.key: moment})
        .execution_options(synchronize_session=False)
    )
