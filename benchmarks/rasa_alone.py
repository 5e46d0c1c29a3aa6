"""`rasa run` without the product around it: its own, spoken to directly, and ones as Rasa ships beside it.

All share the product's database, its action server and its backend's internal API.
"""

import asyncio
import contextlib
import os
import signal
import subprocess
import tempfile
import time
import uuid
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
import psutil
import yaml

from benchmarks.citizens import open_session
from tests.end_to_end.product import ROOT, free_port

_START_SECONDS = 240.0


@dataclass(frozen=True)
class Bot:
    """A Rasa that answers: the address of its channel, and what opens it."""

    address: str
    headers: Mapping[str, str]
    process: psutil.Process


class Unanswered(Exception):
    """Rasa's way to say that a turn failed: an empty answer, or none."""


class Direct:
    """A citizen who speaks to Rasa itself."""

    def __init__(self, client: httpx.AsyncClient, bot: Bot, session_id: str) -> None:
        self._client, self._bot, self._session_id = client, bot, session_id

    async def ask(self, text: str) -> float:
        """Seconds until the whole answer. Raises Unanswered."""
        # Our channel takes the first four, Rasa's REST channel the last two.
        body: dict[str, object] = {"sender_id": self._session_id, "message_id": str(uuid.uuid4()), "text": text}
        body["is_new"] = True
        body |= {"sender": self._session_id, "message": text}
        begun = time.perf_counter()
        answer = await self._client.post(self._bot.address, json=body, headers=dict(self._bot.headers))
        told = answer.json()
        seconds = time.perf_counter() - begun
        if answer.is_error or not (told["messages"] if isinstance(told, dict) else told):
            raise Unanswered
        return seconds


@asynccontextmanager
async def a_direct_citizen(client: httpx.AsyncClient, bot: Bot) -> AsyncIterator[Direct]:
    """Somebody whose conversation the backend knows, so that the actions work, and who speaks to `bot` alone."""
    session_id, _ = await open_session(client)
    yield Direct(client, bot, session_id)


def our_own(process: psutil.Process) -> Bot:
    """The product's Rasa, spoken to as the worker does."""
    environment = process.environ()
    headers = {"Authorization": f"Bearer {environment['BOT_TOKEN']}"}
    return Bot(f"{environment['RASA_URL']}/webhooks/chat_sonora/webhook", headers, process)


@asynccontextmanager
async def as_rasa_ships(model: Path, environment: Mapping[str, str]) -> AsyncIterator[Bot]:
    """Another Rasa with its REST channel and its SQL tracker store; `environment`: that of the product's own."""
    port = free_port()
    with tempfile.TemporaryDirectory(prefix="bench-rasa-") as name:
        folder = Path(name)
        (folder / "credentials.yml").write_text("rest:\n", encoding="utf-8")
        endpoints = yaml.safe_load((ROOT / "bot/endpoints.yml").read_text(encoding="utf-8"))
        endpoints["tracker_store"]["type"] = "SQL"
        (folder / "endpoints.yml").write_text(yaml.safe_dump(endpoints), encoding="utf-8")
        command = [
            str(ROOT / ".venv-bot/bin/python"), "-m", "rasa", "run", "--interface", "127.0.0.1", "--port", str(port),
            "--model", str(model), "--endpoints", str(folder / "endpoints.yml"),
            "--credentials", str(folder / "credentials.yml"),
        ]  # fmt: skip
        with (folder / "log").open("wb") as log:
            process = subprocess.Popen(  # noqa: ASYNC220 — starting takes no time, and stopping is waited for below
                command, cwd=ROOT, env=dict(environment), stdout=log, stderr=subprocess.STDOUT, start_new_session=True
            )
        try:
            await _wait_ready(f"http://127.0.0.1:{port}/webhooks/rest/", process, folder / "log")
            yield Bot(f"http://127.0.0.1:{port}/webhooks/rest/webhook", {}, psutil.Process(process.pid))
        finally:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGTERM)
            process.wait(30)


async def _wait_ready(address: str, process: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + _START_SECONDS
    async with httpx.AsyncClient(timeout=5) as client:
        while process.poll() is None and time.monotonic() < deadline:
            with contextlib.suppress(httpx.HTTPError):
                if (await client.get(address)).status_code == httpx.codes.OK:
                    return
            await asyncio.sleep(0.5)
    raise RuntimeError(f"Rasa did not start:\n{log.read_text(errors='replace')[-3000:]}")
