"""Where the vendors call. A 2xx is answered only for what is committed."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import Any
from uuid import UUID

import structlog
from fastapi import APIRouter, Request, Response
from fastapi.responses import FileResponse
from sqlalchemy.exc import OperationalError

from backend.conversations import files
from backend.conversations.files import FileStore
from backend.db import Database, Tx
from backend.errors import Forbidden
from backend.messaging.adapters import Adapters
from backend.outbox import media_links
from backend.settings import Settings
from backend.webhooks import service
from backend.webhooks.reception import ChannelOff, Reception, opened, verify
from channels.port import WebhookRequest

log = structlog.get_logger(__name__)

router = APIRouter(tags=["canales"])
_MAX_BODY = 1024 * 1024
#: How long a call is held while the database restarts: three of Twilio's tries fit into its 15 seconds.
HOLD_SECONDS = 4.0
_HOLD_PAUSE = 0.3


async def _call(request: Request) -> WebhookRequest:
    settings: Settings = request.app.state.settings
    query = f"?{request.url.query}" if request.url.query else ""
    body = await request.body()
    if len(body) > _MAX_BODY:
        raise Forbidden("La llamada es demasiado grande.")
    return WebhookRequest(f"{settings.base_url}{request.url.path}{query}", dict(request.headers.items()), body)


_ANSWERS: dict[int | str, dict[str, Any]] = {
    403: {"description": "La llamada no es auténtica, o es demasiado grande."},
    404: {"description": "No existe esa cuenta."},
    503: {"description": ChannelOff.message},
}


@router.post("/webhooks/{channel}/{account_id}", responses=_ANSWERS)
async def receive(request: Request, channel: str, account_id: UUID) -> Response:
    """What citizens send: 403 unless it is the vendor's call, 200 once it is committed; a worker reads it."""
    reception: Reception = request.app.state.reception
    call = await _call(request)
    await _through_a_restart(lambda: reception.accept(channel, account_id, call))
    return _nothing_to_say()


@router.post("/webhooks/{channel}/{account_id}/status", responses=_ANSWERS)
async def receive_status(request: Request, channel: str, account_id: UUID) -> Response:
    """How messages of ours fare: 403 unless it is the vendor's call, 200 once what it says is committed."""
    database: Database = request.app.state.database
    adapters: Adapters = request.app.state.adapters
    call = await _call(request)

    async def take() -> None:
        async with database.transaction() as session:
            account, adapter = await opened(session, adapters, channel, account_id)
            verify(account_id, adapter, call)
            await service.take_in(session, account, adapter, call)

    await _through_a_restart(take)
    return _nothing_to_say()


def _nothing_to_say() -> Response:
    """What Twilio takes for it; Telegram reads no answer's body."""
    return Response("<Response/>", media_type="text/xml")


async def _through_a_restart(work: Callable[[], Awaitable[None]]) -> None:
    """Do it again while the database is away, for a few seconds: Twilio's three tries are over in no time.

    What it does is the same when done twice, as a vendor's call is.
    """
    give_up_at = time.monotonic() + HOLD_SECONDS
    while True:
        try:
            return await work()
        except OperationalError as error:
            if time.monotonic() > give_up_at:
                raise
            log.warning("webhook_held", error=type(error).__name__)
            await asyncio.sleep(_HOLD_PAUSE)


@router.get("/media/{attachment_id}/{expires}/{signature}", response_class=FileResponse)
async def media(request: Request, tx: Tx, attachment_id: UUID, expires: int, signature: str) -> FileResponse:
    """A file of ours, for a vendor that fetches what it must send: the signed address opens it for a while."""
    settings: Settings = request.app.state.settings
    store: FileStore = request.app.state.files
    if not media_links.is_valid(settings, attachment_id, expires, signature):
        raise Forbidden("Esta dirección ya no es válida.")
    return store.response(await files.find(tx, attachment_id))
