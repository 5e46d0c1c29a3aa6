"""When somebody was available, on a break or away: what their presence was, from moment to moment."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from backend import clock
from backend.agents.models import BreakKind, Presence, PresenceRecord, PresenceState, User

#: An agent whose console has not called for this long is away, whatever they said.
PRESENCE_LIFE = timedelta(seconds=60)


@dataclass(frozen=True)
class Span:
    """Somebody in one state, from `start` up to `end`."""

    user_id: UUID
    state: PresenceState
    break_kind: BreakKind | None
    start: datetime
    end: datetime

    @property
    def seconds(self) -> int:
        return round((self.end - self.start).total_seconds())


@dataclass(frozen=True)
class Totals:
    """Seconds in each state; `breaks` by kind."""

    available: int = 0
    away: int = 0
    breaks: Mapping[BreakKind, int] | None = None

    @property
    def on_break(self) -> int:
        return sum((self.breaks or {}).values())


def has_lapsed(presence: Presence, moment: datetime) -> bool:
    """Whether the console said nothing for so long that its person counts as gone."""
    return moment - presence.last_seen_at > PRESENCE_LIFE and presence.state is not PresenceState.OFFLINE


async def note(
    session: AsyncSession, user_id: UUID, state: PresenceState, break_kind: BreakKind | None, at: datetime
) -> None:
    """Keep that somebody is in a state from `at` on."""
    session.add(PresenceRecord(user_id=user_id, state=state, break_kind=break_kind, at=at))
    await session.flush()


async def note_lapse(session: AsyncSession, presence: Presence) -> None:
    """Keep that a silent console's person was gone since its life ended."""
    gone = presence.last_seen_at + PRESENCE_LIFE
    await note(session, presence.user_id, PresenceState.OFFLINE, None, gone)


async def spans(session: AsyncSession, user_ids: Collection[UUID], start: datetime, end: datetime) -> list[Span]:
    """What each was between `start` and `end`, in order; nothing of when they were disconnected, nor of the future."""
    end = min(end, clock.now())
    if not user_ids or end <= start:
        return []
    before = (
        select(PresenceRecord.id)
        .where(PresenceRecord.user_id == User.id, PresenceRecord.at < start)
        .order_by(PresenceRecord.at.desc(), PresenceRecord.id.desc())
        .limit(1)
        .scalar_subquery()
    )
    within = (PresenceRecord.user_id.in_(user_ids), PresenceRecord.at >= start, PresenceRecord.at < end)
    # Two looks, each by the index: together they would read all that anybody ever was.
    first = await session.scalars(
        select(PresenceRecord).where(PresenceRecord.id.in_(select(before).where(User.id.in_(user_ids))))
    )
    later = await session.scalars(select(PresenceRecord).where(*within).order_by(PresenceRecord.at, PresenceRecord.id))
    rows = [*first, *later]
    by_user: dict[UUID, list[PresenceRecord]] = {}
    for row in rows:
        by_user.setdefault(row.user_id, []).append(row)
    lives = dict((await session.execute(select(Presence.user_id, Presence.last_seen_at))).all())
    return [one for user_id, own in by_user.items() for one in _spans(own, lives.get(user_id), start, end)]


def _spans(rows: list[PresenceRecord], last_seen: datetime | None, start: datetime, end: datetime) -> list[Span]:
    """One person's. The last state lasts no longer than the console was heard of."""
    found = []
    for row, following in zip(rows, [*rows[1:], None], strict=True):
        if row.state is PresenceState.OFFLINE:
            continue
        until = following.at if following is not None else min(end, (last_seen or row.at) + PRESENCE_LIFE)
        first, last = max(row.at, start), min(until, end)
        if first < last:
            found.append(Span(row.user_id, row.state, row.break_kind, first, last))
    return found


async def totals(
    session: AsyncSession, user_ids: Collection[UUID], start: datetime, end: datetime
) -> dict[UUID, Totals]:
    """How long each was available, away and on breaks between `start` and `end`."""
    found: dict[UUID, Totals] = {user_id: Totals(breaks={}) for user_id in user_ids}
    for one in await spans(session, user_ids, start, end):
        had = found[one.user_id]
        breaks = dict(had.breaks or {})
        if one.break_kind is not None:
            breaks[one.break_kind] = breaks.get(one.break_kind, 0) + one.seconds
        is_available, is_away = one.state is PresenceState.AVAILABLE, one.state is PresenceState.AWAY
        found[one.user_id] = Totals(
            had.available + one.seconds * is_available, had.away + one.seconds * is_away, breaks
        )
    return found
