"""Calls whose end was never told: Twilio is asked."""

from datetime import timedelta

import structlog
from sqlalchemy import select

from backend import clock
from backend.db import Database
from backend.messaging import health
from backend.messaging.models import ChannelAccount
from backend.telephony import book, log
from backend.telephony.lines import Lines
from backend.telephony.models import Call, CallState
from channels.port import ChannelRefused
from channels.voice import CallStatus, Fate, Told

logger = structlog.get_logger(__name__)

#: Nothing was heard of it for so long; asked again after as long.
SILENCE = timedelta(minutes=5)
_AT_ONCE = 50


async def close_silent(database: Database, lines: Lines) -> int:
    """End the calls that are over and of which no callback said so; how many."""
    async with database.transaction() as session:
        rows = await session.execute(
            select(Call, ChannelAccount)
            .join(ChannelAccount, ChannelAccount.id == Call.account_id)
            .where(Call.state != CallState.ENDED, Call.seen_at < clock.now() - SILENCE)
            .order_by(Call.seen_at)
            .limit(_AT_ONCE)
            .with_for_update(of=Call, skip_locked=True)
        )
        silent = [(row.Call, row.ChannelAccount) for row in rows]
        for call, _ in silent:
            call.seen_at = clock.now()
    ended = 0
    for call, account in silent:
        fate = await _fate(database, lines, call, account)
        if fate is not None:
            await _end(database, call, fate)
            ended += 1
    return ended


async def _fate(database: Database, lines: Lines, call: Call, account: ChannelAccount) -> Fate | None:
    if call.call_sid is None:  # Twilio never spoke of it: our request for it was lost on the way
        return Fate(CallStatus.FAILED, None, None)
    line = await lines.open(account)
    if line is None:
        return None
    try:
        return await line.fate(call.call_sid)
    except ChannelRefused as refused:
        async with database.transaction() as session:
            await health.note_error(session, account.id, refused.code)
        return None


async def _end(database: Database, call: Call, fate: Fate) -> None:
    logger.info("silent_call_ended", call_id=str(call.id), status=fate.status.value)
    told = Told(call.call_sid or "", fate.status, None, "", "", fate.at or clock.now(), fate.seconds, None, {})
    async with database.transaction() as session:
        locked = await session.get_one(Call, call.id, with_for_update=True)
        await book.keep_status(session, locked, log.ROOT, told)
        await book.end(session, locked, told)
