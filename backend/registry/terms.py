"""The office's terms and closed days: what due dates are counted by, and counting them anew when it changes."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cache
from uuid import UUID

from sqlalchemy import bindparam, delete, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from backend import clock
from backend.catalog.models import Holiday
from backend.errors import InvalidInput
from backend.registry import deadlines, lifecycle
from backend.registry.deadlines import Pause
from backend.registry.models import Petition, PetitionKind, PetitionSuspension, PetitionTerm, Priority

#: The longest term, in working days.
MOST_DAYS = 250


@dataclass(frozen=True)
class Term:
    """Working days for a petition, and for an urgent one."""

    days: int
    urgent_days: int


async def terms(session: AsyncSession) -> dict[PetitionKind, Term]:
    rows = await session.scalars(select(PetitionTerm))
    return {row.kind: Term(row.days, row.urgent_days) for row in rows}


async def set_terms(session: AsyncSession, wanted: Mapping[PetitionKind, Term | None]) -> int:
    """Set the term of each kind (None: it has none); how many due dates moved. Raises InvalidInput."""
    if any(term is not None and not 1 <= term.urgent_days <= term.days <= MOST_DAYS for term in wanted.values()):
        raise InvalidInput(f"Un plazo va de 1 a {MOST_DAYS} días, y el urgente no es más largo que el normal.")
    for kind, term in wanted.items():
        if term is None:
            await session.execute(delete(PetitionTerm).where(PetitionTerm.kind == kind))
            continue
        values = {"days": term.days, "urgent_days": term.urgent_days}
        statement = insert(PetitionTerm).values(kind=kind, **values)
        await session.execute(statement.on_conflict_do_update(index_elements=[PetitionTerm.kind], set_=values))
    return await refresh_all(session)


async def close(session: AsyncSession, day: date, name: str) -> int:
    """The office does not work on `day`; how many due dates moved. Raises InvalidInput."""
    told = " ".join(name.split())[:120]
    if not told:
        raise InvalidInput("Escriba por qué no se trabaja ese día.")
    if abs((day - clock.local(clock.now()).date()).days) > 800:
        raise InvalidInput("Elija un día más cercano.")
    statement = insert(Holiday).values(day=day, name=told)
    await session.execute(statement.on_conflict_do_update(index_elements=[Holiday.day], set_={"name": told}))
    return await refresh_all(session)


async def reopen(session: AsyncSession, day: date) -> int:
    """The office works on `day` after all, unless the law has it off; how many due dates moved."""
    await session.execute(delete(Holiday).where(Holiday.day == day))
    return await refresh_all(session)


async def closed_days(session: AsyncSession, since: date) -> Sequence[Holiday]:
    return (await session.scalars(select(Holiday).where(Holiday.day >= since).order_by(Holiday.day))).all()


async def refresh_all(session: AsyncSession) -> int:
    """Count the due dates of all petitions under way anew, in the order of their folios; how many moved."""
    await session.flush()
    by_kind, work = await terms(session), await deadlines.calendar(session)
    pauses = await _pauses(session)

    @cache
    def usual(start: date, days: int) -> date | None:
        return deadlines.compute(work, start, days).due_on

    rows = await session.execute(
        select(Petition.id, Petition.kind, Petition.priority, Petition.created_at, Petition.due_on)
        .where(Petition.status.not_in(lifecycle.CLOSED))
        .order_by(Petition.folio)
    )
    moved = []
    for petition_id, kind, priority, created_at, due_on in rows:
        term, start = by_kind.get(kind), clock.local(created_at).date()
        due: date | None = None
        if term is not None:
            days = term.urgent_days if priority is Priority.URGENT else term.days
            own = pauses.get(petition_id)
            due = deadlines.compute(work, start, days, own).due_on if own else usual(start, days)
        if due != due_on:
            moved.append({"of": petition_id, "due": due})
    if moved:
        table = Petition.__table__
        # Nobody did anything to the petition: its last movement stays.
        await (await session.connection()).execute(
            update(Petition)
            .where(table.c.id == bindparam("of"))
            .values(due_on=bindparam("due"), updated_at=table.c.updated_at),
            moved,
        )
    return len(moved)


async def _pauses(session: AsyncSession) -> dict[UUID, list[Pause]]:
    under_way = select(Petition.id).where(Petition.status.not_in(lifecycle.CLOSED))
    rows = await session.scalars(
        select(PetitionSuspension)
        .where(PetitionSuspension.petition_id.in_(under_way))
        .order_by(PetitionSuspension.first, PetitionSuspension.id)
    )
    found: dict[UUID, list[Pause]] = {}
    for row in rows:
        found.setdefault(row.petition_id, []).append(Pause(row.first, row.until, row.reason))
    return found
