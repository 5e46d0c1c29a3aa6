"""A petition's life as one table: from where to where, who may, and what it takes (design, section 7).

`docs/registry.md` is drawn from this table (`python -m backend lifecycle`), and a test compares them.
"""

import enum
from collections.abc import Iterable
from dataclasses import dataclass

from backend.registry.models import PetitionEvent, PetitionEventKind, PetitionStatus

S = PetitionStatus


class Who(enum.StrEnum):
    """Who may make a transition; a head may do whatever staff may."""

    STAFF = "staff"
    HEAD = "head"
    CITIZEN = "citizen"
    #: What follows by itself from a turn: received, sent back, withdrawn.
    SYSTEM = "system"


class Requirement(enum.StrEnum):
    """What must be there before a transition."""

    REASON = "reason"
    #: What the citizen is asked for, in words for them.
    ASKED = "asked"
    #: A turn that an agency still has to answer.
    OPEN_TURN = "open_turn"
    #: No agency still owes an answer.
    NO_OPEN_TURN = "no_open_turn"


@dataclass(frozen=True)
class Transition:
    """One row of the table."""

    before: PetitionStatus
    to: PetitionStatus
    who: frozenset[Who]
    requires: frozenset[Requirement]


_STAFF = frozenset({Who.STAFF, Who.HEAD})
_AND_SYSTEM = _STAFF | {Who.SYSTEM}
_AND_CITIZEN = _STAFF | {Who.CITIZEN}
_HEAD = frozenset({Who.HEAD})
_WHY = frozenset({Requirement.REASON})
_TURNED = _WHY | {Requirement.OPEN_TURN}
_ASKED = _WHY | {Requirement.ASKED}
_ENDED = _WHY | {Requirement.NO_OPEN_TURN}

#: A petition's life ends here, until it is reopened.
CLOSED = frozenset({S.CONCLUIDA_SATISFACTORIA, S.CONCLUIDA_NO_SATISFACTORIA, S.IMPROCEDENTE, S.CANCELADA})
CONCLUDED = frozenset({S.CONCLUIDA_SATISFACTORIA, S.CONCLUIDA_NO_SATISFACTORIA})

TABLE: tuple[Transition, ...] = (
    Transition(S.RECIBIDA, S.EN_ANALISIS, _STAFF, _WHY),
    Transition(S.RECIBIDA, S.TURNADA, _STAFF, _TURNED),
    Transition(S.RECIBIDA, S.REQUIERE_INFORMACION, _STAFF, _ASKED),
    Transition(S.RECIBIDA, S.IMPROCEDENTE, _STAFF, _WHY),
    Transition(S.RECIBIDA, S.CANCELADA, _AND_CITIZEN | {Who.SYSTEM}, _WHY),
    Transition(S.EN_ANALISIS, S.TURNADA, _STAFF, _TURNED),
    Transition(S.EN_ANALISIS, S.EN_ATENCION, _STAFF, _WHY),
    Transition(S.EN_ANALISIS, S.REQUIERE_INFORMACION, _STAFF, _ASKED),
    Transition(S.EN_ANALISIS, S.IMPROCEDENTE, _STAFF, _WHY),
    Transition(S.EN_ANALISIS, S.CANCELADA, _AND_CITIZEN | {Who.SYSTEM}, _WHY),
    Transition(S.TURNADA, S.EN_ATENCION, _AND_SYSTEM, _WHY),
    Transition(S.TURNADA, S.EN_ANALISIS, _AND_SYSTEM, _ENDED),
    Transition(S.TURNADA, S.REQUIERE_INFORMACION, _STAFF, _ASKED),
    Transition(S.TURNADA, S.CONCLUIDA_SATISFACTORIA, _STAFF, _ENDED),
    Transition(S.TURNADA, S.CONCLUIDA_NO_SATISFACTORIA, _STAFF, _ENDED),
    Transition(S.TURNADA, S.IMPROCEDENTE, _STAFF, _ENDED),
    Transition(S.TURNADA, S.CANCELADA, _AND_CITIZEN | {Who.SYSTEM}, _ENDED),
    Transition(S.EN_ATENCION, S.TURNADA, _STAFF, _TURNED),
    Transition(S.EN_ATENCION, S.EN_ANALISIS, _AND_SYSTEM, _ENDED),
    Transition(S.EN_ATENCION, S.REQUIERE_INFORMACION, _STAFF, _ASKED),
    Transition(S.EN_ATENCION, S.CONCLUIDA_SATISFACTORIA, _STAFF, _ENDED),
    Transition(S.EN_ATENCION, S.CONCLUIDA_NO_SATISFACTORIA, _STAFF, _ENDED),
    Transition(S.EN_ATENCION, S.IMPROCEDENTE, _STAFF, _ENDED),
    Transition(S.EN_ATENCION, S.CANCELADA, _AND_CITIZEN | {Who.SYSTEM}, _ENDED),
    Transition(S.REQUIERE_INFORMACION, S.EN_ANALISIS, _AND_CITIZEN | {Who.SYSTEM}, _WHY),
    Transition(S.REQUIERE_INFORMACION, S.TURNADA, _STAFF | {Who.CITIZEN}, _TURNED),
    Transition(S.REQUIERE_INFORMACION, S.EN_ATENCION, _AND_CITIZEN | {Who.SYSTEM}, _WHY),
    Transition(S.REQUIERE_INFORMACION, S.IMPROCEDENTE, _STAFF, _ENDED),
    Transition(S.REQUIERE_INFORMACION, S.CANCELADA, _AND_CITIZEN | {Who.SYSTEM}, _ENDED),
    Transition(S.CONCLUIDA_SATISFACTORIA, S.EN_ATENCION, _AND_CITIZEN, _WHY),
    Transition(S.CONCLUIDA_NO_SATISFACTORIA, S.EN_ATENCION, _AND_CITIZEN, _WHY),
    Transition(S.IMPROCEDENTE, S.EN_ANALISIS, _HEAD, _WHY),
    Transition(S.CANCELADA, S.EN_ANALISIS, _HEAD | {Who.SYSTEM}, _WHY),
)

_BY_STEP = {(row.before, row.to): row for row in TABLE}


def transition(before: PetitionStatus, to: PetitionStatus) -> Transition | None:
    """The table's row of a step; None where the table has none."""
    return _BY_STEP.get((before, to))


def allowed(before: PetitionStatus, who: Who) -> tuple[PetitionStatus, ...]:
    """Where `who` may lead a petition from here, in the table's order."""
    return tuple(row.to for row in TABLE if row.before is before and who in row.who)


def replay(events: Iterable[PetitionEvent]) -> PetitionStatus | None:
    """The status that a petition's history, oldest first, leads to; None for no history.

    Raises ValueError where an event does not follow from the one before it.
    """
    status: PetitionStatus | None = None
    for event in events:
        if event.kind not in (PetitionEventKind.FILED, PetitionEventKind.STATUS_CHANGED):
            continue
        if event.from_status is not status:
            raise ValueError(f"event {event.id} begins at {event.from_status}, the history stands at {status}")
        if status is not None and (event.to_status is None or transition(status, event.to_status) is None):
            raise ValueError(f"event {event.id} makes a step that the table does not have")
        status = event.to_status
    return status
