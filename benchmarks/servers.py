"""What benchmarks are taken of: a database of their own, and web processes beside the one that measures."""

import os
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx

from backend.catalog import service as catalog
from backend.db import in_transaction
from backend.embedded import EmbeddedPostgres
from backend.environment import complete, settings_from
from backend.migrate import migrate
from backend.settings import Settings
from tests.end_to_end.product import ROOT, free_port

START_SECONDS = 600
STOP_SECONDS = 20


@dataclass(frozen=True)
class Ground:
    """An empty, migrated database, and the environment that our processes are given."""

    environment: Mapping[str, str]
    settings: Settings

    @property
    def database_url(self) -> str:
        return self.settings.database_url


@contextmanager
def postgres(folder: Path) -> Iterator[str]:
    """An embedded PostgreSQL in `folder`; its address."""
    server = EmbeddedPostgres(folder / "postgres")
    try:
        yield server.start()
    finally:
        server.stop()


async def prepared(folder: Path, database_url: str, **settings: str) -> Ground:
    """Migrate and seed the database; `settings` are given to our processes in capitals."""
    given = {"VAR_DIR": str(folder), "PORT": str(free_port()), "LOG_LEVEL": "ERROR"}
    given |= {name.upper(): value for name, value in settings.items()}
    environment = complete({**os.environ, **given}, database_url)
    ground = Ground(environment, settings_from(environment))
    migrate(database_url)
    await in_transaction(database_url, catalog.seed)
    return ground


@contextmanager
def ours(ground: Ground) -> Iterator[str]:
    """Our web process; its address."""
    with _running(["backend", "web"], ground.environment) as url:
        yield url


@contextmanager
def bare(ground: Ground) -> Iterator[str]:
    """The least web process (benchmarks.bare), on the same database."""
    with _running(["benchmarks.bare"], {**ground.environment, "PORT": str(free_port())}) as url:
        yield url


@contextmanager
def _running(module: list[str], environment: Mapping[str, str]) -> Iterator[str]:
    url = f"http://127.0.0.1:{environment['PORT']}"
    process = subprocess.Popen([sys.executable, "-m", *module], cwd=ROOT, env=dict(environment))
    try:
        _wait_until_served(url, process)
        yield url
    finally:
        process.terminate()
        process.wait(STOP_SECONDS)


def _wait_until_served(url: str, process: "subprocess.Popen[bytes]") -> None:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        try:
            httpx.get(f"{url}/healthz", timeout=5, trust_env=False)
        except httpx.HTTPError:
            time.sleep(0.1)
        else:
            return
    raise RuntimeError(f"{process.args} did not start")
