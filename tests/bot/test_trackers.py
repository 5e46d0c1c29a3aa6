"""The tracker store: asked little, and no other than Rasa's own to another process and after a crash."""

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa
import yaml
from rasa.core.tracker_store import SQLTrackerStore
from rasa.shared.core.domain import Domain
from rasa.shared.core.events import ActionExecuted, BotUttered, Event, SessionStarted, SlotSet, UserUttered
from rasa.shared.core.trackers import DialogueStateTracker
from rasa.shared.utils.common import class_from_module_path
from sqlalchemy.exc import OperationalError

from bot.trackers import TurnTrackerStore, saved_in_this_turn

DOMAIN = Domain.from_dict({"slots": {"paso": {"type": "text", "mappings": [{"type": "custom"}]}}})


class Killed(Exception):
    """The process is no more."""


@pytest.fixture
def path(tmp_path: Path) -> str:
    return str(tmp_path / "trackers.db")


@pytest.fixture
def store(path: str) -> Iterator[TurnTrackerStore]:
    store = TurnTrackerStore(DOMAIN, db=path)
    yield store
    store.engine.dispose()


def turn(tracker: DialogueStateTracker, number: int, *, begins: bool = False) -> None:
    started: list[Event] = [ActionExecuted("action_session_start"), SessionStarted(), ActionExecuted("action_listen")]
    heard = UserUttered(f'dijo "message_id": "m{number + 100}"', message_id=f"m{number}")
    said = [SlotSet("paso", f"paso {number}"), BotUttered(f"respuesta {number}"), ActionExecuted("action_listen")]
    for event in [*(started if begins else []), heard, *said]:
        tracker.update(event, DOMAIN)


async def have_turn(store: SQLTrackerStore, number: int, *, begins: bool = False) -> None:
    tracker = await store.get_or_create_tracker("c1", append_action_listen=False)
    turn(tracker, number, begins=begins)
    await store.save(tracker)


async def said(store: SQLTrackerStore, *, of_all_sessions: bool = True) -> list[str]:
    tracker = await (store.retrieve_full_tracker("c1") if of_all_sessions else store.retrieve("c1"))
    return [event.text for event in tracker.events if isinstance(event, BotUttered)]


async def test_a_turn_asks_for_its_conversation_once_and_stores_it_at_once(store: TurnTrackerStore) -> None:
    await have_turn(store, 1, begins=True)
    asked: list[str] = []
    sa.event.listen(store.engine, "before_cursor_execute", lambda *told: asked.append(told[2].split()[0]))
    assert not await store.has_heard("c1", "m2")
    await have_turn(store, 2)
    assert asked == ["SELECT", "SELECT", *["INSERT"] * (len(asked) - 2)]
    assert [event.text for event in saved_in_this_turn().events if isinstance(event, BotUttered)] == [
        "respuesta 1", "respuesta 2",
    ]  # fmt: skip


async def test_stores_of_several_processes_take_turns_over_one_database(store: TurnTrackerStore, path: str) -> None:
    """Ours and Rasa's own by turns: each goes on where the other left off, through the end of a session."""
    theirs = SQLTrackerStore(DOMAIN, db=path)
    another = TurnTrackerStore(DOMAIN, db=path)
    for number in range(1, 10):
        await have_turn((store, theirs, another)[number % 3], number, begins=number in {1, 6})
    for each in (store, theirs, another):
        assert await said(each) == [f"respuesta {number}" for number in range(1, 10)]
        assert await said(each, of_all_sessions=False) == [f"respuesta {number}" for number in range(6, 10)]
        assert (await each.retrieve("c1")).get_slot("paso") == "paso 9"
    assert await another.has_heard("c1", "m2")
    assert not await another.has_heard("c1", "m10") and not await another.has_heard("c2", "m2")
    assert not await another.has_heard("c1", "m105"), "that a message quotes an id is no message of that id"
    theirs.engine.dispose()
    another.engine.dispose()


async def test_a_turn_whose_end_was_not_stored_was_not_had(store: TurnTrackerStore, path: str) -> None:
    """The process dies while it stores: nothing of the turn is there, and the next process has it anew."""
    await have_turn(store, 1, begins=True)

    def die(connection: object, cursor: object, statement: str, *told: object) -> None:
        if statement.startswith("INSERT") and (count := len(inserted)) >= 2:
            raise Killed(f"after {count}")
        inserted.append(statement)

    inserted: list[str] = []
    sa.event.listen(store.engine, "before_cursor_execute", die)
    with pytest.raises(Killed):
        await have_turn(store, 2)
    assert saved_in_this_turn() is None
    next_one = TurnTrackerStore(DOMAIN, db=path)
    assert not await next_one.has_heard("c1", "m2")
    await have_turn(next_one, 2)
    assert await said(next_one) == ["respuesta 1", "respuesta 2"]
    next_one.engine.dispose()


async def test_conversations_at_once_know_each_what_they_stored(store: TurnTrackerStore) -> None:
    async def converse(sender_id: str) -> str:
        tracker = await store.get_or_create_tracker(sender_id, append_action_listen=False)
        turn(tracker, 1, begins=True)
        await asyncio.sleep(0)
        await store.save(tracker)
        await asyncio.sleep(0)
        return str(saved_in_this_turn().sender_id)

    names = [f"c{number}" for number in range(5)]
    assert await asyncio.gather(*map(converse, names)) == names


@pytest.mark.parametrize("statement", ["SELECT", "INSERT"])
async def test_a_turn_waits_for_a_database_that_is_away(store: TurnTrackerStore, statement: str) -> None:
    """Rasa would take the failed read for a conversation that begins, and keep the turn's end in memory alone."""
    await have_turn(store, 1, begins=True)
    failures = iter(range(3))

    def be_away(connection: object, cursor: object, asked: str, *told: object) -> None:
        if asked.startswith(statement) and next(failures, None) is not None:
            raise OperationalError(asked, {}, Exception("the database system is starting up"))

    sa.event.listen(store.engine, "before_cursor_execute", be_away)
    await have_turn(store, 2)
    assert next(failures, None) is None, "it was never away"
    assert await said(store) == ["respuesta 1", "respuesta 2"]


async def test_a_turn_whose_commit_nobody_confirmed_is_stored_once(
    store: TurnTrackerStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The connection is lost after PostgreSQL has committed."""
    await have_turn(store, 1, begins=True)
    lost, save = iter([True]), SQLTrackerStore.save

    async def save_and_lose(self: SQLTrackerStore, tracker: DialogueStateTracker) -> None:
        await save(self, tracker)
        if next(lost, False):
            raise OperationalError("COMMIT", {}, Exception("server closed the connection unexpectedly"))

    monkeypatch.setattr(SQLTrackerStore, "save", save_and_lose)
    await have_turn(store, 2)
    assert not next(lost, False)
    assert await said(store) == ["respuesta 1", "respuesta 2"]
    assert saved_in_this_turn() is not None


def test_rasa_finds_it_where_the_endpoints_name_it() -> None:
    """Where it does not, Rasa keeps its trackers in memory and says so in a warning."""
    endpoints = yaml.safe_load((Path(__file__).parents[2] / "bot/endpoints.yml").read_text("utf-8"))
    assert class_from_module_path(endpoints["tracker_store"]["type"]) is TurnTrackerStore
