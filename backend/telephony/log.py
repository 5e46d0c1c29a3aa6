"""What a call's events add up to: a pure function, so that every order in which they were told gives the same."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from backend.ledger.models import AttendedBy, Direction, Outcome, Purpose
from backend.telephony.models import EventKind
from channels.voice import CallStatus

ROOT, CITIZEN = "raiz", "persona"
#: What a menu told, by `asunto`, and what the call was for then.
STATUS_TOLD, HOURS_TOLD, FILED = "estado", "horario", "folio"
_PURPOSES = {STATUS_TOLD: Purpose.FOLLOW_UP, HOURS_TOLD: Purpose.INFORMATION, FILED: Purpose.PETITION}
_UNANSWERED = {
    CallStatus.BUSY: Outcome.BUSY,
    CallStatus.NO_ANSWER: Outcome.NO_ANSWER,
    CallStatus.CANCELED: Outcome.NO_ANSWER,
}


@dataclass(frozen=True)
class Fact:
    """One event. `status`, `leg`, `seconds` are a status's; `subject` what a menu told, `area_id` of a transfer."""

    kind: EventKind
    at: datetime
    user_id: UUID | None = None
    leg: str = ""
    status: CallStatus | None = None
    seconds: int | None = None
    subject: str = ""
    area_id: UUID | None = None


@dataclass(frozen=True)
class Split:
    """From when to when each had the call, in order; a moment that never came is the one after it."""

    started_at: datetime
    queued_at: datetime
    answered_at: datetime
    ended_at: datetime


@dataclass(frozen=True)
class CallLog:
    """A call as the ledger has it. While it lasts `ended_at`, `outcome`, `attended_by` and `split` are None."""

    started_at: datetime
    answered_at: datetime | None = None
    ended_at: datetime | None = None
    outcome: Outcome | None = None
    attended_by: AttendedBy | None = None
    agent_id: UUID | None = None
    area_id: UUID | None = None
    purpose: Purpose | None = None
    split: Split | None = None


def derive(direction: Direction, facts: Collection[Fact]) -> CallLog | None:
    """None: nothing that concerns a citizen happened (yet)."""
    return _inbound(facts) if direction is Direction.INBOUND else _outbound(facts)


def _first(facts: Collection[Fact], *kinds: EventKind) -> datetime | None:
    return min((fact.at for fact in facts if fact.kind in kinds), default=None)


def _last(facts: Collection[Fact], kind: EventKind) -> Fact | None:
    found = (fact for fact in facts if fact.kind is kind)
    return max(found, key=lambda fact: (fact.at, str(fact.user_id or fact.area_id)), default=None)


def _final(facts: Collection[Fact], leg: str) -> Fact | None:
    """The status that ended a leg: the earliest, should Twilio ever tell two."""
    ends = [fact for fact in facts if fact.kind is EventKind.STATUS and fact.leg == leg and _is_end(fact)]
    return min(ends, key=lambda fact: (fact.at, str(fact.status)), default=None)


def _is_end(fact: Fact) -> bool:
    return fact.status is not None and fact.status.is_final


def _inbound(facts: Collection[Fact]) -> CallLog | None:
    end = _final(facts, ROOT)
    begun = _first(facts, EventKind.BEGUN)
    if begun is None and end is None:
        return None
    if begun is None:  # we were away when it came in: Twilio tells how long it lasted
        assert end is not None
        begun = end.at - timedelta(seconds=end.seconds or 0)
    accepted, passed = _last(facts, EventKind.ACCEPTED), _last(facts, EventKind.TRANSFERRED)
    answered = _first(facts, EventKind.ACCEPTED, EventKind.TRANSFERRED)
    # A call may end before our own clock thinks that it was answered: a second's difference between two clocks.
    ended = max(begun, end.at, answered or begun) if end is not None else None
    log = CallLog(
        started_at=begun,
        answered_at=answered,
        agent_id=accepted.user_id if accepted else None,
        area_id=passed.area_id if passed else None,
        purpose=_purpose(facts),
    )
    if end is None or ended is None:
        return log
    outcome, attended_by = _came_to(facts, end)
    attended = answered or ended
    split = Split(begun, min(_first(facts, EventKind.QUEUED) or attended, attended), attended, ended)
    return CallLog(log.started_at, answered, ended, outcome, attended_by, log.agent_id, log.area_id, log.purpose, split)


def _came_to(facts: Collection[Fact], end: Fact) -> tuple[Outcome, AttendedBy]:
    kinds = {fact.kind for fact in facts}
    if EventKind.TRANSFERRED in kinds:
        return Outcome.TRANSFERRED, AttendedBy.PERSON
    if EventKind.ACCEPTED in kinds:
        return Outcome.ATTENDED, AttendedBy.PERSON
    if any(fact.subject == FILED for fact in facts):
        return Outcome.ATTENDED, AttendedBy.BOT
    if kinds & {EventKind.MESSAGE_LEFT, EventKind.CALLBACK_ASKED}:
        return Outcome.VOICEMAIL, AttendedBy.BOT
    if EventKind.QUEUED in kinds:
        return Outcome.ABANDONED, AttendedBy.NOBODY
    if EventKind.SERVED in kinds:
        return Outcome.ATTENDED, AttendedBy.BOT
    if end.status is CallStatus.FAILED:
        return Outcome.FAILED, AttendedBy.NOBODY
    return Outcome.ABANDONED, AttendedBy.NOBODY


def _purpose(facts: Collection[Fact]) -> Purpose | None:
    """By what the menus told: a petition before a follow-up, that before information."""
    told = {fact.subject for fact in facts if fact.kind is EventKind.SERVED}
    return next((_PURPOSES[subject] for subject in (FILED, STATUS_TOLD, HOURS_TOLD) if subject in told), None)


def _outbound(facts: Collection[Fact]) -> CallLog | None:
    """None until the citizen's number is dialled: an agent who does not answer their own telephone called nobody."""
    dialled = _last(facts, EventKind.BEGUN)
    if dialled is None:
        return None
    begun = dialled.at
    theirs = [fact for fact in facts if fact.kind is EventKind.STATUS and fact.leg == CITIZEN]
    answers = [fact.at for fact in theirs if fact.status is CallStatus.IN_PROGRESS]
    end = _final(facts, CITIZEN) or _final(facts, ROOT)
    has_answered = bool(answers) or (
        end is not None and end.leg == CITIZEN and end.status is CallStatus.COMPLETED and bool(end.seconds)
    )
    answered: datetime | None = None
    if answers:
        answered = max(min(answers), begun)
    elif has_answered and end is not None:
        answered = max(end.at - timedelta(seconds=end.seconds or 0), begun)
    if end is None:
        return CallLog(begun, answered, agent_id=dialled.user_id)
    ended = max(end.at, answered or begun)
    # A leg that Twilio calls completed though nobody answered was hung up while it rang.
    outcome = Outcome.ATTENDED if has_answered else _UNANSWERED.get(end.status or CallStatus.FAILED, Outcome.FAILED)
    if not has_answered and end.status is CallStatus.COMPLETED:
        outcome = Outcome.NO_ANSWER
    attended_by = AttendedBy.PERSON if has_answered else AttendedBy.NOBODY
    split = Split(begun, begun, answered or ended, ended)
    return CallLog(begun, answered, ended, outcome, attended_by, dialled.user_id, split=split)
