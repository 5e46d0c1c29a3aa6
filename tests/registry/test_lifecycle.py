"""The table of a petition's life: exactly it is allowed, and the history replays to the present."""

from itertools import product
from uuid import UUID

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncSession

from backend.agents.models import Role
from backend.db import Database
from backend.errors import ChatSonoraError
from backend.registry import lifecycle, petitions
from backend.registry.errors import RequirementMissing, TransitionForbidden, TransitionRefused
from backend.registry.lifecycle import CLOSED, CONCLUDED, TABLE, Requirement, Who
from backend.registry.models import ActorKind, Petition, PetitionEvent, PetitionEventKind, PetitionStatus
from backend.turns import service as turns
from backend.turns.models import OPEN, TurnOutcome
from tests.conversations.conftest import add_agent
from tests.registry.conftest import Counter
from tests.registry.turned import agency, with_turns_for

S = PetitionStatus


@pytest.fixture
async def analyst(database: Database) -> UUID:
    return await add_agent(database, "Ana")


@pytest.fixture
async def head(database: Database) -> UUID:
    return await add_agent(database, "Hilda", role=Role.HEAD)


def test_every_status_is_reached_every_end_is_reopened_and_no_step_is_written_twice() -> None:
    assert {row.to for row in TABLE} | {S.RECIBIDA} == set(S)
    assert {row.before for row in TABLE} == set(S)
    assert len({(row.before, row.to) for row in TABLE}) == len(TABLE)
    for row in TABLE:
        assert row.before is not row.to
        assert row.who
        assert Requirement.REASON in row.requires
        if row.before in CLOSED:
            assert row.to not in CLOSED, "a concluded petition is reopened, not concluded otherwise"
        if row.to in CONCLUDED:
            assert Requirement.NO_OPEN_TURN in row.requires


async def test_exactly_the_steps_of_the_table_are_allowed(counter: Counter, head: UUID) -> None:
    filed = await counter.tell()
    for before, after in product(S, S):
        async with counter.database.transaction() as session:
            petition = await petitions.get(session, filed.folio, for_update=True)
            petition.status = before
            step = lifecycle.transition(before, after)
            if step is None:
                with pytest.raises(TransitionRefused) as refused:
                    await petitions.change_status(session, petition, after, user_id=head, reason="x", asked="y")
                assert refused.value.details["allowed"] == [row.to.value for row in TABLE if row.before is before]
                assert petition.status is before
            else:
                await with_turns_for(session, petition, after, head)
                await petitions.change_status(session, petition, after, user_id=head, reason="x", asked="y")
                assert petition.status is after


@pytest.mark.parametrize("row", TABLE, ids=lambda row: f"{row.before.value}-{row.to.value}")
async def test_each_step_wants_all_that_its_row_says(counter: Counter, head: UUID, row: lifecycle.Transition) -> None:
    filed = await counter.tell()
    async with counter.database.transaction() as session:
        petition = await petitions.get(session, filed.folio, for_update=True)
        if Requirement.NO_OPEN_TURN in row.requires:
            petition.status = S.TURNADA
            await turns.turn(session, petition, [turns.TurnOrder(await agency(session))], user_id=head)
        petition.status = row.before
        with pytest.raises(RequirementMissing) as refused:
            await petitions.change_status(session, petition, row.to, user_id=head, reason=" ", asked="")
        assert set(refused.value.details["missing"]) == {one.value for one in row.requires}
        assert petition.status is row.before


async def test_what_is_the_heads_is_refused_to_an_analyst_and_to_the_citizen(
    counter: Counter, analyst: UUID, head: UUID
) -> None:
    filed = await counter.tell()
    for row in TABLE:
        async with counter.database.transaction() as session:
            petition = await petitions.get(session, filed.folio, for_update=True)
            for who, actor, user_id in (
                (Who.STAFF, ActorKind.STAFF, analyst),
                (Who.HEAD, ActorKind.STAFF, head),
                (Who.CITIZEN, ActorKind.CITIZEN, None),
                (Who.SYSTEM, ActorKind.SYSTEM, None),
            ):
                petition.status = row.before
                await with_turns_for(session, petition, row.to, head)
                step = petitions.change_status(
                    session, petition, row.to, reason="x", asked="y", actor=actor, user_id=user_id
                )
                if who in row.who:
                    await step
                else:
                    with pytest.raises(TransitionForbidden):
                        await step


#: What can be done to a petition: a number chooses among the possible.
_ACTIONS = st.lists(st.tuples(st.sampled_from(("move", "turn", "answer", "return", "withdraw")), st.integers(0, 8)),
                    max_size=14)  # fmt: skip


async def _do(session: AsyncSession, petition: Petition, action: str, choice: int, head: UUID) -> None:
    """One action, perhaps refused."""
    views = [view.turn for view in await turns.of_petition(session, petition.id) if view.turn.state in OPEN]
    if action == "move":
        to = list(S)[choice]
        await petitions.change_status(session, petition, to, reason="x", asked="y", user_id=head)
    elif action == "turn":
        keys = ("cea", "salud", "dif")
        order = turns.TurnOrder(await agency(session, keys[choice % 3]))
        await turns.turn(session, petition, [order], user_id=head)
    elif views:
        one = views[choice % len(views)]
        if action == "answer":
            await turns.answer(session, petition, one, "Se atendió", TurnOutcome.ATTENDED, user_id=head)
        elif action == "return":
            await turns.send_back(session, petition, one, "No nos toca", user_id=head)
        else:
            await turns.withdraw(session, petition, one, "Ya no", user_id=head)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(actions=_ACTIONS)
async def test_no_sequence_of_actions_leaves_the_table_and_the_history_replays(
    counter: Counter, head: UUID, actions: list[tuple[str, int]]
) -> None:
    filed = await counter.tell(narrativa=f"No hay agua en mi colonia {len(actions)} {hash(tuple(actions))}")
    async with counter.database.transaction() as session:
        petition = await petitions.get(session, filed.folio, for_update=True)
        for action, choice in actions:
            try:
                async with session.begin_nested():
                    await _do(session, petition, action, choice, head)
            except ChatSonoraError:
                await session.refresh(petition)
            await _check(session, petition)


async def _check(session: AsyncSession, petition: Petition) -> None:
    query = select(PetitionEvent).where(PetitionEvent.petition_id == petition.id).order_by(PetitionEvent.id)
    events = (await session.scalars(query)).all()
    assert lifecycle.replay(events) is petition.status
    states = [view.turn.state for view in await turns.of_petition(session, petition.id)]
    if petition.status in CLOSED:
        assert not set(states) & set(OPEN), "no agency owes an answer to a closed petition"
        assert petition.concluded_at is not None
    else:
        assert petition.concluded_at is None


async def test_a_history_that_skips_a_step_is_found_out() -> None:
    filed = PetitionEvent(id=1, kind=PetitionEventKind.FILED, to_status=S.RECIBIDA)
    jump = PetitionEvent(
        id=2,
        kind=PetitionEventKind.STATUS_CHANGED,
        from_status=S.EN_ATENCION,
        to_status=S.CONCLUIDA_SATISFACTORIA,
    )
    forbidden = PetitionEvent(
        id=3,
        kind=PetitionEventKind.STATUS_CHANGED,
        from_status=S.RECIBIDA,
        to_status=S.CONCLUIDA_SATISFACTORIA,
    )
    with pytest.raises(ValueError, match="event 2"):
        lifecycle.replay([filed, jump])
    with pytest.raises(ValueError, match="event 3"):
        lifecycle.replay([filed, forbidden])


@pytest.mark.parametrize("statement", ["UPDATE petition_event SET text = 'otra cosa'", "DELETE FROM petition_event"])
async def test_the_database_itself_keeps_what_happened(counter: Counter, statement: str) -> None:
    await counter.tell()
    with pytest.raises(DBAPIError, match="never changed"):
        async with counter.database.transaction() as session:
            await session.execute(text(statement))
