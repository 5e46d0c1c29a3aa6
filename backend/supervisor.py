"""`make run`: everything from one terminal, and nothing left behind.

Starts the embedded PostgreSQL (unless DATABASE_URL is set), has the database prepared by a process that ends with that,
then runs the child processes (`backend/processes.py` says which), restarts the one that dies, and prints `Listo:` once
chat, console and bot answer. Ctrl-C, SIGTERM or closing the terminal stops them all; children also die with the
supervisor (PR_SET_PDEATHSIG). SIGUSR1 takes up the model now in use (`python -m bot.models use`): the bot's processes
start anew with it, one after another. It lives as long as the product, so it loads no more than it needs.
"""

import asyncio
import contextlib
import ctypes
import os
import signal
import socket
import sys
import time
from collections.abc import Awaitable, Callable, Mapping
from functools import partial
from pathlib import Path

import httpx
import structlog

from backend import logs
from backend.embedded import EmbeddedPostgres
from backend.environment import complete, settings_from, var_dir
from backend.processes import ROOT, Child, children, model_in_use, port_of
from backend.settings import Settings

log = structlog.get_logger(__name__)

READY_SECONDS = 180.0
STOP_SECONDS = 10.0
#: How long a bot must have answered before the next is ended: workers ask one that was away every five seconds.
NOTICED_SECONDS = 10.0
#: Connections that wait to be accepted: as many as uvicorn would let.
_BACKLOG = 2048
_PR_SET_PDEATHSIG = 1


class Supervisor:
    """Keeps the children running until told to stop."""

    def __init__(self, wanted: list[Child]) -> None:
        self._children = wanted
        self._stopping = asyncio.Event()
        self._taking_up: asyncio.Task[None] | None = None
        #: Until then workers may not know that the bot that was last started anew is back.
        self._noticed_at = 0.0

    def stop(self) -> None:
        self._stopping.set()

    def take_up(self, model: Path | None) -> None:
        """Start the bot anew with `model`, one process after another; the script answers while none does."""
        if model is not None:
            self._taking_up = asyncio.create_task(self._take_up(model, after=self._taking_up))

    async def _take_up(self, model: Path, after: asyncio.Task[None] | None) -> None:
        """The next goes when the one before has turns again: a model that does not run leaves the others alone."""
        if after is not None:
            await asyncio.wait([after])
        for child in self._children:
            if not (child.takes_models and child.use(model)):
                continue
            await asyncio.sleep(max(0.0, self._noticed_at - time.monotonic()))
            log.info("model_taken_up", model=model.name, process=child.name)
            if child.process is not None and child.process.returncode is None:
                with contextlib.suppress(ProcessLookupError):
                    os.killpg(child.process.pid, signal.SIGTERM)
                await child.process.wait()
            if child.health and not await self._wait_ready(partial(_answers, child.health)):
                log.error("model_not_ready", model=model.name, process=child.name)
                return
            self._noticed_at = time.monotonic() + NOTICED_SECONDS

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
            if self._taking_up is not None:
                self._taking_up.cancel()
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
                pass_fds=child.inherits,
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
    """Everything, until Ctrl-C, SIGTERM or its terminal is closed. The process's exit code."""
    listener = listen(
        environment.get("HOST") or Settings.model_fields["host"].default,
        int(environment.get("PORT") or Settings.model_fields["port"].default),
    )
    database_url = environment.get("DATABASE_URL")
    embedded = None if database_url else EmbeddedPostgres(var_dir(environment) / "postgres")
    pid_file = var_dir(environment) / "run.pid"
    try:
        complete_environment = complete(environment, database_url or (_begun(embedded) if embedded else ""))
        settings = settings_from(complete_environment)
        logs.configure(settings.log_level)
        told = await _prepared(complete_environment)
        supervisor = Supervisor(children(complete_environment, model, listener))
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            if number is signal.SIGHUP and signal.getsignal(number) is signal.SIG_IGN:
                continue  # by `nohup` it was told to outlive its terminal
            asyncio.get_running_loop().add_signal_handler(number, supervisor.stop)
        asyncio.get_running_loop().add_signal_handler(
            signal.SIGUSR1, lambda: supervisor.take_up(model_in_use(complete_environment))
        )
        pid_file.write_text(str(os.getpid()))
        async with httpx.AsyncClient(timeout=3.0) as client:
            return await supervisor.run(
                lambda: _announce(settings, told), lambda: _everything_answers(client, complete_environment)
            )
    finally:
        pid_file.unlink(missing_ok=True)
        listener.close()
        if embedded is not None:
            embedded.stop()


def _begun(embedded: EmbeddedPostgres) -> str:
    try:
        return embedded.start()
    except RuntimeError as error:
        raise SystemExit(str(error)) from error


def listen(host: str, port: int) -> socket.socket:
    """The socket that all web processes share; exits in words where another program has the port."""
    listener = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
    except OSError as error:
        listener.close()
        raise SystemExit(f"No se puede usar el puerto {port} ({error.strerror}). Elija otro: PORT=8001") from error
    listener.listen(_BACKLOG)
    return listener


async def _answers(url: str) -> bool:
    try:
        async with httpx.AsyncClient(timeout=3.0, trust_env=False) as client:
            return (await client.get(url)).status_code == httpx.codes.OK
    except httpx.HTTPError:
        return False


async def _prepared(environment: Mapping[str, str]) -> str:
    """Bring the database up to date; what is said of the first administrator, empty if there was one."""
    preparing = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "backend", "migrate",
        cwd=ROOT, env=environment, stdout=asyncio.subprocess.PIPE, preexec_fn=_die_with_parent,
    )  # fmt: skip
    told, _ = await preparing.communicate()
    if preparing.returncode:
        raise SystemExit(preparing.returncode)
    return told.decode().strip()


async def _everything_answers(client: httpx.AsyncClient, environment: dict[str, str]) -> bool:
    try:
        web = await client.get(f"http://127.0.0.1:{environment['PORT']}/readyz")
        console = await client.get(f"http://127.0.0.1:{environment['PORT']}/consola/entrar")
        actions = await client.get(f"http://127.0.0.1:{port_of(environment['ACTIONS_URL'])}/health")
    except httpx.HTTPError:
        return False
    ready = web.status_code == console.status_code == actions.status_code == httpx.codes.OK
    return ready and all(web.json()["rasas"].values())


def _announce(settings: Settings, first_administrator: str) -> None:
    address = settings.base_url
    lines = [f"Listo: {address}", f"  Página de demostración: {address}/", f"  Consola: {address}/consola"]
    lines.append(f"  {first_administrator or '¿Olvidó la contraseña? python -m backend users reset-password admin'}")
    sys.stdout.write("\n".join(lines) + "\n")
    sys.stdout.flush()
