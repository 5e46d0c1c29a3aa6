"""A Redis of the tests' own that can be killed, frozen and flushed, and comes back with nothing."""

import shutil
import signal
import subprocess
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import redis

from tests.end_to_end.product import free_port

_PASSWORD = "solo-de-las-pruebas"
_START_SECONDS = 20.0
_LAST_WORD = "fin-de-la-escucha"


class RedisServer:
    """Debian's `redis-server` as docs/operations.md asks for it: a password, nothing on disk, nothing evicted."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._port = free_port()
        self._process: subprocess.Popen[bytes] | None = None
        self.url = f"redis://:{_PASSWORD}@127.0.0.1:{self._port}/0"

    def start(self) -> None:
        """Start it, or start it again; it answers when this returns."""
        options = {
            "bind": "127.0.0.1", "port": self._port, "dir": self._folder, "requirepass": _PASSWORD, "save": "",
            "appendonly": "no", "maxmemory": "64mb", "loglevel": "warning",
        }  # fmt: skip
        words = [word for name, value in options.items() for word in (f"--{name}", str(value))]
        with (self._folder / "redis.log").open("ab") as log:
            self._process = subprocess.Popen(["redis-server", *words], stdout=log, stderr=log)
        deadline = time.monotonic() + _START_SECONDS
        while not self._answers():
            assert time.monotonic() < deadline, (self._folder / "redis.log").read_text()
            time.sleep(0.02)

    def _answers(self) -> bool:
        try:
            with self.client() as client:
                return bool(client.ping())
        except redis.ConnectionError:
            return False

    def client(self) -> "redis.Redis":
        return redis.Redis.from_url(self.url, decode_responses=True, socket_timeout=None)

    def kill(self) -> None:
        """`kill -9`: nothing of it stays."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None

    @contextmanager
    def overheard(self) -> Iterator[list[str]]:
        """Every command that it is sent while the block lasts, publications and scripts' own too; whole at its end."""
        said: list[str] = []
        with self.client() as client, client.monitor() as monitor:

            def listen() -> None:
                for command in monitor.listen():
                    if command["command"] == f"ECHO {_LAST_WORD}":
                        return
                    said.append(command["command"])

            listener = threading.Thread(target=listen, daemon=True)
            listener.start()
            yield said
            with self.client() as last:
                last.echo(_LAST_WORD)
            listener.join(10)
            assert not listener.is_alive()

    def content(self) -> str:
        """All keys with what they hold, as a dump of it would tell."""
        with self.client() as client:
            return " ".join(f"{key} {client.dump(key)!r}" for key in client.keys("*"))

    @contextmanager
    def frozen(self) -> Iterator[None]:
        """Takes connections and says nothing."""
        assert self._process is not None
        self._process.send_signal(signal.SIGSTOP)
        try:
            yield
        finally:
            self._process.send_signal(signal.SIGCONT)

    def flush(self) -> None:
        with self.client() as client:
            client.flushall()


@contextmanager
def running_redis() -> Iterator[RedisServer]:
    if shutil.which("redis-server") is None:
        pytest.skip("there is no redis-server (Debian's package of that name)")
    with tempfile.TemporaryDirectory(prefix="chat-sonora-redis-") as folder:
        server = RedisServer(Path(folder))
        server.start()
        try:
            yield server
        finally:
            server.kill()


@pytest.fixture
def redis_server() -> Iterator[RedisServer]:
    with running_redis() as server:
        yield server
