"""Work that is taken from a table piece by piece, by a few tasks of this process at once."""

import asyncio
from collections.abc import Awaitable, Callable

import structlog
from sqlalchemy.exc import OperationalError

from backend.live import LiveEvents
from backend.monitoring import chores

log = structlog.get_logger(__name__)


class Crew:
    """As many tasks as there is work and `room` for; each takes one piece after the other until there is none.

    `take_next` does one piece, and says whether there was any: it calls `start` where it finds that more wait, so that
    somebody comes to help. `work` names what is done, in the log and to who watches chores.
    """

    def __init__(self, work: str, take_next: Callable[[], Awaitable[bool]], *, room: int) -> None:
        self._work = work
        self._take_next = take_next
        self._room = room
        self._tasks: set[asyncio.Task[None]] = set()

    async def run(self, live: LiveEvents, topic: str, *, idle_seconds: float) -> None:
        """For ever: work when `topic` rings, and look for what no wake-up told of."""
        chores.expect(self._work, idle_seconds)
        try:
            async with live.subscribe(topic) as alarm:
                while True:
                    self.start()
                    await alarm.wait(idle_seconds)
        finally:
            for task in self._tasks:
                task.cancel()
            await asyncio.gather(*self._tasks, return_exceptions=True)

    async def finish(self) -> None:
        """Until there is no more that can be done now."""
        self.start()
        while self._tasks:
            await asyncio.wait(self._tasks)

    def start(self) -> None:
        """One more task, if there is room."""
        if len(self._tasks) < self._room:
            task = asyncio.create_task(self._take_all())
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def _take_all(self) -> None:
        try:
            may_be_more = True
            while may_be_more:
                may_be_more = await self._take_next()
                chores.done(self._work)
        except OperationalError as error:
            log.warning("work_without_database", work=self._work, error=type(error).__name__)
        except Exception:  # the outer loop: recorded, and looked at again
            log.exception("work_failed", work=self._work)
