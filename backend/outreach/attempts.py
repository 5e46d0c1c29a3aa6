"""A try of a call: its row in the ledger, what follows from it, and what it leaves on the folios."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from backend import clock
from backend.agents.models import User
from backend.catalog import office
from backend.ledger import service as ledger
from backend.ledger.call_time import call_seconds
from backend.ledger.models import (
    AttendedBy,
    Direction,
    Interaction,
    InteractionKind,
    Outcome,
    Purpose,
    Source,
)
from backend.outreach import asking, rules, settings, tasks
from backend.outreach.errors import AlreadyCalled, CallRefused
from backend.outreach.models import (
    TELLING,
    CallAttempt,
    CallOutcome,
    CallReason,
    CallTask,
    ClosedBecause,
    ReasonKind,
    ReasonState,
    TaskState,
)
from backend.outreach.rules import Decision, Limits, Verdict
from backend.registry import information, petitions
from backend.registry.models import ActorKind, Petition, PetitionEventKind, PetitionStatus
from backend.text import strip_control

#: What was said longer than this is a telephone left off the hook.
LONGEST_CALL = timedelta(hours=4)
MOST_NOTES = 1000
_LEDGER: Mapping[CallOutcome, Outcome] = {
    CallOutcome.ANSWERED: Outcome.ATTENDED,
    CallOutcome.ASKED_LATER: Outcome.ATTENDED,
    CallOutcome.NO_ANSWER: Outcome.NO_ANSWER,
    CallOutcome.BUSY: Outcome.BUSY,
    CallOutcome.VOICEMAIL: Outcome.VOICEMAIL,
    CallOutcome.WRONG_NUMBER: Outcome.WRONG_NUMBER,
}
OUTCOME_TEXTS = {
    CallOutcome.ANSWERED: "Contestó",
    CallOutcome.ASKED_LATER: "Pidió otra hora",
    CallOutcome.NO_ANSWER: "No contestó",
    CallOutcome.BUSY: "Ocupado",
    CallOutcome.VOICEMAIL: "Buzón de voz",
    CallOutcome.WRONG_NUMBER: "Número equivocado",
}
_SPOKEN = frozenset({CallOutcome.ANSWERED, CallOutcome.ASKED_LATER})


@dataclass(frozen=True)
class Told:
    """What the caller says of a try. `number`: which try it is, so that one told twice is one.

    `reached`: by a notice's reason, whether the person was told. `information`: by reason, what they said to a
    petition that waited for it. `later`: when they wish to be called. `seconds`: how long it took.
    """

    number: int
    outcome: CallOutcome
    notes: str = ""
    purpose: Purpose | None = None
    seconds: int = 0
    later: datetime | None = None
    reached: Mapping[UUID, bool] = field(default_factory=dict)
    information: Mapping[UUID, str] = field(default_factory=dict)
    is_on_folio: bool = False
    is_last: bool = False


async def record(session: AsyncSession, user: User, task_id: UUID, told: Told) -> CallTask:
    """Write a try down, and do what follows from it.

    Raises TaskNotFound, AlreadyCalled, TaskTaken, CallRefused (its `field` names what is wrong). `Told.is_last`:
    they asked not to be called again.
    """
    locked = await _lock_petitions(session, task_id)
    task = await tasks.get(session, task_id, for_update=True)
    if task.state is not TaskState.PENDING or told.number != task.tries + 1:
        raise AlreadyCalled
    tasks.claim(user, task)
    pending = [one for one in (await tasks.reasons_of(session, [task.id]))[task.id] if one.state is ReasonState.PENDING]
    limits = await settings.limits(session)
    _check(told, pending, limits)
    moment = clock.now()
    task.tries, task.last_tried_at, task.last_outcome = task.tries + 1, moment, told.outcome
    task.failed_tries += told.outcome in rules.IN_VAIN
    decision = rules.after(limits, told.outcome, failed=task.failed_tries, moment=moment, wanted=told.later)
    row = await _ledger_row(session, user, task, pending, locked, told, moment)
    session.add(
        CallAttempt(
            task_id=task.id,
            number=task.tries,
            user_id=user.id,
            outcome=told.outcome,
            notes=_clean(told.notes),
            at=moment,
            next_try_at=None if told.is_last else decision.at,
            interaction_id=row.id,
        )
    )
    await _write_on_folios(session, user, pending, locked, told)
    await _follow(session, user, task, pending, told, decision)
    await session.flush()
    return task


async def _lock_petitions(session: AsyncSession, task_id: UUID) -> dict[UUID, Petition]:
    """The petitions behind a call, locked before it: whoever notices a petition asks for its call in that order."""
    behind = select(CallReason.petition_id).where(CallReason.task_id == task_id, CallReason.petition_id.is_not(None))
    rows = await session.scalars(
        select(Petition).where(Petition.id.in_(behind)).order_by(Petition.folio).with_for_update()
    )
    return {petition.id: petition for petition in rows}


def _check(told: Told, pending: Sequence[CallReason], limits: Limits) -> None:
    if told.outcome is CallOutcome.ANSWERED:
        untold = [one for one in pending if one.kind in TELLING and one.id not in told.reached]
        if untold:
            raise CallRefused("Diga si se le pudo informar a la persona.", field=f"reached_{untold[0].id}")
    if told.outcome is CallOutcome.ASKED_LATER and not told.is_last:
        if told.later is None or told.later <= clock.now():
            raise CallRefused("Escriba qué día y a qué hora pidió que se le llame.", field="later")
        if not limits.may_call(told.later):
            raise CallRefused("Ese día o a esa hora no se llama. Elija otro.", field="later")


def _clean(text: str) -> str:
    return strip_control(text).strip()[:MOST_NOTES]


async def _ledger_row(
    session: AsyncSession,
    user: User,
    task: CallTask,
    pending: Sequence[CallReason],
    locked: Mapping[UUID, Petition],
    told: Told,
    moment: datetime,
) -> Interaction:
    """The call as the ledger keeps it: made by this person, for the most pressing reason."""
    start = moment - min(timedelta(seconds=max(told.seconds, 0)), LONGEST_CALL)
    is_spoken = told.outcome in _SPOKEN
    answered = start if is_spoken else None
    folios = {one.petition_id for one in pending if one.petition_id is not None}
    petition = locked.get(next(iter(folios))) if len(folios) == 1 else None
    row = Interaction(
        kind=InteractionKind.CALL,
        direction=Direction.OUTBOUND,
        channel="telefono",
        source=Source.CONSOLE,
        external_id=f"llamada-pendiente:{task.id}:{task.tries}",
        started_at=start,
        answered_at=answered,
        ended_at=moment,
        **call_seconds(await office.load(session), Direction.OUTBOUND, start, answered, moment),
        attended_by=AttendedBy.PERSON if is_spoken else AttendedBy.NOBODY,
        outcome=_LEDGER[told.outcome],
        purpose=told.purpose or (pending[0].purpose if pending else Purpose.FOLLOW_UP),
        agent_id=user.id,
        area_id=user.area_id,
        extension=user.extension,
        phone=task.phone,
        caller_name=task.name,
        person_id=task.person_id,
        municipality_id=petition.municipality_id if petition else None,
        topic_id=petition.topic_id if petition else None,
        petition_id=petition.id if petition else None,
        notes=_clean(told.notes),
        created_by=user.id,
    )
    return await ledger.add(session, row)


async def _write_on_folios(
    session: AsyncSession, user: User, pending: Sequence[CallReason], locked: Mapping[UUID, Petition], told: Told
) -> None:
    """What the person told goes to the petition that waited for it; a note to each folio, where it is wished."""
    for reason in pending:
        petition = locked.get(reason.petition_id) if reason.petition_id else None
        said = _clean(told.information.get(reason.id, ""))
        if petition is None or reason.kind is not ReasonKind.INFORMATION or not said:
            continue
        if told.outcome is CallOutcome.ANSWERED and petition.status is PetitionStatus.REQUIERE_INFORMACION:
            await information.add(session, petition, said, {"by_phone": True})
    if not told.is_on_folio:
        return
    notes = _clean(told.notes)
    text = f"Llamada a la persona: {OUTCOME_TEXTS[told.outcome].lower()}." + (f" {notes}" if notes else "")
    for petition_id in sorted({one.petition_id for one in pending if one.petition_id} & locked.keys()):
        await petitions.add_event(
            session,
            locked[petition_id],
            PetitionEventKind.NOTE,
            actor=ActorKind.STAFF,
            user_id=user.id,
            text=text,
        )


async def _follow(
    session: AsyncSession,
    user: User,
    task: CallTask,
    pending: Sequence[CallReason],
    told: Told,
    decision: Decision,
) -> None:
    notes = _clean(told.notes)
    outcome = OUTCOME_TEXTS[told.outcome] + (f": {notes}" if notes else "")
    if decision.verdict is Verdict.DONE:
        for reason in pending:
            was_reached = told.reached.get(reason.id) if reason.kind in TELLING else None
            asking.settle(reason, outcome, user_id=user.id, was_reached=was_reached)
        tasks.end(task, TaskState.DONE, user_id=user.id)
    elif decision.verdict is Verdict.WRONG_NUMBER:
        await tasks.close(session, task, ClosedBecause.WRONG_NUMBER, user_id=user.id, outcome=outcome)
    elif decision.verdict is Verdict.EXHAUSTED:
        for reason in pending:
            asking.settle(reason, f"{outcome} (intento {task.tries})", user_id=user.id, was_reached=False)
        tasks.end(task, TaskState.EXHAUSTED, user_id=user.id)
    else:
        assert decision.at is not None, "a call to be tried again has a time for it"
        task.next_try_at, task.claimed_by, task.claimed_until = decision.at, None, None
    if told.is_last and task.phone is not None:
        await session.flush()
        await settings.bar(session, user, task.phone, "Lo pidió en una llamada.")
