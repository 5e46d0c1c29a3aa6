"""Changing keys while the product writes: a new data key and every value sealed anew by it; a new FIELD_KEY.

Nothing is lost however it ends: a retired key opens what it sealed for ever, a value is exchanged only while it is
still the one that was read, and what was done need not be done again. A process learns of a new key within
`ring.STALE_AFTER`; what it seals by the old one meanwhile, a last look finds.
"""

import time
from collections.abc import Awaitable, Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import (
    Column,
    ColumnElement,
    LargeBinary,
    MetaData,
    Table,
    and_,
    bindparam,
    func,
    literal,
    literal_column,
    select,
    text,
    tuple_,
    update,
)
from sqlalchemy import type_coerce as as_type
from sqlalchemy.ext.asyncio import AsyncSession

from backend import clock
from backend.db import Database
from backend.vault import kek, ring
from backend.vault.columns import SEALED
from backend.vault.models import DataKey
from backend.vault.ring import Purpose
from backend.vault.sealing import INDEX_AT, KEY_AT, key_bytes, reseal

#: Rows sealed anew in one transaction: what they lock, nobody waits for long.
BATCH = 500
_RAW = LargeBinary()


@dataclass(frozen=True)
class Field:
    """A sealed column of a table."""

    table: Table
    column: Column[Any]
    where: str
    index_length: int

    @property
    def key(self) -> list[Column[Any]]:
        return list(self.table.primary_key.columns)

    @property
    def raw(self) -> Any:
        """The column's bytes as they lie there."""
        return as_type(self.column, _RAW)

    @property
    def sealed_by(self) -> Any:
        """The number of the key that sealed it, as `sealing.key_bytes` has it."""
        place: list[ColumnElement[Any]] = [literal_column(str(KEY_AT + 1)), literal_column(str(INDEX_AT - KEY_AT))]
        return func.substr(self.raw, *place, type_=_RAW)


@dataclass(frozen=True)
class KeyStatus:
    """A data key and how many values it seals; None for one that seals none."""

    id: int
    purpose: Purpose
    wrapped_by: str
    created_at: datetime
    retired_at: datetime | None
    values: int | None


def fields_of(metadata: MetaData) -> Iterator[Field]:
    """Every sealed column of the models."""
    for table in metadata.sorted_tables:
        for column in table.columns:
            if isinstance(column.type, SEALED):
                yield Field(table, column, column.type.where, column.type.index_length)


async def status(session: AsyncSession, metadata: MetaData) -> list[KeyStatus]:
    """Every key, the oldest first, with what it seals: reads all sealed columns."""
    counts: dict[int, int] = {}
    for field in fields_of(metadata):
        rows = await session.execute(
            select(field.sealed_by, func.count()).where(field.raw.is_not(None)).group_by(text("1"))
        )
        for number, count in rows:
            counts[int.from_bytes(number, "big")] = counts.get(int.from_bytes(number, "big"), 0) + count
    keys = await session.scalars(select(DataKey).order_by(DataKey.created_at, DataKey.id))
    return [
        KeyStatus(
            key.id,
            key.purpose,
            key.wrapped_by,
            key.created_at,
            key.retired_at,
            counts.get(key.id, 0) if key.purpose is Purpose.FIELDS else None,
        )
        for key in keys
    ]


async def new_key(database: Database) -> None:
    """Seal by a new data key from now on; the one in use is retired, and opens what it sealed."""
    async with database.transaction() as session:
        in_use = await session.scalars(
            select(DataKey).where(DataKey.purpose == Purpose.FIELDS, DataKey.retired_at.is_(None)).with_for_update()
        )
        for key in in_use:
            key.retired_at = clock.now()
        await session.flush()
        number, purpose, wrapped, wrapped_by = ring.new_row(Purpose.FIELDS)
        session.add(DataKey(id=number, purpose=Purpose(purpose), wrapped=wrapped, wrapped_by=wrapped_by))
    await database.read_keys()


async def reseal_all(
    database: Database,
    metadata: MetaData,
    *,
    tell: Callable[[str, int], None] = lambda _where, _count: None,
    pause: Callable[[], Awaitable[object]] | None = None,
) -> int:
    """Seal anew what retired keys sealed, some hundred rows a transaction, until nothing is left; how many values.

    Ended before its time, it goes on where it was when it is called again. `pause`: waited for before the last look, so
    that processes which still seal by the old key have learnt of the new one.
    """
    total = 0
    for is_last in (False, True):
        if is_last and pause is not None:
            await pause()
        for field in fields_of(metadata):
            total += await _reseal_field(database, field, tell)
    return total


async def _reseal_field(database: Database, field: Field, tell: Callable[[str, int], None]) -> int:
    done = 0
    async with database.transaction() as session:
        retired = (
            await session.scalars(
                select(DataKey.id).where(DataKey.purpose == Purpose.FIELDS, DataKey.retired_at.is_not(None))
            )
        ).all()
    last: tuple[Any, ...] | None = None
    while retired:
        async with database.transaction() as session:
            last, count = await _reseal_batch(session, field, [key_bytes(number) for number in retired], last)
        done += count
        if last is None:
            break
        tell(field.where, done)
    return done


async def _reseal_batch(
    session: AsyncSession, field: Field, retired: Sequence[bytes], after: tuple[Any, ...] | None
) -> tuple[tuple[Any, ...] | None, int]:
    """The key of the last row that was looked at, None at the end; and how many were exchanged."""
    await session.execute(text(ring.LET_SEAL))
    wanted = select(*field.key, field.raw).where(field.sealed_by.in_(retired)).order_by(*field.key).limit(BATCH)
    if after is not None:
        typed = [literal(value, column.type) for value, column in zip(after, field.key, strict=True)]
        wanted = wanted.where(tuple_(*field.key) > tuple_(*typed))
    rows = (await session.execute(wanted)).all()
    if not rows:
        return None, 0
    same = [column == bindparam(f"key_{column.name}", type_=column.type) for column in field.key]
    exchange = (
        update(field.table)
        # Whoever wrote it meanwhile wrote it by the new key, or a last look finds it.
        .where(and_(*same, field.raw == bindparam("was", type_=_RAW)))
        .values({field.column.name: bindparam("now", type_=_RAW)})
    )
    connection = await session.connection()
    values = [
        {f"key_{column.name}": told for column, told in zip(field.key, row[:-1], strict=True)}
        | {"was": bytes(row[-1]), "now": reseal(field.where, bytes(row[-1]), field.index_length)}
        for row in rows
    ]
    await connection.execute(exchange, values)
    return tuple(rows[-1][:-1]), len(rows)


async def rewrap(database: Database) -> int:
    """Wrap by FIELD_KEY what FIELD_KEY_PREVIOUS wrapped; how many keys. Values stay as they are."""
    outer, count = kek.installed(), 0
    async with database.transaction() as session:
        for key in await session.scalars(select(DataKey).with_for_update()):
            if key.wrapped_by != kek.fingerprint(outer.current):
                bound = ring.about(key.id, key.purpose)
                key.wrapped = outer.wrap(outer.unwrap(key.wrapped, bound, key.wrapped_by), bound)
                key.wrapped_by, count = kek.fingerprint(outer.current), count + 1
    return count


def progress(write: Callable[[str], object]) -> Callable[[str, int], None]:
    """Tells a line every second at most."""
    told_at = 0.0

    def tell(where: str, count: int) -> None:
        nonlocal told_at
        if time.monotonic() - told_at > 1.0:
            told_at = time.monotonic()
            write(f"  {where}: {count}")

    return tell
