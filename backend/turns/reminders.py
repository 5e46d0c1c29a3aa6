"""The worker's part: reminds agencies of what they owe, and puts before the head what stays unanswered."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date
from uuid import UUID

import structlog
from sqlalchemy import Select, select, tuple_, update
from sqlalchemy.ext.asyncio import AsyncSession

from backend import clock
from backend.catalog.models import Agency
from backend.db import Database
from backend.registry import deadlines, petitions
from backend.registry.deadlines import WorkCalendar
from backend.registry.models import ActorKind, Petition, PetitionEventKind, PetitionStatus
from backend.settings import Settings
from backend.turns import mailing
from backend.turns.mailing import News
from backend.turns.models import OPEN, Turn

log = structlog.get_logger(__name__)

#: Working days: so long before the due date, and so long between two reminders after it.
BEFORE = 3
EVERY = 3
#: The first two steps; after the due date they go on 1, 2, 3 …
STEP_SOON, STEP_DUE = -1, 0
#: So many open turns are looked at in one transaction.
BATCH = 200


@dataclass(frozen=True)
class Due:
    """What one turn needs today."""

    step: int | None
    is_to_escalate: bool

    def __bool__(self) -> bool:
        return self.step is not None or self.is_to_escalate


def step(due_on: date, today: date, work: WorkCalendar) -> int | None:
    """The reminder that stands today: -1 before, 0 from the day on, then one more each `EVERY` working days."""
    if today < due_on:
        return STEP_SOON if work.between(today, due_on) <= BEFORE else None
    return work.between(due_on, today) // EVERY


def due(one: Turn, today: date, work: WorkCalendar, escalate_after: int) -> Due:
    """What a turn needs today. Days that nobody looked at are not made up for: the latest reminder counts."""
    now = step(one.due_on, today, work)
    # Whoever was told of it only today needs no reminder of it.
    is_new = clock.local(one.created_at).date() >= today
    has_more = now is not None and not is_new and (one.reminded_step is None or one.reminded_step < now)
    is_late = one.due_on < today and work.between(one.due_on, today) >= escalate_after
    return Due(now if has_more else None, is_late and one.escalated_at is None)


async def look_after(database: Database, settings: Settings, today: date | None = None) -> int:
    """Look at each open turn once a day. Remind and escalate whatever is due, each in a transaction of its own; how
    many turns were.

    Any number of workers may do so at once: a petition's row lock gives each of its turns to one of them.
    """
    day = today or clock.local(clock.now()).date()
    async with database.transaction() as session:
        work = await deadlines.calendar(session)
    done, after = 0, None
    while True:
        async with database.transaction() as session:
            turns = (await session.scalars(_candidates(day, after))).all()
            found = [one for one in turns if due(one, day, work, settings.escalate_after_days)]
            await _note_looked(session, {one.id for one in turns} - {one.id for one in found}, day)
        for one in found:
            async with database.transaction() as session:
                done += await _look_at(session, one.petition_id, one.id, day, work, settings.escalate_after_days)
        if len(turns) < BATCH:
            return done
        after = turns[-1]


def _candidates(today: date, after: Turn | None = None) -> Select[Turn]:
    """Open turns that nobody looked at today, a batch of them.

    While the citizen is asked for something, no agency is pressed: those are seen again at each look.
    """
    place = tuple_(Turn.looked_on, Turn.due_on, Turn.id)
    query = (
        select(Turn)
        .join(Petition, Petition.id == Turn.petition_id)
        .where(Turn.state.in_(OPEN), Turn.looked_on < today, Petition.status != PetitionStatus.REQUIERE_INFORMACION)
        .order_by(Turn.looked_on, Turn.due_on, Turn.id)
        .limit(BATCH)
    )
    return query if after is None else query.where(place > (after.looked_on, after.due_on, after.id))


async def _note_looked(session: AsyncSession, turn_ids: Collection[UUID], today: date) -> None:
    """Whoever writes to one of them now has it looked at once more."""
    free = select(Turn.id).where(Turn.id.in_(turn_ids)).with_for_update(skip_locked=True)
    await session.execute(
        update(Turn).where(Turn.id.in_(free)).values(looked_on=today), execution_options={"synchronize_session": False}
    )


async def _look_at(
    session: AsyncSession, petition_id: UUID, turn_id: UUID, today: date, work: WorkCalendar, escalate_after: int
) -> int:
    petition = await session.scalar(
        select(Petition).where(Petition.id == petition_id).with_for_update(skip_locked=True)
    )
    if petition is None:
        return 0
    one = await session.get_one(Turn, turn_id, with_for_update=True, populate_existing=True)
    needed = due(one, today, work, escalate_after)
    if not needed or one.state not in OPEN:
        return 0
    one.looked_on = today
    agency = await session.get_one(Agency, one.agency_id)
    if needed.step is not None:
        await _remind(session, petition, one, agency, needed.step, today)
    if needed.is_to_escalate:
        one.escalated_at = clock.now()
        late = work.between(one.due_on, today)
        await _tell(session, petition, one, agency, PetitionEventKind.TURN_ESCALATED, days_late=late)
    log.info("turn_looked_after", turn_id=str(turn_id), step=needed.step, is_escalated=needed.is_to_escalate)
    return 1


async def _remind(session: AsyncSession, petition: Petition, one: Turn, agency: Agency, now: int, today: date) -> None:
    news = News.DUE_SOON if today < one.due_on else News.DUE_TODAY if today == one.due_on else News.OVERDUE
    mail = await mailing.write(session, petition, one, news)
    one.reminded_step, one.reminded_at = now, clock.now()
    how = ", por correo" if mail is not None else ", solo en su lista: no tiene correo de enlace"
    await _tell(session, petition, one, agency, PetitionEventKind.TURN_REMINDED, how, step=now)


async def _tell(
    session: AsyncSession,
    petition: Petition,
    one: Turn,
    agency: Agency,
    kind: PetitionEventKind,
    how: str = "",
    **detail: int,
) -> None:
    await petitions.add_event(
        session,
        petition,
        kind,
        actor=ActorKind.SYSTEM,
        text=f"{agency.short_name}, fecha límite {one.due_on:%d/%m/%Y}{how}",
        turn_id=one.id,
        detail={"agency": agency.short_name, "due_on": one.due_on.isoformat(), **detail},
    )
