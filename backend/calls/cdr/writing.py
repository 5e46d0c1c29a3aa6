"""Calls of a file beside the ledger: which are new, which say something else now, and which staff wrote already."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from backend.calls.cdr.judging import Call
from backend.calls.cdr.models import LegState
from backend.calls.entry import attended_by
from backend.catalog import office
from backend.catalog.office import Schedule
from backend.ledger import service as ledger
from backend.ledger.call_time import call_seconds
from backend.ledger.models import Interaction, InteractionKind, Source
from backend.registry import phones

#: How far apart the exchange's clock and an analyst's first key may be.
_APART = timedelta(minutes=3)
#: What staff may have told better, or told first, than a later reading of the same file.
_STAYS_IF_SAME_EXTENSION = ("agent_id", "area_id")
_STAYS_IF_SET = ("person_id", "caller_name")


@dataclass
class Comparison:
    """Calls by key against the ledger as it is; `load` reads what a chunk of them needs, at once."""

    session: AsyncSession
    schedule: Schedule
    known: dict[str, Interaction] = field(default_factory=dict)
    corrected: Mapping[UUID, set[str]] = field(default_factory=dict)
    people: dict[str, UUID] = field(default_factory=dict)
    #: Keys of calls that staff wrote down themselves.
    by_hand: set[str] = field(default_factory=set)

    @classmethod
    async def load(cls, session: AsyncSession, calls: Mapping[str, Call]) -> "Comparison":
        made = cls(session, await office.load(session))
        rows = await session.scalars(
            select(Interaction).where(Interaction.source == Source.CDR, Interaction.external_id.in_(calls))
        )
        made.known = {row.external_id or "": row for row in rows}
        made.corrected = await ledger.corrected(session, [row.id for row in made.known.values()])
        made.people = await phones.owners(session, {call.phone for call in calls.values() if call.phone})
        unknown = {key: call for key, call in calls.items() if key not in made.known}
        made.by_hand = _twins(await _written_by_hand(session, list(unknown.values())), unknown)
        return made

    def state(self, key: str, call: Call) -> LegState:
        """What writing this call would be."""
        row = self.known.get(key)
        if row is not None:
            return LegState.CHANGED if self._changes(row, call) else LegState.KNOWN
        return LegState.BY_HAND if key in self.by_hand else LegState.NEW

    async def write(self, key: str, call: Call, file_name: str) -> LegState:
        """Put the call into the ledger; what staff corrected stays as they said. Its state, as it was before."""
        state = self.state(key, call)
        if state is LegState.CHANGED:
            row = await ledger.get(self.session, self.known[key].id, for_update=True)
            reason = f"El conmutador lo dijo de otra forma: {file_name}"
            await ledger.correct(self.session, row, user_id=None, reason=reason, **self._changes(row, call))
        elif state is LegState.NEW:
            row = Interaction(
                kind=InteractionKind.CALL,
                channel="telefono",
                source=Source.CDR,
                external_id=key,
                notes="",
                **self._values(call),
            )
            self.known[key] = await ledger.add(self.session, row)
        return state

    def _values(self, call: Call) -> dict[str, Any]:
        """A call as the ledger's columns."""
        return {
            **asdict(call),
            **call_seconds(self.schedule, call.direction, call.started_at, call.answered_at, call.ended_at),
            "attended_by": attended_by(call.outcome),
            "person_id": self.people.get(call.phone or ""),
        }

    def _changes(self, row: Interaction, call: Call) -> dict[str, Any]:
        """What the file says otherwise than the row, but for what staff have corrected in it."""
        values = self._values(call)
        stays = set(self.corrected.get(row.id, set()))
        if row.extension == call.extension and row.agent_id is not None:
            stays.update(_STAYS_IF_SAME_EXTENSION)  # whose it was then, not whose it is now
        stays.update(name for name in _STAYS_IF_SET if getattr(row, name) is not None)
        return {name: value for name, value in values.items() if name not in stays and value != getattr(row, name)}


def _twins(by_hand: Sequence[Interaction], calls: Mapping[str, Call]) -> set[str]:
    """For each row written by hand, the call that it is: of several, the one that began nearest to it."""
    found: set[str] = set()
    for row in by_hand:
        near = [
            (abs(call.started_at - row.started_at), key)
            for key, call in calls.items()
            if key not in found and _is_same(row, call)
        ]
        if near:
            found.add(min(near)[1])
    return found


def _is_same(row: Interaction, call: Call) -> bool:
    """One agent has one call at a time; a number without its agent must have begun at about the same time."""
    if row.phone and call.phone and row.phone != call.phone:
        return False
    if row.direction is not call.direction or row.ended_at is None:
        return False
    if call.agent_id is not None and row.agent_id == call.agent_id:
        return row.started_at < call.ended_at + _APART and call.started_at < row.ended_at + _APART
    return row.phone is not None and row.phone == call.phone and abs(row.started_at - call.started_at) <= _APART


async def _written_by_hand(session: AsyncSession, calls: Sequence[Call]) -> list[Interaction]:
    if not calls:
        return []
    rows = await session.scalars(
        select(Interaction).where(
            Interaction.source == Source.CONSOLE,
            Interaction.kind == InteractionKind.CALL,
            Interaction.started_at >= min(call.started_at for call in calls) - timedelta(hours=4),
            Interaction.started_at <= max(call.ended_at for call in calls) + _APART,
        )
    )
    return list(rows)
