"""Where the vendors call. A 2xx is answered only for what is committed."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence
from typing import Any, TypeVar
from uuid import UUID

import structlog
from fastapi import APIRouter, BackgroundTasks, Request, Response
from fastapi.responses import FileResponse
from procrastinate.exceptions import ConnectorException
from sqlalchemy.exc import OperationalError
from sqlalchemy.ext.asyncio import AsyncSession

from backend.conversations import files
from backend.conversations.files import FileStore
from backend.db import Database, Tx
from backend.errors import ChatSonoraError, Forbidden, NotFound
from backend.messaging.adapters import Adapters
from backend.messaging.models import ChannelAccount
from backend.outbox import media_links
from backend.settings import Settings
from backend.webhooks import service
from channels.port import Inbound, Malformed, NotAuthentic, VendorChannel, WebhookRequest

log = structlog.get_logger(__name__)

router = APIRouter(tags=["canales"])
#: What Twilio takes for "nothing to say"; Telegram reads no answer's body.
_NOTHING_TO_SAY = "<Response/>"
_MAX_BODY = 1024 * 1024
#: How long a call is held while the database restarts: three of Twilio's tries fit into its 15 seconds.
HOLD_SECONDS = 4.0
_HOLD_PAUSE = 0.3
T = TypeVar("T")


class ChannelOff(ChatSonoraError):
    """Telegram tries again for a day, in order; Twilio reports an error."""

    status = 503
    code = "canal_apagado"
    message = "Este canal está apagado."


async def _call(request: Request) -> WebhookRequest:
    settings: Settings = request.app.state.settings
    query = f"?{request.url.query}" if request.url.query else ""
    body = await request.body()
    if len(body) > _MAX_BODY:
        raise Forbidden("La llamada es demasiado grande.")
    return WebhookRequest(f"{settings.base_url}{request.url.path}{query}", dict(request.headers), body)


_ANSWERS: dict[int | str, dict[str, Any]] = {
    403: {"description": "La llamada no es auténtica, o es demasiado grande."},
    404: {"description": "No existe esa cuenta."},
    503: {"description": ChannelOff.message},
}


@router.post("/webhooks/{channel}/{account_id}", responses=_ANSWERS)
@router.post("/webhooks/{channel}/{account_id}/status", responses=_ANSWERS)
async def receive(request: Request, background: BackgroundTasks, channel: str, account_id: UUID) -> Response:
    """A vendor's call: 403 unless it is authentic, 200 once what it says is committed."""
    database: Database = request.app.state.database
    adapters: Adapters = request.app.state.adapters
    call = await _call(request)

    async def take() -> tuple[VendorChannel, Sequence[Inbound]]:
        async with database.transaction() as session:
            account, adapter = await _opened(session, adapters, channel, account_id)
            _verify(account, adapter, call)
            return adapter, await _store(session, account, adapter, call)

    adapter, inbounds = await _through_a_restart(take)
    for inbound in inbounds:
        background.add_task(_settle, adapter, inbound)
    return Response(_NOTHING_TO_SAY, media_type="text/xml")


async def _opened(
    session: AsyncSession, adapters: Adapters, channel: str, account_id: UUID
) -> tuple[ChannelAccount, VendorChannel]:
    """The account that is called and its adapter."""
    account = await service.account_of(session, channel, account_id)
    if account is None:
        raise NotFound
    adapter = await adapters.open(account) if account.is_on else None
    if adapter is None:
        raise ChannelOff
    return account, adapter


def _verify(account: ChannelAccount, adapter: VendorChannel, call: WebhookRequest) -> None:
    """Reckoned here, and nobody asked: the transaction that is open meanwhile is none the longer for it."""
    try:
        adapter.verify(call)
    except NotAuthentic as error:
        log.warning("webhook_refused", account_id=str(account.id))
        raise Forbidden("La llamada no trae una firma válida.") from error


async def _store(
    session: AsyncSession, account: ChannelAccount, adapter: VendorChannel, call: WebhookRequest
) -> Sequence[Inbound]:
    try:
        inbounds = adapter.parse(call)
    except Malformed as error:
        log.error("webhook_unreadable", account_id=str(account.id), reason=str(error))
        await service.keep_unreadable(session, account, call, str(error))
        return ()
    for inbound in inbounds:
        await service.store(session, account, inbound)
    return inbounds


async def _through_a_restart(work: Callable[[], Awaitable[T]]) -> T:
    """Do it again while the database is away, for a few seconds: Twilio's three tries are over in no time.

    What it does is the same when done twice, as a vendor's call is.
    """
    give_up_at = time.monotonic() + HOLD_SECONDS
    while True:
        try:
            return await work()
        except (OperationalError, ConnectorException) as error:
            if time.monotonic() > give_up_at:
                raise
            log.warning("webhook_held", error=type(error).__name__)
            await asyncio.sleep(_HOLD_PAUSE)


async def _settle(adapter: VendorChannel, inbound: Inbound) -> None:
    await adapter.settle(inbound, group_refusal=service.GROUP_REFUSAL)


@router.get("/media/{attachment_id}/{expires}/{signature}", response_class=FileResponse)
async def media(request: Request, tx: Tx, attachment_id: UUID, expires: int, signature: str) -> FileResponse:
    """A file of ours, for a vendor that fetches what it must send: the signed address opens it for a while."""
    settings: Settings = request.app.state.settings
    store: FileStore = request.app.state.files
    if not media_links.is_valid(settings, attachment_id, expires, signature):
        raise Forbidden("Esta dirección ya no es válida.")
    return store.response(await files.find(tx, attachment_id))
