"""A conversation's episodes, told from its messages and events: who had it when, and who kept whom waiting.

Pure: no clock, no database. docs/reports.md says the same for whoever reads the reports.
"""

import enum
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from backend.conversations.models import Author, EventKind, HandoffReason, Owner
from backend.ledger.models import AttendedBy, Direction, Outcome

#: After so long without a word an episode is over, though nobody closed it, and what comes later is another matter.
#: With the bot a day: as long as WhatsApp holds a conversation open for free answers, and whoever comes back
#: tomorrow comes back. With a person, or waiting for one, a week: papers are sent days later, and a citizen who
#: asked on a Friday night is still waiting on Monday.
SILENCE = {Owner.BOT: timedelta(hours=24), Owner.QUEUE: timedelta(days=7), Owner.AGENT: timedelta(days=7)}

_CHANGES = frozenset(
    {
        EventKind.QUEUED,
        EventKind.ASSIGNED,
        EventKind.TAKEN,
        EventKind.TRANSFERRED,
        EventKind.RETURNED_TO_BOT,
        EventKind.CLOSED,
        EventKind.REOPENED,
    }
)
#: Begun by the office, where no citizen wrote before.
_BY_STAFF = frozenset({EventKind.ASSIGNED, EventKind.TAKEN, EventKind.TRANSFERRED})
#: What an episode may begin with; one that is over does not begin anew by being closed or given back.
_BEGIN = _BY_STAFF | {EventKind.QUEUED, EventKind.REOPENED}
_AUTOMATIC = (Author.BOT, Author.SYSTEM)


class Turn(enum.StrEnum):
    """Who keeps the others waiting; the ledger has a column of seconds for each."""

    BOT = "bot"
    QUEUE = "queue"
    PERSON = "person"
    CITIZEN = "citizen"


_TURN_OF = {Owner.BOT: Turn.BOT, Owner.QUEUE: Turn.QUEUE, Owner.AGENT: Turn.PERSON}


@dataclass(frozen=True)
class Said:
    """A message. `was_missed`: the bot did not understand it."""

    id: UUID
    at: datetime
    author: Author
    agent_id: UUID | None = None
    handled_at: datetime | None = None
    in_reply_to: UUID | None = None
    was_missed: bool = False


@dataclass(frozen=True)
class Happened:
    """An event of the conversation's history."""

    at: datetime
    kind: EventKind
    from_owner: Owner | None = None
    to_owner: Owner | None = None
    agent_id: UUID | None = None
    reason: str | None = None
    detail: dict[str, Any] = field(default_factory=dict)


@dataclass
class Episode:
    """From the citizen's first message to the close. `spans` are its time, each from where the one before ended."""

    number: int
    direction: Direction
    started_at: datetime
    last_at: datetime
    spans: list[tuple[datetime, Turn]]
    answered_at: datetime | None = None
    ended_at: datetime | None = None
    agent_id: UUID | None = None
    handoff_reason: str | None = None
    last_owner: Owner = Owner.BOT
    was_answered: bool = False
    answers: set[UUID] = field(default_factory=set)
    misses: int = 0
    folio: str | None = None
    score: int | None = None

    @property
    def attended_by(self) -> AttendedBy | None:
        """None while it lasts, unless a person has had it."""
        if self.answered_at is not None:
            return AttendedBy.PERSON
        if self.ended_at is None:
            return None
        return AttendedBy.BOT if self._was_by_bot else AttendedBy.NOBODY

    @property
    def outcome(self) -> Outcome | None:
        """Abandoned: a person was asked for, and none had come when it ended. Failed: nobody answered, nor the bot."""
        if self.ended_at is None:
            return None
        if self.answered_at is not None or self._was_by_bot:
            return Outcome.ATTENDED
        return Outcome.ABANDONED if self.last_owner is Owner.QUEUE else Outcome.FAILED

    @property
    def _was_by_bot(self) -> bool:
        return self.was_answered and self.last_owner is not Owner.QUEUE

    def shares(self) -> Iterator[tuple[Turn, datetime, datetime]]:
        """Whose turn it was from when to when, in whole seconds that add up to the whole; of what ended alone."""
        assert self.ended_at is not None
        start = self.started_at.replace(microsecond=0)
        ends = [*(at for at, _ in self.spans[1:]), self.ended_at]
        since = start
        for (_, turn), end in zip(self.spans, ends, strict=True):
            until = start + timedelta(seconds=int((end - self.started_at).total_seconds()))
            yield turn, since, until
            since = until


def derive(
    messages: Iterable[Said],
    events: Sequence[Happened],
    *,
    now: datetime,
    first_number: int = 1,
    owner: Owner = Owner.BOT,
    agent_id: UUID | None = None,
) -> list[Episode]:
    """The episodes that `messages` and `events` tell, in order, `first_number` being the first one's.

    `owner` and `agent_id` had the conversation before them. The last episode goes on unless it was closed or, at
    `now`, has been silent for long.
    """
    telling = _Telling(first_number, owner, agent_id)
    for one in _in_order(messages, events):
        telling.hear(one)
    telling.end_if_silent(now)
    return telling.episodes


def _in_order(messages: Iterable[Said], events: Sequence[Happened]) -> list[Said | Happened]:
    """By time; of one moment, the citizen's word first, what came of it next, and the answers last."""

    def place(one: Said | Happened) -> tuple[datetime, int]:
        if isinstance(one, Happened):
            return one.at, 1
        return one.at, 0 if one.author is Author.CITIZEN else 2

    return sorted([*messages, *events], key=place)


class _Telling:
    """What is known so far: who has the conversation, its episodes, and what a citizen wrote since the close."""

    def __init__(self, number: int, owner: Owner, agent_id: UUID | None) -> None:
        self.episodes: list[Episode] = []
        self._next = number
        self._owner = owner
        self._agent_id = agent_id
        self._since_close: list[Said] = []

    def hear(self, one: Said | Happened) -> None:
        if isinstance(one, Happened):
            self._happened(one)
        elif one.author is Author.CITIZEN:
            self._citizen_said(one)
        elif one.author is Author.AGENT:
            self._agent_said(one)
        elif one.author in _AUTOMATIC:
            self._bot_said(one)

    def end_if_silent(self, moment: datetime) -> None:
        """End the episode under way where nothing was said in it for too long before `moment`."""
        current = self._current
        if current is not None and moment - current.last_at > SILENCE[current.last_owner]:
            current.ended_at = current.last_at

    @property
    def _current(self) -> Episode | None:
        return self.episodes[-1] if self.episodes and self.episodes[-1].ended_at is None else None

    def _begin(self, at: datetime, direction: Direction = Direction.INBOUND) -> Episode:
        turn = _TURN_OF.get(self._owner, Turn.BOT)
        begun = Episode(self._next, direction, at, at, [(at, turn)], last_owner=self._owner)
        if self._owner is Owner.AGENT:
            begun.answered_at, begun.agent_id = at, self._agent_id
        self.episodes.append(begun)
        self._next += 1
        return begun

    def _citizen_said(self, said: Said) -> None:
        self.end_if_silent(said.at)
        if self._owner is Owner.CLOSED:
            self._since_close.append(said)
            return
        current = self._current or self._begin(said.at)
        self._turn(current, said.at, _TURN_OF[self._owner])
        current.misses += said.was_missed

    def _agent_said(self, said: Said) -> None:
        current = self._current
        if current is not None and self._owner is Owner.AGENT:
            current.agent_id = said.agent_id or current.agent_id
            self._turn(current, said.at, Turn.CITIZEN)

    def _bot_said(self, said: Said) -> None:
        """The bot's answer, or the system's where it answers in the bot's stead; a notice is no answer."""
        current = self._current
        if current is None:
            return
        if said.author is Author.BOT and said.in_reply_to is not None:
            current.answers.add(said.in_reply_to)
        if self._owner is Owner.BOT and current.spans[-1][1] is Turn.BOT:
            current.was_answered = True
            self._turn(current, said.at, Turn.CITIZEN)

    def _happened(self, event: Happened) -> None:
        if event.kind in _CHANGES and event.to_owner is not None:
            self._change(event, event.to_owner)
        elif not self.episodes:
            return
        elif event.kind is EventKind.RATED and self._current is None:
            self.episodes[-1].score = event.detail.get("score")
        elif event.kind is EventKind.PETITION_FILED:
            self.episodes[-1].folio = event.detail.get("folio")

    def _change(self, event: Happened, to: Owner) -> None:
        self.end_if_silent(event.at)
        unheard = self._unheard(event)
        self._owner, self._since_close = to, []
        self._agent_id = event.agent_id if to is Owner.AGENT else None
        current = self._current
        if current is None:
            if event.kind in _BEGIN:
                current = self._begin_with(event, unheard)
            else:
                return
        if to is Owner.CLOSED:
            self._turn(current, event.at, current.spans[-1][1])
            current.ended_at = event.at
            return
        self._turn(current, event.at, _TURN_OF[to])
        current.last_owner = to
        if to is Owner.AGENT:
            current.answered_at = current.answered_at or event.at
            current.agent_id = event.agent_id
        if event.kind is EventKind.QUEUED and event.reason != HandoffReason.TRANSFERRED:
            current.handoff_reason = current.handoff_reason or event.reason

    def _unheard(self, event: Happened) -> list[Said]:
        """What a citizen wrote to a closed conversation and brought about `event`.

        What was handled before it is not part of it: a rating and its comment.
        """
        return [said for said in self._since_close if said.handled_at is None or said.handled_at >= event.at]

    def _begin_with(self, event: Happened, unheard: list[Said]) -> Episode:
        if not unheard:
            return self._begin(event.at, Direction.OUTBOUND if event.kind in _BY_STAFF else Direction.INBOUND)
        begun = self._begin(unheard[0].at)
        begun.misses = sum(said.was_missed for said in unheard)
        return begun

    def _turn(self, current: Episode, at: datetime, turn: Turn) -> None:
        current.last_at = max(current.last_at, at)
        if current.spans[-1][1] is not turn:
            current.spans.append((at, turn))
