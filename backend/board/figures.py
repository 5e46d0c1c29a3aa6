"""What the board shows, by a handful of counts on indexed rows of today.

The figures mean what the reports' mean: docs/reports.md.
"""

from dataclasses import dataclass
from datetime import datetime, time, timedelta
from uuid import UUID

from sqlalchemy import ColumnElement, and_, extract, func, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from backend import clock
from backend.agents.models import DESK_ROLES, Presence, PresenceState, User
from backend.agents.presence_history import PRESENCE_LIFE
from backend.board.alerts import alerts_of
from backend.board.models import BoardSettings
from backend.board.shapes import AgentLine, AgentState, Board, Level, Queue, Slow, Today, Waiting
from backend.conversations.models import Conversation, ConversationEvent, EventKind, Owner
from backend.ledger.models import AttendedBy, Direction, Interaction, InteractionKind, Outcome, Purpose, Source
from backend.notices import proof
from backend.notices.models import Notice
from backend.outreach.models import CallTask, TaskState
from backend.registry.models import Petition
from backend.telephony.models import Call, CallState

#: So many of those who wait are named; all are counted.
SHOWN = 8
#: Counts that grow with what nobody looks after go no further.
COUNTED = 1000
BOT_WATCHED = timedelta(minutes=10)
NOTICES_WATCHED = timedelta(days=7)
_NOBODYS = (Purpose.WRONG_NUMBER, Purpose.PRANK)

#: Of those who asked for a person: attended in time, and in all.
_Met = tuple[int, int]


async def slow(session: AsyncSession) -> Slow:
    """The figures that need not be counted every time."""
    moment = clock.now()
    lost = (
        select(Notice.id)
        .where(Notice.settled_at > moment - NOTICES_WATCHED, ~proof.arrived())
        .limit(COUNTED)
        .subquery()
    )
    today = clock.local(moment).date()
    owed = select(CallTask.due_on).where(CallTask.state == TaskState.PENDING).limit(COUNTED).subquery()
    calls = (
        await session.execute(select(func.count(), func.count().filter(owed.c.due_on < today)).select_from(owed))
    ).one()
    notices = await session.scalar(select(func.count()).select_from(lost)) or 0
    return Slow(notices, calls[0], calls[1])


async def compute(session: AsyncSession, known: Slow) -> Board:
    """The board as it is now; `known` was counted a little earlier."""
    moment = clock.now()
    settings = await session.get_one(BoardSettings, 1)
    chats, calls = await _chats_waiting(session), await _calls_waiting(session)
    loads = await _loads(session)
    agents = await _agents(session, moment, loads)
    counted = await _day(session, moment, settings)
    failures = await session.scalar(
        select(func.count()).where(
            ConversationEvent.kind == EventKind.BOT_FAILED, ConversationEvent.at > moment - BOT_WATCHED
        )
    )
    chat_late, call_late = await _under_way(session, moment, settings, calls)
    return Board(
        at=moment,
        chats=chats,
        calls=calls,
        attended_now=sum(loads.values()),
        calls_now=sum(agent.state is AgentState.ON_CALL for agent in agents),
        agents=agents,
        today=counted.today,
        slow=known,
        chat_level=_level(counted.chat, chat_late, settings.chat_seconds, settings.chat_target),
        call_level=_level(counted.call, call_late, settings.call_seconds, settings.call_target),
        alerts=alerts_of(settings, moment, chats, calls, agents, failures or 0, known),
    )


async def _chats_waiting(session: AsyncSession) -> Queue:
    in_queue = Conversation.owner == Owner.QUEUE
    count, oldest = (
        await session.execute(select(func.count(), func.min(Conversation.queued_at)).where(in_queue))
    ).one()
    rows = await session.execute(
        select(
            Conversation.queued_at,
            Conversation.channel,
            Conversation.handoff_reason,
            Conversation.is_emergency,
            Conversation.id,
        )
        .where(in_queue)
        .order_by(Conversation.is_emergency.desc(), Conversation.queued_at)
        .limit(SHOWN)
    )
    waiting = [
        Waiting(since, channel, reason, is_emergency, conversation_id)
        for since, channel, reason, is_emergency, conversation_id in rows
        if since is not None
    ]
    return Queue(count, oldest, waiting)


async def _calls_waiting(session: AsyncSession) -> Queue:
    """Calls that ring or queue: begun by the citizen, not yet answered, not yet over, and past the telephone's menu."""
    rings = and_(
        Interaction.kind == InteractionKind.CALL,
        Interaction.direction == Direction.INBOUND,
        Interaction.ended_at.is_(None),
        Interaction.answered_at.is_(None),
        or_(Call.id.is_(None), Call.state.in_((CallState.WAITING, CallState.RINGING))),
    )
    waits = func.coalesce(Call.queued_at, Interaction.started_at)
    its_call = and_(Interaction.source == Source.TWILIO, Call.call_sid == Interaction.external_id)
    rows = await session.scalars(
        select(waits).select_from(Interaction).outerjoin(Call, its_call).where(rings).order_by(waits)
    )
    since = rows.all()
    return Queue(len(since), since[0] if since else None, [Waiting(one, "voice") for one in since])


async def _loads(session: AsyncSession) -> dict[UUID, int]:
    rows = await session.execute(
        select(Conversation.agent_id, func.count())
        .where(Conversation.owner == Owner.AGENT)
        .group_by(Conversation.agent_id)
    )
    return {agent_id: count for agent_id, count in rows if agent_id is not None}


async def _agents(session: AsyncSession, moment: datetime, loads: dict[UUID, int]) -> list[AgentLine]:
    """Everybody who was there today, those on a call or attending first."""
    on_call = set(
        await session.scalars(
            select(Interaction.agent_id).where(
                Interaction.kind == InteractionKind.CALL,
                Interaction.ended_at.is_(None),
                Interaction.answered_at.is_not(None),
                Interaction.agent_id.is_not(None),
            )
        )
    )
    rows = await session.execute(
        select(User.id, User.full_name, Presence)
        .join(Presence, Presence.user_id == User.id)
        .where(User.is_active, User.role.in_(DESK_ROLES), Presence.last_seen_at >= _midnight(moment))
    )
    lines = []
    for user_id, name, presence in rows:
        load = loads.get(user_id, 0)
        state = state_of(presence, moment, load=load, is_on_call=user_id in on_call)
        since = presence.changed_at if state is not AgentState.OFFLINE else presence.last_seen_at
        lines.append(AgentLine(name, state, load, presence.capacity, since))
    order = list(AgentState)
    return sorted(lines, key=lambda line: (order.index(line.state), line.name))


def state_of(presence: Presence, moment: datetime, *, load: int, is_on_call: bool) -> AgentState:
    """What somebody does, by what their console last said and what they have in hand."""
    if is_on_call:
        return AgentState.ON_CALL
    if presence.state is PresenceState.OFFLINE or moment - presence.last_seen_at > PRESENCE_LIFE:
        return AgentState.OFFLINE
    if presence.state is PresenceState.BREAK:
        return AgentState.RESTING
    if presence.state is PresenceState.AWAY:
        return AgentState.AWAY
    return AgentState.BUSY if load >= presence.capacity else AgentState.AVAILABLE


def _midnight(moment: datetime) -> datetime:
    return datetime.combine(clock.local(moment).date(), time(), tzinfo=clock.HERMOSILLO)


@dataclass(frozen=True)
class _Counted:
    today: Today
    chat: _Met
    call: _Met


def _count(*conditions: ColumnElement[bool]) -> ColumnElement[int]:
    return func.count().filter(and_(*conditions))


async def _day(session: AsyncSession, moment: datetime, settings: BoardSettings) -> _Counted:
    """Today's contacts, by one pass over the ledger's rows of today."""
    chat, call = Interaction.kind == InteractionKind.CHAT, Interaction.kind == InteractionKind.CALL
    inbound = Interaction.direction == Direction.INBOUND
    is_real = func.coalesce(Interaction.purpose.not_in(_NOBODYS), True)
    attended = Interaction.outcome == Outcome.ATTENDED
    answered = Interaction.outcome.in_((Outcome.ATTENDED, Outcome.TRANSFERRED))
    left = Interaction.outcome == Outcome.ABANDONED
    by_person = Interaction.attended_by == AttendedBy.PERSON
    waited = and_(chat, inbound, Interaction.queue_seconds > 0)
    rang = and_(call, inbound, is_real)
    wait = func.coalesce(Interaction.queue_seconds, extract("epoch", Interaction.answered_at - Interaction.started_at))
    row = (
        await session.execute(
            select(
                _count(chat, inbound),
                _count(chat, inbound, attended, Interaction.attended_by == AttendedBy.BOT),
                _count(chat, inbound, by_person),
                _count(chat, inbound, left),
                _count(rang),
                _count(rang, answered),
                _count(rang, left),
                _count(call, Interaction.direction == Direction.OUTBOUND, is_real),
                _count(waited, by_person, Interaction.queue_seconds <= settings.chat_seconds),
                _count(waited, by_person | left),
                _count(rang, Interaction.answered_at.is_not(None), wait <= settings.call_seconds),
                _count(rang, Interaction.answered_at.is_not(None) | left),
            ).where(Interaction.started_at >= _midnight(moment))
        )
    ).one()
    filed = select(func.count()).where(Petition.created_at >= _midnight(moment))
    petitions = await session.scalar(filed.select_from(Petition)) or 0
    return _Counted(Today(*row[:8], petitions=petitions), (row[8], row[9]), (row[10], row[11]))


async def _under_way(
    session: AsyncSession, moment: datetime, settings: BoardSettings, calls: Queue
) -> tuple[_Met, _Met]:
    """Of chats and calls that are not over: those whom somebody attends, and who has waited too long already."""
    wait = extract("epoch", Conversation.taken_at - Conversation.queued_at)
    taken, asked = (
        await session.execute(
            select(_count(wait <= settings.chat_seconds), func.count()).where(
                Conversation.owner == Owner.AGENT,
                Conversation.queued_at >= _midnight(moment),
                Conversation.taken_at >= Conversation.queued_at,
            )
        )
    ).one()
    too_long = moment - timedelta(seconds=settings.chat_seconds)
    late = await session.scalar(
        select(func.count()).where(Conversation.owner == Owner.QUEUE, Conversation.queued_at < too_long)
    )
    calls_late = sum(one.seconds(moment) > settings.call_seconds for one in calls.waiting)
    return (taken, asked + (late or 0)), (0, calls_late)


def _level(done: _Met, under_way: _Met, seconds: int, target: int) -> Level:
    return Level(done[0] + under_way[0], done[1] + under_way[1], seconds, target)
