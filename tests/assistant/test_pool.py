"""Several Rasa processes: which are fit, what a failure says of a turn, and how one that rested comes back."""

import asyncio
import uuid
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from backend import clock
from backend.assistant import pool
from backend.assistant.pool import RasaPool, assistant_of
from backend.assistant.port import AssistantError, Reply, Turn, TurnResult
from backend.assistant.rasa import RasaProcess
from backend.assistant.shared import is_in_share
from backend.settings import Settings

IDS = [UUID(int=number) for number in range(60)]


class FakeProcess(RasaProcess):
    """A process that answers, or fails as it was told to."""

    def __init__(self, name: str) -> None:
        super().__init__(f"http://{name}", "token")
        self.error: AssistantError | None = None
        self.is_well = True

    async def reply(self, turn: Turn) -> TurnResult:
        if self.error is not None:
            raise self.error
        return TurnResult((Reply(self.name),))

    async def is_ready(self) -> bool:
        return self.is_well


def turn(conversation_id: UUID, at: str | None, seconds: float = 8.0) -> Turn:
    return Turn(conversation_id, uuid.uuid4(), "hola", "web", clock.now() + timedelta(seconds=seconds), at)


async def fail(assistant: RasaPool, at: str | None) -> AssistantError:
    with pytest.raises(AssistantError) as raised:
        await assistant.reply(turn(IDS[0], at))
    return raised.value


def _resting(assistant: RasaPool) -> asyncio.Task[None]:
    """Its process's rest, which ends when that is fit again."""
    (task,) = [one.rest for one in assistant._members.values() if one.rest is not None]
    return task


async def test_one_that_fails_rests_and_comes_back_once_it_answers(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pool, "REST_SECONDS", 0.02)
    one, other = FakeProcess("one:5005"), FakeProcess("other:5005")
    several = RasaPool([one, other])
    assert several.fit(IDS[0]) == ("one:5005", "other:5005")
    one.error = AssistantError("status_500")
    await fail(several, "one:5005")
    assert several.fit(IDS[0]) == ("one:5005", "other:5005"), "an answer that is an error is an answer"
    one.error, one.is_well = AssistantError("TimeoutError", may_go_on=True), False
    await fail(several, "one:5005")
    fit_again = _resting(several)
    await asyncio.sleep(0.1)
    assert several.fit(IDS[0]) == ("other:5005",), "it does not answer yet"
    assert await several.answering() == {"one:5005": False, "other:5005": True}
    one.error, one.is_well = None, True
    await asyncio.wait_for(fit_again, 10)
    assert several.fit(IDS[0]) == ("one:5005", "other:5005")
    await several.close()


async def test_the_only_one_rests_and_is_then_tried_by_a_turn(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pool, "REST_SECONDS", 0.02)
    one = FakeProcess("one:5005")
    alone = RasaPool([one])
    one.error, one.is_well = AssistantError("ConnectError", is_away=True), False
    await fail(alone, "one:5005")
    assert alone.fit(IDS[0]) == ()
    resting = await fail(alone, None)
    assert (resting.kind, resting.is_away) == ("resting", True)
    fit_again = _resting(alone)
    await asyncio.wait_for(fit_again, 10)
    assert alone.fit(IDS[0]) == ("one:5005",)
    await alone.close()


async def test_each_model_has_its_own_processes_and_the_other_s_while_all_of_them_are_away() -> None:
    first, second = [FakeProcess("a:1"), FakeProcess("b:1")], [FakeProcess("c:1"), FakeProcess("d:1")]
    shared = RasaPool(first, second, second_percent=50)
    theirs = [one for one in IDS if is_in_share(one, 50)]
    assert {shared.fit(one) for one in theirs} == {("c:1", "d:1")}
    assert {shared.fit(one) for one in IDS if one not in theirs} == {("a:1", "b:1")}
    second[0].error = second[1].error = AssistantError("ConnectError", is_away=True)
    await fail(shared, "c:1")
    assert shared.fit(theirs[0]) == ("d:1",)
    await fail(shared, "d:1")
    assert shared.fit(theirs[0]) == ("a:1", "b:1")
    await shared.close()


async def test_the_settings_name_one_or_several_and_a_second_model_only_with_a_share(settings: Settings) -> None:
    given = {"rasa_url": "http://rasa-0:5005, http://rasa-1:5005/", "second_rasa_url": "http://second:5005"}
    for share, names in ((0, {"rasa-0:5005", "rasa-1:5005"}), (100, {"second:5005"})):
        read = Settings.model_validate({**settings.model_dump(), **given, "second_model_share": share})
        made = assistant_of(read)
        assert set(made.fit(IDS[0])) == names
        await made.close()


Handle = Callable[[asyncio.Server, asyncio.StreamReader, asyncio.StreamWriter], Awaitable[Any]]


async def _answered_by(handle: Handle | None) -> AssistantError:
    """How a turn fails at a server that does this with each connection; None: nothing listens."""
    served: list[asyncio.Server] = []

    async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        assert handle is not None
        await handle(served[0], reader, writer)
        writer.close()

    served.append(await asyncio.start_server(connected, "127.0.0.1", 0))
    port = served[0].sockets[0].getsockname()[1]
    if handle is None:
        served[0].close()
    process = RasaProcess(f"http://127.0.0.1:{port}", "token")
    with pytest.raises(AssistantError) as raised:
        await process.reply(turn(IDS[0], process.name, seconds=0.3))
    served[0].close()
    await process.close()
    return raised.value


async def test_a_failure_tells_whether_the_turn_may_go_on_there() -> None:
    """Sure are only an answer, a connection that was refused, and one cut by a process that is there no more."""

    async def die(server: asyncio.Server, reader: asyncio.StreamReader, _: asyncio.StreamWriter) -> None:
        await reader.read(10)
        server.close()

    async def cut(_server: asyncio.Server, reader: asyncio.StreamReader, _: asyncio.StreamWriter) -> None:
        await reader.read(10)

    async def hang(_server: asyncio.Server, reader: asyncio.StreamReader, _: asyncio.StreamWriter) -> None:
        await reader.read()

    async def fail_inside(_server: asyncio.Server, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"ends_at")
        writer.write(b"HTTP/1.1 500 Oh\r\nContent-Length: 0\r\n\r\n")

    found = {
        name: (error.is_away, error.may_go_on)
        for name, handle in {"none": None, "die": die, "cut": cut, "hang": hang, "500": fail_inside}.items()
        for error in [await _answered_by(handle)]
    }
    assert found == {
        "none": (True, False),
        "die": (True, False),
        "cut": (False, True),
        "hang": (False, True),
        "500": (False, False),
    }
