"""`make run`: everything from one terminal, and nothing left behind.

Starts the embedded PostgreSQL (unless DATABASE_URL is set), migrates, seeds, then runs
the bot's actions, the bot, the worker and the web server as child processes, restarts
the one that dies, and prints `Listo:` once chat, console and bot answer. Ctrl-C or
SIGTERM stops them all; children also die with the supervisor (PR_SET_PDEATHSIG). SIGUSR1 takes up the
model now in use (`python -m bot.models use`): the bot starts anew with it.
"""

import asyncio
import contextlib
import ctypes
import json
import os
import signal
import socket
import sys
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import structlog
from psycopg.conninfo import conninfo_to_dict
from sqlalchemy.ext.asyncio import AsyncSession

from backend import logs
from backend.agents import service as agents
from backend.catalog import service as catalog
from backend.db import in_transaction
from backend.embedded import EmbeddedPostgres
from backend.environment import complete, settings_from, var_dir
from backend.migrate import migrate
from backend.settings import Settings

log = structlog.get_logger(__name__)

ROOT = Path(__file__).resolve().parents[1]
READY_SECONDS = 180.0
STOP_SECONDS = 10.0
_PR_SET_PDEATHSIG = 1


@dataclass
class Child:
    """A process that must run. `restarts` slow down when it dies again and again."""

    name: str
    command: list[str]
    environment: dict[str, str]
    process: asyncio.subprocess.Process | None = None
    restarts: int = 0
    started_at: float = field(default=0.0)


def _port_of(url: str) -> str:
    return str(httpx.URL(url).port)


def children(environment: dict[str, str], model: Path) -> list[Child]:
    """What runs, in the order in which it is started."""
    bot_python = str(ROOT / ".venv-bot" / "bin" / "python")
    bot_environment = {
        # The bot reads no sealed column.
        **{name: value for name, value in environment.items() if not name.startswith(("FIELD_KEY", "REDIS_URL"))},
        "RASA_TELEMETRY_ENABLED": "false",
        "SQLALCHEMY_SILENCE_UBER_WARNING": "1",
        "TF_CPP_MIN_LOG_LEVEL": "3",
        "CUDA_VISIBLE_DEVICES": "-1",
        # One message is too little to share: threads only wait for each other.
        "OMP_NUM_THREADS": "1",
        "OPENBLAS_NUM_THREADS": "1",
        "PYTHONPATH": str(ROOT),
        "PYTHONWARNINGS": "ignore",
        # The action server listens everywhere unless told otherwise.
        "SANIC_HOST": "127.0.0.1",
        **bot_database(environment["DATABASE_URL"]),
    }
    actions_port = _port_of(environment["ACTIONS_URL"])
    return [
        Child("web", [sys.executable, "-m", "backend", "web"], environment),
        Child("worker", [sys.executable, "-m", "backend", "worker"], _with_next_metrics_port(environment)),
        Child(
            "actions",
            [bot_python, "-m", "rasa_sdk", "--actions", "bot.actions", "--port", actions_port],
            bot_environment,
        ),
        *_bots(environment, bot_environment, model),
    ]


def _with_next_metrics_port(environment: dict[str, str]) -> dict[str, str]:
    """On one machine each process tells its measures on a port of its own."""
    port = environment.get("METRICS_PORT")
    return environment | {"METRICS_PORT": str(int(port) + 1)} if port else environment


def _bots(environment: dict[str, str], bot_environment: dict[str, str], model: Path) -> list[Child]:
    """The bot; and with the settings SECOND_MODEL and SECOND_MODEL_SHARE, another beside it."""
    bots = [Child("rasa", _rasa(environment["RASA_URL"], model), bot_environment)]
    second_url, version = environment.get("SECOND_RASA_URL"), environment.get("SECOND_MODEL")
    if second_url and version:
        second = model_path(environment, version)
        if not second.is_file():
            raise SystemExit(f"No hay un modelo {version} (SECOND_MODEL); vea: make models")
        bots.append(Child("rasa-second", _rasa(second_url, second), bot_environment))
    return bots


def _rasa(url: str, model: Path) -> list[str]:
    return [
        str(ROOT / ".venv-bot" / "bin" / "python"), "-m", "rasa", "run", "--interface", "127.0.0.1",
        "--port", _port_of(url), "--model", str(model),
        "--endpoints", "bot/endpoints.yml", "--credentials", "bot/credentials.yml",
    ]  # fmt: skip


def model_path(environment: Mapping[str, str], version: str) -> Path:
    return var_dir(environment) / "models" / f"{version}.tar.gz"


def model_in_use(environment: Mapping[str, str]) -> Path | None:
    """The model that `bot/registry.py` says is in use, or None."""
    path = var_dir(environment) / "models" / "current.json"
    if not path.is_file():
        return None
    model = model_path(environment, str(json.loads(path.read_text(encoding="utf-8"))["version"]))
    return model if model.is_file() else None


def bot_database(database_url: str) -> dict[str, str]:
    """The tracker store's variables (bot/endpoints.yml): the same database, in the schema `rasa`."""
    parts = {key: str(value) for key, value in conninfo_to_dict(database_url).items() if value}
    return {
        "POSTGRESQL_SCHEMA": "rasa",
        "RASA_TRACKER_URL": database_url,
        "RASA_DB_HOST": parts.get("host", "localhost"),
        "RASA_DB_PORT": parts.get("port", "5432"),
        "RASA_DB_NAME": parts.get("dbname", "postgres"),
        "RASA_DB_USER": parts.get("user", "postgres"),
        "RASA_DB_PASSWORD": parts.get("password", ""),
    }


class Supervisor:
    """Keeps the children running until told to stop."""

    def __init__(self, wanted: list[Child]) -> None:
        self._children = wanted
        self._stopping = asyncio.Event()

    def stop(self) -> None:
        self._stopping.set()

    def take_up(self, model: Path | None) -> None:
        """Start the bot anew with `model`; meanwhile the scripted intake answers."""
        child = next(child for child in self._children if child.name == "rasa")
        place = child.command.index("--model") + 1
        if model is None or child.command[place] == str(model):
            return
        child.command[place] = str(model)
        log.info("model_taken_up", model=model.name)
        if child.process is not None and child.process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(child.process.pid, signal.SIGTERM)

    async def run(self, announce: Callable[[], None], is_ready: Callable[[], Awaitable[bool]]) -> int:
        """Run until stopped; 0, or 1 when things never became ready."""
        watchers = [asyncio.create_task(self._keep(child)) for child in self._children]
        code = 0
        try:
            if await self._wait_ready(is_ready):
                announce()
                await self._stopping.wait()
            elif not self._stopping.is_set():
                log.error("not_ready", seconds=READY_SECONDS)
                code = 1
        finally:
            self._stopping.set()
            await asyncio.gather(*(self._end(child) for child in reversed(self._children)))
            await asyncio.gather(*watchers, return_exceptions=True)
        return code

    async def _wait_ready(self, is_ready: Callable[[], Awaitable[bool]]) -> bool:
        deadline = time.monotonic() + READY_SECONDS
        while time.monotonic() < deadline and not self._stopping.is_set():
            if await is_ready():
                return True
            await asyncio.sleep(0.25)
        return False

    async def _keep(self, child: Child) -> None:
        while not self._stopping.is_set():
            child.started_at = time.monotonic()
            child.process = await asyncio.create_subprocess_exec(
                *child.command,
                cwd=ROOT,
                env=child.environment,
                stdin=asyncio.subprocess.DEVNULL,
                start_new_session=True,
                preexec_fn=_die_with_parent,
            )
            code = await child.process.wait()
            if self._stopping.is_set():
                return
            lived = time.monotonic() - child.started_at
            child.restarts = 0 if lived > 30 else child.restarts + 1
            log.error("process_died", process=child.name, code=code, lived=round(lived, 1))
            await asyncio.sleep(min(0.2 * 2**child.restarts, 10.0))

    async def _end(self, child: Child) -> None:
        process = child.process
        if process is None or process.returncode is not None:
            return
        for number, patience in ((signal.SIGTERM, STOP_SECONDS), (signal.SIGKILL, STOP_SECONDS)):
            try:
                os.killpg(process.pid, number)
            except ProcessLookupError:
                return
            try:
                await asyncio.wait_for(process.wait(), patience)
            except TimeoutError:
                continue
            return


def _die_with_parent() -> None:
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)


async def serve(environment: Mapping[str, str], model: Path) -> int:
    """Everything, until Ctrl-C or SIGTERM. The process's exit code."""
    _require_free(
        environment.get("HOST") or Settings.model_fields["host"].default,
        int(environment.get("PORT") or Settings.model_fields["port"].default),
    )
    database_url = environment.get("DATABASE_URL")
    embedded = None if database_url else EmbeddedPostgres(var_dir(environment) / "postgres")
    pid_file = var_dir(environment) / "run.pid"
    try:
        complete_environment = complete(environment, database_url or (embedded.start() if embedded else ""))
        settings = settings_from(complete_environment)
        logs.configure(settings.log_level)
        await asyncio.to_thread(migrate, settings.database_url)
        admin = await prepare(settings)
        supervisor = Supervisor(children(complete_environment, model))
        for number in (signal.SIGTERM, signal.SIGINT):
            asyncio.get_running_loop().add_signal_handler(number, supervisor.stop)
        asyncio.get_running_loop().add_signal_handler(
            signal.SIGUSR1, lambda: supervisor.take_up(model_in_use(complete_environment))
        )
        pid_file.write_text(str(os.getpid()))
        async with httpx.AsyncClient(timeout=3.0) as client:
            return await supervisor.run(
                lambda: _announce(settings, admin), lambda: _everything_answers(client, complete_environment)
            )
    finally:
        pid_file.unlink(missing_ok=True)
        if embedded is not None:
            embedded.stop()


def _require_free(host: str, port: int) -> None:
    """Exits in words where another program has the port: its answers would be taken for ours."""
    with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            raise SystemExit(f"No se puede usar el puerto {port} ({error.strerror}). Elija otro: PORT=8001") from error


async def prepare(settings: Settings) -> tuple[str, str] | None:
    """Add what the catalogs lack; the first administrator's name and one-time password, if just made."""

    async def work(session: AsyncSession) -> tuple[str, str] | None:
        await catalog.seed(session)
        return await agents.ensure_first_admin(session)

    return await in_transaction(settings.database_url, work)


async def _everything_answers(client: httpx.AsyncClient, environment: dict[str, str]) -> bool:
    try:
        web = await client.get(f"http://127.0.0.1:{environment['PORT']}/readyz")
        console = await client.get(f"http://127.0.0.1:{environment['PORT']}/consola/entrar")
        actions = await client.get(f"http://127.0.0.1:{_port_of(environment['ACTIONS_URL'])}/health")
    except httpx.HTTPError:
        return False
    ready = web.status_code == console.status_code == actions.status_code == httpx.codes.OK
    return ready and bool(web.json()["bot"])


def _announce(settings: Settings, admin: tuple[str, str] | None) -> None:
    address = settings.base_url
    lines = [f"Listo: {address}", f"  Página de demostración: {address}/", f"  Consola: {address}/consola"]
    if admin is not None:
        lines.append(f"  Primer administrador: usuario {admin[0]}, contraseña de un solo uso {admin[1]}")
    else:
        lines.append("  ¿Olvidó la contraseña? python -m backend users reset-password admin")
    sys.stdout.write("\n".join(lines) + "\n")
    sys.stdout.flush()
