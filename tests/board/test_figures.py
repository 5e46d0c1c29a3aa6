"""The board against a situation made by hand."""

import uuid
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy.ext.asyncio import AsyncSession

from backend import clock
from backend.agents import service as agents
from backend.agents.models import PresenceState
from backend.board import figures
from backend.board.shapes import AgentState, AlertKind, Board
from backend.clock import HERMOSILLO
from backend.conversations import service as conversations
from backend.conversations.models import Conversation, ConversationEvent, EventKind, HandoffReason, Owner
from backend.db import Database
from backend.ledger.models import AttendedBy, Direction, Interaction, InteractionKind, Outcome, Purpose, Source
from tests.staff import add_staff

NOW = datetime(2026, 11, 18, 12, 0, tzinfo=HERMOSILLO)
CHAT, CALL = InteractionKind.CHAT, InteractionKind.CALL


@pytest.fixture(autouse=True)
def noon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clock, "now", lambda: NOW)


async def _conversation(session: AsyncSession, **fields: Any) -> Conversation:
    one = await conversations.open_conversation(
        session, channel="web", account="portal", external_user_id=uuid.uuid4().hex
    )
    for name, value in fields.items():
        setattr(one, name, value)
    await session.flush()
    return one


async def _contact(session: AsyncSession, kind: InteractionKind, hours_ago: float, **fields: Any) -> None:
    start = NOW - timedelta(hours=hours_ago)
    conversation_id = (await _conversation(session)).id if kind is CHAT else None
    usual = {
        "direction": Direction.INBOUND, "channel": "web" if kind is CHAT else "telefono", "source": Source.CONSOLE,
        "started_at": start, "ended_at": start + timedelta(minutes=10), "conversation_id": conversation_id,
        "external_id": uuid.uuid4().hex,
    }  # fmt: skip
    session.add(Interaction(kind=kind, **{**usual, **fields}))


async def _waits(session: AsyncSession, seconds: int, *, is_emergency: bool = False) -> None:
    await _conversation(
        session, owner=Owner.QUEUE, queued_at=NOW - timedelta(seconds=seconds), is_emergency=is_emergency,
        handoff_reason=HandoffReason.EMERGENCY if is_emergency else HandoffReason.REQUESTED,
    )  # fmt: skip


async def _compute(database: Database) -> Board:
    async with database.transaction() as session:
        return await figures.compute(session, await figures.slow(session))


async def test_an_empty_office_alarms_nobody(database: Database) -> None:
    board = await _compute(database)
    assert (board.chats.count, board.calls.count, list(board.agents), list(board.alerts)) == (0, 0, [], [])
    assert (board.chat_level.share, board.chat_level.is_met) == (None, True)


async def test_who_waits_who_attends_and_how_the_day_goes(database: Database) -> None:
    for name in ("ana", "beto", "caro", "dora", "eli", "fede"):
        await add_staff(database, name)
    async with database.transaction() as session:
        ids = {user.username: user.id for user in await agents.list_users(session)}
        for name, state in (
            ("ana", PresenceState.AVAILABLE),
            ("beto", PresenceState.AVAILABLE),
            ("caro", PresenceState.BREAK),
            ("dora", PresenceState.AVAILABLE),
            ("eli", PresenceState.AVAILABLE),
        ):
            await agents.set_presence(session, ids[name], state, capacity=1 if name == "beto" else 5)
        stale = await agents.presence_of(session, ids["eli"])
        assert stale is not None
        stale.last_seen_at = NOW - timedelta(minutes=5)
        # Beto attends one, who waited for 90 s; Ana one, who waited for 300 s.
        for agent, wait in (("beto", 90), ("ana", 300)):
            taken = NOW - timedelta(minutes=5)
            queued = taken - timedelta(seconds=wait)
            await _conversation(session, owner=Owner.AGENT, agent_id=ids[agent], queued_at=queued, taken_at=taken)
        await _waits(session, 100)
        await _waits(session, 400)
        await _waits(session, 61, is_emergency=True)
        # One by the bot alone, two by a person (waits of 120 and 121 s), one that left; and yesterday's.
        await _contact(session, CHAT, 2, outcome=Outcome.ATTENDED, attended_by=AttendedBy.BOT, queue_seconds=0)
        for wait in (120, 121):
            await _contact(
                session, CHAT, 3, outcome=Outcome.ATTENDED, attended_by=AttendedBy.PERSON, queue_seconds=wait
            )
        await _contact(session, CHAT, 1, outcome=Outcome.ABANDONED, attended_by=AttendedBy.NOBODY, queue_seconds=30)
        await _contact(session, CHAT, 13, outcome=Outcome.ATTENDED, attended_by=AttendedBy.PERSON, queue_seconds=1)
        # Calls: attended after 20 s, abandoned, a prank, one made; Dora is on one, another rings for 45 s.
        start = NOW - timedelta(hours=2)
        await _contact(session, CALL, 2, outcome=Outcome.ATTENDED, answered_at=start + timedelta(seconds=20))
        await _contact(session, CALL, 1, outcome=Outcome.ABANDONED)
        await _contact(session, CALL, 1, outcome=Outcome.ATTENDED, purpose=Purpose.PRANK)
        await _contact(session, CALL, 1, outcome=Outcome.NO_ANSWER, direction=Direction.OUTBOUND)
        await _contact(session, CALL, 0.1, ended_at=None, answered_at=NOW - timedelta(minutes=5), agent_id=ids["dora"])
        await _contact(session, CALL, 45 / 3600, ended_at=None)
        failed = await _conversation(session)
        for minutes in (1, 5, 9, 11):
            session.add(
                ConversationEvent(
                    conversation_id=failed.id, kind=EventKind.BOT_FAILED, at=NOW - timedelta(minutes=minutes)
                )
            )
    board = await _compute(database)

    assert [(line.name, line.state, line.chats) for line in board.agents] == [
        ("Dora", AgentState.ON_CALL, 0),
        ("Beto", AgentState.BUSY, 1),
        ("Ana", AgentState.AVAILABLE, 1),
        ("Caro", AgentState.RESTING, 0),
        ("Eli", AgentState.OFFLINE, 0),
    ]
    assert (board.chats.count, board.calls.count) == (3, 1)
    assert [one.seconds(NOW) for one in board.chats.waiting] == [61, 400, 100]
    today = board.today
    assert (today.chats, today.chats_by_bot, today.chats_by_person, today.chats_abandoned) == (4, 1, 2, 1)
    assert (today.calls, today.calls_attended, today.calls_abandoned, today.calls_made) == (4, 1, 1, 1)
    # Met: 120 s and Beto's. Asked: those, 121 s, the one that left, Ana's, and the 400 s still waiting.
    assert (board.chat_level.met, board.chat_level.asked, board.chat_level.share) == (2, 6, 33)
    # Met: 20 s. Asked: that, Dora's (answered after 60 s), the abandoned one, and the one that rings for 45 s.
    assert (board.call_level.met, board.call_level.asked) == (1, 4)
    assert [(alert.kind, alert.number) for alert in board.alerts] == [
        (AlertKind.EMERGENCY, 61), (AlertKind.WAIT, 400), (AlertKind.BOT, 3),
    ]  # fmt: skip


async def test_nobody_available_alarms_as_soon_as_somebody_waits(database: Database) -> None:
    async with database.transaction() as session:
        await _waits(session, 1)
    board = await _compute(database)
    assert [(alert.kind, alert.number) for alert in board.alerts] == [(AlertKind.NOBODY, 1)]
