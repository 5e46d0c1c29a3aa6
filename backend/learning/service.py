"""Keeping what the bot made of each message, and what staff say that it meant."""

import hashlib
import uuid
from datetime import timedelta
from uuid import UUID

from sqlalchemy import bindparam, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from backend import clock
from backend.assistant.port import Handoff, Outcome
from backend.assistant.port import Understanding as Understood
from backend.conversations.models import HandoffReason, Message
from backend.errors import InvalidInput, NotFound
from backend.learning.intents import TITLES
from backend.learning.masking import mask
from backend.learning.models import FollowUp, LabelState, Understanding
from backend.text import fold

#: An answer given with less confidence than this is worth a look (the bot asks first under 0.5).
LOW_CONFIDENCE = 0.7
#: From here on the bot takes a message for a danger (bot/components/intent_classifier.py).
DANGER_FROM = 0.15
#: What follows later than this tells nothing of the message before.
FOLLOWS_WITHIN = timedelta(minutes=15)
DANGER, PERSON, OTHER_MATTER = "emergencia", "hablar_con_persona", "ayuda"
#: After these, asking for a person is no sign of a misunderstanding.
_MANNERS = frozenset({"saludar", "despedirse", "agradecer", "afirmar", "negar", PERSON})
_MAX_TEXT, _TAIL = 1000, 80
#: Written once: every turn asks this.
_ONE_BEFORE = (
    select(Understanding)
    .where(
        Understanding.conversation_id == bindparam("conversation_id"),
        Understanding.message_id != bindparam("message_id"),
        Understanding.created_at > bindparam("since"),
        Understanding.created_at <= bindparam("to"),
    )
    .order_by(Understanding.created_at.desc())
    .limit(1)
    .with_for_update()
)


async def record(
    session: AsyncSession, message: Message, understood: Understood | None, handoff: Handoff | None
) -> None:
    """Keep what was made of `message`, once however often it is told; nothing where the bot told nothing.

    Text is kept, masked, only of a message worth a look; never of one that tells of a danger.
    """
    if understood is None or not understood.ranking:
        return
    best = understood.ranking[0]
    row = Understanding(
        message_id=message.id,
        conversation_id=message.conversation_id,
        intent=best.intent[:60],
        confidence=best.confidence,
        ranking=[{"intent": one.intent, "confidence": round(one.confidence, 4)} for one in understood.ranking],
        model=understood.model[:40],
        outcome=understood.outcome,
        is_typed=understood.is_typed and message.payload is None,
        in_form=understood.in_form,
        is_handed_over=handoff is not None and handoff.reason is HandoffReason.MISUNDERSTOOD,
        created_at=message.created_at,
    )
    is_danger = handoff is not None and handoff.is_emergency
    _judge(row, message, is_danger=is_danger)
    values = {column.key: getattr(row, column.key) for column in Understanding.__table__.columns}
    kept = {name: value for name, value in values.items() if value is not None}
    statement = insert(Understanding).values(**kept).on_conflict_do_nothing(index_elements=[Understanding.message_id])
    if await session.scalar(statement.returning(Understanding.message_id)) is not None:
        await _judge_the_one_before(session, row)


def _judge(row: Understanding, message: Message, *, is_danger: bool = False) -> None:
    """Decide whether a message is worth a look, and keep its masked text if so."""
    is_doubtful = row.outcome is not Outcome.ANSWERED or row.is_handed_over
    is_low = not row.in_form and row.confidence < LOW_CONFIDENCE
    was_missed = row.follow_up not in (None, FollowUp.CONFIRMED)
    row.is_worth_a_look = row.is_typed and (is_doubtful or is_low or was_missed)
    if not row.is_worth_a_look or is_danger or message.is_sensitive or _tells_of_danger(row):
        return
    if row.in_form and row.intent == "dar_dato":
        return  # an answer to a form's question is somebody's datum
    row.masked_text = _shown(message.text)
    row.text_key = key_of(row.masked_text) if row.masked_text else None


def _shown(text: str) -> str | None:
    """The beginning of a message, masked; what a cut may have halved, and so hidden from masking, is left out."""
    masked = mask(text[:_MAX_TEXT])
    return (masked if len(text) <= _MAX_TEXT else masked[:-_TAIL]).strip() or None


def _tells_of_danger(row: Understanding) -> bool:
    return any(one["intent"] == DANGER and one["confidence"] >= DANGER_FROM for one in row.ranking)


def key_of(masked_text: str) -> str:
    """The same for texts that read alike: without accents, case, or the signs around words."""
    words = "".join(char if char.isalnum() else " " for char in fold(masked_text)).split()
    return hashlib.sha256(" ".join(words).encode()).hexdigest()


async def _judge_the_one_before(session: AsyncSession, row: Understanding) -> None:
    """What this message tells of the last typed one: the other reading was meant, or a person is wanted."""
    if row.is_typed and row.intent != PERSON:
        return  # tells nothing, whatever it was (`_follow_up`)
    named = {"conversation_id": row.conversation_id, "message_id": row.message_id}
    before = await session.scalar(
        _ONE_BEFORE, {**named, "since": row.created_at - FOLLOWS_WITHIN, "to": row.created_at}
    )
    if before is None or not before.is_typed or before.follow_up is not None:
        return
    before.follow_up = _follow_up(before, row)
    if before.follow_up is not None and not before.is_worth_a_look:
        _judge(before, await session.get_one(Message, before.message_id))


def _follow_up(before: Understanding, after: Understanding) -> FollowUp | None:
    if after.intent == PERSON and after.outcome is Outcome.ANSWERED and before.intent not in _MANNERS:
        return FollowUp.ASKED_FOR_PERSON
    if before.outcome is not Outcome.ASKED or after.is_typed:
        return None
    if after.intent == OTHER_MATTER:
        return FollowUp.NEITHER
    return FollowUp.CONFIRMED if after.intent == before.intent else FollowUp.OTHER_READING


async def label(session: AsyncSession, message_id: UUID, intent: str | None, user_id: UUID) -> tuple[UUID, int]:
    """Say what a message, and all that read alike and are pending, meant; None discards them.

    The batch that `undo` takes, and how many messages it holds. Raises NotFound, InvalidInput.
    """
    if intent is not None and intent not in TITLES:
        raise InvalidInput("Elija una intención de la lista.")
    row = await session.get(Understanding, message_id, with_for_update=True)
    if row is None or row.text_key is None:
        raise NotFound("Ese mensaje no se puede etiquetar.")
    batch = uuid.uuid4()
    alike = (Understanding.text_key == row.text_key) & (
        (Understanding.label_state == LabelState.PENDING) | (Understanding.message_id == message_id)
    )
    labelled = await session.scalars(
        update(Understanding)
        .where(alike)
        .values(
            label=intent,
            label_state=LabelState.DISCARDED if intent is None else LabelState.LABELLED,
            label_batch=batch,
            labelled_by=user_id,
            labelled_at=clock.now(),
        )
        .returning(Understanding.message_id)
        .execution_options(synchronize_session=False)
    )
    return batch, len(labelled.all())


async def undo(session: AsyncSession, batch: UUID) -> int:
    """Make a batch's messages pending again; how many. Raises NotFound where there is none."""
    freed = await session.scalars(
        update(Understanding)
        .where(Understanding.label_batch == batch)
        .values(label=None, label_state=LabelState.PENDING, label_batch=None, labelled_by=None, labelled_at=None)
        .returning(Understanding.message_id)
        .execution_options(synchronize_session=False)
    )
    count = len(freed.all())
    if count == 0:
        raise NotFound("Esa etiqueta ya se había quitado.")
    return count
