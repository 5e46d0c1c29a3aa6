"""A process's own small listener for operators: `/metrics`, `/health/live` and `/health/ready`.

It has a port and a thread of its own, apart from what citizens reach: no proxy's mistake can publish it, and it
answers even when the process's event loop no longer turns, which is just what it must tell.
"""

import asyncio
import contextlib
import hmac
import os
import socket
import threading
import time
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import asynccontextmanager
from typing import Any
from wsgiref.simple_server import WSGIRequestHandler, make_server

import structlog
from prometheus_client import make_wsgi_app
from prometheus_client.exposition import ThreadingWSGIServer

from backend.monitoring import metrics
from backend.settings import Settings

log = structlog.get_logger(__name__)

#: Seconds between two beats, and how long without one a process counts as dead.
BEAT, DEAD = 1.0, 30.0


class Heartbeat:
    """Beats while the event loop turns; told to systemd too, where it asks (`WatchdogSec=`)."""

    def __init__(self) -> None:
        self._last = time.monotonic()

    @property
    def is_alive(self) -> bool:
        return time.monotonic() - self._last < DEAD

    async def beat(self) -> None:
        """For ever."""
        tell_systemd("READY=1")
        while True:
            self._last = time.monotonic()
            tell_systemd("WATCHDOG=1")
            await asyncio.sleep(BEAT)


def tell_systemd(state: str) -> None:
    """A word to the service manager (sd_notify), where there is one that listens."""
    address = os.environ.get("NOTIFY_SOCKET")
    if not address:
        return
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as channel, contextlib.suppress(OSError):
        channel.sendto(state.encode(), "\0" + address[1:] if address.startswith("@") else address)


class _Quiet(WSGIRequestHandler):
    def log_message(self, format: str, *arguments: Any) -> None:
        """Nothing: who scrapes us is no news."""


@asynccontextmanager
async def told_to_operators(settings: Settings, is_ready: Callable[[], bool]) -> AsyncIterator[None]:
    """While the block lasts the heart beats and, with METRICS_PORT, the listener answers."""
    heart = Heartbeat()
    beating = asyncio.create_task(heart.beat(), name="heartbeat")
    server = None
    if settings.metrics_port is not None:
        token = settings.metrics_token.get_secret_value() if settings.metrics_token is not None else None
        application = _application(token, heart, is_ready)
        server = make_server(
            settings.metrics_host, settings.metrics_port, application, ThreadingWSGIServer, handler_class=_Quiet
        )
        threading.Thread(target=server.serve_forever, daemon=True, name="metrics").start()
        log.info("metrics_listening", port=server.server_port)
    try:
        yield
    finally:
        beating.cancel()
        if server is not None:
            await asyncio.to_thread(server.shutdown)
            server.server_close()


_Answer = Iterable[bytes]


def _application(token: str | None, heart: Heartbeat, is_ready: Callable[[], bool]) -> Callable[..., _Answer]:
    exposition = make_wsgi_app(metrics.REGISTRY)

    def answer(environment: dict[str, Any], start: Callable[..., Any]) -> _Answer:
        match environment["PATH_INFO"]:
            case "/metrics":
                if not _may_read(token, environment.get("HTTP_AUTHORIZATION", "")):
                    return _plain(start, "401 Unauthorized", "token needed")
                told: _Answer = exposition(environment, start)
                return told
            case "/health/live":
                return _plain(start, "200 OK", "alive") if heart.is_alive else _plain(start, _AWAY, "stuck")
            case "/health/ready":
                is_good = heart.is_alive and is_ready()
                return _plain(start, "200 OK", "ready") if is_good else _plain(start, _AWAY, "not ready")
            case _:
                return _plain(start, "404 Not Found", "not here")

    return answer


_AWAY = "503 Service Unavailable"


def _may_read(token: str | None, shown: str) -> bool:
    return token is None or hmac.compare_digest(shown.encode(), f"Bearer {token}".encode())


def _plain(start: Callable[..., Any], status: str, text: str) -> _Answer:
    start(status, [("Content-Type", "text/plain; charset=utf-8"), ("Cache-Control", "no-store")])
    return [text.encode()]
