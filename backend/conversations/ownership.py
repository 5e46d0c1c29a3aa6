"""Who answers the citizen: the only place that changes it.

Every change is made under the conversation's row lock, is written in its history, and,
when a person made it, starts a new `ownership_epoch`, by which a bot's reply in
flight learns that it is too late.
"""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import ScalarSelect, func, select, text
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased

from backend import clock
from backend.agents import service as agents
from backend.agents.models import DESK_ROLES, User
from backend.assistant.port import ReplyButton
from backend.conversations import messages
from backend.conversations.errors import AgentUnavailable, AlreadyTaken, ConversationClosed, NotYours
from backend.conversations.messages import NewMessage, StoredFile
from backend.conversations.models import (
    Author,
    CloseReason,
    Conversation,
    EventKind,
    HandoffReason,
    Message,
    Owner,
    RatingState,
)
from backend.live import INBOX, conversation_topic, turn_topic
from backend.wakeups import notify

#: What tells the bot that a person gave the conversation back.
BACK_TO_BOT = "/volver_con_bot"

RATING_QUESTION = "La conversación terminó. ¿Cómo califica la atención que recibió? (1 = muy mala, 5 = excelente)"
RATING_PAYLOAD = "/calificar"
_SCORES = ("1", "2", "3", "4", "5")

_ASSIGNMENT_LOCK = 727202


async def hand_to_queue(
    session: AsyncSession, conversation_id: UUID, reason: HandoffReason, *, is_emergency: bool = False
) -> None:
    """Ask for a person: the conversation waits in the queue until somebody has it."""
    conversation = await messages.lock(session, conversation_id)
    conversation.is_emergency = conversation.is_emergency or is_emergency
    if conversation.owner in (Owner.QUEUE, Owner.AGENT):
        return
    from_owner = conversation.owner
    _enqueue(conversation, reason)
    conversation.closed_at = conversation.close_reason = None
    conversation.rating_state = RatingState.NONE
    await messages.record(session, conversation, EventKind.QUEUED, from_owner=from_owner, reason=reason)
    await assign_waiting(session)


def _enqueue(conversation: Conversation, reason: HandoffReason) -> None:
    conversation.owner = Owner.QUEUE
    conversation.agent_id = None
    conversation.queued_at = clock.now()
    conversation.handoff_reason = reason


async def take_over(session: AsyncSession, conversation_id: UUID, agent_id: UUID) -> None:
    """Give the conversation to an agent. Of two who click at once one wins; the other gets AlreadyTaken."""
    conversation = await messages.lock(session, conversation_id)
    if conversation.owner is Owner.AGENT and conversation.agent_id == agent_id:
        return
    await _refuse_if_another_has_it(session, conversation, agent_id)
    await _give_to(session, conversation, agent_id, EventKind.TAKEN)


async def _give_to(session: AsyncSession, conversation: Conversation, agent_id: UUID, kind: EventKind) -> None:
    from_owner = conversation.owner
    agent = await session.get_one(User, agent_id)
    conversation.owner = Owner.AGENT
    conversation.agent_id = agent_id
    conversation.ownership_epoch += 1
    conversation.taken_at = clock.now()
    conversation.closed_at = conversation.close_reason = None
    conversation.rating_state = RatingState.NONE
    conversation.in_scripted_intake = False
    await messages.record(session, conversation, kind, from_owner=from_owner, agent_id=agent_id)
    await messages.append(
        session, conversation, NewMessage(Author.SYSTEM, text=f"Le atiende {agent.full_name}.", agent_id=agent_id)
    )


async def reply_as_agent(
    session: AsyncSession,
    conversation_id: UUID,
    agent_id: UUID,
    *,
    text: str,
    idempotency_key: str,
    attachment: StoredFile | None = None,
    template: tuple[str, Sequence[str]] | None = None,
) -> Message:
    """Send an agent's reply. Writing takes ownership, unless another agent has it; a repeated key sends once.

    `template`: purpose and values of the approved template that says the same where free text is not allowed.
    """
    conversation = await messages.lock(session, conversation_id)
    external_id = f"agent:{agent_id}:{idempotency_key}"
    earlier = await messages.find_by_external_id(session, conversation, external_id)
    if earlier is not None:
        return earlier
    clean = text.strip() if attachment is not None and not text.strip() else messages.clean_text(text)
    await _refuse_if_another_has_it(session, conversation, agent_id)
    if conversation.owner is not Owner.AGENT:
        await _give_to(session, conversation, agent_id, EventKind.TAKEN)
    new = NewMessage(
        Author.AGENT,
        text=clean,
        agent_id=agent_id,
        external_id=external_id,
        files=(attachment,) if attachment is not None else (),
        template_purpose=template[0] if template else None,
        template_values=template[1] if template else (),
    )
    message = await messages.append(session, conversation, new)
    conversation.agent_read_seq = message.seq
    return message


async def add_note(
    session: AsyncSession, conversation_id: UUID, agent_id: UUID, *, text: str, idempotency_key: str
) -> Message:
    """A private note: staff read it, the citizen and the bot never do. Changes no owner."""
    conversation = await messages.lock(session, conversation_id)
    external_id = f"note:{agent_id}:{idempotency_key}"
    earlier = await messages.find_by_external_id(session, conversation, external_id)
    if earlier is not None:
        return earlier
    new = NewMessage(Author.NOTE, text=messages.clean_text(text), agent_id=agent_id, external_id=external_id)
    return await messages.append(session, conversation, new)


async def transfer(
    session: AsyncSession, conversation_id: UUID, agent_id: UUID, *, to_agent_id: UUID | None, note: str
) -> None:
    """Pass one's conversation to another agent, or back to the queue (`to_agent_id` None)."""
    conversation = await messages.lock(session, conversation_id)
    await _refuse_unless_mine(session, conversation, agent_id)
    if note.strip():
        await messages.append(
            session,
            conversation,
            NewMessage(Author.NOTE, text=messages.clean_text(f"Transferencia: {note}"), agent_id=agent_id),
        )
    if to_agent_id is None:
        conversation.ownership_epoch += 1
        _enqueue(conversation, HandoffReason.TRANSFERRED)
        await messages.record(
            session, conversation, EventKind.TRANSFERRED, from_owner=Owner.AGENT, agent_id=agent_id, reason="queue"
        )
        await messages.append(
            session, conversation, NewMessage(Author.SYSTEM, text="Le pasamos con otra persona. Espere, por favor.")
        )
        return
    receiver = await session.get(User, to_agent_id)
    if receiver is None or not receiver.is_active or receiver.role not in DESK_ROLES:
        raise AgentUnavailable
    await _give_to(session, conversation, to_agent_id, EventKind.TRANSFERRED)


async def return_to_bot(session: AsyncSession, conversation_id: UUID, agent_id: UUID) -> None:
    """Give the conversation back to the bot. The bot hears of it before it sees the next message."""
    conversation = await messages.lock(session, conversation_id)
    if conversation.owner is Owner.BOT:
        return
    await _refuse_if_another_has_it(session, conversation, agent_id)
    await _back_to_bot(session, conversation, EventKind.RETURNED_TO_BOT, agent_id=agent_id)


async def leave_queue(session: AsyncSession, conversation: Conversation) -> None:
    """The citizen would rather go on with the bot than wait."""
    await _back_to_bot(session, conversation, EventKind.RETURNED_TO_BOT, agent_id=None)


async def reopen(session: AsyncSession, conversation: Conversation) -> None:
    """A closed conversation in which the citizen wrote again starts with the bot."""
    from_owner = conversation.owner
    conversation.owner = Owner.BOT
    conversation.agent_id = conversation.queued_at = conversation.handoff_reason = None
    conversation.closed_at = conversation.close_reason = None
    conversation.rating_state = RatingState.NONE
    conversation.is_emergency = False
    await messages.record(session, conversation, EventKind.REOPENED, from_owner=from_owner)


async def _back_to_bot(
    session: AsyncSession, conversation: Conversation, kind: EventKind, *, agent_id: UUID | None
) -> None:
    from_owner = conversation.owner
    conversation.owner = Owner.BOT
    conversation.agent_id = conversation.queued_at = conversation.handoff_reason = None
    conversation.ownership_epoch += 1
    conversation.is_emergency = False
    await messages.record(session, conversation, kind, from_owner=from_owner, agent_id=agent_id)
    await messages.append(session, conversation, NewMessage(Author.CONTROL, payload=BACK_TO_BOT))
    await notify(session, turn_topic(conversation.id))


async def close(
    session: AsyncSession, conversation_id: UUID, agent_id: UUID, *, reason: CloseReason, note: str = ""
) -> None:
    """End the conversation and ask the citizen for a rating."""
    conversation = await messages.lock(session, conversation_id)
    if conversation.owner is Owner.CLOSED:
        raise ConversationClosed
    await _refuse_if_another_has_it(session, conversation, agent_id)
    from_owner = conversation.owner
    if note.strip():
        await messages.append(
            session,
            conversation,
            NewMessage(Author.NOTE, text=messages.clean_text(f"Al cerrar: {note}"), agent_id=agent_id),
        )
    conversation.owner = Owner.CLOSED
    conversation.agent_id = agent_id
    conversation.ownership_epoch += 1
    conversation.closed_at = clock.now()
    conversation.close_reason = reason
    conversation.is_emergency = False
    conversation.rating_state = RatingState.SCORE_ASKED
    await messages.record(
        session, conversation, EventKind.CLOSED, from_owner=from_owner, agent_id=agent_id, reason=reason
    )
    buttons = tuple(ReplyButton(score, f"{RATING_PAYLOAD}:{score}") for score in _SCORES)
    await messages.append(session, conversation, NewMessage(Author.SYSTEM, text=RATING_QUESTION, buttons=buttons))
    await assign_waiting(session)


async def announce(session: AsyncSession, conversation_id: UUID, text: str) -> Message:
    """A sentence from the system to the citizen, whoever owns the conversation."""
    conversation = await messages.lock(session, conversation_id)
    return await messages.append(session, conversation, NewMessage(Author.SYSTEM, text=messages.clean_text(text)))


async def mark_read_by_agent(session: AsyncSession, conversation_id: UUID, up_to_seq: int) -> None:
    """An agent has seen the conversation up to `up_to_seq`; never moves back."""
    conversation = await messages.lock(session, conversation_id)
    new = min(up_to_seq, conversation.last_seq)
    if new > conversation.agent_read_seq:
        conversation.agent_read_seq = new
        await notify(session, conversation_topic(conversation_id), INBOX)


async def assign_waiting(session: AsyncSession) -> None:
    """Give each waiting conversation, emergencies first, to the least loaded agent who has room.

    One assignment at a time, so that nobody is given more than their capacity.
    """
    await session.flush()
    await session.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _ASSIGNMENT_LOCK})
    available = await agents.available_agents(session)
    if not available:
        return
    owned = await session.execute(
        select(Conversation.agent_id, func.count())
        .where(Conversation.owner == Owner.AGENT)
        .group_by(Conversation.agent_id)
    )
    loads = dict(owned.all())
    waiting = await session.scalars(
        select(Conversation)
        .where(Conversation.owner == Owner.QUEUE)
        .order_by(Conversation.is_emergency.desc(), Conversation.queued_at)
        .with_for_update(skip_locked=True)
        .limit(100)
    )
    for conversation in waiting.all():
        with_room = [agent for agent in available if loads.get(agent.user_id, 0) < agent.capacity]
        if not with_room:
            return
        chosen = min(with_room, key=lambda agent: loads.get(agent.user_id, 0) / max(agent.capacity, 1))
        await _give_to(session, conversation, chosen.user_id, EventKind.ASSIGNED)
        loads[chosen.user_id] = loads.get(chosen.user_id, 0) + 1


def people_ahead() -> ScalarSelect[int]:
    """How many wait before the conversation that a statement selects, as a column; 0 means next."""
    other = aliased(Conversation)
    waits_longer = (other.is_emergency == Conversation.is_emergency) & (other.queued_at < Conversation.queued_at)
    is_more_urgent = other.is_emergency > Conversation.is_emergency
    return (
        select(func.count(other.id)).where(other.owner == Owner.QUEUE, waits_longer | is_more_urgent).scalar_subquery()
    )


async def _refuse_if_another_has_it(session: AsyncSession, conversation: Conversation, agent_id: UUID) -> None:
    if conversation.owner is Owner.AGENT and conversation.agent_id != agent_id:
        assert conversation.agent_id is not None
        other = await session.get_one(User, conversation.agent_id)
        raise AlreadyTaken(other.full_name)


async def _refuse_unless_mine(session: AsyncSession, conversation: Conversation, agent_id: UUID) -> None:
    await _refuse_if_another_has_it(session, conversation, agent_id)
    if conversation.owner is not Owner.AGENT:
        raise NotYours
