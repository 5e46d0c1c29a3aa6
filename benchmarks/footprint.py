"""Memory and cold start of `make run`, against `rasa run` alone with the same model.

Environments and model are there; rounds alternate. Cold start: from the command to the first reply that a citizen
reads, once with a database to be made and then with one that is there. Memory: what the processes hold (proportional
set size: what several share is counted once), the embedded PostgreSQL among them, some seconds after the first reply,
after `TURNS` turns of several citizens at once, and after a day's work: petitions taken by the bot, each answered by a
letter, at the moment when a process has read them to suggest their topics (backend/suggestions). Rasa alone keeps its
conversations in memory and runs no actions, which say all that our bot says: it reads what it is told, chooses what to
do, and its start is to the first message read.
"""

import asyncio
import os
import shutil
import subprocess
import time
import uuid
from collections.abc import Iterator
from contextlib import AsyncExitStack, contextmanager
from pathlib import Path
from statistics import median

import httpx
import psutil

from backend.letters.models import LetterKind
from backend.processes import bot_environment
from benchmarks.board import QUESTIONS
from benchmarks.citizens import Citizen, a_citizen
from benchmarks.table import Row, at_most
from tests.end_to_end.product import ROOT, Product, free_port, model_path

ROUNDS = 3
TURNS, CITIZENS = 500, 4
PETITIONS = 12
#: What a citizen says to file one.
TOLD = (
    "quiero registrar una petición",
    "acepto",
    "hay una fuga de agua en la calle Reforma y se inunda la banqueta",
    "Hermosillo",
    "Centro",
    "María López Ruiz",
    "662 123 4567",
    "sí, registrar",
)
_FILED = "SELECT folio FROM petition ORDER BY created_at"
_READ = "SELECT count(*) FROM petition_suggestion"
#: Until all petitions are read: the worker looks every half minute.
READ_SECONDS = 120.0
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
        Row(f"memory, after {PETITIONS} petitions and letters too", ours[2], "GB", limit=LIMIT),
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


async def _memory_of_ours(var_dir: Path, model: Path) -> tuple[float, float, float]:
    """Idle, after the turns, and after the petitions; in GB."""
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
            after_turns = held(roots)
            await asyncio.gather(*(_petitions(client) for _ in range(CITIZENS)))
            await _letters(product)
            await _all_read(product)
            return idle, after_turns, held(roots)
    finally:
        product.stop()


async def _turns(citizen: Citizen) -> None:
    for number in range(TURNS // CITIZENS):
        await citizen.ask(QUESTIONS[number % len(QUESTIONS)])


async def _petitions(client: httpx.AsyncClient) -> None:
    for _ in range(PETITIONS // CITIZENS):
        async with a_citizen(client) as citizen:
            for text in TOLD:
                await citizen.ask(text)


async def _letters(product: Product) -> None:
    """One for each petition, made and read by a member of staff."""
    told = ("users", "create", "secretaria", "--full-name", "Secretaria", "--role", "head", "--password", "x" * 12)
    await asyncio.to_thread(product.command, *told)
    token = (await asyncio.to_thread(product.command, "users", "token", "secretaria")).split()[-1]
    folios = [str(row[0]) for row in await asyncio.to_thread(product.execute, _FILED)]
    if len(folios) != PETITIONS:
        raise RuntimeError(f"{len(folios)} petitions were filed, not {PETITIONS}")
    bearer = {"Authorization": f"Bearer {token}"}
    async with httpx.AsyncClient(base_url=product.base_url, headers=bearer, timeout=60, trust_env=False) as staff:
        for folio in folios:
            page = f"/consola/peticiones/{folio}"
            order = {"kind": LetterKind.AUDIENCE.value, "text": "El lunes a las 10:00.", "key": str(uuid.uuid4())}
            for wanted, answer in (
                (httpx.codes.SEE_OTHER, await staff.post(f"{page}/documentos", data=order)),
                (httpx.codes.OK, await staff.get(page)),
            ):
                if answer.status_code != wanted:
                    raise RuntimeError(f"{answer.url} answered {answer.status_code}")


async def _all_read(product: Product) -> None:
    deadline = time.monotonic() + READ_SECONDS
    while time.monotonic() < deadline:
        if (await asyncio.to_thread(product.execute, _READ))[0][0] == PETITIONS:
            return
        await asyncio.sleep(0.2)
    raise TimeoutError("the petitions were not read")


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
        "--model", model, "--credentials", credentials, "--endpoints", endpoints, "--enable-api",
    ]  # fmt: skip
    with (folder / "rasa.log").open("wb") as log:
        process = subprocess.Popen(command, cwd=ROOT, env=bot_environment(os.environ), stdout=log, stderr=log)
        try:
            yield process, f"http://127.0.0.1:{port}"
        finally:
            process.terminate()
            process.wait(30)


async def _first_reply(url: str) -> None:
    deadline = time.monotonic() + REPLY_SECONDS
    async with httpx.AsyncClient(timeout=60, trust_env=False) as client:
        while time.monotonic() < deadline:
            try:
                await _ask_rasa(client, url, "first", QUESTIONS[0])
                read = await client.post(f"{url}/model/parse", json={"text": QUESTIONS[0]})
            except httpx.TransportError:
                await asyncio.sleep(0.1)
            else:
                if read.json()["intent"]["name"] is None:
                    raise RuntimeError("rasa read nothing")
                return
    raise TimeoutError("rasa did not answer")


async def _ask_rasa(client: httpx.AsyncClient, url: str, sender: str, text: str) -> None:
    answer = await client.post(f"{url}/webhooks/rest/webhook", json={"sender": sender, "message": text})
    answer.raise_for_status()


def held(roots: list[int]) -> float:
    """What these processes and all their children hold, in GB; what they share is counted once."""
    family = {process for root in roots for process in _with_children(root)}
    return sum(process.memory_full_info().pss for process in family) / GIGABYTE


def _with_children(pid: int) -> list[psutil.Process]:
    process = psutil.Process(pid)
    return [process, *process.children(recursive=True)]
