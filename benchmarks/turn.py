"""What the product adds to a turn of the bot, and what Rasa's defaults would cost: `python -m benchmarks.turn`.

The same conversations go five ways, in rounds that alternate, over one running product:

- `product`: the public chat API, from the message's POST to the answer on the citizen's event stream;
- `whatsapp`: the same product, from the vendor's call to the answer at the vendor's stand-in, one citizen at a time;
- `bot`: the product's own Rasa by our input channel, as the worker calls it, with nothing around it;
- `rasa`: our model in a `rasa run` with its REST channel and its SQL tracker store as they ship;
- `default`: the same with Rasa's default pipeline and policies (`benchmarks.default_pipeline`), trained on a sample
  that is large enough for it to have the conversation.

All use the same PostgreSQL, the same action server and the same internal API. A citizen asks for information and
files a petition, so that actions are called and a form is answered; the petitions of each way are counted, as a bot
that understands nothing calls nothing and is quick. Prints, and writes to benchmarks/results/turn.md.
"""

import argparse
import asyncio
import itertools
import os
import statistics
import subprocess
import tempfile
import time
from collections import defaultdict
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import LiteralString, Protocol

import httpx
import psutil

from backend import clock
from benchmarks import rasa_alone, usage
from benchmarks.citizens import a_citizen, a_citizen_on_whatsapp
from benchmarks.table import Row, ratio_at_least, ratio_at_most
from tests.end_to_end.product import ROOT, Product, free_port, model_path
from tests.end_to_end.stand_ins import StandIns, register, running_stand_ins, settings_of

ROUNDS = 4
#: Citizens at once, and the conversations of each, one after another: were it one, a good part of the time would be its
#: end, when most have gone. With 32 ours answers no more in a second than with these.
AT_ONCE, EACH = 16, 2
#: Turns of a conversation that is old, and of one that is new; how often a question is asked in each.
OLD, NEW, AGED_TURNS = 100, 5, 20
#: What the default pipeline is trained on: so many examples an intent, so many epochs of each learned part. With 10
#: of each it had no conversation (petitions filed: none) and a turn took a third less.
EXAMPLES, EPOCHS = 60, 30
#: A way that files fewer petitions than this, of 100 conversations, does less than the others: no figure comes of it.
_HAD_IT = 90
RESULTS = ROOT / "benchmarks/results/turn.md"
PRODUCT, WHATSAPP, BOT, RASA, DEFAULT = "product", "whatsapp", "bot", "rasa", "default"
#: A support is somebody's own, so no neighbour's petition is offered and all conversations are alike.
TURNS = (
    "hola buenas tardes", "a que hora abren", "donde estan ubicados",
    "necesito apoyo para comprar una silla de ruedas para mi papa", "acepto", "¿a qué hora abren?", "puerto peñasco",
    "ejido el desierto", "Raúl Peralta", "638{:07d}", "si", "cual es el aviso de privacidad", "gracias", "hasta luego",
)  # fmt: skip


class Asker(Protocol):
    """A citizen in a conversation."""

    async def ask(self, text: str) -> float:
        """Seconds to the answer."""
        ...


Way = Callable[[], AbstractAsyncContextManager[Asker]]


@dataclass
class Measured:
    """By way: a turn's seconds with one citizen; turns and seconds with many; the processor's seconds by part."""

    alone: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    crowd_turns: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    crowd_seconds: dict[str, float] = field(default_factory=lambda: defaultdict(float))
    cpu: dict[str, dict[str, float]] = field(default_factory=lambda: defaultdict(lambda: defaultdict(float)))
    #: Many citizens at once, and one processor for everything: turns a second, round by round.
    narrow: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    memory: dict[str, float] = field(default_factory=dict)
    #: Turns that the bot failed: of the product those that the scripted intake answered in its place.
    unanswered: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    #: Conversations, and those in which the petition was filed.
    conversations: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    filed: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    #: A question's seconds to our Rasa in conversations of so many turns.
    aged: dict[int, list[float]] = field(default_factory=lambda: defaultdict(list))

    def median(self, way: str) -> float:
        return statistics.median(self.alone[way])

    def cost(self, way: str) -> float:
        """Milliseconds of the processor that a turn takes, of all processes."""
        return sum(self.cpu[way].values()) / self.crowd_turns[way] * 1000

    def throughput(self, way: str) -> float:
        """Turns a second, many citizens at once."""
        return self.crowd_turns[way] / self.crowd_seconds[way]

    def gain(self, way: str) -> float:
        """How many times the throughput on one processor that on all of them is."""
        return self.throughput(way) / statistics.median(self.narrow[way])

    def filed_share(self, way: str) -> float:
        """Of 100 conversations, those in which the petition was filed."""
        return self.filed[way] / self.conversations[way] * 100


class Bench:
    """The ways, the processes that they use, and what is seen of them."""

    def __init__(
        self, ways: Mapping[str, Way], parts: Mapping[str, list[psutil.Process]], petitions: Callable[[], int]
    ) -> None:
        self._ways, self._parts, self._petitions = ways, parts, petitions
        self._numbers = itertools.count(1)
        self.measured = Measured()

    async def run(self, rounds: int) -> Measured:
        for name in self._ways:
            await self._converse(name)
        for number in range(rounds):
            names = list(self._ways)
            turned = names[number % len(names) :] + names[: number % len(names)]
            for name in turned:
                with self._counting_petitions(name, EACH):
                    self.measured.alone[name] += await self._visit(name)
            for name in reversed(turned):
                if name != WHATSAPP:  # the stand-in would be measured with it
                    with self._counting_petitions(name, AT_ONCE * EACH):
                        await self._crowd(name)
            await self._narrow()
        self.measured.memory = usage.megabytes(self._parts)
        await self._age()
        return self.measured

    async def _narrow(self) -> None:
        """What a crowd is answered where there is one processor: what more of them give each way shows beside it."""
        with usage.on_one_processor(self._parts):
            for name in (PRODUCT, DEFAULT):
                if name in self._ways:
                    begun = time.perf_counter()
                    answered = await asyncio.gather(*(self._visit(name) for _ in range(AT_ONCE)))
                    self.measured.narrow[name].append(sum(map(len, answered)) / (time.perf_counter() - begun))

    async def _age(self) -> None:
        """The same question in a conversation that is new and in one that has been going on for long."""
        question = TURNS[1]
        async with self._ways[BOT]() as old:
            for _ in range(OLD):
                await old.ask(question)
            for _ in range(AGED_TURNS // NEW):
                async with self._ways[BOT]() as new:
                    for _ in range(NEW):
                        self.measured.aged[NEW].append(await new.ask(question))
                        self.measured.aged[OLD].append(await old.ask(question))

    @contextmanager
    def _counting_petitions(self, name: str, conversations: int) -> Iterator[None]:
        before = self._petitions()
        yield
        self.measured.conversations[name] += conversations
        self.measured.filed[name] += self._petitions() - before

    async def _visit(self, name: str) -> list[float]:
        return [seconds for _ in range(EACH) for seconds in await self._converse(name)]

    async def _converse(self, name: str) -> list[float]:
        number = next(self._numbers)
        seconds: list[float] = []
        async with self._ways[name]() as citizen:
            for text in TURNS:
                try:
                    seconds.append(await citizen.ask(text.format(number)))
                except rasa_alone.Unanswered:
                    self.measured.unanswered[name] += 1
        return seconds

    async def _crowd(self, name: str) -> None:
        before, begun = usage.cpu_seconds(self._parts), time.perf_counter()
        answered = await asyncio.gather(*(self._visit(name) for _ in range(AT_ONCE)))
        self.measured.crowd_seconds[name] += time.perf_counter() - begun
        self.measured.crowd_turns[name] += sum(map(len, answered))
        for part, used in usage.cpu_seconds(self._parts).items():
            self.measured.cpu[name][part] += used - before[part]


@asynccontextmanager
async def _bench(product: Product, stand_ins: StandIns, default_model: Path | None) -> AsyncIterator[Bench]:
    (own,) = product.children("rasa")
    environment = own.environ()
    parts = {name: product.children(name) for name in ("web", "worker", "actions")}
    parts[BOT], parts["postgres"] = [own], [usage.postgres_of(product.var_dir / "postgres")]
    limits = httpx.Limits(max_connections=200, keepalive_expiry=2.0)  # the web closes what is idle for five seconds
    async with AsyncExitStack() as stack:
        web = await stack.enter_async_context(
            httpx.AsyncClient(base_url=product.base_url, timeout=60, limits=limits, trust_env=False)
        )
        ways: dict[str, Way] = {
            PRODUCT: partial(a_citizen, web),
            WHATSAPP: partial(a_citizen_on_whatsapp, stand_ins.twilio, product.database_url),
            BOT: partial(rasa_alone.a_direct_citizen, web, rasa_alone.our_own(own)),
        }
        for name, model in ((RASA, product.model), (DEFAULT, default_model)):
            if model is not None:
                bot = await stack.enter_async_context(rasa_alone.as_rasa_ships(model, environment))
                ways[name] = partial(rasa_alone.a_direct_citizen, web, bot)
                parts[name] = [bot.process]
        yield Bench(ways, parts, partial(_count, product, "petition"))


def _count(product: Product, table: LiteralString, where: LiteralString = "true") -> int:
    ((count,),) = product.execute(f"SELECT count(*) FROM {table} WHERE {where}")
    return int(str(count))


async def measured(folder: Path, rounds: int, trained: Path | None) -> Measured:
    """All ways through a product of its own; without the default pipeline where there is no model of it."""
    with running_stand_ins() as stand_ins:
        product = Product(folder, free_port(), model_path(), extra_environment=stand_ins.environment)
        try:
            product.start()
            product.wait_ready()
            product.set_office("open")
            settings = settings_of(stand_ins, product.var_dir, product.port, product.database_url)
            await asyncio.to_thread(register, stand_ins, settings)
            async with _bench(product, stand_ins, trained) as bench:
                seen = await bench.run(rounds)
            for way in seen.filed:
                if seen.filed_share(way) < _HAD_IT:
                    raise RuntimeError(f"{way} did not have the conversation: {seen.filed_share(way):.0f} % filed")
            seen.unanswered[PRODUCT] = _count(product, "conversation_event", "kind = 'bot_failed'")
            return seen
        finally:
            product.stop()


async def measure(folder: Path) -> list[Row]:
    """A turn's median, throughput, cost and growth, for `make bench`."""
    seen = await measured(folder, ROUNDS, default_model())
    alone, theirs = "`rasa run` alone, our model", "Rasa's default pipeline"
    product, whatsapp = (seen.median(way) * 1000 for way in (PRODUCT, WHATSAPP))
    old, new = (statistics.median(seen.aged[turns]) * 1000 for turns in (OLD, NEW))
    return [
        Row("median turn", product, "ms", seen.median(BOT) * 1000, alone, ratio_at_most(2)),
        Row("median turn", product, "ms", seen.median(RASA) * 1000, f"{alone}, as it ships"),
        Row("median turn on WhatsApp, from the vendor's call", whatsapp, "ms", product, "the web chat's"),
        Row(
            f"throughput, {AT_ONCE} citizens at once", seen.throughput(PRODUCT), "turns/s", seen.throughput(DEFAULT),
            theirs, ratio_at_least(4),
        ),
        Row(
            f"throughput of our Rasa and its actions alone, {AT_ONCE} at once", seen.throughput(BOT), "turns/s",
            seen.throughput(DEFAULT), theirs,
        ),
        Row(
            "conversations in which the petition was filed", seen.filed_share(PRODUCT), "%",
            seen.filed_share(DEFAULT), theirs,
        ),
        Row("processor's time a turn", seen.cost(PRODUCT), "ms", seen.cost(DEFAULT), theirs),
        Row(f"turn {OLD} of a conversation, bot alone", old, "ms", new, f"its first {NEW} turns"),
    ]  # fmt: skip


def default_model() -> Path:
    """The default pipeline's model, trained now if it is not there (some minutes)."""
    folder = Path(os.environ.get("VAR_DIR", "var")).resolve() / "benchmarks"
    done = subprocess.run(
        [
            ROOT / ".venv-bot/bin/python", "-W", "ignore", "-m", "benchmarks.default_pipeline", str(folder),
            str(EXAMPLES), str(EPOCHS),
        ],
        cwd=ROOT, check=True, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    return Path(done.stdout.strip().splitlines()[-1])


def _report(seen: Measured, load: tuple[float, float]) -> str:
    ways = list(seen.crowd_turns)
    lines = [
        "# A turn of the chat",
        "",
        f"`python -m benchmarks.turn`, {clock.local(clock.now()):%Y-%m-%d}; {os.cpu_count()} cores; load of the "
        f"machine {load[0]:.1f} before, {load[1]:.1f} after (the benchmark's own work among it). "
        f"{len(seen.alone[ways[0]])} turns of each way one at a time, {seen.crowd_turns[ways[0]]} by {AT_ONCE} "
        f"citizens at once, with {EACH} conversations each; rounds alternate.",
        "",
        "| way | median | 95 % | times `bot` | times `rasa` | turns/s | times `default` | CPU a turn |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for way in ways:
        ordered = sorted(seen.alone[way])
        ratios = [f"{seen.median(way) / seen.median(other):.2f}" for other in (BOT, RASA)]
        faster = f"{seen.throughput(way) / seen.throughput(DEFAULT):.2f}" if DEFAULT in ways else "-"
        lines.append(
            f"| {way} | {seen.median(way) * 1000:.0f} ms | {ordered[int(len(ordered) * 0.95)] * 1000:.0f} ms | "
            f"{' | '.join(ratios)} | {seen.throughput(way):.1f} | {faster} | {seen.cost(way):.0f} ms |"
        )
    parts = list(seen.memory)
    lines += ["", "| CPU a turn, ms | " + " | ".join(parts) + " |", "|---" * (len(parts) + 1) + "|"]
    for way in ways:
        each = [f"{seen.cpu[way][part] / seen.crowd_turns[way] * 1000:.1f}" for part in parts]
        lines.append(f"| {way} | " + " | ".join(each) + " |")
    lines.append("| memory, MB | " + " | ".join(f"{seen.memory[part]:.0f}" for part in parts) + " |")
    old, new = (statistics.median(seen.aged[turns]) * 1000 for turns in (OLD, NEW))
    lines += [
        "",
        f"On WhatsApp, from the vendor's call to the answer at the vendor's: {seen.median(WHATSAPP) * 1000:.0f} ms, "
        f"{seen.median(WHATSAPP) / seen.median(PRODUCT):.2f} times the web chat's. "
        "Turns that the bot failed: " + ", ".join(f"{way} {seen.unanswered[way]}" for way in ways) + ". "
        "Petitions filed: "
        + ", ".join(f"{way} {seen.filed[way]} of {seen.conversations[way]}" for way in seen.conversations)
        + ".",
        "On one processor: "
        + ", ".join(
            f"{way} {statistics.median(each):.1f} turns/s (all: {seen.gain(way):.2f} times)"
            for way, each in seen.narrow.items()
        )
        + ".",
        f"A question to our Rasa after {OLD} turns of one conversation within its session: {old:.0f} ms; within the "
        f"first {NEW}: {new:.0f} ms; {old / new:.2f} times.",
    ]
    return "\n".join([*lines, ""])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    parser.add_argument("--without-default", action="store_true", help="leave Rasa's default pipeline out")
    arguments = parser.parse_args()
    default = None if arguments.without_default else default_model()
    before = os.getloadavg()[0]
    with tempfile.TemporaryDirectory(prefix="bench-turn-", ignore_cleanup_errors=True) as folder:
        seen = asyncio.run(measured(Path(folder), arguments.rounds, default))
    told = _report(seen, (before, os.getloadavg()[0]))
    if default is not None:
        RESULTS.write_text(told, encoding="utf-8")
    print(told)


if __name__ == "__main__":
    main()
