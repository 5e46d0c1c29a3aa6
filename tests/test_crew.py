"""A crew takes work piece by piece, with help where there is much, and goes on after a failure."""

import asyncio

from structlog.testing import capture_logs

from backend.crew import Crew
from backend.db import Database
from backend.live import LiveEvents
from backend.wakeups import notify
from tests.heartbeats import last_done
from tests.waiting import until


class Pile:
    """So many pieces; how many were in hand at once. A piece takes until `may_end`."""

    def __init__(self, pieces: int, *, name: str = "pile") -> None:
        self.left = pieces
        self.done = self.in_hand = self.most = 0
        self.fails = 0
        self.may_end = asyncio.Event()
        self.may_end.set()
        self.crew = Crew(name, self.take, room=3)

    async def take(self) -> bool:
        if self.fails:
            self.fails -= 1
            raise ZeroDivisionError
        if not self.left:
            return False
        self.left -= 1
        self.in_hand += 1
        self.most = max(self.most, self.in_hand)
        self.crew.start()
        await asyncio.sleep(0)
        await self.may_end.wait()
        self.in_hand -= 1
        self.done += 1
        return True


async def test_much_work_is_done_side_by_side_as_far_as_there_is_room() -> None:
    pile = Pile(10)
    await pile.crew.finish()
    assert (pile.done, pile.most) == (10, 3)


async def test_a_failure_is_told_and_the_rest_is_done_at_the_next_look(database: Database, database_url: str) -> None:
    pile, live = Pile(4, name="broken"), LiveEvents(database_url)
    pile.fails = 2
    await live.start()
    async with asyncio.timeout(30):
        await live.connected.wait()
        with capture_logs() as logged:
            working = asyncio.create_task(pile.crew.run(live, "pile", idle_seconds=600))
            await until(lambda: len(logged) == 1)
            since = last_done("broken")
            await _ring(database)
            await until(lambda: len(logged) == 2)
        assert [(entry["event"], entry["work"]) for entry in logged] == [("work_failed", "broken")] * 2
        assert (pile.done, last_done("broken")) == (0, since), "whoever watches sees that nothing ended well"
        await _ring(database)
        await until(lambda: pile.done == 4 and last_done("broken") != since)
    working.cancel()
    await asyncio.gather(working, return_exceptions=True)
    await live.stop()


async def _ring(database: Database) -> None:
    async with database.transaction() as session:
        await notify(session, "pile")


async def test_what_is_in_hand_is_let_go_of_when_it_is_told_to_stop(database_url: str) -> None:
    pile, live = Pile(4), LiveEvents(database_url)
    pile.may_end.clear()
    working = asyncio.create_task(pile.crew.run(live, "pile", idle_seconds=600))
    async with asyncio.timeout(30):
        await until(lambda: pile.in_hand == 3)
        working.cancel()
        await asyncio.gather(working, return_exceptions=True)
        await asyncio.sleep(0)
        assert not [task for task in asyncio.all_tasks() if "_take_all" in repr(task)]
