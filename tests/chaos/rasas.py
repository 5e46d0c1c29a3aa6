"""Two real Rasas with the trained model and the real actions, beside the site: what dies is started again."""

import json
import subprocess
import threading
import time
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import httpx

from backend.processes import Child, children
from tests.chaos.bot import Turn
from tests.chaos.site import START_SECONDS, Site
from tests.end_to_end.product import ROOT, free_port, model_path
from tests.fakes.running import bind

_CREDENTIALS = "tests.chaos.rasa_diary.NotedInput:\n  token: ${BOT_TOKEN}\n"


@dataclass
class Had(Turn):
    """A turn that a Rasa had."""

    rasa: str = ""


@dataclass
class Process:
    """One of them. `name` is its address, by which the backend knows a Rasa."""

    name: str
    health: str
    child: Child
    running: subprocess.Popen[bytes] | None = None

    def start(self, said: Path) -> None:
        with said.open("ab") as output:
            self.running = subprocess.Popen(
                self.child.command, cwd=ROOT, env=self.child.environment, stdout=output, stderr=output
            )

    @property
    def has_died(self) -> bool:
        return self.running is None or self.running.poll() is not None

    @property
    def is_ready(self) -> bool:
        try:
            return not self.has_died and httpx.get(self.health, timeout=2).is_success
        except httpx.HTTPError:
            return False


@dataclass
class Rasas:
    """The running bots and their action server."""

    folder: Path
    bots: list[Process]
    actions: Process
    _stopping: threading.Event = field(default_factory=threading.Event)

    @property
    def environment(self) -> dict[str, str]:
        """What the site must be started with to be answered by them."""
        return {"RASA_URL": ",".join(f"http://{bot.name}" for bot in self.bots)}

    @property
    def diary(self) -> Path:
        return self.folder / "diary"

    def keep(self) -> None:
        """Start whatever is not running, until they are stopped."""
        while not self._stopping.is_set():
            for process in (self.actions, *self.bots):
                if process.has_died:
                    process.start(self.folder / f"{process.child.name}.log")
            self._stopping.wait(0.2)

    def wait_ready(self) -> None:
        deadline = time.monotonic() + START_SECONDS
        while not all(process.is_ready for process in (self.actions, *self.bots)):
            if time.monotonic() > deadline:
                logs = [path.read_text(errors="replace")[-2000:] for path in self.folder.glob("*.log")]
                raise TimeoutError("\n".join(logs))
            time.sleep(0.2)

    def kill(self, number: int) -> str:
        """kill -9; the name of who died."""
        bot = self.bots[number]
        assert bot.running is not None
        bot.running.kill()
        return bot.name

    def turns(self) -> list[Had]:
        """All turns that were really had, in the order in which they began; `ended` is 0 for one cut off."""
        begun: defaultdict[tuple[str, str], list[Had]] = defaultdict(list)
        for line in self.diary.read_text().splitlines():
            told = json.loads(line)
            turns = begun[told["rasa"], told["message"]]
            if told["what"] == "begun":
                turns.append(Had(told["conversation"], told["message"], told["at"], rasa=told["rasa"]))
            else:
                turns[-1].ended = told["at"]
        return sorted((turn for turns in begun.values() for turn in turns), key=lambda turn: turn.begun)

    def stop(self, keeper: threading.Thread) -> None:
        self._stopping.set()
        keeper.join()
        for process in (*self.bots, self.actions):
            if process.running is not None:
                process.running.kill()
                process.running.wait(30)


@contextmanager
def running_rasas(site: Site, folder: Path, *, number: int = 2) -> Iterator[Rasas]:
    """As the supervisor starts them, in the site's database, with the site's internal API; ready when it is told."""
    names = [f"127.0.0.1:{free_port()}" for _ in range(number)]
    credentials, diary = folder / "credentials.yml", folder / "diary"
    credentials.write_text(_CREDENTIALS)
    diary.touch()
    environment = {
        **site.environment,
        "RASA_URL": ",".join(f"http://{name}" for name in names),
        "INTERNAL_API_URL": f"{site.base_url}/internal",
        "CHAOS_DIARY": str(diary),
    }
    with bind() as unused:  # by the web processes, which are the site's own
        made = {child.name: child for child in children(environment, model_path(), unused)}
    bots = [_bot(child, credentials) for name, child in made.items() if name.startswith("rasa")]
    port = _option(made["actions"], "--port")
    rasas = Rasas(folder, bots, Process(f"127.0.0.1:{port}", f"http://127.0.0.1:{port}/health", made["actions"]))
    assert [bot.name for bot in rasas.bots] == names
    keeper = threading.Thread(target=rasas.keep, daemon=True)
    keeper.start()
    try:
        yield rasas
    finally:
        rasas.stop(keeper)


def _option(child: Child, name: str) -> str:
    return child.command[child.command.index(name) + 1]


def _bot(child: Child, credentials: Path) -> Process:
    name = f"127.0.0.1:{_option(child, '--port')}"
    child.command[child.command.index("--credentials") + 1] = str(credentials)
    child.environment = {**child.environment, "CHAOS_NAME": name}
    return Process(name, child.health, child)
