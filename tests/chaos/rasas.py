"""Two real Rasas with the trained model and the real actions, beside the site, kept by the product's own supervisor."""

import asyncio
import json
import os
import signal
import threading
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
import psutil

from backend.processes import Child, children
from backend.supervisor import Supervisor
from tests.chaos.bot import Turn
from tests.chaos.site import START_SECONDS, Site
from tests.end_to_end.product import free_port, model_path
from tests.fakes.running import bind

_CREDENTIALS = "tests.chaos.rasa_diary.NotedInput:\n  token: ${BOT_TOKEN}\n"
_STOP_SECONDS = 60


@dataclass
class Had(Turn):
    """A turn that a Rasa had."""

    rasa: str = ""
    replies: int = 0


def name_of(bot: Child) -> str:
    """Its address, by which the backend knows a Rasa."""
    return httpx.URL(bot.health).netloc.decode()


class Rasas:
    """The running bots and their action server."""

    def __init__(self, folder: Path, bots: list[Child], actions: Child) -> None:
        self.bots = bots
        self._folder = folder
        self._diary = folder / "diary"
        self._diary.touch()
        actions.health = f"http://127.0.0.1:{_option(actions, '--port')}/health"
        self._all = [actions, *bots]
        for child in self._all:
            self._make_its_own(child)
        self._supervisor = Supervisor(self._all)
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._keep, daemon=True)
        self._thread.start()

    def _make_its_own(self, child: Child) -> None:
        """With the diary, under its name, and with a log of what it says."""
        if child in self.bots:
            credentials = self._folder / "credentials.yml"
            credentials.write_text(_CREDENTIALS)
            child.command[child.command.index("--credentials") + 1] = str(credentials)
            noted = {"CHAOS_NAME": name_of(child), "CHAOS_DIARY": str(self._diary)}
            child.environment = {**child.environment, **noted}
        log = str(self._folder / f"{child.name}.log")
        child.command[:0] = ["sh", "-c", 'exec "$@" >>"$0" 2>&1', log]

    def _keep(self) -> None:
        self._loop.run_until_complete(self._supervisor.run(lambda: None, self._are_ready))

    async def _are_ready(self) -> bool:
        return self.are_ready

    @property
    def environment(self) -> dict[str, str]:
        """What the site must be started with to be answered by them."""
        return {"RASA_URL": ",".join(f"http://{name_of(bot)}" for bot in self.bots)}

    @property
    def are_ready(self) -> bool:
        return all(_answers(child.health) for child in self._all)

    def wait_ready(self) -> None:
        self._wait(lambda: self.are_ready)

    def _wait(self, is_so: Callable[[], bool]) -> float:
        """Until it is so; the last moment at which it was not."""
        was_not = time.monotonic()
        deadline = was_not + START_SECONDS
        while True:
            looked = time.monotonic()
            if is_so():
                return was_not
            was_not = looked
            if looked > deadline:
                logs = [path.read_text(errors="replace")[-2000:] for path in self._folder.glob("*.log")]
                raise TimeoutError("\n".join(logs))
            time.sleep(0.2)

    def kill(self, number: int) -> str:
        """kill -9; the name of who died."""
        bot = self.bots[number]
        assert bot.process is not None
        os.kill(bot.process.pid, signal.SIGKILL)
        return name_of(bot)

    def take_up(self, model: Path) -> list[tuple[str, float, float]]:
        """Start anew with a model, one after another, as SIGUSR1 has the product do; when each went and was back."""
        before = [bot.process for bot in self.bots]
        away = []
        self._loop.call_soon_threadsafe(self._supervisor.take_up, model)
        for bot, was in zip(self.bots, before, strict=True):
            went = self._wait(lambda bot=bot: not _answers(bot.health))
            back = self._wait(lambda bot=bot, was=was: bot.process is not was and _answers(bot.health))
            assert bot.process is not None and str(model) in psutil.Process(bot.process.pid).cmdline()
            away.append((name_of(bot), went, back))
        return away

    def turns(self) -> list[Had]:
        """All turns that were really had, in the order in which they began; `ended` is 0 for one cut off."""
        begun: defaultdict[tuple[str, str], list[Had]] = defaultdict(list)
        for line in self._diary.read_text().splitlines():
            told = json.loads(line)
            turns = begun[told["rasa"], told["message"]]
            if told["what"] == "begun":
                turns.append(Had(told["conversation"], told["message"], told["at"], rasa=told["rasa"]))
            else:
                turns[-1].ended, turns[-1].replies = told["at"], told["replies"]
        return sorted((turn for turns in begun.values() for turn in turns), key=lambda turn: turn.begun)

    def stop(self) -> None:
        self._loop.call_soon_threadsafe(self._supervisor.stop)
        self._thread.join(_STOP_SECONDS)


@contextmanager
def running_rasas(site: Site, folder: Path, *, number: int = 2) -> Iterator[Rasas]:
    """As `make run` starts them, in the site's database, with the site's internal API."""
    environment = {
        **site.environment,
        "RASA_URL": ",".join(f"http://127.0.0.1:{free_port()}" for _ in range(number)),
        "INTERNAL_API_URL": f"{site.base_url}/internal",
    }
    with bind() as unused:  # by the web processes, which are the site's own
        made = {child.name: child for child in children(environment, model_path(), unused)}
    rasas = Rasas(folder, [child for child in made.values() if child.takes_models], made["actions"])
    try:
        yield rasas
    finally:
        rasas.stop()


def _option(child: Child, name: str) -> str:
    return child.command[child.command.index(name) + 1]


def _answers(url: str) -> bool:
    try:
        return httpx.get(url, timeout=2).is_success
    except httpx.HTTPError:
        return False
