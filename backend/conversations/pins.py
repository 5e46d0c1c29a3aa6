"""Which of the assistant's processes has a conversation's turns (docs/adr/0031).

Chosen in the transaction that leases the conversation, and kept on its row, so that all workers know and a worker's
death forgets nothing. Two processes never have a turn of one conversation at the same time: a turn whose answer was
lost may go on where it was begun, so until it has surely ended the next one is had there or nowhere.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from backend.assistant.port import AssistantError, TurnResult
from backend.conversations.models import Conversation

#: A process gives a turn up at its end by its own clock, which may be this much behind (`doctor` looks at clocks).
SLACK = timedelta(seconds=2)
#: A conversation that was silent for this long goes to whoever has the least to do: what came in while a process was
#: away would otherwise never come back to it.
SITTING = timedelta(minutes=10)


@dataclass(frozen=True)
class Place:
    """Where a turn is had; None is nowhere. `may_move`: nothing earlier can be under way there."""

    at: str | None
    may_move: bool


async def take(
    session: AsyncSession, conversation: Conversation, fit: Sequence[str], *, moment: datetime, ends_at: datetime
) -> Place:
    """Choose who of `fit` has the conversation's next turn, and write down that it is under way there until it ends."""
    busy_until, at = conversation.rasa_busy_until, conversation.rasa
    is_in_doubt = busy_until is not None and busy_until > moment
    if is_in_doubt:
        at = at if at in fit else None
    elif at not in fit or _was_silent(conversation, moment):
        at = await _least_loaded(session, fit, conversation.id, moment)
    if at is not None:
        conversation.rasa = at
        conversation.rasa_turn_at, conversation.rasa_busy_until = moment, ends_at + SLACK
    return Place(at, may_move=not is_in_doubt)


def note_end(conversation: Conversation, place: Place, result: TurnResult | AssistantError) -> None:
    """Write down that no turn is under way, where that is sure; where it is not, time tells.

    An answer came after any earlier turn there: a process has a conversation's turns one after another.
    """
    if isinstance(result, AssistantError) and (place.at is None or not place.may_move or result.may_go_on):
        return
    conversation.rasa_busy_until = None


def _was_silent(conversation: Conversation, moment: datetime) -> bool:
    return conversation.rasa_turn_at is None or conversation.rasa_turn_at + SITTING < moment


async def _least_loaded(
    session: AsyncSession, fit: Sequence[str], conversation_id: UUID, moment: datetime
) -> str | None:
    """Who of `fit` has the fewest turns under way; among equals, one or another by the conversation."""
    if len(fit) < 2:
        return fit[0] if fit else None
    rows = await session.execute(
        select(Conversation.rasa, func.count())
        .where(Conversation.rasa_busy_until > moment, Conversation.rasa.in_(fit))
        .group_by(Conversation.rasa)
    )
    load = dict(rows.all())
    return min(fit, key=lambda name: (load.get(name, 0), _lot(name, conversation_id)))


def _lot(name: str, conversation_id: UUID) -> bytes:
    """Spreads conversations evenly over processes of the same load, and over those that stay when one goes."""
    return hashlib.sha256(conversation_id.bytes + name.encode()).digest()
