"""Which process has a conversation's turns: one at a time, and another only once none can be under way there."""

import asyncio
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import update

from backend import clock
from backend.assistant.port import AssistantError
from backend.conversations.models import Conversation
from backend.conversations.pins import SITTING
from backend.conversations.turns import Advancer
from backend.db import Database
from tests.conversations.conftest import Stage
from tests.fake_assistant import FakeAssistant

A, B, C = "rasa-0:5005", "rasa-1:5005", "rasa-2:5005"
LOST = AssistantError("TimeoutError", may_go_on=True)
GONE = AssistantError("ConnectError", is_away=True)


@pytest.fixture
def assistant() -> FakeAssistant:
    return FakeAssistant(A, B)


def ago(seconds: float) -> datetime:
    return clock.now() - timedelta(seconds=seconds)


async def change(stage: Stage, **values: Any) -> None:
    async with stage.database.transaction() as session:
        await session.execute(update(Conversation).where(Conversation.id == stage.conversation_id).values(values))


async def pinned(stage: Stage, at: str) -> None:
    """Make it a conversation that has had its last turn at `at`, a moment ago."""
    await change(stage, rasa=at, rasa_turn_at=ago(1), rasa_busy_until=None, in_scripted_intake=False)


async def _entered(assistant: FakeAssistant) -> None:
    """Until one turn more is under way."""
    await asyncio.wait_for(assistant.entered.wait(), 10)
    assistant.entered.clear()


async def test_a_conversation_stays_where_it_is_until_it_falls_silent(stage: Stage, assistant: FakeAssistant) -> None:
    for at in (A, B):
        await pinned(stage, at)
        await stage.say("hola")
        assert assistant.turns[-1].at == at
    conversation = await stage.conversation()
    assert (conversation.rasa, conversation.rasa_busy_until) == (B, None)
    busy = await stage.another()
    await change(busy, rasa=B, rasa_busy_until=clock.now() + timedelta(seconds=9))
    await change(stage, rasa_turn_at=ago(SITTING.total_seconds() + 1))
    await stage.say("sigo aquí")
    assert assistant.turns[-1].at == A, "B has a turn under way, A has none"


async def test_a_new_conversation_goes_to_who_has_the_fewest_turns_under_way(
    stage: Stage, assistant: FakeAssistant
) -> None:
    assistant.hold = asyncio.Event()
    turns = []
    for _ in range(9):
        newcomer = await stage.another()
        await newcomer.hear("hola")
        turns.append(asyncio.create_task(newcomer.advance()))
        await _entered(assistant)
        places = [turn.at for turn in assistant.turns]
        assert abs(places.count(A) - places.count(B)) <= 1
    assistant.names = (A, B, C)
    await change(newcomer, rasa_busy_until=ago(1))  # what is over counts no more
    last = await stage.another()
    await last.hear("hola")
    turns.append(asyncio.create_task(last.advance()))
    await _entered(assistant)
    assert assistant.turns[-1].at == C
    assistant.hold.set()
    await asyncio.gather(*turns)


async def test_a_turn_whose_answer_was_lost_keeps_the_conversation_until_it_has_surely_ended(
    stage: Stage, assistant: FakeAssistant
) -> None:
    await pinned(stage, A)
    assistant.answers = [LOST]
    assert "falla" in (await stage.say("hola"))[0].text
    conversation = await stage.conversation()
    ends_at = assistant.turns[-1].ends_at
    assert conversation.rasa_busy_until is not None and conversation.rasa_busy_until > ends_at

    assistant.names = (B,)
    assistant.answers = [AssistantError("resting", is_away=True)]
    await change(stage, in_scripted_intake=False)
    assert "falla" in (await stage.say("¿hola?"))[0].text
    assert assistant.turns[-1].at is None, "it may be under way at A: not at B"
    assert (await stage.conversation()).rasa_busy_until == conversation.rasa_busy_until

    assistant.names = (A, B)
    await change(stage, in_scripted_intake=False)
    await stage.say("¿ya?")
    assert assistant.turns[-1].at == A, "which has one turn after the other"

    assistant.names, assistant.answers = (A,), [LOST]
    await stage.say("¿y ahora?")
    assistant.names = (B,)
    await change(stage, in_scripted_intake=False, rasa_busy_until=ago(0))
    assert [view.text for view in await stage.say("otra vez")] == ["eco: otra vez"]
    assert assistant.turns[-1].at == B


async def test_a_turn_whose_process_is_gone_is_had_by_another_at_once(stage: Stage, assistant: FakeAssistant) -> None:
    await pinned(stage, A)
    assistant.answers = [GONE]
    assert [view.text for view in await stage.say("hola")] == ["eco: hola"]
    first, second = assistant.turns
    assert (first.is_new, second.is_new) == (True, False), "the one that is gone may have had it"
    assert (first.at, second.at) == (A, B)
    assert (first.message_id, first.ends_at) == (second.message_id, second.ends_at)
    assert (await stage.conversation()).rasa == B


async def test_it_is_not_had_by_another_while_an_earlier_turn_may_go_on_nor_with_no_time_left(
    stage: Stage, assistant: FakeAssistant, database: Database
) -> None:
    soon = clock.now() + timedelta(seconds=5)
    await pinned(stage, A)
    await change(stage, rasa_busy_until=soon)
    assistant.answers = [GONE]
    assert "falla" in (await stage.say("hola"))[0].text
    kept = (await stage.conversation()).rasa_busy_until
    assert kept is not None and kept >= soon
    await change(stage, in_scripted_intake=False)
    assistant.answers = [AssistantError("status_500")]
    await stage.say("hola")
    assert (await stage.conversation()).rasa_busy_until is not None, "an error of this turn's tells nothing of that one"

    hasty = Advancer(database, assistant, secret=b"test", lease_seconds=15, turn_seconds=1.5)
    await pinned(stage, A)
    assistant.answers = [GONE]
    await stage.hear("hola")
    await hasty.advance(stage.conversation_id)
    assert [turn.at for turn in assistant.turns] == [A, A, A]


async def test_a_dead_worker_s_turn_is_repeated_where_it_was_begun(
    stage: Stage, assistant: FakeAssistant, database: Database
) -> None:
    dying = FakeAssistant(B)
    dying.hold = asyncio.Event()
    message_id = await stage.hear("hola")
    lost = asyncio.create_task(
        Advancer(database, dying, secret=b"test", lease_seconds=15, turn_seconds=8).advance(stage.conversation_id)
    )
    await dying.entered.wait()
    await change(stage, lease_until=ago(1))
    await stage.advance()
    assert [(turn.message_id, turn.at) for turn in assistant.turns] == [(message_id, B)]
    dying.hold.set()
    await lost
    assert [view.text for view in await stage.transcript()] == ["hola", "eco: hola"]
