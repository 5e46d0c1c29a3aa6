"""Taking conversations up as wake-ups tell of them, and finding those that none told of."""

import asyncio
from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from uuid import UUID, uuid4

import pytest
from structlog.testing import capture_logs

from backend import clock
from backend.conversations import taking
from backend.conversations.models import Conversation
from backend.conversations.taking import MOST_WAITING, ROOM, ROOM_TO_SWEEP, TurnTaker
from backend.conversations.turns import Advancer
from backend.db import Database
from backend.live import LiveEvents
from tests.conversations.conftest import Stage
from tests.fake_assistant import FakeAssistant
from tests.waiting import until


class FakeAdvancer(Advancer):
    """Notes whom it was asked to advance, and waits until it may; whoever is in `fails` fails."""

    def __init__(self) -> None:
        self.begun: list[UUID] = []
        self.ended: list[UUID] = []
        self.fails: set[UUID] = set()
        self.may_end = asyncio.Event()

    async def advance(self, conversation_id: UUID) -> None:
        self.begun.append(conversation_id)
        if conversation_id in self.fails:
            raise ZeroDivisionError
        await self.may_end.wait()
        self.ended.append(conversation_id)


@pytest.fixture
def advancer() -> FakeAdvancer:
    return FakeAdvancer()


@pytest.fixture
def taker(database: Database, advancer: FakeAdvancer) -> TurnTaker:
    return TurnTaker(database, advancer)


@pytest.fixture
async def live(database_url: str) -> AsyncIterator[LiveEvents]:
    live = LiveEvents(database_url)
    await live.start()
    async with asyncio.timeout(30):
        await live.connected.wait()
    yield live
    await live.stop()


async def test_no_more_are_advanced_at_once_than_there_is_room_for(taker: TurnTaker, advancer: FakeAdvancer) -> None:
    told = [uuid4() for _ in range(ROOM + 5)]
    taker.take_up(told)
    await until(lambda: len(advancer.begun) >= ROOM)
    await asyncio.sleep(0.05)
    assert advancer.begun == told[:ROOM]
    taker.take_up(told[ROOM:])  # they wait already
    advancer.may_end.set()
    await taker.finish()
    assert advancer.begun == told, "each once, in the order in which they were told of"


async def test_who_is_told_of_again_in_mid_turn_is_looked_at_again(taker: TurnTaker, advancer: FakeAdvancer) -> None:
    """Else what was stored while the turn was ending would wait for the sweep."""
    one = uuid4()
    taker.take_up([one])
    await until(lambda: len(advancer.begun) >= 1)
    taker.take_up([one, one])
    advancer.may_end.set()
    await taker.finish()
    assert advancer.begun == [one, one]


async def test_one_that_fails_is_told_and_holds_up_nobody(taker: TurnTaker, advancer: FakeAdvancer) -> None:
    broken = [uuid4() for _ in range(ROOM + 1)]
    advancer.fails = set(broken)
    advancer.may_end.set()
    whole = uuid4()
    with capture_logs() as logged:
        taker.take_up([*broken, whole])
        await taker.finish()
    assert advancer.ended == [whole]
    assert [entry["event"] for entry in logged] == ["turn_failed"] * len(broken)


async def test_who_writes_now_does_not_wait_behind_a_backlog(
    taker: TurnTaker, advancer: FakeAdvancer, stage: Stage
) -> None:
    backlog = await _backlog(stage, ROOM_TO_SWEEP + 5)
    sweeping = asyncio.create_task(taker.sweep())
    await until(lambda: len(advancer.begun) >= ROOM_TO_SWEEP)
    now = uuid4()
    taker.take_up([now])
    await until(lambda: now in advancer.begun)
    assert len(advancer.begun) == ROOM_TO_SWEEP + 1
    advancer.may_end.set()
    await sweeping
    await taker.finish()
    assert sorted(advancer.ended) == sorted([*backlog, now])


async def test_a_backlog_is_worked_off_while_many_write(taker: TurnTaker, advancer: FakeAdvancer, stage: Stage) -> None:
    taker.take_up(uuid4() for _ in range(ROOM + MOST_WAITING))
    await until(lambda: len(advancer.begun) >= ROOM)
    (waited_long,) = await _backlog(stage, 1)
    async with asyncio.timeout(30):
        await taker.sweep()
    await until(lambda: waited_long in advancer.begun)
    advancer.may_end.set()
    await taker.finish()


async def test_one_sweep_takes_each_of_a_backlog_once_also_those_that_fail(
    taker: TurnTaker, advancer: FakeAdvancer, stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What waits for a file, or fails, waits on: the next look is for those after it, and no look is put off."""
    monkeypatch.setattr(taking, "PAGE", 2)
    backlog = await _backlog(stage, 5)
    advancer.fails = set(backlog[:3])
    advancer.may_end.set()
    async with asyncio.timeout(30):
        await taker.sweep()
    await taker.finish()
    pages = [set(advancer.begun[:2]), set(advancer.begun[2:4]), set(advancer.begun[4:])]
    assert pages == [set(backlog[:2]), set(backlog[2:4]), set(backlog[4:])], "oldest first, each once"
    assert set(advancer.ended) == set(backlog[3:])


async def test_what_a_dead_worker_leaves_does_not_wait_for_the_end_of_a_long_sweep(
    stage: Stage, assistant: FakeAssistant, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(taking, "PAGE", 1)
    monkeypatch.setattr(taking, "ANEW_SECONDS", 0.0)
    left, *_ = await _backlog(stage, ROOM_TO_SWEEP + 4)
    await _lease(database, left, until=clock.now() + timedelta(hours=1))
    taker, assistant.hold = TurnTaker(database, stage.advancer), asyncio.Event()
    sweeping = asyncio.create_task(taker.sweep())
    await until(lambda: len(assistant.turns) == ROOM_TO_SWEEP)
    await _lease(database, left, until=clock.now())
    assistant.hold.set()
    await sweeping
    await taker.finish()
    turns = [turn.conversation_id for turn in assistant.turns]
    assert len(turns) == ROOM_TO_SWEEP + 4
    assert left in turns[:-1]


async def _lease(database: Database, conversation_id: UUID, *, until: datetime) -> None:
    async with database.transaction() as session:
        conversation = await session.get_one(Conversation, conversation_id)
        conversation.lease_token, conversation.lease_until = uuid4(), until


async def test_workers_that_sweep_together_take_different_ones_first(database: Database, stage: Stage) -> None:
    backlog = await _backlog(stage, 2 * ROOM_TO_SWEEP)
    advancers = [FakeAdvancer(), FakeAdvancer()]
    takers = [TurnTaker(database, advancer) for advancer in advancers]
    sweeping = [asyncio.create_task(taker.sweep()) for taker in takers]
    await until(lambda: all(len(advancer.begun) == ROOM_TO_SWEEP for advancer in advancers))
    assert set(advancers[0].begun) != set(advancers[1].begun)
    for advancer in advancers:
        advancer.may_end.set()
    await asyncio.gather(*sweeping)
    for taker in takers:
        await taker.finish()
    assert [set(advancer.ended) for advancer in advancers] == [set(backlog)] * 2


async def test_of_more_than_may_wait_the_first_are_left_to_the_sweep(taker: TurnTaker, advancer: FakeAdvancer) -> None:
    told = [uuid4() for _ in range(ROOM + MOST_WAITING + 5)]
    taker.take_up(told[:ROOM])
    await until(lambda: len(advancer.begun) >= ROOM)
    taker.take_up(told[ROOM:])
    advancer.may_end.set()
    await taker.finish()
    assert advancer.ended == told[:ROOM] + told[-MOST_WAITING:]


async def _backlog(stage: Stage, conversations: int) -> list[UUID]:
    """So many conversations in which a message waits, oldest first."""
    ones = [await stage.another() for _ in range(conversations)]
    for one in ones:
        await one.hear("hola")
    return [one.conversation_id for one in ones]


async def test_when_told_to_stop_a_turn_under_way_ends_and_no_other_begins(
    taker: TurnTaker, advancer: FakeAdvancer, live: LiveEvents
) -> None:
    told = [uuid4() for _ in range(ROOM + 1)]
    running = asyncio.create_task(taker.run(live, idle_seconds=600, stop_seconds=30))
    taker.take_up(told)
    await until(lambda: len(advancer.begun) >= ROOM)
    running.cancel()
    await asyncio.sleep(0.05)
    assert not running.done()
    advancer.may_end.set()
    await asyncio.gather(running, return_exceptions=True)
    async with asyncio.timeout(30):
        await taker.finish()
    assert advancer.ended == told[:ROOM]


async def test_when_told_to_stop_a_turn_that_never_ends_is_cut_off(
    taker: TurnTaker, advancer: FakeAdvancer, live: LiveEvents
) -> None:
    running = asyncio.create_task(taker.run(live, idle_seconds=600, stop_seconds=0.05))
    taker.take_up([uuid4()])
    await until(lambda: len(advancer.begun) >= 1)
    running.cancel()
    async with asyncio.timeout(30):
        await asyncio.gather(running, return_exceptions=True)
    assert advancer.ended == []
    assert not [task for task in asyncio.all_tasks() if "TurnTaker._advance" in repr(task)]


async def test_a_message_that_is_stored_is_answered_without_any_sweep(
    stage: Stage, assistant: FakeAssistant, live: LiveEvents, database: Database
) -> None:
    taker = TurnTaker(database, stage.advancer)
    other = await stage.another()
    running = asyncio.create_task(taker.run(live, idle_seconds=600, stop_seconds=5))
    await asyncio.sleep(0)  # it follows from now on, and hears whatever is committed
    await asyncio.gather(*(one.hear(f"m{number}") for number in range(5) for one in (stage, other)))
    await until(lambda: len(assistant.turns) == 10)
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)  # the last turn ends first
    assert len(await stage.transcript()) == len(await other.transcript()) == 10
