"""Who answers: one winner, no talking over, everything in the history."""

import asyncio
from uuid import UUID

import pytest
from sqlalchemy import select

from backend.agents.models import PresenceState
from backend.conversations import service as conversations
from backend.conversations.errors import AlreadyTaken, NotYours
from backend.conversations.models import (
    Author,
    CloseReason,
    Conversation,
    ConversationEvent,
    EventKind,
    HandoffReason,
    Owner,
    Rating,
)
from backend.db import Database
from tests.conversations.conftest import Stage, add_agent


async def _take(database: Database, conversation_id: UUID, agent_id: UUID) -> str:
    try:
        async with database.transaction() as session:
            await conversations.take_over(session, conversation_id, agent_id)
    except AlreadyTaken as error:
        return error.details["agent"]  # type: ignore[no-any-return]
    return "won"


async def test_of_two_agents_at_once_one_wins_and_the_other_is_told_who(
    stage: Stage, database: Database, ana: UUID, beto: UUID
) -> None:
    results = await asyncio.gather(
        _take(database, stage.conversation_id, ana), _take(database, stage.conversation_id, beto)
    )
    assert sorted(results) in (["Ana", "won"], ["Beto", "won"])


async def test_taking_twice_is_taking_once(stage: Stage, database: Database, ana: UUID) -> None:
    assert await _take(database, stage.conversation_id, ana) == "won"
    assert await _take(database, stage.conversation_id, ana) == "won"
    joined = [view for view in await stage.transcript() if view.author is Author.SYSTEM]
    assert [view.text for view in joined] == ["Le atiende Ana."]


async def test_a_double_click_sends_once(stage: Stage, database: Database, ana: UUID) -> None:
    async def click() -> UUID:
        async with database.transaction() as session:
            message = await conversations.reply_as_agent(
                session, stage.conversation_id, ana, text="Buenas tardes", idempotency_key="click-1"
            )
            return message.id

    ids = await asyncio.gather(click(), click(), click())
    assert len(set(ids)) == 1
    assert [view.text for view in await stage.transcript() if view.author is Author.AGENT] == ["Buenas tardes"]


async def test_a_reply_takes_ownership(stage: Stage, database: Database, ana: UUID, beto: UUID) -> None:
    async with database.transaction() as session:
        await conversations.reply_as_agent(session, stage.conversation_id, ana, text="Hola", idempotency_key="1")
    assert (await stage.conversation()).agent_id == ana
    with pytest.raises(AlreadyTaken):
        async with database.transaction() as session:
            await conversations.reply_as_agent(session, stage.conversation_id, beto, text="Hola", idempotency_key="1")


async def test_a_note_is_private_and_changes_no_owner(stage: Stage, database: Database, ana: UUID) -> None:
    async with database.transaction() as session:
        await conversations.add_note(session, stage.conversation_id, ana, text="ojo", idempotency_key="n")
    assert await stage.transcript() == []
    assert [view.text for view in await stage.transcript(private=True)] == ["ojo"]
    assert (await stage.conversation()).owner is Owner.BOT


async def test_only_the_owner_transfers(stage: Stage, database: Database, ana: UUID, beto: UUID) -> None:
    with pytest.raises(NotYours):
        async with database.transaction() as session:
            await conversations.transfer(session, stage.conversation_id, ana, to_agent_id=beto, note="")
    async with database.transaction() as session:
        await conversations.take_over(session, stage.conversation_id, ana)
        await conversations.transfer(session, stage.conversation_id, ana, to_agent_id=beto, note="es de Beto")
    assert (await stage.conversation()).agent_id == beto


async def test_the_least_loaded_available_agent_gets_it(stage: Stage, database: Database, ana: UUID) -> None:
    """Ana is offline, Carla is full, Dora has room."""
    carla = await add_agent(database, "Carla", state=PresenceState.AVAILABLE, capacity=1)
    busy = await stage.another()
    async with database.transaction() as session:
        await conversations.take_over(session, busy.conversation_id, carla)
    dora = await add_agent(database, "Dora", state=PresenceState.AVAILABLE)
    async with database.transaction() as session:
        await conversations.hand_to_queue(session, stage.conversation_id, HandoffReason.REQUESTED)
    assert (await stage.conversation()).agent_id == dora


async def test_nobody_is_given_more_than_their_capacity(stage: Stage, database: Database) -> None:
    await add_agent(database, "Eva", state=PresenceState.AVAILABLE, capacity=3)
    stages = [stage, *[await stage.another() for _ in range(9)]]

    async def ask(one: Stage) -> None:
        async with database.transaction() as session:
            await conversations.hand_to_queue(session, one.conversation_id, HandoffReason.REQUESTED)

    await asyncio.gather(*(ask(one) for one in stages))
    owners = [(await one.conversation()).owner for one in stages]
    assert owners.count(Owner.AGENT) == 3
    assert owners.count(Owner.QUEUE) == 7


async def test_emergencies_go_first(stage: Stage, database: Database) -> None:
    urgent = await stage.another()
    async with database.transaction() as session:
        await conversations.hand_to_queue(session, stage.conversation_id, HandoffReason.REQUESTED)
        await conversations.hand_to_queue(session, urgent.conversation_id, HandoffReason.EMERGENCY, is_emergency=True)
    async with database.transaction() as session:
        ahead = select(conversations.people_ahead()).select_from(Conversation)
        assert await session.scalar(ahead.where(Conversation.id == urgent.conversation_id)) == 0
        assert await session.scalar(ahead.where(Conversation.id == stage.conversation_id)) == 1
    await add_agent(database, "Fer", state=PresenceState.AVAILABLE, capacity=1)
    async with database.transaction() as session:
        await conversations.assign_waiting(session)
    assert (await urgent.conversation()).owner is Owner.AGENT
    assert (await stage.conversation()).owner is Owner.QUEUE


async def test_closing_asks_for_a_rating_and_keeps_score_and_comment(
    stage: Stage, database: Database, ana: UUID
) -> None:
    async with database.transaction() as session:
        await conversations.take_over(session, stage.conversation_id, ana)
        await conversations.close(session, stage.conversation_id, ana, reason=CloseReason.SOLVED)
    asked = (await stage.transcript())[-1]
    assert [button["title"] for button in asked.buttons] == ["1", "2", "3", "4", "5"]
    await stage.say("4")
    await stage.say("Muy amable la señorita")
    async with database.transaction() as session:
        rating = (await session.scalars(select(Rating))).one()
    assert (rating.score, rating.comment, rating.agent_id) == (4, "Muy amable la señorita", ana)
    assert (await stage.conversation()).owner is Owner.CLOSED


async def test_a_new_matter_after_closing_goes_to_the_bot(stage: Stage, database: Database, ana: UUID) -> None:
    async with database.transaction() as session:
        await conversations.take_over(session, stage.conversation_id, ana)
        await conversations.close(session, stage.conversation_id, ana, reason=CloseReason.SOLVED)
    replies = await stage.say("quiero registrar otra queja")
    assert replies[-1].text == "eco: quiero registrar otra queja"
    assert (await stage.conversation()).owner is Owner.BOT


async def test_the_history_tells_what_happened(stage: Stage, database: Database, ana: UUID) -> None:
    async with database.transaction() as session:
        await conversations.hand_to_queue(session, stage.conversation_id, HandoffReason.REQUESTED)
        await conversations.take_over(session, stage.conversation_id, ana)
        await conversations.return_to_bot(session, stage.conversation_id, ana)
    async with database.transaction() as session:
        events = (await session.scalars(select(ConversationEvent).order_by(ConversationEvent.id))).all()
    assert [event.kind for event in events] == [
        EventKind.OPENED,
        EventKind.QUEUED,
        EventKind.TAKEN,
        EventKind.RETURNED_TO_BOT,
    ]
