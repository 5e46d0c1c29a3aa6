"""What the board is made of: who waits, who attends, how the day goes, and what is amiss."""

import enum
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from backend.conversations.models import HandoffReason


class AgentState(enum.StrEnum):
    """What somebody does now, as the board says it."""

    ON_CALL = "en_llamada"
    BUSY = "ocupado"
    AVAILABLE = "disponible"
    RESTING = "en_descanso"
    AWAY = "ausente"
    OFFLINE = "desconectado"


@dataclass(frozen=True)
class AgentLine:
    name: str
    state: AgentState
    chats: int
    capacity: int
    since: datetime


@dataclass(frozen=True)
class Waiting:
    """Somebody who waits for a person. `conversation_id` None: on the telephone."""

    since: datetime
    channel: str
    reason: HandoffReason | None = None
    is_emergency: bool = False
    conversation_id: UUID | None = None

    def seconds(self, moment: datetime) -> int:
        return max(0, int((moment - self.since).total_seconds()))


@dataclass(frozen=True)
class Queue:
    """Those who wait, emergencies first and then the longest; of chats `waiting` holds the first of `count`."""

    count: int
    oldest: datetime | None
    waiting: Sequence[Waiting] = ()


@dataclass(frozen=True)
class Level:
    """Of those who asked for a person, how many were attended within the promised seconds."""

    met: int
    asked: int
    seconds: int
    target: int

    @property
    def share(self) -> int | None:
        """Per cent; None where nobody asked."""
        return 100 * self.met // self.asked if self.asked else None

    @property
    def is_met(self) -> bool:
        return self.share is None or self.share >= self.target


@dataclass(frozen=True)
class Today:
    chats: int
    chats_by_bot: int
    chats_by_person: int
    chats_abandoned: int
    calls: int
    calls_attended: int
    calls_abandoned: int
    calls_made: int
    petitions: int


@dataclass(frozen=True)
class Slow:
    """What changes slowly, and is counted less often."""

    undelivered_notices: int
    calls_owed: int
    calls_late: int


class AlertKind(enum.StrEnum):
    EMERGENCY = "emergencia"
    NOBODY = "nadie"
    WAIT = "espera"
    BOT = "bot"
    NOTICES = "avisos"


@dataclass(frozen=True)
class Alert:
    """`number`: seconds waited, people waiting, failures or notices, as its kind has it."""

    kind: AlertKind
    number: int


@dataclass(frozen=True)
class Board:
    at: datetime
    chats: Queue
    calls: Queue
    #: With a person now, and with the bot alone in the last minutes.
    attended_now: int
    calls_now: int
    agents: Sequence[AgentLine]
    today: Today
    slow: Slow
    chat_level: Level
    call_level: Level
    alerts: Sequence[Alert]

    @property
    def offline(self) -> int:
        """How many were there today and are no more."""
        return sum(agent.state is AgentState.OFFLINE for agent in self.agents)
