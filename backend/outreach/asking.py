"""Asking for a call: one person with several reasons is one call with all of them.

The one way in. It stands below whoever asks (notices, the bot's actions, the telephone), and imports none of them.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from sqlalchemy import exists, func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from backend import clock
from backend.ledger.models import Purpose
from backend.outreach.models import (
    CallReason,
    CallTask,
    ClosedBecause,
    DoNotCall,
    ReasonKind,
    ReasonState,
    TaskState,
)
from backend.registry import deadlines
from backend.vault.columns import index_of

#: Working days in which a call is to be made, but for campaigns, which say it themselves.
DUE_DAYS: Mapping[ReasonKind, int] = {
    ReasonKind.ASKED: 1,
    ReasonKind.ABANDONED: 1,
    ReasonKind.MANUAL: 1,
    ReasonKind.CONCLUSION: 3,
    ReasonKind.NOTICE: 3,
    ReasonKind.INFORMATION: 3,
    ReasonKind.CAMPAIGN: 10,
}
#: What each is for, as the ledger counts it.
PURPOSES: Mapping[ReasonKind, Purpose] = {
    ReasonKind.ASKED: Purpose.FOLLOW_UP,
    ReasonKind.ABANDONED: Purpose.FOLLOW_UP,
    ReasonKind.MANUAL: Purpose.FOLLOW_UP,
    ReasonKind.INFORMATION: Purpose.FOLLOW_UP,
    ReasonKind.CONCLUSION: Purpose.INFORMATION,
    ReasonKind.NOTICE: Purpose.INFORMATION,
    ReasonKind.CAMPAIGN: Purpose.INFORMATION,
}
BARRED = "Pidió que no se le llame."
RANK = {kind: rank for rank, kind in enumerate(ReasonKind)}


@dataclass(frozen=True)
class Ask:
    """Who is to be called and why. `phone` in E.164; `origin` names what it came of, and is asked for once.

    `not_before`: when they wish to be called, if they said. `since`: since when they wait, where that is before now.
    `phone` is None for a message that somebody with a hidden number left: there is something to do all the same.
    """

    kind: ReasonKind
    phone: str | None
    name: str | None = None
    note: str = ""
    conversation_id: UUID | None = None
    petition_id: UUID | None = None
    person_id: UUID | None = None
    campaign_id: UUID | None = None
    origin: str | None = None
    purpose: Purpose | None = None
    due_on: date | None = None
    assignee_id: UUID | None = None
    not_before: datetime | None = None
    since: datetime | None = None


async def ask(session: AsyncSession, wanted: Ask) -> CallReason | None:
    """Somebody must be called: a reason more for the call that is pending to them, or a call of its own.

    None where that `origin` was asked before. Who asked not to be called is not, unless the wish is theirs: the call
    is closed at once, and seen.
    """
    if wanted.origin is not None and await session.scalar(select(exists().where(CallReason.origin == wanted.origin))):
        return None
    due_on = wanted.due_on or await _due_day(session, wanted.kind)
    if wanted.kind is not ReasonKind.ASKED and wanted.phone and await is_do_not_call(session, wanted.phone):
        return await _barred(session, wanted, due_on)
    task = await _pending(session, wanted, due_on)
    if wanted.kind is ReasonKind.ASKED and wanted.not_before is None:
        task.next_try_at = min(
            task.next_try_at, wanted.since or clock.now()
        )  # they ask anew: not in the gap after the last try
    reason = _reason(wanted, task)
    session.add(reason)
    await session.flush()
    return reason


async def ask_anyway(session: AsyncSession, wanted: Ask) -> UUID:
    """Ask for what has no `origin`, and so is never asked twice; the reason's id."""
    assert wanted.origin is None, "with an origin it may have been asked before"
    reason = await ask(session, wanted)
    assert reason is not None, "no origin, so not known before"
    return reason.id


async def _due_day(session: AsyncSession, kind: ReasonKind) -> date:
    """The day by which a call asked for now is to be made."""
    today = clock.local(clock.now()).date()
    return (await deadlines.calendar(session)).add(today, DUE_DAYS[kind])


async def is_do_not_call(session: AsyncSession, phone: str) -> bool:
    found = await session.scalar(select(exists().where(DoNotCall.phone == phone, DoNotCall.lifted_at.is_(None))))
    return bool(found)


def settle(reason: CallReason, outcome: str, *, user_id: UUID | None = None, was_reached: bool | None = None) -> None:
    """A reason needs no call any more; `was_reached` None: nobody was to be told anything."""
    reason.state, reason.done_at, reason.done_by = ReasonState.DONE, clock.now(), user_id
    reason.outcome, reason.was_reached = outcome[:1000], was_reached


async def _barred(session: AsyncSession, wanted: Ask, due_on: date) -> CallReason:
    """A call that is closed as soon as it is asked for."""
    moment = clock.now()
    task = CallTask(
        phone=wanted.phone,
        name=wanted.name,
        person_id=wanted.person_id,
        state=TaskState.CLOSED,
        rank=RANK[wanted.kind],
        due_on=due_on,
        next_try_at=moment,
        closed_at=moment,
        closed_because=ClosedBecause.DO_NOT_CALL,
        created_at=moment,
    )
    session.add(task)
    await session.flush()
    reason = _reason(wanted, task)
    settle(reason, BARRED, was_reached=False)
    session.add(reason)
    await session.flush()
    return reason


async def _pending(session: AsyncSession, wanted: Ask, due_on: date) -> CallTask:
    """The pending call to that person or telephone, locked, with what is known now; a new one where there is none."""
    task = None
    if wanted.person_id is not None:
        task = await session.scalar(
            select(CallTask)
            .where(CallTask.person_id == wanted.person_id, CallTask.state == TaskState.PENDING)
            .order_by(CallTask.created_at)
            .limit(1)
            .with_for_update()
        )
    if task is None:
        task = await _of_phone(session, wanted, due_on)
    task.rank = min(task.rank, RANK[wanted.kind])
    task.due_on = min(task.due_on, due_on)
    task.name = task.name or wanted.name
    task.person_id = task.person_id or wanted.person_id
    task.assignee_id = task.assignee_id or wanted.assignee_id
    return task


async def _of_phone(session: AsyncSession, wanted: Ask, due_on: date) -> CallTask:
    """Of two who ask for the same telephone at once, one makes the call and the other finds it."""
    moment = clock.now()
    statement = (
        insert(CallTask)
        .values(
            phone=wanted.phone,
            name=wanted.name,
            person_id=wanted.person_id,
            state=TaskState.PENDING,
            rank=RANK[wanted.kind],
            due_on=due_on,
            next_try_at=max(wanted.not_before or moment, moment),
            tries=0,
            failed_tries=0,
            assignee_id=wanted.assignee_id,
            closed_note="",
            created_at=moment,
            updated_at=moment,
        )
        .on_conflict_do_update(
            index_elements=[index_of(CallTask.phone)],
            index_where=CallTask.state == TaskState.PENDING,
            set_={"updated_at": func.greatest(CallTask.updated_at, moment)},
        )
        .returning(CallTask)
        .execution_options(populate_existing=True)
    )
    return (await session.scalars(statement)).one()


def _reason(wanted: Ask, task: CallTask) -> CallReason:
    return CallReason(
        task_id=task.id,
        kind=wanted.kind,
        origin=wanted.origin,
        conversation_id=wanted.conversation_id,
        petition_id=wanted.petition_id,
        campaign_id=wanted.campaign_id,
        name=wanted.name,
        phone=wanted.phone,
        note=wanted.note,
        purpose=wanted.purpose or PURPOSES[wanted.kind],
        state=ReasonState.PENDING,
        created_at=wanted.since or clock.now(),
    )
