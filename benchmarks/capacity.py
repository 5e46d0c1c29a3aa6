"""What each process carries, to plan by: `python -m benchmarks.capacity` (docs/capacity.md).

The whole product twice, with one and with two of each process, under citizens who write without a pause, in rounds that
alternate. Told by it: turns a second, the processor's seconds that each part needs for a turn, memory, what a
conversation leaves in the database, and what an open, idle chat costs. On a small machine the citizens and all the
processes share the processors, so the turns a second are this machine's and the seconds of a turn are the product's:
those are what another machine's capacity is reckoned from. Prints, and writes to benchmarks/results/capacity.md.
"""

import argparse
import asyncio
import itertools
import os
import statistics
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import AsyncExitStack, ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import psutil

from backend import clock
from benchmarks import usage
from benchmarks.citizens import a_citizen
from benchmarks.turn import TURNS
from tests.end_to_end.product import ROOT, Product, free_port, model_path

ROUNDS, ROUND_SECONDS, AT_ONCE = 3, 40.0, 12
STREAMS, IDLE_SECONDS = 500, 30.0
#: A part of a processor that is planned for: above it, waiting grows faster than load.
PLANNED = 0.7
RESULTS = ROOT / "benchmarks/results/capacity.md"
PROCESSES = ("web", "worker", "rasa", "actions")
DATABASE, DRIVER = "postgres", "citizens"
_TABLES = (
    "SELECT schemaname || '.' || relname, pg_total_relation_size(relid) FROM pg_stat_user_tables"
    " WHERE schemaname IN ('public', 'rasa', 'procrastinate')"
)
_WAL = "SELECT pg_wal_lsn_diff(pg_current_wal_lsn(), '0/0')"


@dataclass
class Shape:
    """A running product with so many processes of each kind, and what was seen of it."""

    number: int
    product: Product
    conversations: int = 0
    turns: list[float] = field(default_factory=list)
    seconds: float = 0.0
    cpu: Counter[str] = field(default_factory=Counter)
    #: What the machine did besides, in seconds of a processor.
    others: float = 0.0
    memory: dict[str, float] = field(default_factory=dict)

    @property
    def name(self) -> str:
        return f"{self.number} web, {self.number} worker, {self.number} Rasa"

    @property
    def parts(self) -> dict[str, list[psutil.Process]]:
        served = {name: self.product.children(name) for name in PROCESSES}
        return served | {
            DATABASE: [usage.postgres_of(self.product.var_dir / "postgres")],
            DRIVER: [psutil.Process()],
        }

    def cpu_of_a_turn(self, part: str) -> float:
        """In seconds."""
        return self.cpu[part] / len(self.turns)


@dataclass(frozen=True)
class Kept:
    """What conversations have left: bytes by table, bytes of journal, bytes of files."""

    tables: dict[str, int]
    journal: int
    files: int

    @classmethod
    def of(cls, product: Product) -> "Kept":
        tables = {str(name): int(str(size)) for name, size in product.execute(_TABLES)}
        [(journal,)] = product.execute(_WAL)
        files = sum(path.stat().st_size for path in (product.var_dir / "attachments").rglob("*") if path.is_file())
        return cls(tables, int(str(journal)), files)


async def _round(shape: Shape, seconds: float, numbers: Iterator[int]) -> None:
    """Citizens at once, one conversation after another; those begun are ended."""
    parts, until = shape.parts, time.perf_counter() + seconds
    before, busy, begun = usage.cpu_seconds(parts), _busy_seconds(), time.perf_counter()

    async def citizens(client: httpx.AsyncClient) -> None:
        while time.perf_counter() < until:
            number = next(numbers)
            async with a_citizen(client) as citizen:
                for text in TURNS:
                    shape.turns.append(await citizen.ask(text.format(number)))
            shape.conversations += 1

    limits = httpx.Limits(max_connections=4 * AT_ONCE)
    base_url = shape.product.base_url
    async with httpx.AsyncClient(base_url=base_url, timeout=60, limits=limits, trust_env=False) as client:
        await asyncio.gather(*(citizens(client) for _ in range(AT_ONCE)))
    used = {name: after - before[name] for name, after in usage.cpu_seconds(parts).items()}
    shape.seconds += time.perf_counter() - begun
    shape.cpu.update(used)
    shape.others += _busy_seconds() - busy - sum(used.values())


def _busy_seconds() -> float:
    """What all processors have worked so far."""
    times = psutil.cpu_times()
    return float(sum(times) - times.idle - times.iowait)


@dataclass(frozen=True)
class Idle:
    """What one open chat costs a web process in which nobody writes: bytes, and the processor's seconds an hour."""

    kilobytes: float
    cpu_an_hour: float


async def _idle(shape: Shape, streams: int, seconds: float) -> Idle:
    web = {"web": shape.product.children("web")}
    memory = usage.megabytes(web)["web"]
    limits = httpx.Limits(max_connections=None)
    async with AsyncExitStack() as stack:
        client = await stack.enter_async_context(
            httpx.AsyncClient(base_url=shape.product.base_url, timeout=60, limits=limits, trust_env=False)
        )
        for _ in range(streams):
            await stack.enter_async_context(a_citizen(client))
        before = usage.cpu_seconds(web)["web"]
        await asyncio.sleep(seconds)
        used = usage.cpu_seconds(web)["web"] - before
        grown = usage.megabytes(web)["web"] - memory
    return Idle(grown * 1024 / streams, used / streams / seconds * 3600)


@dataclass(frozen=True)
class Seen:
    shapes: list[Shape]
    idle: Idle
    before: Kept
    after: Kept
    load: tuple[float, float]


async def _measure(shapes: list[Shape], rounds: int, seconds: float) -> Seen:
    load, numbers = os.getloadavg()[0], itertools.count(1)
    for shape in shapes:
        await _round(shape, 1.0, numbers)  # warm
        shape.turns.clear()
        shape.cpu.clear()
        shape.conversations, shape.seconds, shape.others = 0, 0.0, 0.0
    first = shapes[0]
    idle = await _idle(first, STREAMS, IDLE_SECONDS)
    before = Kept.of(first.product)
    for number in range(rounds):
        for shape in shapes if number % 2 == 0 else reversed(shapes):
            await _round(shape, seconds, numbers)
    for shape in shapes:
        shape.memory = usage.megabytes({name: part for name, part in shape.parts.items() if name != DRIVER})
    return Seen(shapes, idle, before, Kept.of(first.product), (load, os.getloadavg()[0]))


@contextmanager
def _running(number: int, model: Path) -> Iterator[Shape]:
    with tempfile.TemporaryDirectory(prefix="bench-capacity-", ignore_cleanup_errors=True) as folder:
        many = {f"{kind}_PROCESSES": str(number) for kind in ("WEB", "WORKER", "RASA")}
        product = Product(Path(folder), free_port(), model, extra_environment=many)
        product.start()
        try:
            product.wait_ready()
            product.set_office("open")
            yield Shape(number, product)
        finally:
            product.stop()


def _report(seen: Seen) -> str:
    lines = [
        "# What each process carries",
        "",
        f"`python -m benchmarks.capacity`, {clock.local(clock.now()):%Y-%m-%d}; {os.cpu_count()} cores, shared by the "
        f"product, its database and the {AT_ONCE} citizens who write without a pause; load of the machine "
        f"{seen.load[0]:.1f} before, {seen.load[1]:.1f} after. Rounds alternate between the shapes. *Others* is what "
        "the machine did besides: turns a second are worth as much as it leaves.",
        "",
        "| | turns | turns/s | median | 95 % | processors: product | citizens | others |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for shape in seen.shapes:
        ordered = sorted(shape.turns)
        product = sum(shape.cpu[name] for name in (*PROCESSES, DATABASE)) / shape.seconds
        lines.append(
            f"| {shape.name} | {len(ordered)} | {len(ordered) / shape.seconds:.1f} "
            f"| {statistics.median(ordered) * 1000:.0f} ms | {ordered[int(len(ordered) * 0.95)] * 1000:.0f} ms "
            f"| {product:.2f} | {shape.cpu[DRIVER] / shape.seconds:.2f} | {shape.others / shape.seconds:.2f} |"
        )
    lines += ["", *_of_processes(seen), "", *_of_database(seen), ""]
    return "\n".join(lines)


def _of_processes(seen: Seen) -> list[str]:
    first = seen.shapes[0]
    lines = [
        "## One process of each kind",
        "",
        f"A turn's work on a processor, and how many turns a second one process carries at {PLANNED:.0%} of one.",
        "",
        "| part | "
        + " | ".join(f"ms a turn, {shape.name}" for shape in seen.shapes)
        + " | carries, turns/s | memory |",
        "|---|" + "---|" * (len(seen.shapes) + 2),
    ]
    for name in (*PROCESSES, DATABASE):
        each = " | ".join(f"{shape.cpu_of_a_turn(name) * 1000:.1f}" for shape in seen.shapes)
        carries = f"{PLANNED / first.cpu_of_a_turn(name):.0f}"
        per = " a processor" if name == DATABASE else ""
        lines.append(f"| {name} | {each} | {carries}{per} | {first.memory[name]:.0f} MB |")
    memories = "; ".join(f"{shape.name}: {sum(shape.memory.values()):.0f} MB" for shape in seen.shapes)
    return [
        *lines,
        "",
        f"All together: {memories}. An open chat in which nobody writes takes {seen.idle.kilobytes:.0f} kB of a web "
        f"process, and {seen.idle.cpu_an_hour:.2f} s of its processor an hour (of {STREAMS} for {IDLE_SECONDS:.0f} s).",
    ]


def _of_database(seen: Seen) -> list[str]:
    conversations = seen.shapes[0].conversations
    grown = {name: size - seen.before.tables.get(name, 0) for name, size in seen.after.tables.items()}
    total = sum(grown.values()) / conversations
    files = (seen.after.files - seen.before.files) / conversations
    journal = (seen.after.journal - seen.before.journal) / conversations
    lines = [
        "## What a conversation leaves",
        "",
        f"{len(TURNS)} turns, with a petition filed; mean of {conversations}. In the database {total / 1024:.0f} kB "
        f"with its indexes, {journal / 1024:.0f} kB of its journal (WAL), {files / 1024:.0f} kB of files.",
        "",
        "| table | kB a conversation |",
        "|---|---|",
    ]
    largest = sorted(grown.items(), key=lambda item: -item[1])
    shown = [(name, size) for name, size in largest if size / conversations >= total / 50]
    lines += [f"| {name.removeprefix('public.')} | {size / conversations / 1024:.1f} |" for name, size in shown]
    rest = total - sum(size for _, size in shown) / conversations
    return [*lines, f"| all others | {rest / 1024:.1f} |"]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    parser.add_argument("--seconds", type=float, default=ROUND_SECONDS, help="of a round")
    arguments = parser.parse_args()
    model = model_path()
    with ExitStack() as stack:
        shapes = [stack.enter_context(_running(number, model)) for number in (1, 2)]
        told = _report(asyncio.run(_measure(shapes, arguments.rounds, arguments.seconds)))
    RESULTS.write_text(told, encoding="utf-8")
    print(told)


if __name__ == "__main__":
    main()
