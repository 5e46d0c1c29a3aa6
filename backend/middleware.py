"""What applies to every request: limits on its body, headers on its answer, and who may call from another site."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from uuid import uuid4

import structlog
from starlette.datastructures import Headers, MutableHeaders
from starlette.exceptions import HTTPException
from starlette.middleware.cors import CORSMiddleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from backend.errors import ChatSonoraError, TooLarge, as_json

PAGE_CSP = (
    "default-src 'self'; img-src 'self' blob: data:; object-src 'none'; base-uri 'none'; "
    "frame-ancestors 'none'; form-action 'self'"
)
log = structlog.get_logger(__name__)

API_CSP = "default-src 'none'; frame-ancestors 'none'"

_JSON_LIMIT = 1024 * 1024
#: Seconds from a whole request to its answer: below Twilio's 15 and the office's 10.
ANSWER_SECONDS = 8.0
_LOOK_SECONDS = 0.25
_SENT_IN = ("/webhooks/", "/api/chat/")
NOT_NOW = "El servicio no está disponible por un momento. Intente de nuevo."
#: With it: in how many seconds.
RETRY = {"Retry-After": "2"}


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


class LastResort:
    """What nobody foresaw is recorded without values, and told in words to who asked; `answer` makes the answer."""

    def __init__(self, app: ASGIApp, answer: Callable[[Request], Awaitable[Response]]) -> None:
        self._app = app
        self._answer = answer

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        has_begun = scope["type"] != "http"

        async def send_noted(message: Message) -> None:
            nonlocal has_begun
            has_begun = True
            await send(message)

        try:
            await self._app(scope, receive, send_noted)
        except Exception:
            if has_begun:
                raise
            log.exception("request_failed")
            response = await self._answer(Request(scope))
            await response(scope, receive, send)


class ChatCors(CORSMiddleware):
    """The origin allow-list. It covers the chat only: no other site's page may call anything else."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and scope["path"].startswith("/api/chat/"):
            await super().__call__(scope, receive, send)
        else:
            await self.app(scope, receive, send)


class Deadline:
    """Answers 503 where nothing came of a citizen's message or a vendor's call in time.

    Whoever sent it comes again, under the same id; a vendor that is left waiting gives up instead. The work is told
    to stop, and not waited for: what hangs (a frozen database) may take long to notice. Time in which we wait for the
    caller to send is the caller's own, and not counted.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app
        self._left: set[asyncio.Future[None]] = set()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["method"] != "POST" or not scope["path"].startswith(_SENT_IN):
            await self._app(scope, receive, send)
            return
        exchange = _Exchange(receive, send)
        work = asyncio.ensure_future(self._app(scope, exchange.receive, exchange.send))
        try:
            if await exchange.is_too_late(work):
                log.error("answer_too_late")
                self._leave(work)
                await as_json(503, "no_disponible", NOT_NOW, {}, RETRY)(scope, receive, send)
            else:
                await work
        except asyncio.CancelledError:
            work.cancel()
            raise

    def _leave(self, work: "asyncio.Future[None]") -> None:
        work.cancel()
        self._left.add(work)
        work.add_done_callback(self._ended)

    def _ended(self, work: "asyncio.Future[None]") -> None:
        self._left.discard(work)
        error = None if work.cancelled() else work.exception()
        if error is not None:
            log.warning("late_work_failed", error=type(error).__name__)


class _Exchange:
    """One request and its answer, which may begin once."""

    def __init__(self, receive: Receive, send: Send) -> None:
        self._receive = receive
        self._send = send
        self._waits_for_caller = False
        self._is_begun = False
        self._is_closed = False

    async def receive(self) -> Message:
        self._waits_for_caller = True
        try:
            message = await self._receive()
        finally:
            self._waits_for_caller = False
        return message

    async def send(self, message: Message) -> None:
        if not self._is_closed:
            self._is_begun = True
            await self._send(message)

    async def is_too_late(self, work: "asyncio.Future[None]") -> bool:
        """Once `work` has begun to answer or is done: False. Once its time is over: True, and it answers no more."""
        spent = 0.0
        while not (self._is_begun or work.done()):
            if spent >= ANSWER_SECONDS:
                self._is_closed = True
                break
            await asyncio.wait({work}, timeout=_LOOK_SECONDS)
            spent += 0.0 if self._waits_for_caller else _LOOK_SECONDS
        return self._is_closed


class BodyLimit:
    """Refuses a body larger than anything we accept, announced or not, before it is read to its end."""

    def __init__(
        self,
        app: ASGIApp,
        upload_limit: int,
        answer: Callable[[Request, ChatSonoraError], Awaitable[Response]],
        larger: Mapping[str, int] | None = None,
    ) -> None:
        """`larger`: the addresses whose uploads may be larger, and how large. `answer` tells the refusal."""
        self._app = app
        self._upload_limit = upload_limit
        self._answer = answer
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
            refusal = await self._answer(Request(scope), too_large(limit))
            await refusal(scope, receive, send)
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


def too_large(limit: int) -> TooLarge:
    """What a person who sent too much is told."""
    megabytes = max(1, limit // (1024 * 1024))
    return TooLarge(f"Lo que envió pasa de {megabytes} MB. Envíe algo más pequeño.", limit_bytes=limit)
