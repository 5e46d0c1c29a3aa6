"""The only wiring: `create_app(settings)` builds the web application."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import lru_cache

import psycopg
import structlog
from fastapi import APIRouter, FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from sqlalchemy.exc import DBAPIError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from starlette.exceptions import HTTPException
from starlette.routing import BaseRoute

from backend import VERSION, clock, health, logs
from backend.agents import routes as agents
from backend.assistant.pool import assistant_of
from backend.board.live import LiveBoard
from backend.catalog import routes as catalog
from backend.console import pages_board
from backend.console import routes as console
from backend.console.inbox_look import InboxLooks
from backend.conversations.files import FileStore, StorageFull
from backend.conversations.scanning import scanner_at
from backend.db import Database
from backend.errors import ChatSonoraError, Unexpected, as_json
from backend.folio_page import routes as folio_page
from backend.imports import service as imports
from backend.integrations import routes as integrations
from backend.internal_api import routes as internal_api
from backend.limits import RateLimiter
from backend.live import LiveEvents
from backend.messaging.adapters import Adapters
from backend.middleware import NOT_NOW, RETRY, BodyLimit, ChatCors, Deadline, LastResort, SecurityHeaders, too_large
from backend.monitoring import tracing
from backend.monitoring.requests import CountRequests
from backend.monitoring.web import watched_web
from backend.open311 import rendering as open311_rendering
from backend.open311 import routes as open311
from backend.openapi import DocumentedApp
from backend.privacy import routes as privacy
from backend.redis_link import link_to
from backend.registry import routes as registry
from backend.settings import Settings
from backend.subscriptions.sending import Sender
from backend.telephony import routes as telephony
from backend.telephony.lines import Lines
from backend.vault import kek
from backend.webhooks import routes as webhooks
from backend.webhooks.reception import Reception
from backend.widget import pages as widget_pages
from backend.widget import routes as widget
from backend.widget.reader import Reader

log = structlog.get_logger(__name__)


def create_app(settings: Settings) -> FastAPI:
    """The application. Opens its database and its bot connection when it starts, closes them when it stops."""
    logs.configure(settings.log_level)
    app = DocumentedApp(
        title="Chat Sonora",
        version=VERSION,
        description="Chat ciudadano, registro de peticiones y consola de atención.",
        lifespan=_lifespan,
        docs_url=None,
        redoc_url=None,
    )
    kek.install(settings.field_keys)
    app.state.settings = settings
    app.state.clock = clock.now
    app.state.redis = link_to(settings.redis_url, settings.key)
    app.state.database = Database(settings.database_url, link=app.state.redis)
    app.state.live = LiveEvents(settings.database_url, app.state.redis)
    app.state.reader = Reader(app.state.database, app.state.live)
    app.state.inbox = InboxLooks(app.state.database)
    app.state.board = LiveBoard(app.state.database, app.state.live, pages_board.paint)
    app.state.limiter = RateLimiter(app.state.redis)
    app.state.files = FileStore(
        settings.attachments_dir, max_bytes=settings.attachment_max_bytes, scanner=scanner_at(settings.clamd_url)
    )
    app.state.adapters = Adapters(settings, app.state.database)
    app.state.reception = Reception(app.state.database, app.state.adapters)
    app.state.lines = Lines(settings)
    app.state.assistant = assistant_of(settings)
    app.state.webhooks = Sender(app.state.database, settings)
    app.router.routes.extend(_routes())
    app.mount("/widget", widget_pages.static, name="widget")
    app.mount("/folio-static", folio_page.static, name="folio-static")
    console.mount_static(app)
    _add_middleware(app, settings)
    _add_error_handlers(app)
    tracing.instrument(app)
    return app


@lru_cache(maxsize=1)
def _routes() -> tuple[BaseRoute, ...]:
    """Every route, once a process: what each asks for is worked out when it is first met, which takes half a second."""
    assembled = APIRouter()
    for part in (
        health,
        internal_api,  # first what is called most: they are asked one after another
        widget,
        telephony,  # before the webhooks: its addresses are among theirs
        webhooks,
        widget_pages,
        privacy,
        folio_page,
        agents,
        registry,
        integrations,
        open311,
        catalog,
        console,
    ):
        assembled.include_router(part.router)
    return tuple(assembled.routes)


@asynccontextmanager
async def _lifespan(app: FastAPI) -> AsyncIterator[None]:
    await app.state.live.start()
    async with watched_web(app):
        log.info("web_started")
        yield
    await app.state.board.stop()
    await app.state.live.stop()
    await app.state.webhooks.close()
    await app.state.reception.close()
    await app.state.adapters.close()
    await app.state.lines.close()
    await app.state.assistant.close()
    await app.state.database.close()
    if app.state.redis is not None:
        await app.state.redis.close()


def _add_middleware(app: FastAPI, settings: Settings) -> None:
    # The last added is the outermost.
    app.add_middleware(LastResort, answer=lambda request: _answer(request, Unexpected()))
    app.add_middleware(Deadline)
    app.add_middleware(
        BodyLimit,
        upload_limit=settings.attachment_max_bytes + 64 * 1024,
        answer=_answer,
        larger=dict.fromkeys(("/consola/importaciones", "/consola/llamadas/importar"), imports.MAX_BYTES + 64 * 1024),
    )
    app.add_middleware(
        ChatCors,
        allow_origins=settings.widget_origins,
        allow_methods=["GET", "POST"],
        allow_headers=["Authorization", "Content-Type", "Last-Event-ID"],
        max_age=3600,
    )
    app.add_middleware(SecurityHeaders)
    app.add_middleware(CountRequests)


def _add_error_handlers(app: FastAPI) -> None:
    @app.exception_handler(ChatSonoraError)
    async def business(request: Request, error: ChatSonoraError) -> Response:
        return await _answer(request, error)

    @app.exception_handler(RequestValidationError)
    async def validation(request: Request, error: RequestValidationError) -> Response:
        fields = [".".join(str(part) for part in problem["loc"][1:]) for problem in error.errors()]
        if any(problem["type"] == "json_invalid" for problem in error.errors()):
            return _error(request, 422, "json_invalido", "La solicitud no es JSON válido.", {})
        return _error(request, 422, "dato_invalido", "Revise los datos e intente de nuevo.", {"fields": fields})

    @app.exception_handler(HTTPException)
    async def http(request: Request, error: HTTPException) -> Response:
        if error.status_code == 413:
            return await _answer(request, too_large(settings_of(request).attachment_max_bytes))
        if isinstance(error.__cause__, OSError):  # a file that was being received did not fit on the disk
            return await _answer(request, StorageFull())
        if error.status_code == 405 and (place := console.page_of_form(request)) is not None:
            return place
        text, code = _HTTP_TEXTS.get(error.status_code, ("No se pudo completar la solicitud.", "solicitud_invalida"))
        return _error(request, error.status_code, code, text, {}, dict(error.headers or {}))

    @app.exception_handler(OperationalError)
    @app.exception_handler(PoolTimeout)
    async def database_away(request: Request, error: Exception) -> Response:
        log.error("database_unavailable", error=type(getattr(error, "orig", error)).__name__)
        return _error(request, 503, "no_disponible", NOT_NOW, {}, RETRY)

    @app.exception_handler(DBAPIError)
    async def database_refused(request: Request, error: DBAPIError) -> Response:
        if error.connection_invalidated:
            return await database_away(request, error)
        if type(error.orig) is psycopg.DataError:  # a text with NUL, which no column holds
            return _error(request, 422, "dato_invalido", "Revise los datos e intente de nuevo.", {})
        log.error("database_error", error=type(error.orig).__name__)
        return await _answer(request, Unexpected())


_HTTP_TEXTS = {
    400: ("La solicitud no se entiende.", "solicitud_invalida"),
    404: ("Esa dirección no existe.", "no_encontrado"),
    405: ("Esa operación no existe aquí.", "metodo_no_permitido"),
}


def settings_of(request: Request) -> Settings:
    settings: Settings = request.app.state.settings
    return settings


async def _answer(request: Request, error: ChatSonoraError) -> Response:
    """A page for the console's people, JSON for programs."""
    if not request.url.path.startswith(("/api/", "/internal/")):
        page = await console.error_page(request, error)
        if page is not None:
            return page
    retry_after = error.details.get("retry_after")
    headers = {"Retry-After": str(retry_after)} if retry_after is not None else None
    return _error(request, error.status, error.code, error.text, error.details, headers)


def _error(
    request: Request,
    status: int,
    code: str,
    message: str,
    details: dict[str, object],
    headers: dict[str, str] | None = None,
) -> Response:
    if request.url.path.startswith(open311_rendering.PREFIX):
        return open311_rendering.error(request, status, message, headers)
    if (page := console.refusal_page(request, status, message, headers)) is not None:
        return page
    return as_json(status, code, message, details, headers)
