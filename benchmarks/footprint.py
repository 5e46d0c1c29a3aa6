"""Memory and cold start of `make run`, against `rasa run` alone with the same model.

Environments and model are there; rounds alternate. Cold start: from the command to the first reply that a citizen
reads, once with a database to be made and then with one that is there. Memory: what the processes hold (proportional
set size: what several share is counted once), the embedded PostgreSQL among them, some seconds after the first reply,
and after `TURNS` turns of several citizens at once. Rasa alone keeps its conversations in memory, and runs no actions:
it is asked only what needs none.
"""

import asyncio
import os
import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import AsyncExitStack, contextmanager
from pathlib import Path
from statistics import median

import httpx
import psutil

from backend.processes import bot_environment
from benchmarks.board import QUESTIONS
from benchmarks.citizens import Citizen, a_citizen
from benchmarks.table import Row, at_most
from tests.end_to_end.product import ROOT, Product, free_port, model_path

ROUNDS = 3
TURNS, CITIZENS = 500, 4
#: After the first reply, until what only the start needed is given back.
SETTLE_SECONDS = 10.0
REPLY_SECONDS = 120.0
GIGABYTE = 1e9
LIMIT = at_most(1.3)
AGAINST = "rasa run alone"
#: The Rasa of the baseline: its REST channel, and everything else as it comes.
_CREDENTIALS = "rest:\n"


async def measure(folder: Path) -> list[Row]:
    model = await asyncio.to_thread(model_path)
    empty, again, alone = [], [], []
    for number in range(ROUNDS):
        var_dir = folder / f"var-{number}"
        empty.append(await _start_of_ours(var_dir, model))
        again.append(await _start_of_ours(var_dir, model))
        shutil.rmtree(var_dir)
        alone.append(await _start_of_rasa(folder, model))
    ours, rasa = await _memory_of_ours(folder / "var", model), await _memory_of_rasa(folder, model)
    turns = f"after {TURNS} turns"
    return [
        Row("cold start to the first reply", median(again), "s", median(alone), AGAINST),
        Row("cold start, with a database to make", median(empty), "s", median(alone), AGAINST),
        Row("memory, idle", ours[0], "GB", rasa[0], AGAINST, LIMIT),
        Row(f"memory, {turns}", ours[1], "GB", rasa[1], AGAINST, LIMIT),
    ]


async def _start_of_ours(var_dir: Path, model: Path) -> float:
    began = time.monotonic()
    product = Product(var_dir, free_port(), model)
    try:
        await asyncio.to_thread(product.start)
        async with (
            httpx.AsyncClient(base_url=product.base_url, timeout=60, trust_env=False) as client,
            a_citizen(client) as citizen,
        ):
            await citizen.ask(QUESTIONS[0])
        return time.monotonic() - began
    finally:
        product.stop()


async def _start_of_rasa(folder: Path, model: Path) -> float:
    began = time.monotonic()
    with _rasa(folder, model) as (_, url):
        await _first_reply(url)
        return time.monotonic() - began


async def _memory_of_ours(var_dir: Path, model: Path) -> tuple[float, float]:
    """Idle, and after the turns; in GB."""
    product = Product(var_dir, free_port(), model)
    try:
        await asyncio.to_thread(product.start)
        assert product.process is not None
        roots = [product.process.pid, int((var_dir / "postgres/postmaster.pid").read_text().split()[0])]
        async with AsyncExitStack() as stack:
            client = await stack.enter_async_context(
                httpx.AsyncClient(base_url=product.base_url, timeout=60, trust_env=False)
            )
            citizens = [await stack.enter_async_context(a_citizen(client)) for _ in range(CITIZENS)]
            await citizens[0].ask(QUESTIONS[0])
            await asyncio.sleep(SETTLE_SECONDS)
            idle = held(roots)
            await asyncio.gather(*(_turns(citizen) for citizen in citizens))
            return idle, held(roots)
    finally:
        product.stop()


async def _turns(citizen: Citizen) -> None:
    for number in range(TURNS // CITIZENS):
        await citizen.ask(QUESTIONS[number % len(QUESTIONS)])


async def _memory_of_rasa(folder: Path, model: Path) -> tuple[float, float]:
    with _rasa(folder, model) as (process, url):
        await _first_reply(url)
        await asyncio.sleep(SETTLE_SECONDS)
        idle = held([process.pid])
        async with httpx.AsyncClient(timeout=60, trust_env=False) as client:
            for number in range(TURNS):
                await _ask_rasa(client, url, f"citizen-{number % CITIZENS}", QUESTIONS[number % len(QUESTIONS)])
        return idle, held([process.pid])


@contextmanager
def _rasa(folder: Path, model: Path) -> "Iterator[tuple[subprocess.Popen[bytes], str]]":
    """`rasa run` with our model; the process, and the address of its REST channel."""
    credentials, endpoints = folder / "credentials.yml", folder / "endpoints.yml"
    credentials.write_text(_CREDENTIALS, encoding="utf-8")
    endpoints.touch()
    port = free_port()
    command = [
        ROOT / ".venv-bot/bin/python", "-m", "rasa", "run", "--interface", "127.0.0.1", "--port", str(port),
        "--model", model, "--credentials", credentials, "--endpoints", endpoints,
    ]  # fmt: skip
    with (folder / "rasa.log").open("wb") as log:
        process = subprocess.Popen(command, cwd=ROOT, env=bot_environment(os.environ), stdout=log, stderr=log)
        try:
            yield process, f"http://127.0.0.1:{port}/webhooks/rest/webhook"
        finally:
            process.terminate()
            process.wait(30)


async def _first_reply(url: str) -> None:
    deadline = time.monotonic() + REPLY_SECONDS
    async with httpx.AsyncClient(timeout=60, trust_env=False) as client:
        while time.monotonic() < deadline:
            try:
                await _ask_rasa(client, url, "first", QUESTIONS[0])
            except httpx.TransportError:
                await asyncio.sleep(0.1)
            else:
                return
    raise TimeoutError("rasa did not answer")


async def _ask_rasa(client: httpx.AsyncClient, url: str, sender: str, text: str) -> None:
    answer = await client.post(url, json={"sender": sender, "message": text})
    answer.raise_for_status()
    if not answer.json():
        raise RuntimeError("rasa had nothing to say")


def held(roots: list[int]) -> float:
    """What these processes and all their children hold, in GB; what they share is counted once."""
    family = {process for root in roots for process in _with_children(root)}
    return sum(process.memory_full_info().pss for process in family) / GIGABYTE


def _with_children(pid: int) -> list[psutil.Process]:
    process = psutil.Process(pid)
    return [process, *process.children(recursive=True)]
