"""The connection to a vendor, and its faults: slow, failing, cut, down."""

import asyncio
from collections.abc import Callable
from typing import Any

from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from uvicorn.protocols.http.h11_impl import H11Protocol

from tests.fakes.faults import Faults

_transports: dict[tuple[str, int], asyncio.Transport] = {}

#: What is ours, not the vendor's: no fault touches it.
OURS = ("/_control", "/_citizen", "/_telephone", "/_page")


class CuttableProtocol(H11Protocol):
    """Uvicorn's protocol, which remembers its connections so that they can be cut."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        if self.client is not None:
            _transports[self.client] = transport

    def connection_lost(self, exc: Exception | None) -> None:
        if self.client is not None:
            _transports.pop(self.client, None)
        super().connection_lost(exc)


async def cut(scope: Scope) -> None:
    """Reset the connection this request came on, and see it gone."""
    client = tuple(scope["client"])
    if client in _transports:
        _transports[client].abort()
    while client in _transports:
        await asyncio.sleep(0)


class FaultyLink:
    """ASGI middleware that commits the faults asked for."""

    def __init__(
        self,
        app: ASGIApp,
        faults: Faults[Any],
        is_send: Callable[[str, str], bool],
        error: Callable[[int], Response],
    ) -> None:
        """`is_send(method, path)`: does this request send a message. `error(status)`: the vendor's error body."""
        self.app, self.faults, self.is_send, self.error = app, faults, is_send, error

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["path"].startswith(OURS):
            await self.app(scope, receive, send)
            return
        if self.faults.is_down():
            await cut(scope)
            return
        if self.faults.settings.slow_seconds:
            await asyncio.sleep(self.faults.settings.slow_seconds)
        if self.faults.takes_failure():
            await self.error(self.faults.settings.fail_status)(scope, receive, send)
        elif self.is_send(scope["method"], scope["path"]):
            await self._send(scope, receive, send)
        else:
            await self.app(scope, receive, send)

    async def _send(self, scope: Scope, receive: Receive, send: Send) -> None:
        if self.faults.takes_drop():
            await cut(scope)
            return
        answer: list[Message] = []

        async def keep(message: Message) -> None:
            answer.append(message)

        await self.app(scope, receive, keep)
        if answer[0]["status"] < 300 and self.faults.takes_cut():
            await cut(scope)
            return
        for message in answer:
            await send(message)
