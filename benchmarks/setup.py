"""From a fresh clone to the first reply: `make run` there, the first time. Long; only with `make bench ONLY=setup`.

Once with nothing kept on the machine (packages, and the Python that the bot needs, are downloaded and unpacked), and
once more with what the first kept: what is more in the first is the network's affair, or the machine's load. Both make
the environments, train the model, make the database and answer a citizen. What is cloned is the last commit.
"""

import asyncio
import os
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx

from benchmarks.board import QUESTIONS
from benchmarks.citizens import a_citizen
from benchmarks.table import Row
from tests.end_to_end.product import ROOT, free_port

START_SECONDS = 1800.0


async def measure(folder: Path) -> list[Row]:
    kept = {
        "UV_CACHE_DIR": str(folder / "uv"),
        "UV_PYTHON_INSTALL_DIR": str(folder / "python"),
        "PIP_CACHE_DIR": str(folder / "pip"),
    }
    first, ready = await _first_run(folder / "first", kept)
    again, _ = await _first_run(folder / "again", kept)
    return [
        Row("fresh clone to the first reply, everything downloaded", first, "s"),
        Row("of this, to the line that says it is ready", ready, "s"),
        Row("fresh clone to the first reply, downloads kept", again, "s"),
    ]


async def _first_run(clone: Path, kept: dict[str, str]) -> tuple[float, float]:
    """Seconds to the first reply, and to the product's word that it is ready. The clone is taken away."""
    began = time.monotonic()
    await asyncio.to_thread(subprocess.run, ["git", "clone", "--quiet", ROOT, clone], check=True)
    port = free_port()
    with _make_run(clone, {**kept, "PORT": str(port)}):
        await _until_ready(clone.with_suffix(".log"))
        ready = time.monotonic() - began
        async with (
            httpx.AsyncClient(base_url=f"http://localhost:{port}", timeout=60, trust_env=False) as client,
            a_citizen(client) as citizen,
        ):
            await citizen.ask(QUESTIONS[0])
        replied = time.monotonic() - began
    shutil.rmtree(clone)
    return replied, ready


@contextmanager
def _make_run(clone: Path, given: dict[str, str]) -> Iterator[None]:
    # As from a shell of one's own: what a make around this one tells (VAR_DIR too) would be the clone's.
    ours = {"VAR_DIR", "DATABASE_URL", "MAKEFLAGS", "MAKELEVEL"}
    environment = {name: value for name, value in os.environ.items() if name not in ours}
    with clone.with_suffix(".log").open("wb") as log:
        process = subprocess.Popen(
            ["make", "run"], cwd=clone, env=environment | given, stdout=log, stderr=log, start_new_session=True
        )
        try:
            yield
        finally:
            os.killpg(process.pid, signal.SIGINT)
            process.wait(60)


async def _until_ready(log: Path) -> None:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        told = log.read_text(encoding="utf-8", errors="replace")
        if "\nListo:" in told:
            return
        if "make: ***" in told:
            raise RuntimeError(told[-2000:])
        await asyncio.sleep(0.1)
    raise TimeoutError("the product did not start")
