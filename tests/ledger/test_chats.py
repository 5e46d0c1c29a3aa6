"""Chats in the ledger: what the product does becomes rows, however often and in however many steps they are told."""

import uuid
from collections.abc import Awaitable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import select, text

from backend import clock
from backend.assistant.port import Handoff, Outcome, Reading, Reply, TurnResult, Understanding
from backend.conversations import service as conversations
from backend.conversations.models import CloseReason, HandoffReason
from backend.conversations.turns import Advancer
from backend.db import Database
from backend.ledger import chats
from backend.ledger import service as ledger
from backend.ledger.models import Interaction
from tests.conversations.conftest import Stage, add_agent, open_one
from tests.fake_assistant import FakeAssistant

NOON = datetime(2026, 7, 15, 19, tzinfo=UTC)
_MISSED = Understanding((Reading("ayuda", 0.2),), "m1", Outcome.NOT_UNDERSTOOD, is_typed=True, in_form=False)


@contextmanager
def minute(number: float) -> Iterator[None]:
    with clock.pinned(NOON + timedelta(minutes=number)):
        yield


async def recorded(database: Database, *, after: float) -> list[Interaction]:
    """The ledger as it stands after the chore ran at that minute."""
    with minute(after):
        await chats.look_after(database)
    async with database.transaction() as session:
        return list(await session.scalars(select(Interaction).order_by(Interaction.started_at)))


def told(row: Interaction) -> dict[str, Any]:
    left_out = {"id", "created_at", "updated_at", "words"}
    return {key.key: getattr(row, key.key) for key in Interaction.__table__.columns if key.key not in left_out}


async def step(number: float, work: Awaitable[Any]) -> None:
    with minute(number):
        await work


async def _act(database: Database, act: Any, conversation_id: UUID, *args: Any, **more: Any) -> None:
    async with database.transaction() as session:
        await act(session, conversation_id, *args, **more)


@pytest.fixture
async def stage(database: Database) -> Stage:
    assistant = FakeAssistant()
    return Stage(
        database,
        assistant,
        Advancer(database, assistant, secret=b"test", lease_seconds=15, turn_seconds=8),
        await open_one(database),
    )


async def test_a_chat_becomes_rows_step_by_step_and_at_once_alike(database: Database, stage: Stage) -> None:
    ana = await add_agent(database, "Ana")
    one = stage.conversation_id
    assert await recorded(database, after=-1) == []
    stage.assistant.answers = [
        TurnResult((Reply("No le entendí."),), understanding=_MISSED),
        TurnResult((Reply("Le comunico."),), Handoff(HandoffReason.MISUNDERSTOOD)),
    ]
    await step(0, stage.say("hola"))
    [row] = await recorded(database, after=1)
    assert (row.ended_at, row.outcome, row.attended_by, row.bot_answers) == (None, None, None, 1)
    await step(2, stage.say("quiero a alguien"))
    await step(5, _act(database, conversations.take_over, one, ana))
    [row] = await recorded(database, after=6)
    assert (row.answered_at, row.agent_id, row.handoff_reason) == (NOON + timedelta(minutes=5), ana, "misunderstood")
    await step(8, _act(database, conversations.reply_as_agent, one, ana, text="Dígame", idempotency_key="1"))
    await step(20, _act(database, conversations.close, one, ana, reason=CloseReason.SOLVED))
    await step(21, stage.say("5"))
    await step(22, stage.say("muy bien"))
    [row] = await recorded(database, after=23)
    assert (row.outcome, row.attended_by, row.score, row.bot_answers, row.bot_misses) == (
        "atendida",
        "persona",
        5,
        2,
        1,
    )
    seconds = (row.bot_seconds, row.queue_seconds, row.person_seconds, row.citizen_seconds)
    assert seconds == (0, 3 * 60, 3 * 60, (2 + 12) * 60)
    assert (row.started_at, row.ended_at) == (NOON, NOON + timedelta(minutes=20))
    await step(500, stage.say("otra cosa"))
    rows = await recorded(database, after=501)
    assert [(row.external_id, row.ended_at is None) for row in rows] == [(f"{one}:1", False), (f"{one}:2", True)]
    rows = await recorded(database, after=500 + 25 * 60)
    assert [row.ended_at for row in rows] == [NOON + timedelta(minutes=20), NOON + timedelta(minutes=500)]
    before = [told(row) for row in rows]
    await _forget(database)
    assert [told(row) for row in await recorded(database, after=500 + 25 * 60)] == before


async def _forget(database: Database) -> None:
    async with database.transaction() as session:
        await session.execute(text("DELETE FROM interaction; DELETE FROM ledger_cursor"))


async def test_what_staff_corrected_stays_and_what_is_told_twice_is_not_written_twice(
    database: Database, stage: Stage
) -> None:
    ana = await add_agent(database, "Ana")
    one = stage.conversation_id
    await step(0, stage.say("hola"))
    await step(1, _act(database, conversations.take_over, one, ana))
    [row] = await recorded(database, after=2)
    async with database.transaction() as session:
        row = await ledger.get(session, row.id, for_update=True)
        await ledger.correct(session, row, user_id=ana, municipality_id="26030", reason="lo dijo")
    await step(5, _act(database, conversations.close, one, ana, reason=CloseReason.SOLVED))
    [row] = await recorded(database, after=6)
    assert (row.municipality_id, row.ended_at) == ("26030", NOON + timedelta(minutes=5))
    written = row.updated_at
    async with database.transaction() as session:
        assert await chats.record(session, [one]) == 0
    assert (await recorded(database, after=7))[0].updated_at == written


async def test_many_conversations_are_told_in_order_and_the_last_seconds_wait(
    database: Database, stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(chats, "BATCH", 2)
    for number in range(5):
        other = Stage(database, stage.assistant, stage.advancer, await open_one(database))
        await step(number, other.say(f"hola {uuid.uuid4()}"))
    assert len(await recorded(database, after=4.2)) == 4
    assert len(await recorded(database, after=4.6)) == 5
