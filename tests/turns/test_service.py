"""What becomes of a petition that is turned to one or several agencies."""

from collections.abc import AsyncIterator
from datetime import timedelta
from uuid import UUID

import pytest
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from backend import clock
from backend.agents.models import Role
from backend.catalog.models import Agency
from backend.db import Database
from backend.registry import deadlines, petitions
from backend.registry.errors import RequirementMissing, TransitionRefused
from backend.registry.models import (
    ActorKind,
    EntryChannel,
    Petition,
    PetitionEvent,
    PetitionEventKind,
    PetitionKind,
    PetitionStatus,
)
from backend.turns import service as turns
from backend.turns.errors import AlreadyTurned, TurnClosed, TurnNotFound, TurnRefused
from backend.turns.models import Turn, TurnOutcome, TurnState
from tests.conversations.conftest import add_agent
from tests.registry.turned import agency

Kind = PetitionEventKind
S = PetitionStatus


@pytest.fixture
async def hilda(database: Database) -> UUID:
    return await add_agent(database, "Hilda", role=Role.HEAD)


@pytest.fixture
async def session(database: Database) -> AsyncIterator[AsyncSession]:
    async with database.transaction() as session:
        yield session


@pytest.fixture
async def petition(session: AsyncSession) -> Petition:
    new = petitions.NewPetition(
        kind=PetitionKind.QUEJA, channel=EntryChannel.CALL_CENTER, narrative="No hay agua en mi colonia"
    )
    return await petitions.file(session, new, actor=ActorKind.BOT)


async def _turn(session: AsyncSession, petition: Petition, hilda: UUID, *keys: str) -> list[Turn]:
    orders = [turns.TurnOrder(await agency(session, key), f"Para {key}") for key in keys]
    return await turns.turn(session, petition, orders, user_id=hilda)


async def _kinds(session: AsyncSession, petition: Petition) -> list[PetitionEventKind]:
    query = select(PetitionEvent.kind).where(PetitionEvent.petition_id == petition.id).order_by(PetitionEvent.id)
    return list(await session.scalars(query))


async def test_two_agencies_each_have_a_turn_of_their_own(
    session: AsyncSession, petition: Petition, hilda: UUID
) -> None:
    water, health = await _turn(session, petition, hilda, "cea", "salud")
    assert (petition.status, petition.agency_id) == (S.TURNADA, water.agency_id)
    assert [view.turn.instructions for view in await turns.of_petition(session, petition.id)] == [
        "Para cea",
        "Para salud",
    ]
    await turns.answer(session, petition, water, "Se reparó", TurnOutcome.ATTENDED, user_id=hilda)
    assert (water.state, health.state, petition.status) == (TurnState.ANSWERED, TurnState.SENT, S.EN_ATENCION)
    assert water.acknowledged_at is not None, "who answers has received"
    with pytest.raises(RequirementMissing):
        await petitions.change_status(session, petition, S.CONCLUIDA_SATISFACTORIA, reason="x", user_id=hilda)
    await turns.withdraw(session, petition, health, "Ya no hace falta", user_id=hilda)
    assert petition.status is S.EN_ATENCION, "one has answered: there is nothing to analyse again"
    await petitions.change_status(session, petition, S.CONCLUIDA_SATISFACTORIA, reason="x", user_id=hilda)
    assert await _kinds(session, petition) == [
        Kind.FILED,
        Kind.TURNED,
        Kind.TURNED,
        Kind.STATUS_CHANGED,
        Kind.TURN_ACKNOWLEDGED,
        Kind.STATUS_CHANGED,
        Kind.TURN_ANSWERED,
        Kind.TURN_WITHDRAWN,
        Kind.STATUS_CHANGED,
    ]


async def test_a_turn_sent_back_is_analysed_again_and_turned_elsewhere(
    session: AsyncSession, petition: Petition, hilda: UUID
) -> None:
    (water,) = await _turn(session, petition, hilda, "cea")
    await turns.acknowledge(session, petition, water, user_id=hilda)
    await turns.acknowledge(session, petition, water, user_id=hilda)
    assert (await _kinds(session, petition)).count(Kind.TURN_ACKNOWLEDGED) == 1
    await turns.send_back(session, petition, water, "No es de agua", user_id=hilda)
    assert (water.state, water.answer, petition.status) == (TurnState.RETURNED, "No es de agua", S.EN_ANALISIS)
    order = turns.TurnOrder(await agency(session, "salud"), replaces_id=water.id)
    (health,) = await turns.turn(session, petition, [order], user_id=hilda)
    assert (petition.status, health.replaces_id) == (S.TURNADA, water.id)


async def test_what_is_closed_takes_nothing_more(session: AsyncSession, petition: Petition, hilda: UUID) -> None:
    (water,) = await _turn(session, petition, hilda, "cea")
    await turns.answer(session, petition, water, "Se reparó", TurnOutcome.ATTENDED, user_id=hilda)
    for refused in (
        turns.answer(session, petition, water, "Otra", TurnOutcome.ATTENDED, user_id=hilda),
        turns.send_back(session, petition, water, "x", user_id=hilda),
        turns.withdraw(session, petition, water, "x", user_id=hilda),
        turns.acknowledge(session, petition, water, user_id=hilda),
        turns.add_note(session, petition, water, "x", user_id=hilda),
    ):
        with pytest.raises(TurnClosed):
            await refused
    assert water.answer == "Se reparó"


async def test_the_same_agency_is_not_asked_twice_at_once(
    session: AsyncSession, petition: Petition, hilda: UUID
) -> None:
    (water,) = await _turn(session, petition, hilda, "cea")
    with pytest.raises(AlreadyTurned):
        await _turn(session, petition, hilda, "cea")
    await turns.answer(session, petition, water, "Se reparó", TurnOutcome.ATTENDED, user_id=hilda)
    await _turn(session, petition, hilda, "cea")


async def test_the_due_date_is_the_agencys_term_and_may_be_extended_when_asked(
    session: AsyncSession, petition: Petition, hilda: UUID
) -> None:
    (water,) = await _turn(session, petition, hilda, "cea")
    term = (await session.get_one(Agency, water.agency_id)).answer_days
    today = clock.local(clock.now()).date()
    assert water.due_on == (await deadlines.calendar(session)).add(today, term)
    with pytest.raises(TurnRefused):
        await turns.ask_extension(session, petition, water, water.due_on, "Falta", user_id=hilda)
    with pytest.raises(TurnRefused):
        await turns.decide_extension(session, petition, water, is_granted=True, user_id=hilda)
    before, later = water.due_on, water.due_on + timedelta(days=7)
    await turns.ask_extension(session, petition, water, later, "Falta material", user_id=hilda)
    await turns.decide_extension(session, petition, water, is_granted=False, user_id=hilda)
    assert (water.due_on, water.extension_until) == (before, None)
    await turns.ask_extension(session, petition, water, later, "Falta material", user_id=hilda)
    await turns.decide_extension(session, petition, water, is_granted=True, user_id=hilda)
    assert (water.due_on, water.extension_until) == (later, None)


async def test_what_cannot_be_turned_is_refused_and_leaves_nothing(
    session: AsyncSession, petition: Petition, hilda: UUID
) -> None:
    cea = await agency(session)
    today = clock.local(clock.now()).date()
    with pytest.raises(TurnRefused):
        await turns.turn(session, petition, [], user_id=hilda)
    with pytest.raises(TurnRefused):
        await turns.turn(session, petition, [turns.TurnOrder(cea, due_on=today)], user_id=hilda)
    await petitions.change_status(session, petition, S.CANCELADA, reason="Duplicada", user_id=hilda)
    with pytest.raises(TransitionRefused):
        await turns.turn(session, petition, [turns.TurnOrder(cea)], user_id=hilda)
    assert await turns.of_petition(session, petition.id) == []


async def test_anothers_turn_is_as_unknown_as_none(session: AsyncSession, petition: Petition, hilda: UUID) -> None:
    (water,) = await _turn(session, petition, hilda, "cea")
    health = await agency(session, "salud")
    for turn_id, agency_id in ((water.id, health), (petition.id, None)):
        with pytest.raises(TurnNotFound):
            await turns.locked(session, turn_id, agency_id=agency_id)
    found, same = await turns.locked(session, water.id, agency_id=water.agency_id)
    assert (found.id, same.id) == (petition.id, water.id)
