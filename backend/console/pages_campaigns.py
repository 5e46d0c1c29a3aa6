"""Campaigns of calls: made from a filter of petitions or a spreadsheet, followed, paused and ended."""

import asyncio
import tempfile
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import urlencode
from uuid import UUID

from fastapi import APIRouter, Request, Response
from fastapi.responses import RedirectResponse
from sqlalchemy.ext.asyncio import AsyncSession
from starlette.datastructures import UploadFile

from backend import clock
from backend.agents import service as agents
from backend.agents.auth import CurrentHead, CurrentUser
from backend.agents.models import User
from backend.console import outreach_texts
from backend.console.petition_filters import Listing
from backend.console.rendering import staff_page
from backend.console.typed_forms import choice, day_of, texts_of
from backend.db import Tx
from backend.errors import ChatSonoraError, InvalidInput, TooLarge
from backend.ledger.models import Purpose
from backend.outreach import campaigns
from backend.outreach.campaigns import NewCampaign, Roll
from backend.outreach.errors import CallRefused
from backend.registry import deadlines

CAMPAIGNS = "/consola/campanas"
router = APIRouter(prefix=CAMPAIGNS, include_in_schema=False)
#: As many rows that a spreadsheet's list left out as a page shows.
_SHOWN = 50


@router.get("")
async def listed(request: Request, tx: Tx, user: CurrentUser) -> Response:
    context = {"active": "calls", "rows": await campaigns.listed(tx), "outreach": outreach_texts}
    return await staff_page(request, tx, user, "campaigns.html", context)


@router.get("/nueva")
async def new(request: Request, tx: Tx, user: CurrentHead) -> Response:
    """The form; with `filtro`, of the petitions of that filter, whose people it counts."""
    return await _form_page(request, tx, user, {"filtro": request.query_params.get("filtro", "")[:1000]})


async def _form_page(
    request: Request,
    session: AsyncSession,
    user: User,
    typed: Mapping[str, str],
    error: ChatSonoraError | None = None,
    roll: Roll | None = None,
) -> Response:
    query = Listing.parse(typed.get("filtro", "")).query
    if query and roll is None:
        try:
            roll = await _of_filter(session, user, query)
        except ChatSonoraError as refused:
            error = error or refused
    context = {
        "active": "calls",
        "typed": typed,
        "query": query,
        "roll": roll,
        "refused": roll.refused[:_SHOWN] if roll else [],
        "purposes": campaigns.PURPOSES,
        "outreach": outreach_texts,
        "most": campaigns.MOST,
        "problem": error.details.get("field") if error else None,
        "error": error.text if error else None,
    }
    return await staff_page(request, session, user, "campaign_new.html", context, error.status if error else 200)


async def _of_filter(session: AsyncSession, user: User, query: str) -> Roll:
    work, today = await deadlines.calendar(session), clock.local(clock.now()).date()
    return await campaigns.of_petitions(session, Listing.parse(query).filter(user, work, today))


@router.post("")
async def start(request: Request, tx: Tx, user: CurrentHead) -> Response:
    """Make the campaign, or say again what its list would leave out before it is made."""
    form = await request.form()
    typed = texts_of(form)
    query, roll = Listing.parse(typed.get("filtro", "")).query, None
    try:
        upload = form.get("archivo")
        if query:
            roll, source = await _of_filter(tx, user, query), f"Filtro de peticiones: {query}"
        else:
            roll, source = await _of_upload(upload if isinstance(upload, UploadFile) else None)
        if roll.refused and not typed.get("asi"):
            raise CallRefused(
                "Hay renglones sin un teléfono válido. Revíselos, o marque que siga sin ellos.", field="asi"
            )
        ends_on = day_of(typed.get("limite", ""), "Escriba bien la fecha límite.")
        if ends_on is None:
            raise CallRefused("Escriba la fecha límite.", field="ends_on")
        purpose = choice(Purpose, typed.get("proposito", "")) or Purpose.WRONG_NUMBER
        async with tx.begin_nested():
            made = NewCampaign(typed.get("nombre", ""), purpose, typed.get("guion", ""), ends_on)
            campaign = await campaigns.start(tx, user, made, roll, source)
    except ChatSonoraError as refused:
        return await _form_page(request, tx, user, typed, refused, roll)
    return RedirectResponse(f"{CAMPAIGNS}/{campaign.id}?aviso=campana", status_code=303)


async def _of_upload(upload: UploadFile | None) -> tuple[Roll, str]:
    if upload is None or not upload.filename:
        raise CallRefused("Elija la hoja con los nombres y los teléfonos.", field="archivo")
    data = await upload.read(campaigns.MAX_BYTES + 1)
    if len(data) > campaigns.MAX_BYTES:
        raise TooLarge(f"La hoja pasa de {campaigns.MAX_BYTES // 1024**2} MB.")
    return await asyncio.to_thread(_read, data), f"Hoja: {upload.filename[:200]}"


def _read(data: bytes) -> Roll:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "list"
        path.write_bytes(data)
        return campaigns.of_file(path)


@router.get("/{campaign_id}")
async def show(request: Request, tx: Tx, user: CurrentUser, campaign_id: UUID) -> Response:
    return await _page(request, tx, user, campaign_id)


async def _page(
    request: Request, session: AsyncSession, user: User, campaign_id: UUID, error: ChatSonoraError | None = None
) -> Response:
    campaign = await campaigns.get(session, campaign_id)
    context = {
        "active": "calls",
        "campaign": campaign,
        "far": (await campaigns.progress(session, [campaign.id]))[campaign.id],
        "outcomes": await campaigns.outcomes(session, campaign.id),
        "maker": (await agents.names(session, {campaign.created_by})).get(campaign.created_by, ""),
        "today": clock.local(clock.now()).date(),
        "calls": f"/consola/llamadas-pendientes?{urlencode({'campana': str(campaign.id)})}",
        "outreach": outreach_texts,
        "error": error.text if error else None,
    }
    return await staff_page(request, session, user, "campaign.html", context, error.status if error else 200)


@router.post("/{campaign_id}")
async def change(request: Request, tx: Tx, user: CurrentHead, campaign_id: UUID) -> Response:
    """Pause it, go on with it, or end it."""
    wanted = texts_of(await request.form()).get("accion")
    campaign = await campaigns.get(tx, campaign_id, for_update=True)
    try:
        if wanted in ("pausar", "reanudar"):
            await campaigns.pause(tx, campaign, is_paused=wanted == "pausar")
        elif wanted == "terminar":
            await campaigns.finish(tx, user, campaign)
        else:
            raise InvalidInput
    except ChatSonoraError as refused:
        return await _page(request, tx, user, campaign_id, refused)
    return RedirectResponse(f"{CAMPAIGNS}/{campaign_id}?aviso=campana_estado", status_code=303)
