"""Advancing a conversation: its pending messages, one at a time, in order.

A worker leases the conversation (a token on the row, taken under the row lock), talks
to the bot with no transaction open, and stores the replies in a new transaction after
checking again who owns the conversation. A worker that dies leaves a lease that ends;
another then has the same turn again, and the bot, which remembers the message's id,
answers it without running it twice.
"""

import enum
import json
import uuid
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from uuid import UUID

import structlog
from sqlalchemy import bindparam, select
from sqlalchemy.ext.asyncio import AsyncSession

from backend import clock
from backend.acuse.service import ChatAcuse
from backend.assistant import gestures, scripted
from backend.assistant.emergency import EMERGENCY_TEXT, is_emergency
from backend.assistant.port import Assistant, AssistantError, Handoff, Turn, TurnResult
from backend.contacts import commands
from backend.conversations import media, messages, ownership, pins, ratings, waiting
from backend.conversations.inbox import AWAITS_FILES
from backend.conversations.messages import NewMessage
from backend.conversations.models import (
    Attachment,
    Author,
    Conversation,
    EventKind,
    HandoffReason,
    Message,
    Owner,
)
from backend.conversations.offered import Pressed, pressed
from backend.conversations.pins import Place
from backend.db import Database
from backend.learning import service as learning
from backend.monitoring import tracing
from backend.notices.answers import take as take_answer
from backend.registry import folios

log = structlog.get_logger(__name__)

#: A message that failed this often (each time taking the worker with it) goes to a person unread by the bot.
MAX_ATTEMPTS = 4

#: A turn whose process is gone is had at another one if this much of its time is left.
_ENOUGH_TO_MOVE = timedelta(seconds=2)

#: Written once: every turn asks this.
_PENDING = (
    select(Message)
    .where(
        Message.conversation_id == bindparam("conversation_id"),
        Message.handled_at.is_(None),
        Message.author.in_((Author.CITIZEN, Author.CONTROL)),
    )
    .order_by(Message.seq)
    .limit(bindparam("limit"))
)


class Step(enum.Enum):
    """What came of one look at a conversation."""

    #: No message waits, or another worker is at it. The conversation is not ours any more.
    NOTHING_TO_DO = enum.auto()
    #: There may be more to do.
    HANDLED = enum.auto()


@dataclass(frozen=True)
class BotTurn:
    """A turn to have with the bot, and what must still be true when its reply is stored."""

    turn: Turn
    place: Place
    lease_token: UUID
    epoch: int
    is_control: bool


@dataclass(frozen=True)
class Means:
    """What a turn may need besides the database: the key of access codes, and the acuse that goes with a folio."""

    secret: bytes
    acuses: ChatAcuse | None


class Advancer:
    """Deals with a conversation's pending messages, as the only one to do so while its lease holds."""

    def __init__(
        self,
        database: Database,
        assistant: Assistant,
        *,
        secret: bytes,
        lease_seconds: float,
        turn_seconds: float,
        acuses: ChatAcuse | None = None,
    ) -> None:
        self._database = database
        self._assistant = assistant
        self._means = Means(secret, acuses)
        self._lease = timedelta(seconds=lease_seconds)
        self._turn = timedelta(seconds=turn_seconds)

    async def advance(self, conversation_id: UUID) -> None:
        """Handle everything pending; returns at once if another worker is at it."""
        lease_token = uuid.uuid4()
        while True:
            async with self._database.transaction() as session:
                step = await self._claim(session, conversation_id, lease_token)
            if isinstance(step, BotTurn):
                with tracing.span("turn", conversation_id=str(conversation_id), message_id=str(step.turn.message_id)):
                    step = await self._have_turn(step)
            if step is Step.NOTHING_TO_DO:
                return

    async def _claim(self, session: AsyncSession, conversation_id: UUID, lease_token: UUID) -> Step | BotTurn:
        """Handle the next message within this transaction, or lease the conversation for a turn with the bot."""
        conversation = await messages.lock(session, conversation_id)
        moment = clock.now()
        leased_until = conversation.lease_until
        if leased_until is not None and leased_until > moment and conversation.lease_token != lease_token:
            return Step.NOTHING_TO_DO
        message = next(iter(await _pending(session, conversation_id, limit=1)), None)
        if message is None or (AWAITS_FILES in message.extra and await media.is_awaited(session, message.id)):
            return _leave(conversation)
        message.attempts += 1
        said = await pressed(session, message)
        if await _handled_without_bot(session, conversation, message, said, self._means):
            _handled(message)
            return Step.HANDLED
        text = await _text_for_bot(session, conversation, message, said)
        conversation.lease_token = lease_token
        conversation.lease_until = moment + self._lease
        ends_at, fit = moment + self._turn, self._assistant.fit(conversation.id)
        place = await pins.take(session, conversation, fit, moment=moment, ends_at=ends_at)
        is_new = message.attempts == 1
        turn = Turn(conversation.id, message.id, text, conversation.channel, ends_at, place.at, is_new)
        return BotTurn(turn, place, lease_token, conversation.ownership_epoch, message.author is Author.CONTROL)

    async def _have_turn(self, claimed: BotTurn) -> Step:
        result: TurnResult | AssistantError
        try:
            result = await self._assistant.reply(claimed.turn)
        except AssistantError as error:
            log.warning(
                "assistant_failed", kind=error.kind, rasa=claimed.turn.at, message_id=str(claimed.turn.message_id)
            )
            result = error
        moved = await self._move(claimed) if isinstance(result, AssistantError) and result.is_away else None
        if moved is not None:
            return await self._have_turn(moved)
        async with self._database.transaction() as session:
            return await _finish(session, claimed, result, self._means)

    async def _move(self, claimed: BotTurn) -> BotTurn | None:
        """The same turn at another process, its own being away; None where it must not be, or cannot in time."""
        turn, moment = claimed.turn, clock.now()
        fit = [name for name in self._assistant.fit(turn.conversation_id) if name != turn.at]
        if not (fit and claimed.place.may_move and turn.ends_at - moment > _ENOUGH_TO_MOVE):
            return None
        async with self._database.transaction() as session:
            conversation = await messages.lock(session, turn.conversation_id)
            if conversation.lease_token != claimed.lease_token:
                return None
            conversation.rasa_busy_until = None
            place = await pins.take(session, conversation, fit, moment=moment, ends_at=turn.ends_at)
        return replace(claimed, turn=replace(turn, at=place.at, is_new=False), place=place)


async def _pending(session: AsyncSession, conversation_id: UUID, *, limit: int) -> Sequence[Message]:
    """What a locked conversation has still to deal with, in order."""
    return (await session.scalars(_PENDING, {"conversation_id": conversation_id, "limit": limit})).all()


def _leave(conversation: Conversation) -> Step:
    """Let go of a locked conversation: whoever stores the next message wakes somebody to take it up."""
    conversation.lease_token = conversation.lease_until = None
    return Step.NOTHING_TO_DO


def _handled(message: Message) -> None:
    message.handled_at = clock.now()


async def _handled_without_bot(
    session: AsyncSession, conversation: Conversation, message: Message, said: Pressed, means: Means
) -> bool:
    """Everything that is decided before the bot sees a message. True when the bot must not see it."""
    if message.author is Author.CONTROL:
        return conversation.owner is not Owner.BOT
    if is_emergency(message.text):
        await _meet_emergency(session, conversation, message)
        return True
    if await commands.handle(session, conversation, message, said.payload, means.secret):
        return True
    if await take_answer(session, conversation, message, said):
        return True
    match conversation.owner:
        case Owner.AGENT:
            return True
        case Owner.QUEUE:
            await waiting.hear(session, conversation, message)
            return True
        case Owner.CLOSED:
            if await ratings.take(session, conversation, message):
                return True
            await ownership.reopen(session, conversation)
    return await _handled_by_script(session, conversation, message, said.payload, means)


async def _handled_as_gesture(
    session: AsyncSession, conversation: Conversation, message: Message, payload: str | None, means: Means
) -> bool:
    """A place, a card, a voice note: answered here, where it is none of the bot's business."""
    if not message.extra and payload not in gestures.PAYLOADS:
        return False
    result = await gestures.answer(session, conversation, message, payload)
    if result is not None:
        await _store_result(session, conversation, message, result, means)
    return result is not None


async def _handled_by_script(
    session: AsyncSession, conversation: Conversation, message: Message, payload: str | None, means: Means
) -> bool:
    """A message that keeps felling workers goes to a person; a scripted petition under way goes on as it began."""
    if message.attempts > MAX_ATTEMPTS:
        await _give_up(session, conversation, message)
        return True
    if await _handled_as_gesture(session, conversation, message, payload, means):
        return True
    if conversation.in_scripted_intake and await scripted.is_under_way(session, conversation):
        result = await scripted.go_on(session, conversation, message, payload, means.secret)
        await _store_result(session, conversation, message, result, means)
        return True
    return False


async def _meet_emergency(session: AsyncSession, conversation: Conversation, message: Message) -> None:
    """911 before anything else, and a flagged handoff. Where a person has the chat, the person answers."""
    message.is_sensitive = True
    was_with_agent = conversation.owner is Owner.AGENT
    conversation.is_emergency = True
    await messages.record(session, conversation, EventKind.EMERGENCY, agent_id=conversation.agent_id)
    if was_with_agent:
        return
    new = NewMessage(Author.BOT, text=EMERGENCY_TEXT, in_reply_to=message.id, reply_index=0)
    await messages.append(session, conversation, new)
    await ownership.hand_to_queue(session, conversation.id, HandoffReason.EMERGENCY, is_emergency=True)


async def _give_up(session: AsyncSession, conversation: Conversation, message: Message) -> None:
    await messages.append(
        session,
        conversation,
        NewMessage(Author.BOT, text=scripted.GAVE_UP, in_reply_to=message.id, reply_index=0),
    )
    await ownership.hand_to_queue(session, conversation.id, HandoffReason.BOT_FAILED)


async def _text_for_bot(session: AsyncSession, conversation: Conversation, message: Message, said: Pressed) -> str:
    """The message as the bot takes it: a button's payload (pressed, or typed as its number or title) or plain text."""
    if message.payload is None:
        gesture = await _gesture_for_bot(session, conversation, message)
        if gesture is not None:
            return gesture
    if said.payload is None:
        # Only buttons speak to the bot in commands; a citizen's own "/…" is plain text.
        return message.text.lstrip("/ ") or message.text
    # A petition that came here from another channel: to the bot, as one that a person gave back.
    return ownership.BACK_TO_BOT if said.payload.startswith(commands.CONTINUE) else said.payload


async def _gesture_for_bot(session: AsyncSession, conversation: Conversation, message: Message) -> str | None:
    """A deep link, a telephone or a file, as the bot takes it; None for words."""
    if "start" in message.extra:
        return _text_of_start(str(message.extra["start"]))
    phone = await gestures.phone_typed(session, conversation, message)
    if phone is not None:
        return phone
    if message.text:
        return None
    file = await session.scalar(select(Attachment.id).where(Attachment.message_id == message.id).limit(1))
    return "/enviar_adjunto" if file is not None else None


def _text_of_start(parameter: str) -> str:
    """What a deep link asks for: a folio's state, or just the beginning."""
    folio = folios.parse(parameter)
    if folio is not None:
        return f"/consultar_folio{json.dumps({'folio': folio})}"
    return "/consultar_folio" if parameter == "folio" else "/saludar"


async def _finish(session: AsyncSession, claimed: BotTurn, result: TurnResult | AssistantError, means: Means) -> Step:
    """Store the outcome of a turn, unless somebody else has had the turn or owns the conversation now.

    Where no message waits the conversation is let go of in the same transaction: to look for one takes another.
    """
    conversation = await messages.lock(session, claimed.turn.conversation_id)
    pending = await _pending(session, conversation.id, limit=2)
    is_handled = not pending or pending[0].id != claimed.turn.message_id
    if conversation.lease_token != claimed.lease_token or is_handled:
        log.info("late_turn_discarded", message_id=str(claimed.turn.message_id))
        return Step.HANDLED
    message = pending[0]
    pins.note_end(conversation, claimed.place, result)
    _handled(message)
    step = Step.HANDLED if len(pending) > 1 else _leave(conversation)
    await _store_outcome(session, conversation, message, claimed, result, means)
    return step


async def _store_outcome(
    session: AsyncSession,
    conversation: Conversation,
    message: Message,
    claimed: BotTurn,
    result: TurnResult | AssistantError,
    means: Means,
) -> None:
    if conversation.ownership_epoch != claimed.epoch or conversation.owner is not Owner.BOT:
        await _drop(session, conversation, message, result)
        return
    if isinstance(result, AssistantError):
        await messages.record(session, conversation, EventKind.BOT_FAILED, reason=result.kind[:40])
        result = await scripted.take_over_turn(session, conversation, message, means.secret)
    else:
        conversation.in_scripted_intake = False
        with session.no_autoflush:  # what the turn changes in the conversation is written once, with the replies
            await learning.record(session, message, result.understanding, result.handoff)
    await _store_result(session, conversation, message, result, means)


async def _store_result(
    session: AsyncSession, conversation: Conversation, message: Message, result: TurnResult, means: Means
) -> None:
    for index, reply in enumerate(result.replies):
        files = await means.acuses.for_reply(session, conversation, reply.text) if means.acuses else ()
        new = NewMessage(
            Author.BOT,
            text=reply.text,
            buttons=reply.buttons,
            in_reply_to=message.id,
            reply_index=index,
            files=files,
        )
        await messages.append(session, conversation, new)
    if result.handoff is not None:
        await _hand_off(session, conversation, message, result.handoff, index=len(result.replies))
    elif any(folios.parse(reply.text) for reply in result.replies):  # a petition that was filed is told with its folio
        await commands.after_turn(session, conversation, message)


async def _hand_off(
    session: AsyncSession, conversation: Conversation, message: Message, handoff: Handoff, *, index: int
) -> None:
    """Queue the conversation, flagged with its language, and tell staff what the assistant made of it."""
    if handoff.language is not None:
        conversation.language = handoff.language
    if handoff.summary:
        note = NewMessage(Author.NOTE, text=handoff.summary, in_reply_to=message.id, reply_index=index)
        await messages.append(session, conversation, note)
    await ownership.hand_to_queue(session, conversation.id, handoff.reason, is_emergency=handoff.is_emergency)


async def _drop(
    session: AsyncSession, conversation: Conversation, message: Message, result: TurnResult | AssistantError
) -> None:
    """A person took over while the bot was answering: the citizen never sees the answer, the agent does."""
    if isinstance(result, AssistantError):
        return
    await messages.record(session, conversation, EventKind.REPLY_DROPPED, agent_id=conversation.agent_id)
    said = "\n".join(reply.text for reply in result.replies)
    note = NewMessage(
        Author.NOTE,
        text=f"El asistente iba a contestar esto; no se envió porque una persona tomó la conversación:\n{said}",
        in_reply_to=message.id,
        reply_index=0,
    )
    await messages.append(session, conversation, note)
