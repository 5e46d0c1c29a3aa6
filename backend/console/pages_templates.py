"""The administrator's page on an account's WhatsApp templates."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Form, Response
from fastapi.responses import RedirectResponse

from backend.console import channel_texts
from backend.console.desk import AdminDesk, Desk
from backend.errors import ChatSonoraError, InvalidInput, NotFound
from backend.messaging import accounts, templates
from backend.messaging.models import TemplatePurpose
from backend.messaging.template_texts import PROPOSALS, filled

router = APIRouter(prefix="/consola/canales/{account_id}/plantillas", include_in_schema=False)

Text = Annotated[str, Form(max_length=4000)]


@router.get("")
async def page(desk: AdminDesk, account_id: UUID) -> Response:
    return await _page(desk, account_id)


async def _page(
    desk: Desk,
    account_id: UUID,
    *,
    typed: dict[TemplatePurpose, str] | None = None,
    error: ChatSonoraError | None = None,
) -> Response:
    async with desk.database.transaction() as session:
        account = await accounts.get(session, account_id)
        if account.channel != "whatsapp":
            raise NotFound("Este canal no usa plantillas.")
        rows = await templates.overview(session, account_id)
    context = {
        "active": "channels",
        "account": account,
        "rows": rows,
        "typed": typed or {},
        "proposals": PROPOSALS,
        "states": channel_texts.TEMPLATE_STATES,
        "sample": _sample,
        "error": error.text if error else None,
    }
    return await desk.page("channel_templates.html", context, error.status if error else 200)


def _sample(row: templates.PurposeTemplates) -> str:
    """The text as the citizen would read it, filled with the examples."""
    samples = [variable.sample for variable in PROPOSALS[row.purpose].variables]
    return filled(row.text, samples)


@router.post("/{purpose}")
async def act(desk: AdminDesk, account_id: UUID, purpose: str, action: Text = "", text: Text = "") -> Response:
    """Save a draft, submit it, or ask for its state."""
    wanted = _purpose(purpose)
    text = text.replace("\r\n", "\n")
    try:
        await _act(desk, account_id, wanted, action, text)
    except ChatSonoraError as refused:
        return await _page(desk, account_id, typed={wanted: text} if text else None, error=refused)
    return RedirectResponse(
        f"/consola/canales/{account_id}/plantillas?aviso=plantilla_{action}#{wanted.value}", status_code=303
    )


def _purpose(raw: str) -> TemplatePurpose:
    try:
        return TemplatePurpose(raw)
    except ValueError:
        raise NotFound("No existe esa plantilla.") from None


async def _act(desk: Desk, account_id: UUID, purpose: TemplatePurpose, action: str, text: str) -> None:
    match action:
        case "guardar":
            async with desk.database.transaction() as session:
                await accounts.get(session, account_id)
                await templates.save_draft(session, desk.user, account_id, purpose, text)
        case "solicitar":
            await templates.submit(desk.database, desk.adapters, desk.user, account_id, purpose, text)
        case "actualizar":
            async with desk.database.transaction() as session:
                rows = await templates.overview(session, account_id)
            newest = next(row.newest for row in rows if row.purpose is purpose)
            if newest is None:
                raise NotFound("Esa plantilla todavía no se solicita.")
            await templates.refresh(desk.database, desk.adapters, newest.id)
        case _:
            raise InvalidInput("Esa acción no existe.")
