"""What the backend asks of an assistant, whoever it is: Rasa, or a script in tests."""

import enum
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol
from uuid import UUID

from backend.conversations.models import HandoffReason


@dataclass(frozen=True)
class Turn:
    """One message for the assistant. `message_id` makes the call idempotent: the same id, the same answer.

    `at` names the process that has it, one of `Assistant.fit`; None where none was fit to. `is_new`: nobody was given
    this message before, so none need look whether it had it.
    """

    conversation_id: UUID
    message_id: UUID
    text: str
    channel: str
    ends_at: datetime
    at: str | None
    is_new: bool = False


@dataclass(frozen=True)
class ReplyButton:
    title: str
    payload: str


@dataclass(frozen=True)
class Reply:
    text: str
    buttons: tuple[ReplyButton, ...] = ()


@dataclass(frozen=True)
class Handoff:
    """The assistant asks that a person takes over; applied together with its replies.

    `language` (ISO 639, as the assistant found it) and `summary` are for the person: a citizen does not see them.
    """

    reason: HandoffReason
    is_emergency: bool = False
    language: str | None = None
    summary: str | None = None


@dataclass(frozen=True)
class Reading:
    """One intent that a message may have, and how surely."""

    intent: str
    confidence: float


class Outcome(enum.StrEnum):
    """What came of a message: an answer, the question which of two was meant, or «no le entendí»."""

    ANSWERED = "answered"
    ASKED = "asked"
    NOT_UNDERSTOOD = "not_understood"


@dataclass(frozen=True)
class Understanding:
    """What the assistant made of a message. `ranking` begins with the likeliest; `model` is its version.

    `is_typed`: words, not a button. `in_form`: a form was asking, so that nearly everything is an answer.
    """

    ranking: tuple[Reading, ...]
    model: str
    outcome: Outcome
    is_typed: bool
    in_form: bool


@dataclass(frozen=True)
class TurnResult:
    replies: tuple[Reply, ...]
    handoff: Handoff | None = None
    understanding: Understanding | None = None


class AssistantError(Exception):
    """The assistant gave no usable answer; `kind` is a word for logs.

    `is_away`: its process was not reached, or is gone, so the turn is not under way there. `may_go_on`: it may be.
    """

    def __init__(self, kind: str, *, is_away: bool = False, may_go_on: bool = False) -> None:
        self.kind = kind
        self.is_away = is_away
        self.may_go_on = may_go_on
        super().__init__(kind)


class Assistant(Protocol):
    """One or more processes, each with a name, all of which remember every conversation."""

    def fit(self, conversation_id: UUID) -> Sequence[str]:
        """The processes that may have a turn of this conversation now; none while all are away."""
        ...

    async def reply(self, turn: Turn) -> TurnResult:
        """Have the turn at `turn.at`. Raises AssistantError; takes no longer than until `turn.ends_at`."""
        ...

    async def answering(self) -> Mapping[str, bool]:
        """Whether each process answers."""
        ...

    async def close(self) -> None: ...
