"""Several processes of a kind: each its own ports, one listening socket for all webs, and models changed in turn."""

import asyncio
import os
import socket
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from backend import supervisor as supervising
from backend.assistant import pool
from backend.processes import Child, children
from backend.supervisor import Supervisor, listen
from tests.end_to_end.product import free_port
from tests.supervisor.test_models import MODEL, environment

#: A web that answers each connection with its process's number.
WEB = """
import os, socket
listener = socket.socket(fileno=int(os.environ["WEB_FD"]))
while True:
    connection, _ = listener.accept()
    connection.sendall(str(os.getpid()).encode())
    connection.close()
"""
#: A Rasa: takes a while until it answers, tells when it begins and when it is ready; one model does not run.
RASA = """
import http.server, os, sys, time
name, port, told, _, model = sys.argv[1:]
def tell(word):
    with open(told, "a") as diary:
        diary.write(f"{name} {word} {model}\\n")
class Health(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.end_headers()
tell("begins")
if model == "broken":
    sys.exit(1)
time.sleep(0.4)
with http.server.HTTPServer(("127.0.0.1", int(port)), Health) as server:
    tell("answers")
    server.serve_forever()
"""


@asynccontextmanager
async def running(wanted: list[Child]) -> AsyncIterator[Supervisor]:
    """These children under a supervisor, until the block ends."""
    supervisor, is_up = Supervisor(wanted), asyncio.Event()

    async def is_ready() -> bool:
        return all(child.process is not None for child in wanted)

    task = asyncio.create_task(supervisor.run(is_up.set, is_ready))
    await asyncio.wait_for(is_up.wait(), 20)
    try:
        yield supervisor
    finally:
        supervisor.stop()
        assert await task == 0


def test_each_process_has_ports_of_its_own_and_all_webs_the_same_socket(tmp_path: Path) -> None:
    wished = {"WEB_PROCESSES": "2", "WORKER_PROCESSES": "2", "RASA_PROCESSES": "3", "METRICS_PORT": "9464"}
    values = environment(tmp_path, **wished)
    with listen("127.0.0.1", 0) as listener:
        wanted = {child.name: child for child in children(values, MODEL, listener)}
        assert {child.environment["WEB_FD"] for child in wanted.values() if "web" in child.command} == {
            str(listener.fileno())
        }
    assert list(wanted) == ["web", "web-2", "worker", "worker-2", "actions", "rasa", "rasa-2", "rasa-3"]
    told = [wanted[name].environment["METRICS_PORT"] for name in ("web", "web-2", "worker", "worker-2")]
    assert told == ["9464", "9465", "9466", "9467"]
    rasas = [child for child in wanted.values() if child.takes_models]
    ports = [child.command[child.command.index("--port") + 1] for child in rasas]
    assert len(set(ports)) == 3
    assert wanted["worker"].environment["RASA_URL"] == ",".join(f"http://127.0.0.1:{port}" for port in ports)


async def test_nobody_is_refused_while_a_web_dies() -> None:
    async def ask() -> int:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        said = await reader.read()
        writer.close()
        return int(said)

    with listen("127.0.0.1", 0) as listener:
        port = listener.getsockname()[1]
        given = {**os.environ, "WEB_FD": str(listener.fileno())}
        webs = [
            Child(name, [sys.executable, "-c", WEB], given, inherits=(listener.fileno(),)) for name in ("web", "web-2")
        ]
        async with running(webs):
            first = await ask()
            (dying,) = [web.process for web in webs if web.process is not None and web.process.pid == first]
            dying.kill()
            await dying.wait()
            assert first not in [await ask() for _ in range(20)]


@pytest.fixture
def rasas(tmp_path: Path) -> list[Child]:
    made = []
    for name in ("rasa", "rasa-2"):
        port = str(free_port())
        command = [sys.executable, "-c", RASA, name, port, str(tmp_path / "told"), "--model", "old"]
        made.append(Child(name, command, dict(os.environ), health=f"http://127.0.0.1:{port}/", takes_models=True))
    return made


async def told(path: Path, word: str, times: int) -> list[str]:
    """What the processes told, once this is so often in it."""
    async with asyncio.timeout(20):
        while True:
            said = path.read_text().splitlines() if path.exists() else []
            if sum(word in line for line in said) >= times:
                return said
            await asyncio.sleep(0.02)


async def test_a_model_is_taken_up_by_one_process_after_another(
    tmp_path: Path, rasas: list[Child], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert supervising.NOTICED_SECONDS > pool.REST_SECONDS, "workers know of the one before"
    monkeypatch.setattr(supervising, "NOTICED_SECONDS", 2.0)
    async with running(rasas) as supervisor:
        await told(tmp_path / "told", "answers", 2)
        was = rasas[1].process
        supervisor.take_up(Path("new"))
        await told(tmp_path / "told", "answers", 3)
        await asyncio.sleep(1.0)
        assert was is not None and was.returncode is None, "the first is not noticed yet"
        changes = (await told(tmp_path / "told", "answers", 4))[4:]
        assert changes == ["rasa begins new", "rasa answers new", "rasa-2 begins new", "rasa-2 answers new"]
        was = rasas[0].process
        supervisor.take_up(Path("newest"))
        await asyncio.sleep(1.0)
        assert was is not None and was.returncode is None, "nor is the second, when the model changes once more"
        assert (await told(tmp_path / "told", "answers", 5))[-1] == "rasa answers newest"


async def test_a_model_that_does_not_run_is_taken_up_by_one_alone_until_it_is_taken_back(
    tmp_path: Path, rasas: list[Child], monkeypatch: pytest.MonkeyPatch
) -> None:
    async with running(rasas) as supervisor:
        await told(tmp_path / "told", "answers", 2)
        monkeypatch.setattr(supervising, "READY_SECONDS", 0.4)
        monkeypatch.setattr(supervising, "NOTICED_SECONDS", 0.0)
        supervisor.take_up(Path("broken"))
        await told(tmp_path / "told", "begins broken", 1)
        supervisor.take_up(Path("old"))
        changes = (await told(tmp_path / "told", "answers", 3))[4:]
    assert changes[0] == "rasa begins broken"
    assert changes[-2:] == ["rasa begins old", "rasa answers old"]
    assert not [line for line in changes if line.startswith("rasa-2")], "the other goes on as it was"


def test_a_port_that_another_program_has_is_told_in_words() -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        with pytest.raises(SystemExit, match="Elija otro"):
            listen("127.0.0.1", other.getsockname()[1])
