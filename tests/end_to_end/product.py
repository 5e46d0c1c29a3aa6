"""The whole product as its users run it: `python -m backend.run` in a folder of its own."""

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import psutil
import psycopg

from backend import clock

ROOT = Path(__file__).resolve().parents[2]
START_SECONDS = 180
#: The bot's time for a turn: more than in life, as beside the other tests a turn takes longer than one would wait.
TURN_SECONDS = 13


def model_path() -> Path:
    """The trained model for the current inputs (trained now if it is not there)."""
    var_dir = os.environ.get("VAR_DIR", "var")
    done = subprocess.run(
        [ROOT / ".venv-bot/bin/python", "-m", "bot.train", "--var-dir", var_dir, "--exact"],
        cwd=ROOT,
        check=True,
        capture_output=True,
        text=True,
    )
    return (ROOT / done.stdout.strip().splitlines()[-1]).resolve()


@dataclass
class Product:
    """A running product. `stop()` is what Ctrl-C does."""

    var_dir: Path
    port: int
    model: Path
    extra_environment: dict[str, str] = field(default_factory=dict)
    process: subprocess.Popen[str] | None = None
    admin_password: str = ""
    lines: list[str] = field(default_factory=list)

    @property
    def base_url(self) -> str:
        return f"http://localhost:{self.port}"

    def start(self) -> None:
        """Start it and wait for its `Listo:` line."""
        environment = {
            **os.environ,
            "VAR_DIR": str(self.var_dir),
            "PORT": str(self.port),
            "SESSIONS_PER_MINUTE": "100000",
            "MESSAGES_PER_MINUTE": "100000",
            "TURN_TIMEOUT": str(TURN_SECONDS),
            **self.extra_environment,
        }
        environment.pop("DATABASE_URL", None)
        self.process = subprocess.Popen(
            [sys.executable, "-m", "backend.run", "--model", str(self.model)],
            cwd=ROOT,
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )
        ready = threading.Event()
        threading.Thread(target=self._read, args=(ready,), daemon=True).start()
        if not ready.wait(START_SECONDS) or self.process.poll() is not None:
            tail = "\n".join(self.lines[-60:])
            self.stop()
            raise RuntimeError(f"the product did not start:\n{tail}")

    def _read(self, ready: threading.Event) -> None:
        assert self.process is not None and self.process.stdout is not None
        saw_ready = False
        for line in self.process.stdout:
            self.lines.append(line.rstrip())
            saw_ready = saw_ready or line.startswith("Listo:")
            if "contraseña de un solo uso" in line:
                self.admin_password = line.split()[-1]
            # The administrator's line, or its absence, is the last of the announcement.
            if saw_ready and "contraseña" in line:
                ready.set()
        ready.set()

    def stop(self) -> int:
        """SIGTERM, as a service manager or Ctrl-C would; the exit code."""
        if self.process is None:
            return 0
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        return self.process.wait(60)

    @property
    def database_url(self) -> str:
        socket_folder = self.var_dir / "postgres"
        lines = (socket_folder / "postmaster.pid").read_text().splitlines()
        return f"postgresql://postgres:@/postgres?host={lines[4].strip()}"

    def execute(self, statement: str, *parameters: object) -> list[tuple[object, ...]]:
        """Run one statement in its database; the rows, if it gives any."""
        with psycopg.connect(self.database_url, autocommit=True) as connection:
            cursor = connection.execute(statement, parameters)  # type: ignore[call-overload]
            return cursor.fetchall() if cursor.description else []

    def set_office(self, state: str) -> None:
        """Open the office round the clock, or only some days from now: tests run at any hour."""
        self.execute("DELETE FROM business_hours")
        self.execute("DELETE FROM holiday")
        weekdays = range(7) if state == "open" else [(clock.local(clock.now()).date() + timedelta(days=3)).weekday()]
        for weekday in weekdays:
            self.execute(
                "INSERT INTO business_hours (weekday, opens, closes) VALUES (%s, '00:00', '23:59:59.999')", weekday
            )

    def expire_bot_sessions(self, conversation_ids: list[str]) -> None:
        """Age all that the bot remembers of these conversations by a day, so that their sessions are over."""
        self.execute(
            "UPDATE rasa.events SET timestamp = timestamp - 86400,"
            " data = jsonb_set(data::jsonb, '{timestamp}',"
            " to_jsonb((data::jsonb->>'timestamp')::float8 - 86400))::text"
            " WHERE sender_id = ANY(%s)",
            conversation_ids,
        )

    def command(self, *arguments: str) -> str:
        """`python -m backend …` beside the running product; what it printed."""
        environment = {**os.environ, "VAR_DIR": str(self.var_dir)}
        environment.pop("DATABASE_URL", None)
        done = subprocess.run(
            [sys.executable, "-m", "backend", *arguments],
            cwd=ROOT,
            env=environment,
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )
        if done.returncode != 0:
            raise RuntimeError(f"{' '.join(arguments[:2])} failed:\n{done.stderr[-2000:]}")
        return done.stdout

    def children(self, name: str) -> list[psutil.Process]:
        """The running processes of a part: web, worker, actions or rasa."""
        marks = {
            "web": ("backend", "web"),
            "worker": ("backend", "worker"),
            "actions": ("rasa_sdk",),
            "rasa": ("bot.serve",),
        }[name]
        assert self.process is not None
        return [child for child in psutil.Process(self.process.pid).children(recursive=True) if _has_all(child, marks)]

    def kill(self, name: str) -> None:
        """kill -9 a part; the supervisor starts it again."""
        for child in self.children(name):
            with suppress(psutil.NoSuchProcess):
                child.kill()

    @contextmanager
    def keep_down(self, name: str) -> Iterator[None]:
        """Kill a part again and again, whenever the supervisor starts it, for as long as the block lasts."""
        done = threading.Event()

        def keep_killing() -> None:
            while not done.wait(0.2):
                self.kill(name)

        self.kill(name)
        killer = threading.Thread(target=keep_killing, daemon=True)
        killer.start()
        try:
            yield
        finally:
            done.set()
            killer.join()

    @contextmanager
    def frozen(self, name: str) -> Iterator[None]:
        """A part takes connections and says nothing, for as long as the block lasts."""
        stopped = self.children(name)
        for child in stopped:
            child.suspend()
        try:
            yield
        finally:
            for child in stopped:
                child.resume()

    def wait_ready(self, *, bot: bool = True, seconds: float = 90) -> None:
        """Until chat (and the bot) answer again."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            try:
                answer = httpx.get(f"{self.base_url}/readyz", timeout=5)
                if answer.status_code == 200 and (answer.json()["bot"] or not bot):
                    return
            except httpx.HTTPError:
                pass
            time.sleep(0.2)
        raise TimeoutError("the product did not come back")


def _has_all(process: psutil.Process, marks: Iterable[str]) -> bool:
    try:
        words = process.cmdline()
    except psutil.Error:
        return False
    return all(mark in words for mark in marks)


def free_port() -> int:
    import socket

    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def host_of(url: str) -> str:
    return urlsplit(url).netloc
