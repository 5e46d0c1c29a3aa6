"""Named points at which a process of the product can be killed, put around its functions from outside.

A point is armed by a file of its name (`arm`); the first process that comes by takes the file away and kills
itself with SIGKILL there. The product knows nothing of it: `tests.chaos.process` wraps its functions by name.
"""

import functools
import os
import signal
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from tests.chaos.replacing import replace_function

Call = Callable[..., Awaitable[Any]]


@dataclass(frozen=True)
class Point:
    """Where in a function's life the process dies. `module` and `function` name it in the product."""

    name: str
    module: str
    function: str
    is_after: bool
    #: Only where the call's second argument is a claim (or claims) of a delivery that a vendor carries.
    on_vendors: bool = False

    def is_meant(self, arguments: tuple[Any, ...]) -> bool:
        if not self.on_vendors:
            return True
        claim = arguments[1][0] if isinstance(arguments[1], list) else arguments[1]
        return bool(claim.channel != "web")


#: After the commit of what somebody sent, before the 2xx: no function of the product's has this moment.
ANSWER_UNSENT = "web: committed, not answered"
#: Staff's alone: no citizen's message comes by.
MANY_CHANGED = "web: many petitions changed, not committed"

POINTS = (
    Point(MANY_CHANGED, "backend.workspace.bulk", "apply", is_after=True),
    Point("web: stored, not committed", "backend.conversations.inbox", "receive", is_after=True),
    Point("web: call verified, not committed", "backend.webhooks.reception", "Reception._keep", is_after=False),
    Point("worker: call accepted, not yet read", "backend.webhooks.reading", "ArrivalReader._read", is_after=False),
    Point("worker: call read, not committed", "backend.webhooks.reading", "ArrivalReader._read", is_after=True),
    Point("worker: turn leased", "backend.conversations.turns", "Advancer._have_turn", is_after=False),
    Point("worker: bot answered, nothing stored", "backend.assistant.rasa", "RasaProcess.reply", is_after=True),
    Point("worker: replies stored, not committed", "backend.conversations.turns", "_finish", is_after=True),
    Point("worker: replies committed", "backend.conversations.turns", "Advancer._have_turn", is_after=True),
    Point(
        "dispatcher: delivery leased, not sent",
        "backend.outbox.dispatcher",
        "Dispatcher._send",
        is_after=False,
        on_vendors=True,
    ),
    Point(
        "dispatcher: vendor accepted, nothing recorded",
        "backend.outbox.dispatcher",
        "Dispatcher._send",
        is_after=True,
        on_vendors=True,
    ),
    Point(
        "dispatcher: recorded, not committed",
        "backend.outbox.service",
        "record",
        is_after=True,
        on_vendors=True,
    ),
    Point(
        "dispatcher: delivery recorded",
        "backend.outbox.dispatcher",
        "Dispatcher._deliver",
        is_after=True,
        on_vendors=True,
    ),
    Point(
        "worker: file on disk, nothing stored", "backend.conversations.files", "FileStore.keep_received", is_after=True
    ),
)
NAMES = (ANSWER_UNSENT, *(point.name for point in POINTS))


def arm(folder: Path, name: str) -> None:
    """The next process that comes to this point dies there."""
    assert name in NAMES, name
    _path(folder, name).touch()


def is_armed(folder: Path, name: str) -> bool:
    return _path(folder, name).exists()


def disarm(folder: Path) -> None:
    for path in folder.glob("*.point"):
        path.unlink(missing_ok=True)


def _path(folder: Path, name: str) -> Path:
    return folder / f"{NAMES.index(name)}.point"


def _die_if_armed(path: Path) -> None:
    """The file's removal decides who of several dies."""
    try:
        path.unlink()
    except FileNotFoundError:
        return
    os.kill(os.getpid(), signal.SIGKILL)


def put_up(folder: Path) -> None:
    """Wrap the product's functions in this process."""
    for point in POINTS:
        import_module(point.module)
        replace_function(point.module, point.function, functools.partial(_wrapped, point, _path(folder, point.name)))


def _wrapped(point: Point, path: Path, original: Call) -> Call:
    @functools.wraps(original)
    async def call(*arguments: Any, **named: Any) -> Any:
        if not point.is_meant(arguments):
            return await original(*arguments, **named)
        if not point.is_after:
            _die_if_armed(path)
        result = await original(*arguments, **named)
        if point.is_after:
            _die_if_armed(path)
        return result

    return call


class DiesBeforeAnswering:
    """ASGI middleware that is the point ANSWER_UNSENT for what citizens send and what staff change by the many."""

    def __init__(self, app: ASGIApp, folder: Path) -> None:
        self._app = app
        self._path = _path(folder, ANSWER_UNSENT)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def watched(message: Message) -> None:
            if message["type"] == "http.response.start" and message["status"] < 300 and _is_inbound(scope):
                _die_if_armed(self._path)
            await send(message)

        await self._app(scope, receive, watched if scope["type"] == "http" else send)


def _is_inbound(scope: Scope) -> bool:
    path = scope["path"]
    is_message = path.startswith("/webhooks/") and not path.endswith("/status")
    return scope["method"] == "POST" and (is_message or path in ("/api/chat/messages", "/consola/peticiones/lote"))
