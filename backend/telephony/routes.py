"""Where Twilio calls for telephone calls: each webhook is verified, kept, and answered from the database alone."""

from typing import Annotated, Any
from uuid import UUID

import structlog
from fastapi import APIRouter, Depends, Request, Response
from sqlalchemy.exc import DBAPIError

from backend import clock
from backend.db import Database
from backend.errors import Forbidden, NotFound
from backend.messaging import health
from backend.messaging.models import ChannelAccount
from backend.settings import Settings
from backend.telephony import calling, menus, messages, waiting, wording
from backend.telephony.lines import Lines, account_of
from backend.telephony.music import wav
from backend.telephony.turn import PREFIX, STEPS, Handler, Turn
from backend.webhooks import service as webhooks
from channels.port import Malformed, NotAuthentic, WebhookRequest
from channels.twiml import HangUp, Say, Step, render
from channels.voice import VoiceLine, read

__all__ = ["calling", "menus", "messages", "router", "waiting"]  # the modules of the steps

log = structlog.get_logger(__name__)

router = APIRouter(prefix=PREFIX, tags=["canales"])
_MAX_BODY = 64 * 1024
_ANSWERS: dict[int | str, dict[str, Any]] = {
    403: {"description": "La llamada no es auténtica."},
    404: {"description": "No existe esa cuenta, o ese paso."},
}


@router.get("/musica.wav", response_class=Response)
async def music() -> Response:
    """What is heard while waiting."""
    return Response(wav(), media_type="audio/wav", headers={"Cache-Control": "public, max-age=86400"})


async def _call(request: Request) -> WebhookRequest:
    settings: Settings = request.app.state.settings
    query = f"?{request.url.query}" if request.url.query else ""
    body = await request.body()
    if len(body) > _MAX_BODY:
        raise Forbidden("La llamada es demasiado grande.")
    return WebhookRequest(f"{settings.base_url}{request.url.path}{query}", dict(request.headers), body)


Call = Annotated[WebhookRequest, Depends(_call)]


@router.post("/{account_id}/{step}", responses=_ANSWERS)
@router.post("/{account_id}/{step}/{subject}", responses=_ANSWERS)
async def receive(request: Request, call: Call, account_id: UUID, step: str, subject: UUID | None = None) -> Response:
    """403 unless it is Twilio's; else what the caller hears next, once what was told is committed.

    While the database is away a caller hears that we cannot attend now, rather than Twilio's words for a fault.
    """
    handler = STEPS.get(step)
    if handler is None:
        raise NotFound
    try:
        account, line = await _opened(request, account_id)
        try:
            line.verify(call)
        except NotAuthentic as error:
            log.warning("webhook_refused", account_id=str(account_id))
            raise Forbidden("La llamada no trae una firma válida.") from error
        return _twiml(await _answer(request, account, call, handler, subject))
    except DBAPIError as error:
        log.error("voice_without_database", step=step, error=type(error.orig).__name__)
        if not _is_told_aloud(step):
            raise
        return _twiml([Say(wording.NOT_NOW), HangUp()])


def _is_told_aloud(step: str) -> bool:
    """Not a mere notification, of which Twilio must learn that it was not kept."""
    return "estado" not in step and not step.startswith("grabacion")


async def _opened(request: Request, account_id: UUID) -> tuple[ChannelAccount, VoiceLine]:
    """The account that is called and its line, in a short transaction of its own."""
    database: Database = request.app.state.database
    lines: Lines = request.app.state.lines
    async with database.transaction() as session:
        account = await account_of(session, account_id)
    line = await lines.open(account) if account is not None else None
    if account is None or line is None:
        raise NotFound
    return account, line


async def _answer(
    request: Request, account: ChannelAccount, call: WebhookRequest, handler: Handler, subject: UUID | None
) -> list[Step]:
    database: Database = request.app.state.database
    async with database.transaction() as session:
        try:
            told = read(call)
        except Malformed as error:
            log.error("webhook_unreadable", account_id=str(account.id), reason=str(error))
            await webhooks.keep_unreadable(session, account, call, str(error))
            return [HangUp()]
        settings: Settings = request.app.state.settings
        query = dict(request.query_params)
        turn = Turn(session, settings, account, told, subject, query, clock.now())
        steps = list(await handler(turn))
        await health.note_inbound(session, account)
    return steps


def _twiml(steps: list[Step]) -> Response:
    return Response(render(steps), media_type="text/xml")
