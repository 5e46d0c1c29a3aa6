"""Is the trail still what was written? The chain walked row by row, and compared with what was anchored outside."""

import hashlib
from collections.abc import AsyncIterator, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Text, cast, select
from sqlalchemy.engine import Row
from sqlalchemy.ext.asyncio import AsyncSession

from backend.audit.models import AdminEvent

#: What the first row follows.
GENESIS = "0" * 64
_STEP = 2000
#: The detail as the database writes it: JSONB has one text only.
_TOLD = cast(AdminEvent.detail, Text).label("told")
_COLUMNS: tuple[Any, ...] = (
    AdminEvent.id,
    AdminEvent.seq,
    AdminEvent.at,
    AdminEvent.user_id,
    AdminEvent.kind,
    AdminEvent.subject_id,
    _TOLD,
    AdminEvent.previous_hash,
    AdminEvent.hash,
)


@dataclass(frozen=True)
class Head:
    """A place of the chain: a row's number and its hash."""

    seq: int
    hash: str


@dataclass(frozen=True)
class Verdict:
    """How far the chain is whole, and what is wrong first: a sentence for people, None for nothing."""

    head: Head
    problem: str | None = None

    @property
    def is_whole(self) -> bool:
        return self.problem is None


START = Head(0, GENESIS)


def digest(previous: str, seq: int, row: Row[Any]) -> str:
    """The hash that a row should have; over the same seven lines as the database's `admin_event_digest`."""
    at = row.at.astimezone(UTC)
    lines = (
        previous,
        str(seq),
        f"{at:%Y-%m-%d %H:%M:%S}.{at.microsecond:06}",
        str(row.user_id or ""),
        row.kind,
        str(row.subject_id),
        row.told,
    )
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()


async def verify(session: AsyncSession, *, since: Head = START, anchors: Iterable[Head] = ()) -> Verdict:
    """Walk the chain after `since`, a place found whole before, and hold it against heads that were told outside.

    Names the first row that is not what was written, or from which rows are missing. Rows cut off at the end leave
    a chain that is whole: only `since` or an anchor tells.
    """
    told = {anchor.seq: anchor.hash for anchor in (since, *anchors) if anchor.seq > 0}
    at = since
    async for row in _rows(session, max(0, since.seq - 1)):
        if row.seq > since.seq:
            found = _problem(at, row)
            if found is not None:
                return Verdict(at, found)
            at = Head(row.seq, row.hash)
        if told.pop(row.seq, row.hash) != row.hash:
            return Verdict(
                at, f"El movimiento {row.seq} no es el que se ancló fuera: la bitácora se volvió a escribir."
            )
    lost = [seq for seq in told if seq >= since.seq]
    if lost:
        last = (await head(session)).seq
        return Verdict(
            at, f"Faltan movimientos al final: hay {last} y se había anclado el {max(lost)}. Se truncó la bitácora."
        )
    return Verdict(at, await _unsealed(session))


def _problem(before: Head, row: Row[Any]) -> str | None:
    seq = before.seq + 1
    if row.seq != seq:
        missing = "Falta el movimiento" if row.seq == seq + 1 else "Faltan movimientos desde el"
        return f"{missing} {seq}: después del {before.seq} sigue el {row.seq}."
    if row.previous_hash != before.hash:
        return f"El movimiento {seq} (id {row.id}) no sigue al anterior: se cambió su enlace."
    if row.hash != digest(before.hash, seq, row):
        return f"El movimiento {seq} (id {row.id}, {row.kind}) no es el que se escribió: se alteró."
    return None


async def _rows(session: AsyncSession, after: int) -> AsyncIterator[Row[Any]]:
    """The sealed rows in their order, some thousands at a time."""
    while True:
        found = await session.execute(
            select(*_COLUMNS).where(AdminEvent.seq > after).order_by(AdminEvent.seq).limit(_STEP)
        )
        rows = found.all()
        for row in rows:
            yield row
        if len(rows) < _STEP:
            return
        after = rows[-1].seq or after


async def _unsealed(session: AsyncSession) -> str | None:
    """A row that was put in with the trigger off."""
    found = await session.scalar(select(AdminEvent.id).where(AdminEvent.seq.is_(None)).order_by(AdminEvent.id).limit(1))
    return None if found is None else f"El movimiento de id {found} no tiene sello: se agregó por fuera."


async def head(session: AsyncSession) -> Head:
    """The chain's last row."""
    found = (
        await session.execute(
            select(AdminEvent.seq, AdminEvent.hash)
            .where(AdminEvent.seq.is_not(None))
            .order_by(AdminEvent.seq.desc())
            .limit(1)
        )
    ).one_or_none()
    return START if found is None else Head(found[0] or 0, found[1] or GENESIS)


def anchor_line(moment: datetime, at: Head) -> str:
    """A head as it is told outside: a line of moment, number and hash."""
    return f"{moment.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ} {at.seq} {at.hash}"


def anchors_of(text: str) -> list[Head]:
    """The heads that an anchor file, or an e-mail kept as text, tells. Lines of anything else are passed over."""
    heads = []
    for line in text.splitlines():
        parts = line.split()
        if len(parts) == 3 and parts[1].isascii() and parts[1].isdigit() and len(parts[2]) == 64:
            heads.append(Head(int(parts[1]), parts[2]))
    return heads
