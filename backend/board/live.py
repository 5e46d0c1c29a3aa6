"""One computation of the board a process, however many look at it, and none while nobody does."""

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass

import structlog
from sqlalchemy.exc import SQLAlchemyError

from backend.board import figures
from backend.board.shapes import Board, Slow
from backend.db import Database
from backend.live import INBOX, LiveEvents
from backend.telephony.book import CALLS

log = structlog.get_logger(__name__)

#: Seconds: no computation follows another sooner, nor later, than this; and how often slow figures are counted.
LEAST, MOST, SLOW = 2.0, 5.0, 30.0

#: A board as those who look at it are shown it, by the kind of page.
Paint = Callable[[Board], Mapping[str, str]]


@dataclass(frozen=True)
class Picture:
    number: int
    pages: Mapping[str, str]


class LiveBoard:
    """Computed and painted once for everybody when the inbox or a call moves, and every few seconds else."""

    def __init__(self, database: Database, live: LiveEvents, paint: Paint) -> None:
        self._database = database
        self._live = live
        self._paint = paint
        self._viewers = 0
        self._picture: Picture | None = None
        self._changed = asyncio.Condition()
        self._task: asyncio.Task[None] | None = None
        self._slow: tuple[float, Slow] | None = None

    async def look(self) -> Mapping[str, str]:
        """The board now, for a page that is being made."""
        return self._paint(await self._compute())

    async def follow(self) -> AsyncIterator[Picture]:
        """Each new picture of the board; one that was missed is not made up for."""
        self._viewers += 1
        if self._task is None or self._task.done():
            self._task = asyncio.create_task(self._run(), name="live-board")
        seen = 0
        try:
            while True:
                async with self._changed:
                    while self._picture is None or self._picture.number <= seen:
                        await self._changed.wait()
                    picture = self._picture
                seen = picture.number
                yield picture
        finally:
            self._viewers -= 1

    async def stop(self) -> None:
        if self._task is not None:
            self._task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._task

    async def _run(self) -> None:
        """Until nobody looks any more. A database that is away leaves the last picture, which the pages see age."""
        number = self._picture.number if self._picture else 0
        async with self._live.subscribe(INBOX, CALLS) as alarm:
            while self._viewers:
                try:
                    pages = self._paint(await self._compute())
                except (SQLAlchemyError, OSError) as error:
                    log.warning("board_not_computed", error=type(error).__name__)
                else:
                    number += 1
                    async with self._changed:
                        self._picture = Picture(number, pages)
                        self._changed.notify_all()
                await asyncio.sleep(LEAST)
                await alarm.wait(MOST - LEAST)
        self._picture = None

    async def _compute(self) -> Board:
        async with self._database.transaction() as session:
            if self._slow is None or time.monotonic() - self._slow[0] > SLOW:
                self._slow = time.monotonic(), await figures.slow(session)
            return await figures.compute(session, self._slow[1])
