"""Whether open boards slow the chat: `python -m benchmarks.board`.

The whole product, with a ledger of 200,000 contacts of which some thousand are of today. One citizen after another
asks the bot something and waits for its answer, first with no board open, then with 20 in rounds that alternate, so
that whatever else the machine does falls on both alike. Prints, and writes to benchmarks/results/board.md.
"""

import asyncio
import os
import re
import statistics
import tempfile
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import httpx

from backend import clock
from benchmarks.citizens import a_citizen
from tests.end_to_end.product import ROOT, Product, free_port, model_path

ROUNDS, TURNS, BOARDS = 6, 25, 20
CONTACTS = 200_000
QUESTIONS = ("a que hora abren", "donde estan ubicados", "gracias", "hola buenas tardes")
RESULTS = ROOT / "benchmarks/results/board.md"

_LEDGER = """
INSERT INTO interaction (id, kind, direction, channel, source, external_id, started_at, answered_at, ended_at,
                         queue_seconds, attended_by, outcome, notes)
SELECT gen_random_uuid(), 'llamada', CASE WHEN n %% 3 = 0 THEN 'realizada' ELSE 'recibida' END, 'telefono', 'cdr',
       'bench-' || n, now() - n * interval '40 seconds', now() - n * interval '40 seconds' + interval '20 seconds',
       now() - n * interval '40 seconds' + interval '3 minutes', 20, 'persona', 'atendida', ''
  FROM generate_series(1, %s) AS n
"""


@dataclass
class Measured:
    """`turns` in seconds, by whether the boards were open; `pictures` that the boards were shown."""

    turns: dict[bool, list[float]] = field(default_factory=lambda: {False: [], True: []})
    pictures: int = 0
    watched: float = 0.0
    computing: list[float] = field(default_factory=list)


async def _watch(product: Product, cookies: Mapping[str, str], measured: Measured) -> None:
    """One open board, until it is cancelled."""
    async with (
        httpx.AsyncClient(base_url=product.base_url, headers=cookies, timeout=60) as client,
        client.stream("GET", "/consola/tablero/en-vivo?vista=pared") as answer,
    ):
        answer.raise_for_status()
        async for line in answer.aiter_lines():
            measured.pictures += line.startswith("event: board")


async def _sign_in(product: Product) -> dict[str, str]:
    told = product.command("seed-demo")
    found = re.search(r"todos: (\S+)", told)
    assert found is not None, told
    async with httpx.AsyncClient(base_url=product.base_url) as client:
        body = {"username": "jefa.demo", "password": found[1]}
        answer = await client.post("/api/auth/login", json=body)
        answer.raise_for_status()
        # A browser takes localhost for secure; this client sends the cookie by hand.
        return {"Cookie": answer.headers["set-cookie"].split(";")[0]}


async def _rounds(product: Product) -> Measured:
    measured, cookies = Measured(), await _sign_in(product)
    async with httpx.AsyncClient(base_url=product.base_url, timeout=60) as client:
        async with a_citizen(client) as warm:
            for question in QUESTIONS * 2:
                await warm.ask(question)
        for number in range(ROUNDS):
            for with_boards in (False, True) if number % 2 == 0 else (True, False):
                boards = [
                    asyncio.create_task(_watch(product, cookies, measured)) for _ in range(BOARDS if with_boards else 0)
                ]
                await asyncio.sleep(3)
                begun = time.monotonic()
                async with a_citizen(client) as citizen:
                    for turn in range(TURNS):
                        measured.turns[with_boards].append(await citizen.ask(QUESTIONS[turn % len(QUESTIONS)]))
                        await asyncio.sleep(0.2)
                for board in boards:
                    assert not board.done(), "a board lost its stream"
                    board.cancel()
                measured.watched += (time.monotonic() - begun) * with_boards
        for _ in range(10):
            begun = time.perf_counter()
            (await client.get("/consola/tablero/pared", headers=cookies)).raise_for_status()
            measured.computing.append(time.perf_counter() - begun)
    return measured


def _report(measured: Measured, load: tuple[float, float]) -> str:
    def line(name: str, seconds: list[float]) -> str:
        ordered = sorted(seconds)
        at = [statistics.median(ordered), ordered[int(len(ordered) * 0.95)], max(ordered)]
        return f"| {name} | {len(ordered)} | " + " | ".join(f"{one * 1000:.0f} ms" for one in at) + " |"

    return "\n".join(
        (
            "# The chat with and without open boards",
            "",
            f"`python -m benchmarks.board`, {clock.local(clock.now()):%Y-%m-%d}; {os.cpu_count()} cores; load of the "
            f"machine {load[0]:.1f} before, {load[1]:.1f} after. {CONTACTS:,} contacts in the ledger. Rounds of "
            f"{TURNS} turns alternate, {ROUNDS} of each.",
            "",
            "| a turn of the chat, sent to answered | turns | median | 95 % | longest |",
            "|---|---|---|---|---|",
            line("no board open", measured.turns[False]),
            line(f"{BOARDS} boards open", measured.turns[True]),
            "",
            f"The {BOARDS} boards were shown {measured.pictures:,} pictures, each one every "
            f"{BOARDS * measured.watched / max(measured.pictures, 1):.1f} s. A page of the board made from nothing "
            f"takes {statistics.median(measured.computing) * 1000:.0f} ms (median of {len(measured.computing)}), "
            "which is the figures, the painting and the page around them.",
            "",
        )
    )


def main() -> None:
    before = os.getloadavg()[0]
    with tempfile.TemporaryDirectory(prefix="bench-board-", ignore_cleanup_errors=True) as folder:
        product = Product(Path(folder), free_port(), model_path())
        product.start()
        try:
            product.wait_ready()
            product.set_office("open")
            product.execute(_LEDGER, CONTACTS)
            product.execute("ANALYZE interaction")
            measured = asyncio.run(_rounds(product))
        finally:
            product.stop()
    told = _report(measured, (before, os.getloadavg()[0]))
    RESULTS.write_text(told, encoding="utf-8")
    print(told)


if __name__ == "__main__":
    main()
