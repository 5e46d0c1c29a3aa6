"""A worker process: it works until it is told to stop, and whole or not at all."""

import asyncio
import json
import os
import signal
from collections.abc import Iterator

import pytest
import structlog

from backend import worker
from backend.conversations.taking import TurnTaker
from backend.settings import Settings
from tests.waiting import until


class Printed:
    """The log, line by line, as it is written."""

    def __init__(self, capsys: pytest.CaptureFixture[str]) -> None:
        self._capsys = capsys
        self._text = ""

    def lines(self, event: str) -> list[dict[str, str]]:
        self._text += self._capsys.readouterr().out
        told = [json.loads(line) for line in self._text.splitlines() if line.startswith("{")]
        return [line for line in told if line["event"] == event]


@pytest.fixture
def printed(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Iterator[Printed]:
    before = structlog.get_config()
    monkeypatch.setattr(worker, "log", structlog.get_logger())  # one that has been used keeps to where it wrote
    yield Printed(capsys)
    structlog.configure(**before)


async def test_it_stops_when_it_is_told_to(settings: Settings, printed: Printed) -> None:
    working = asyncio.create_task(worker.run(settings))
    await until(lambda: bool(printed.lines("worker_started")))
    os.kill(os.getpid(), signal.SIGTERM)
    async with asyncio.timeout(60):
        assert await working == 0
    assert asyncio.all_tasks() == {asyncio.current_task()}


@pytest.mark.parametrize("how", [ZeroDivisionError, asyncio.CancelledError, None])
async def test_one_of_which_a_part_broke_ends_so_that_it_is_started_anew(
    settings: Settings, printed: Printed, monkeypatch: pytest.MonkeyPatch, how: type[BaseException] | None
) -> None:
    """Else it would go on as if it did its work, with nobody to do this part of it."""

    async def broken(*_: object, **__: object) -> None:
        await until(lambda: bool(printed.lines("worker_started")))
        if how is not None:
            raise how

    monkeypatch.setattr(TurnTaker, "run", broken)
    async with asyncio.timeout(60):
        assert await worker.run(settings) == 1
    [told] = printed.lines("worker_broken")
    assert ("ZeroDivisionError" if how is ZeroDivisionError else "wake_ups ended") in told["exception"]
    assert asyncio.all_tasks() == {asyncio.current_task()}
