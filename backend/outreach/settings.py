"""The rules of calling as the head sets them, and the telephones that are not called."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import time, timedelta
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from backend import clock
from backend.agents.models import User
from backend.audit import service as audit
from backend.errors import NotFound
from backend.outreach import asking, tasks
from backend.outreach.errors import CallRefused
from backend.outreach.models import CallRules, ClosedBecause, DoNotCall
from backend.outreach.rules import Limits
from backend.registry import deadlines
from backend.vault.columns import index_of

#: As far as a next try is looked for.
_AHEAD = timedelta(days=70)
MOST_TRIES = 10
_ONE_ROW = 1


@dataclass(frozen=True)
class NewRules:
    opens: time
    closes: time
    weekdays: frozenset[int]
    most_tries: int
    gap_minutes: int
    busy_minutes: int
    information_days: int


async def rules(session: AsyncSession) -> CallRules:
    return await session.get_one(CallRules, _ONE_ROW)


async def limits(session: AsyncSession) -> Limits:
    """The rules with the days on which the office does not work, from today on."""
    kept, work = await rules(session), await deadlines.calendar(session)
    today = clock.local(clock.now()).date()
    by_law = {day for day, _ in deadlines.official_days(today, today + _AHEAD)}
    return Limits(
        opens=kept.opens,
        closes=kept.closes,
        weekdays=frozenset(int(day) for day in kept.weekdays),
        closed=by_law | set(work.closed),
        most_tries=kept.most_tries,
        gap=timedelta(minutes=kept.gap_minutes),
        busy_gap=timedelta(minutes=kept.busy_minutes),
    )


async def set_rules(session: AsyncSession, user: User, new: NewRules) -> None:
    """Raises CallRefused, naming the field."""
    if new.opens >= new.closes:
        raise CallRefused("La hora de terminar debe ser posterior a la de empezar.", field="closes")
    if not new.weekdays:
        raise CallRefused("Elija al menos un día.", field="weekdays")
    if not 1 <= new.most_tries <= MOST_TRIES:
        raise CallRefused(f"Los intentos van de 1 a {MOST_TRIES}.", field="most_tries")
    for field, most in (("gap_minutes", 7 * 1440), ("busy_minutes", 1440), ("information_days", 60)):
        if not 1 <= getattr(new, field) <= most:
            raise CallRefused(f"Escriba un número de 1 a {most}.", field=field)
    kept = await session.get_one(CallRules, _ONE_ROW, with_for_update=True)
    for field in ("opens", "closes", "most_tries", "gap_minutes", "busy_minutes", "information_days"):
        setattr(kept, field, getattr(new, field))
    kept.weekdays = "".join(str(day) for day in sorted(new.weekdays))
    await audit.record(session, user, "call_rules_changed", user.id)


async def not_called(session: AsyncSession, limit: int = 500) -> Sequence[tuple[DoNotCall, str]]:
    """The telephones that are not called, the latest first, each with who wrote it down."""
    rows = await session.execute(
        select(DoNotCall, User.full_name)
        .join(User, User.id == DoNotCall.added_by)
        .where(DoNotCall.lifted_at.is_(None))
        .order_by(DoNotCall.added_at.desc())
        .limit(limit)
    )
    return [(row, name) for row, name in rows]


async def bar(session: AsyncSession, user: User, phone: str, reason: str) -> None:
    """Call this telephone no more: what is pending to it closes. Barred twice is once."""
    statement = insert(DoNotCall).values(
        phone=phone, reason=reason.strip()[:300], added_by=user.id, added_at=clock.now()
    )
    await session.execute(
        statement.on_conflict_do_nothing(
            index_elements=[index_of(DoNotCall.phone)], index_where=DoNotCall.lifted_at.is_(None)
        )
    )
    task = await tasks.pending_of_phone(session, phone)
    if task is not None:
        await tasks.close(session, task, ClosedBecause.DO_NOT_CALL, user_id=user.id, outcome=asking.BARRED)


async def lift(session: AsyncSession, user: User, row_id: UUID) -> None:
    """This telephone may be called again. Raises NotFound."""
    row = await session.get(DoNotCall, row_id, with_for_update=True)
    if row is None or row.lifted_at is not None:
        raise NotFound("Ese teléfono ya no está en la lista.")
    row.lifted_by, row.lifted_at = user.id, clock.now()
    await session.flush()
