"""Which models run: the one in use, another beside it by setting, and a change without a new start."""

import asyncio
import json
import socket
import sys
import time
from pathlib import Path

import pytest

from backend.environment import complete
from backend.processes import Child, children, model_in_use
from backend.supervisor import Supervisor

LISTENER = socket.socket()
MODEL = Path("/models/first.tar.gz")


def environment(var_dir: Path, **more: str) -> dict[str, str]:
    return complete({"VAR_DIR": str(var_dir), **more}, "postgresql://postgres@/postgres?host=/tmp")


def a_model(var_dir: Path, version: str) -> Path:
    path = var_dir / "models" / f"{version}.tar.gz"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"")
    return path


@pytest.mark.parametrize("share", [{}, {"SECOND_MODEL_SHARE": "0"}])
def test_one_bot_runs_unless_a_share_is_given(tmp_path: Path, share: dict[str, str]) -> None:
    a_model(tmp_path, "second")
    bots = [
        child
        for child in children(environment(tmp_path, SECOND_MODEL="second", **share), MODEL, LISTENER)
        if "bot.serve" in child.command
    ]
    assert [child.name for child in bots] == ["rasa"]


def test_a_second_model_runs_on_a_port_of_its_own_that_the_worker_knows(tmp_path: Path) -> None:
    second = a_model(tmp_path, "second")
    values = environment(tmp_path, SECOND_MODEL="second", SECOND_MODEL_SHARE="20")
    wanted = {child.name: child for child in children(values, MODEL, LISTENER)}
    command = wanted["rasa-second"].command
    assert command[command.index("--model") + 1] == str(second)
    port = command[command.index("--port") + 1]
    assert wanted["worker"].environment["SECOND_RASA_URL"] == f"http://127.0.0.1:{port}"
    assert port != wanted["rasa"].command[wanted["rasa"].command.index("--port") + 1]


def test_a_second_model_that_is_not_there_is_told_in_words(tmp_path: Path) -> None:
    values = environment(tmp_path, SECOND_MODEL="nothing", SECOND_MODEL_SHARE="20")
    with pytest.raises(SystemExit, match="No hay un modelo nothing"):
        children(values, MODEL, LISTENER)


def test_the_model_in_use_is_read_from_the_registry(tmp_path: Path) -> None:
    values = environment(tmp_path)
    assert model_in_use(values) is None
    path = a_model(tmp_path, "0123456789abcdef")
    (path.parent / "current.json").write_text(json.dumps({"version": "0123456789abcdef"}))
    assert model_in_use(values) == path
    path.unlink()
    assert model_in_use(values) is None


async def test_the_bot_starts_anew_with_the_model_taken_up(tmp_path: Path) -> None:
    told = tmp_path / "told"
    code = f"import sys, time; open({str(told)!r}, 'a').write(sys.argv[-1] + ' '); time.sleep(60)"
    command = [sys.executable, "-c", code, "--model", "old"]
    supervisor = Supervisor([Child("rasa", command, {}, takes_models=True)])

    async def is_ready() -> bool:
        return told.exists()

    def until(text: str) -> None:
        while not told.exists() or told.read_text() != text:
            time.sleep(0.05)

    running = asyncio.create_task(supervisor.run(lambda: None, is_ready))
    await asyncio.to_thread(until, "old ")
    supervisor.take_up(None)
    supervisor.take_up(Path("new"))
    await asyncio.to_thread(until, "old new ")
    supervisor.stop()
    assert await running == 0
