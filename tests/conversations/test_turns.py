"""Turns with the bot: once each, in order, and never over a person."""

import asyncio
from datetime import timedelta
from uuid import UUID

import pytest
from sqlalchemy import select, update

from backend import clock
from backend.assistant.emergency import EMERGENCY_TEXT
from backend.assistant.port import AssistantError, Handoff, Reply, ReplyButton, TurnResult
from backend.conversations import service as conversations
from backend.conversations.models import Author, Conversation, HandoffReason, Message, Owner
from backend.conversations.taking import find_pending
from backend.conversations.turns import Advancer
from backend.db import Database
from backend.live import turn_topic
from tests.conversations.conftest import Stage
from tests.fake_assistant import FakeAssistant
from tests.wakeups import listening


async def test_a_message_gets_its_reply(stage: Stage) -> None:
    replies = await stage.say("hola")
    assert [(reply.author, reply.text) for reply in replies] == [(Author.BOT, "eco: hola")]


async def test_a_repeated_message_has_no_second_effect(stage: Stage, assistant: FakeAssistant) -> None:
    first = await stage.hear("hola", external_id="client-1")
    again = await stage.hear("hola", external_id="client-1")
    await stage.advance()
    await stage.advance()
    assert first == again
    assert len(assistant.turns) == 1
    assert [view.text for view in await stage.transcript()] == ["hola", "eco: hola"]


async def test_eight_copies_at_once_are_one_message(stage: Stage) -> None:
    ids = await asyncio.gather(*(stage.hear("hola", external_id="same") for _ in range(8)))
    assert len(set(ids)) == 1
    assert len(await stage.transcript()) == 1


async def test_messages_are_answered_in_order_however_many_workers_wake(stage: Stage, assistant: FakeAssistant) -> None:
    for number in range(20):
        await stage.hear(f"m{number}")
    await asyncio.gather(*(stage.advance() for _ in range(6)))
    assert [turn.text for turn in assistant.turns] == [f"m{number}" for number in range(20)]
    replies = [view.text for view in await stage.transcript() if view.author is Author.BOT]
    assert replies == [f"eco: m{number}" for number in range(20)]


async def test_a_worker_is_woken_only_if_the_message_is_stored(
    stage: Stage, database: Database, database_url: str
) -> None:
    class Abandoned(Exception):
        pass

    with listening(database_url) as told:
        with pytest.raises(Abandoned):
            async with database.transaction() as session:
                await conversations.receive(session, stage.conversation_id, external_id="x", text="hola")
                raise Abandoned
        assert told() == []
        await stage.hear("hola", external_id="y")
        assert turn_topic(stage.conversation_id) in told()
        await stage.hear("hola", external_id="y")
        assert told() == [], "a repeat wakes nobody"


async def test_a_reply_in_flight_is_dropped_when_an_agent_takes_over(
    stage: Stage, assistant: FakeAssistant, ana: UUID, database: Database
) -> None:
    assistant.hold = asyncio.Event()
    assistant.answers = [TurnResult((Reply("Folio: AC-2026-000001-X"),))]
    await stage.hear("quiero mi folio")
    turn = asyncio.create_task(stage.advance())
    await assistant.entered.wait()
    async with database.transaction() as session:
        await conversations.take_over(session, stage.conversation_id, ana)
    assistant.hold.set()
    await turn
    assert not [view for view in await stage.transcript() if view.author is Author.BOT]
    notes = [view.text for view in await stage.transcript(private=True) if view.author is Author.NOTE]
    assert len(notes) == 1
    assert "AC-2026-000001-X" in notes[0], "a folio given in the dropped reply must not be lost"


async def test_the_bot_stays_silent_while_an_agent_has_the_chat(
    stage: Stage, assistant: FakeAssistant, ana: UUID, database: Database
) -> None:
    async with database.transaction() as session:
        await conversations.take_over(session, stage.conversation_id, ana)
    await stage.say("sigues ahí?")
    assert assistant.turns == []


async def test_giving_back_works_twice_in_a_row_and_is_heard_before_the_next_message(
    stage: Stage, assistant: FakeAssistant, ana: UUID, database: Database
) -> None:
    for round_number in range(2):
        async with database.transaction() as session:
            await conversations.take_over(session, stage.conversation_id, ana)
            await conversations.return_to_bot(session, stage.conversation_id, ana)
        await stage.hear(f"pregunta {round_number}")
        await stage.advance()
    assert [turn.text for turn in assistant.turns] == [
        "/volver_con_bot",
        "pregunta 0",
        "/volver_con_bot",
        "pregunta 1",
    ]


async def test_a_bot_that_asks_for_a_person_is_heard_and_then_silent(stage: Stage, assistant: FakeAssistant) -> None:
    assistant.answers = [TurnResult((Reply("Le comunico."),), Handoff(HandoffReason.REQUESTED))]
    replies = await stage.say("quiero una persona")
    assert replies[0].text == "Le comunico."
    assert (await stage.conversation()).owner is Owner.QUEUE
    await stage.say("apúrele")
    assert len(assistant.turns) == 1


@pytest.mark.parametrize("said", ["Cancelar.", "ya no quiero esperar", "asistente"])
async def test_whoever_waits_no_longer_is_with_the_bot_again(stage: Stage, assistant: FakeAssistant, said: str) -> None:
    assistant.answers = [TurnResult((Reply("Le comunico."),), Handoff(HandoffReason.REQUESTED))]
    await stage.say("quiero una persona")
    await stage.say("ya no me llega el agua")
    assert (await stage.conversation()).owner is Owner.QUEUE
    await stage.say(said)
    assert (await stage.conversation()).owner is Owner.BOT
    assert assistant.turns[-1].text == "/volver_con_bot"


async def test_a_failed_bot_apologises_and_offers_the_scripted_intake(stage: Stage, assistant: FakeAssistant) -> None:
    assistant.answers = [AssistantError("empty")]
    replies = await stage.say("hola")
    assert "falla" in replies[0].text
    assert [button["title"] for button in replies[0].buttons] == ["Registrar una petición", "Hablar con una persona"]


async def test_a_dead_workers_turn_is_taken_up_again_and_stored_once(
    stage: Stage, assistant: FakeAssistant, database: Database
) -> None:
    """The first worker hangs in its turn past its lease; a second has the turn; the first comes back too late."""
    hanging = FakeAssistant()
    hanging.hold = asyncio.Event()
    dying = Advancer(database, hanging, secret=b"test", lease_seconds=15, turn_seconds=8)
    message_id = await stage.hear("hola")
    lost = asyncio.create_task(dying.advance(stage.conversation_id))
    await hanging.entered.wait()
    await stage.advance()
    assert assistant.turns == [], "the lease must keep a second worker out"
    async with database.transaction() as session:
        await session.execute(update(Conversation).values(lease_until=clock.now() - timedelta(seconds=1)))
        assert [found.conversation_id for found in await find_pending(session)] == [stage.conversation_id]
    await stage.advance()
    assert [turn.message_id for turn in assistant.turns] == [message_id]
    assert [turn.is_new for turn in (*hanging.turns, *assistant.turns)] == [True, False]
    hanging.hold.set()
    await lost
    assert [view.text for view in await stage.transcript()] == ["hola", "eco: hola"]


async def test_a_message_that_fells_workers_goes_to_a_person(
    stage: Stage, assistant: FakeAssistant, database: Database
) -> None:
    message_id = await stage.hear("veneno")
    async with database.transaction() as session:
        await session.execute(update(Message).where(Message.id == message_id).values(attempts=4))
    await stage.advance()
    assert assistant.turns == []
    assert (await stage.conversation()).owner is Owner.QUEUE


async def test_emergency_comes_before_the_bot_and_flags_the_handoff(stage: Stage, assistant: FakeAssistant) -> None:
    replies = await stage.say("AYUDA mi esposo me esta golpeando")
    assert replies[0].text == EMERGENCY_TEXT
    assert assistant.turns == []
    conversation = await stage.conversation()
    assert conversation.owner is Owner.QUEUE
    assert conversation.is_emergency
    assert conversation.handoff_reason is HandoffReason.EMERGENCY


async def test_emergency_with_an_agent_flags_and_does_not_talk_over_them(
    stage: Stage, ana: UUID, database: Database
) -> None:
    async with database.transaction() as session:
        await conversations.take_over(session, stage.conversation_id, ana)
    replies = await stage.say("hay una balacera afuera de mi casa")
    assert replies == []
    assert (await stage.conversation()).is_emergency


@pytest.mark.parametrize("typed", ["2", "no acepto", "NO ACEPTO.", "la segunda", "opción 2", "👎🏽"])
async def test_an_option_may_be_typed(stage: Stage, assistant: FakeAssistant, typed: str) -> None:
    buttons = (ReplyButton("Acepto", "/afirmar"), ReplyButton("No acepto", "/negar"))
    assistant.answers = [TurnResult((Reply("¿Acepta?", buttons),))]
    await stage.say("hola")
    await stage.say(typed)
    assert assistant.turns[-1].text == "/negar"


async def test_a_number_without_options_is_just_text(stage: Stage, assistant: FakeAssistant) -> None:
    await stage.say("2")
    assert assistant.turns[-1].text == "2"


async def test_a_citizens_own_slash_is_no_command(stage: Stage, assistant: FakeAssistant) -> None:
    await stage.say("/restart")
    assert assistant.turns[-1].text == "restart"


async def test_a_payload_nobody_offered_is_refused(stage: Stage) -> None:
    from backend.conversations.errors import PayloadNotOffered

    with pytest.raises(PayloadNotOffered):
        await stage.hear(payload="/volver_con_bot")


async def test_a_handoff_tells_staff_the_language_and_what_the_message_seems_to_be(
    stage: Stage, assistant: FakeAssistant, database: Database
) -> None:
    handoff = Handoff(HandoffReason.OTHER_LANGUAGE, language="en", summary="Escribe en inglés.")
    assistant.answers = [TurnResult((Reply("One moment."),), handoff)]
    await stage.say("hello, I need help")
    async with database.transaction() as session:
        conversation = await session.get_one(Conversation, stage.conversation_id)
        assert (conversation.owner, conversation.language) == (Owner.QUEUE, "en")
        assert conversation.handoff_reason is HandoffReason.OTHER_LANGUAGE
        notes = await session.scalars(
            select(Message).where(Message.conversation_id == stage.conversation_id, Message.author == Author.NOTE)
        )
        assert [note.text for note in notes] == ["Escribe en inglés."]


async def test_a_handoff_without_a_language_leaves_the_conversation_s(
    stage: Stage, assistant: FakeAssistant, database: Database
) -> None:
    assistant.answers = [TurnResult((Reply("Le comunico."),), Handoff(HandoffReason.REQUESTED))]
    await stage.say("una persona")
    async with database.transaction() as session:
        assert (await session.get_one(Conversation, stage.conversation_id)).language == "es-MX"
