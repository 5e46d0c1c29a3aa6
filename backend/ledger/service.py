"""Writing the ledger: a new row, and its corrections with their history."""

import enum
from collections import defaultdict
from collections.abc import Collection, Mapping
from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from backend.ledger.errors import InteractionNotFound, InteractionRefused
from backend.ledger.models import Direction, Interaction, InteractionChange, Outcome, Purpose

#: What a correction may change; the rest is whose row it is and where it came from.
CORRECTABLE = frozenset(
    {
        "direction", "started_at", "answered_at", "ended_at", "bot_seconds", "queue_seconds", "person_seconds",
        "citizen_seconds", "bot_office_seconds", "queue_office_seconds", "person_office_seconds",
        "citizen_office_seconds", "attended_by", "outcome", "purpose", "agent_id", "area_id", "extension",
        "transfer_area_id", "transfer_to", "phone", "caller_name", "person_id", "municipality_id", "topic_id",
        "petition_id", "notes",
    }
)  # fmt: skip

_ONLY_OUTBOUND = frozenset({Outcome.NO_ANSWER, Outcome.BUSY, Outcome.WRONG_NUMBER})


async def get(session: AsyncSession, interaction_id: UUID, *, for_update: bool = False) -> Interaction:
    """Raises InteractionNotFound."""
    found = await session.get(Interaction, interaction_id, with_for_update=for_update or None)
    if found is None:
        raise InteractionNotFound
    return found


async def add(session: AsyncSession, interaction: Interaction) -> Interaction:
    """A new row of the ledger. Raises InteractionRefused where it contradicts itself."""
    check(interaction)
    session.add(interaction)
    await session.flush()
    return interaction


async def correct(
    session: AsyncSession, interaction: Interaction, *, user_id: UUID | None, reason: str = "", **fields: Any
) -> InteractionChange | None:
    """Set `fields` of a row that is locked, and keep what they said before; None when nothing differs.

    Raises InteractionRefused where the row would contradict itself.
    """
    unknown = fields.keys() - CORRECTABLE
    if unknown:
        raise ValueError(f"not to be corrected: {sorted(unknown)}")
    changed = {name: [_told(getattr(interaction, name)), _told(value)] for name, value in fields.items()}
    changed = {name: pair for name, pair in changed.items() if pair[0] != pair[1]}
    if not changed:
        return None
    before = {name: getattr(interaction, name) for name in changed}
    try:
        _set(interaction, {name: fields[name] for name in changed})
        check(interaction)
    except InteractionRefused:
        _set(interaction, before)
        raise
    change = InteractionChange(interaction_id=interaction.id, user_id=user_id, reason=reason[:300], fields=changed)
    session.add(change)
    await session.flush()
    return change


async def corrected(session: AsyncSession, ids: Collection[UUID]) -> Mapping[UUID, set[str]]:
    """The columns that people have corrected, by row, none for the rows not corrected: no machine overwrites those."""
    changes = await session.execute(
        select(InteractionChange.interaction_id, InteractionChange.fields).where(
            InteractionChange.interaction_id.in_(ids), InteractionChange.user_id.is_not(None)
        )
    )
    found: defaultdict[UUID, set[str]] = defaultdict(set)
    for interaction_id, fields in changes:
        found[interaction_id].update(fields)
    return found


def _set(interaction: Interaction, values: dict[str, Any]) -> None:
    for name, value in values.items():
        setattr(interaction, name, value)


def check(interaction: Interaction) -> None:
    """Raises InteractionRefused, naming the field, where the row contradicts itself."""
    if interaction.ended_at is not None and interaction.ended_at < interaction.started_at:
        raise InteractionRefused("Terminó antes de empezar.", field="ended_at")
    if interaction.answered_at is not None and interaction.answered_at < interaction.started_at:
        raise InteractionRefused("Se contestó antes de empezar.", field="answered_at")
    if interaction.outcome in _ONLY_OUTBOUND and interaction.direction is Direction.INBOUND:
        raise InteractionRefused("Ese resultado es de una llamada realizada.", field="outcome")
    if interaction.outcome is Outcome.ABANDONED and interaction.direction is Direction.OUTBOUND:
        raise InteractionRefused("Ese resultado es de una llamada recibida.", field="outcome")
    is_passed_on = interaction.outcome is Outcome.TRANSFERRED or interaction.purpose is Purpose.TRANSFER
    if is_passed_on and interaction.transfer_area_id is None:
        raise InteractionRefused("Diga a qué área se transfirió.", field="transfer_area_id")


def _told(value: object) -> object:
    """A value as the history keeps it."""
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat()
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, enum.Enum):
        return value.value
    return str(value) if isinstance(value, UUID) else value
