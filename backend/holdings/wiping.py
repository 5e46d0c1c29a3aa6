"""Taking away what is personal in rows, and the files that nothing names any more. Rows stay: they are counted."""

import asyncio
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from itertools import islice
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, String, func, select, text, union_all
from sqlalchemy.ext.asyncio import AsyncSession

from backend import clock
from backend.conversations.files import FileStore
from backend.db import Base, Database
from backend.holdings.tables import BY_TABLE, NO_FILE
from backend.mail.models import EmailMessage

#: A file is stored before its row is written: what no row names after this long was left behind.
LEFT_BEHIND = timedelta(days=1)
#: Files of the disk that are looked for in the database at once.
AT_ONCE = 5000
#: The setting of a transaction by which the database lets its histories be emptied of personal data.
_ALLOW = text("SET LOCAL chat_sonora.retention = 'on'")
#: Where the bot's tracker store keeps each conversation's turns, words and all (migration 0003).
TRACKER = "rasa.events"
_FORGET = text("DELETE FROM rasa.events WHERE sender_id = ANY(:ids)")
_FORBID = text("SET LOCAL chat_sonora.retention = 'off'")


async def wipe(session: AsyncSession, rows: Mapping[str, Sequence[Any]]) -> list[str]:
    """Empty rows, by table, of what is personal in them; the names in the store of files they had.

    The database lets histories be emptied for the length of this call and no longer.
    """
    named = [sha256 for held in rows.values() for row in held for sha256 in _files(row)]
    await session.flush()
    await session.execute(_ALLOW)
    for table, held in rows.items():
        for row in held:
            _empty(row, BY_TABLE[table].wipe)
        await session.flush()
    await session.execute(_FORBID)
    return named


async def forget_turns(session: AsyncSession, conversation_ids: Sequence[UUID]) -> None:
    """Delete what the bot's tracker remembers of conversations, in a table of Rasa's own (it may not be there yet)."""
    if conversation_ids and await session.scalar(select(func.to_regclass(TRACKER))) is not None:
        ids = [str(one) for one in conversation_ids]
        await session.execute(_FORGET, {"ids": ids})


def _files(row: Any) -> Iterable[str]:
    for column in row.__table__.columns:
        if column.name.endswith("sha256") and (sha256 := getattr(row, column.name)) and sha256 != NO_FILE:
            yield sha256


def _empty(row: Any, wipe: Mapping[str, Any]) -> None:
    for name, value in wipe.items():
        now = value(row) if callable(value) else value
        # A list or a dict of its own for each row; what was empty stays as it was.
        if getattr(row, name) not in (None, "") and getattr(row, name) != now:
            setattr(row, name, type(now)(now) if isinstance(now, list | dict) else now)


async def discard(session: AsyncSession, store: FileStore, names: Collection[str], untouched_since: datetime) -> int:
    """Delete the bytes that no row of any table names any more, and that came in before; how many files."""
    loose = set(names) - await _still_named(session, names)
    for name in loose:
        store.discard(name, untouched_since)
    return len(loose)


async def _still_named(session: AsyncSession, names: Collection[str]) -> set[str]:
    columns: list[ColumnElement[str]] = [
        column for table in Base.metadata.tables.values() for column in table.columns if column.name.endswith("sha256")
    ]
    enclosed = func.jsonb_array_elements(EmailMessage.attachments).op("->>", return_type=String)("sha256")
    columns.append(enclosed)
    every = union_all(*(select(column.label("sha256")) for column in columns)).subquery()
    return set(await session.scalars(select(every.c.sha256).where(every.c.sha256.in_(names))))


async def sweep(database: Database, store: FileStore) -> int:
    """Delete what is on the disk and nowhere else, as after a crash between a file and its row; how many files."""
    before = clock.now() - LEFT_BEHIND
    files, gone = store.untouched_since(before), 0
    while names := await asyncio.to_thread(lambda: list(islice(files, AT_ONCE))):
        async with database.transaction() as session:
            gone += await discard(session, store, names, before)
    return gone
