"""The product as an installation runs it: two web processes behind a balancer, two workers, one database.

Around it the vendors' stand-ins and a bot that fails at will. What dies is started again, as a service manager would.
"""

import asyncio
import itertools
import os
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType

import httpx
import psutil

from backend.catalog import service as catalog
from backend.db import in_transaction
from backend.environment import complete, settings_from
from backend.migrate import migrate
from tests.chaos import points
from tests.chaos.balancer import balancing
from tests.chaos.bot import Bot, Manner, running_bot
from tests.chaos.nursery import Nursery
from tests.chaos.process import TELEGRAM_SPEED
from tests.chaos.server import Server
from tests.end_to_end.product import free_port
from tests.end_to_end.stand_ins import StandIns, register
from tests.fakes.running import running_telegram, running_twilio

START_SECONDS = 180
#: Seconds that the bot has for a turn here, a lease lasts and a lost wake-up waits: much shorter than in life.
_TIMES = {"TURN_TIMEOUT": "6", "LEASE_SECONDS": "8", "SWEEP_SECONDS": "0.4"}
#: What docs/channels.md tells an administrator to end Twilio's webhook with: three tries at whatever fails.
_TWILIO_TRIES = "#rc=3&rp=all"
_numbers = itertools.count(1)
_NOTHING: Mapping[str, str] = MappingProxyType({})


@dataclass
class Part:
    """One process, started again when it dies."""

    name: str
    kind: str
    environment: dict[str, str]
    nursery: Nursery
    output: Path
    process: psutil.Process | None = None
    #: All that it said, whichever of its lives it was; of the present one, from `_begins` on.
    lines: list[str] = field(default_factory=list)
    _begins: int = 0

    def __post_init__(self) -> None:
        os.mkfifo(self.output)
        threading.Thread(target=self._listen, daemon=True).start()

    def _listen(self) -> None:
        """One life after another: opening waits for the next."""
        while True:
            with self.output.open(errors="replace") as said:
                for line in said:
                    self.lines.append(line.rstrip())

    def start(self) -> None:
        self._begins = len(self.lines)
        with suppress(psutil.NoSuchProcess):  # dead already: the keeper sees it
            self.process = psutil.Process(self.nursery.bear(self.kind, self.environment, self.output))

    @property
    def has_died(self) -> bool:
        return self.process is None or not self.process.is_running()

    @property
    def is_ready(self) -> bool:
        if self.has_died:
            return False
        if self.kind == "worker":
            return any("worker_started" in line for line in self.lines[self._begins :])
        try:
            return httpx.get(f"http://127.0.0.1:{self.environment['PORT']}/health/live", timeout=2).is_success
        except httpx.HTTPError:
            return False

    def limit_files(self, most: int | None) -> None:
        """No file of this process grows beyond `most` bytes, as on a full disk; None: as they please."""
        assert self.process is not None
        limit = most if most is not None else psutil.RLIM_INFINITY
        self.process.rlimit(psutil.RLIMIT_FSIZE, (limit, psutil.RLIM_INFINITY))


@dataclass
class Site:
    """A running installation.

    `removed`: the protection that its processes lack, if any; `given`: what they were told besides `environment`.
    """

    server: Server
    stand_ins: StandIns
    bot: Bot
    base_url: str
    environment: dict[str, str]
    folder: Path
    web_ports: tuple[int, ...]
    nursery: Nursery
    parts: list[Part] = field(default_factory=list)
    removed: str = ""
    given: Mapping[str, str] = field(default_factory=dict)
    _stopping: threading.Event = field(default_factory=threading.Event)
    _keeper: threading.Thread | None = None

    def start(self, removed: str, given: Mapping[str, str]) -> None:
        """Start the processes and wait until they answer."""
        self.removed, self.given = removed, given
        environment = {**self.environment, **given, "CHAOS_REMOVED": removed}
        webs = [({**environment, "PORT": str(port)}, "web") for port in self.web_ports]
        self.parts = [
            Part(f"{kind}-{number}", kind, settings, self.nursery, self.folder / f"{kind}-{number}-{next(_numbers)}")
            for number, (settings, kind) in enumerate([*webs, (environment, "worker"), (environment, "worker")])
        ]
        for part in self.parts:
            part.start()
        self._stopping.clear()
        self._keeper = threading.Thread(target=self._keep, daemon=True)
        self._keeper.start()
        self.wait_whole()

    def become(self, removed: str = "", given: Mapping[str, str] = _NOTHING) -> None:
        """Run as the build without this protection, or as the whole one, with these settings; free of faults."""
        if self.parts and (self.removed, self.given) != (removed, given):
            self.stop()
        if not self.parts:
            self.start(removed, given)
        self.calm()

    def _keep(self) -> None:
        while not self._stopping.wait(0.1):
            for part in self.parts:
                if part.has_died:
                    part.start()

    def wait_whole(self) -> None:
        """Until every process is up."""
        deadline = time.monotonic() + START_SECONDS
        while not all(part.is_ready for part in self.parts):
            if time.monotonic() > deadline:
                raise TimeoutError("\n".join(self.tails()))
            time.sleep(0.1)

    def tails(self) -> list[str]:
        """The last lines of every process."""
        return [f"{part.name}: {line}" for part in self.parts for line in part.lines[-30:]]

    def stop(self) -> None:
        self._stopping.set()
        if self._keeper is not None:
            self._keeper.join()
        alive = [part.process for part in self.parts if part.process is not None and part.process.is_running()]
        for process in alive:
            process.terminate()
        _, stubborn = psutil.wait_procs(alive, timeout=15)
        for process in stubborn:
            process.kill()
        self.parts = []

    def kill(self, name: str) -> None:
        """kill -9 of one process."""
        for part in self.parts:
            if part.name == name and part.process is not None:
                part.process.kill()

    def arm(self, point: str) -> None:
        points.arm(self.folder, point)

    def wait_fired(self, point: str, seconds: float = 30) -> None:
        """Until somebody died at the point."""
        deadline = time.monotonic() + seconds
        while points.is_armed(self.folder, point):
            if time.monotonic() > deadline:
                raise TimeoutError(f"nobody came by «{point}»")
            time.sleep(0.02)

    def calm(self) -> None:
        """No fault is left: every process up, nothing armed, vendors and bot well."""
        points.disarm(self.folder)
        self.bot.manner, self.bot.seconds = Manner.WELL, 0.0
        self.bot.turns.clear()
        self.stand_ins.twilio.faults(**_NO_FAULTS, duplicate_webhooks=0, duplicate_callbacks=0, shuffle_callbacks=False)
        self.stand_ins.telegram.faults(**_NO_FAULTS, duplicate_updates=0)
        for part in self.parts:
            if not part.has_died:
                part.limit_files(None)
        self.wait_whole()


_NO_FAULTS = {"down_seconds": 0, "slow_seconds": 0, "fail_times": 0, "cut_sends": 0, "drop_sends": 0}


@contextmanager
def running_site(folder: Path) -> Iterator[Site]:
    """Everything around the processes, and the site; its processes are started by who needs them."""
    with ExitStack() as stack:
        server = Server(folder / "postgres")
        stack.callback(server.close)
        migrate(server.url)
        asyncio.run(in_transaction(server.url, catalog.seed))
        # Twilio's list is compared with our clock, so its time is ours.
        twilio = stack.enter_context(running_twilio(speed=1))
        telegram = stack.enter_context(running_telegram(speed=TELEGRAM_SPEED))
        bot = stack.enter_context(running_bot())
        ports = (free_port(), free_port())
        base_url = stack.enter_context(balancing(ports))
        stand_ins = StandIns(twilio, telegram)
        given = {
            **os.environ,
            **stand_ins.environment,
            **_TIMES,
            "VAR_DIR": str(folder / "var"),
            "PUBLIC_URL": base_url,
            "RASA_URL": bot.url,
            "SESSIONS_PER_MINUTE": "100000",
            "MESSAGES_PER_MINUTE": "100000",
            "CHAOS_DIR": str(folder),
        }
        environment = complete(given, server.url)
        register(stand_ins, settings_from(environment))
        account = twilio.client.patch("/_control/account", json={}).json()
        twilio.configure(webhook_url=account["webhook_url"] + _TWILIO_TRIES)
        nursery = Nursery(environment)
        stack.callback(nursery.close)
        site = Site(server, stand_ins, bot, base_url, environment, folder, ports, nursery)
        stack.callback(site.stop)
        yield site
