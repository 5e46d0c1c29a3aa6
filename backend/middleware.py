"""What applies to every request: limits on its body, headers on its answer, and who may call from another site."""

from collections.abc import Mapping
from uuid import uuid4

import structlog
from starlette.datastructures import Headers, MutableHeaders
from starlette.exceptions import HTTPException
from starlette.middleware.cors import CORSMiddleware
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

PAGE_CSP = (
    "default-src 'self'; img-src 'self' blob: data:; object-src 'none'; base-uri 'none'; "
    "frame-ancestors 'none'; form-action 'self'"
)
API_CSP = "default-src 'none'; frame-ancestors 'none'"

_JSON_LIMIT = 1024 * 1024


class SecurityHeaders:
    """Strict headers on every answer, and a request id in every log line."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        structlog.contextvars.clear_contextvars()
        structlog.contextvars.bind_contextvars(request_id=uuid4().hex[:12])

        async def send_hardened(message: Message) -> None:
            if message["type"] == "http.response.start":
                _harden(MutableHeaders(scope=message), scope["path"])
            await send(message)

        await self._app(scope, receive, send_hardened)


def _harden(headers: MutableHeaders, path: str) -> None:
    is_page = headers.get("content-type", "").startswith("text/html")
    headers.setdefault("Content-Security-Policy", PAGE_CSP if is_page else API_CSP)
    headers.setdefault("X-Content-Type-Options", "nosniff")
    headers.setdefault("Referrer-Policy", "same-origin")
    if path.startswith("/widget/"):
        # Any site may load the script; which sites may talk to us is the allow-list's business.
        headers["Cross-Origin-Resource-Policy"] = "cross-origin"
        headers["Access-Control-Allow-Origin"] = "*"
        headers.setdefault("Cache-Control", "no-cache")
    elif path.startswith(("/api/", "/internal/", "/consola")):
        headers.setdefault("Cache-Control", "no-store")


class ChatCors(CORSMiddleware):
    """The origin allow-list. It covers the chat only: no other site's page may call anything else."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and scope["path"].startswith("/api/chat/"):
            await super().__call__(scope, receive, send)
        else:
            await self.app(scope, receive, send)


class BodyLimit:
    """Refuses a body larger than anything we accept, announced or not, before it is read to its end."""

    def __init__(self, app: ASGIApp, upload_limit: int, larger: Mapping[str, int] | None = None) -> None:
        """`larger`: the addresses whose uploads may be larger, and how large."""
        self._app = app
        self._upload_limit = upload_limit
        self._larger = larger or {}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        is_upload = headers.get("content-type", "").startswith("multipart/")
        limit = self._larger.get(scope["path"], self._upload_limit) if is_upload else _JSON_LIMIT
        declared = headers.get("content-length", "0")
        if not declared.isdigit() or int(declared) > limit:
            await too_large(limit)(scope, receive, send)
            return
        received = 0

        async def receive_limited() -> Message:
            nonlocal received
            message = await receive()
            received += len(message.get("body", b""))
            if received > limit:
                raise HTTPException(413)
            return message

        await self._app(scope, receive_limited, send)


def too_large(limit: int) -> JSONResponse:
    """What a person who sent too much is told."""
    megabytes = max(1, limit // (1024 * 1024))
    message = f"Lo que envió pasa de {megabytes} MB. Envíe algo más pequeño."
    return JSONResponse(
        {"error": {"code": "demasiado_grande", "message": message, "details": {"limit_bytes": limit}}},
        status_code=413,
    )
