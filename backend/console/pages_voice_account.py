"""The administrator's page of a telephone number: credentials, how it answers, where Twilio calls."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Form, Request, Response
from fastapi.responses import RedirectResponse

from backend.audit import service as audit
from backend.console import channel_texts, telephony_texts
from backend.console.desk import AdminDesk, Desk
from backend.errors import ChatSonoraError, InvalidInput, NotFound
from backend.messaging import accounts
from backend.messaging.errors import FieldsRefused
from backend.messaging.meanings import meaning_of
from backend.telephony import agents as telephony_agents
from backend.telephony import calling, settings, setup
from backend.telephony.lines import Lines, account_of
from backend.telephony.turn import Addresses
from channels.catalogue import VOICE

router = APIRouter(prefix="/consola/canales/telefono", include_in_schema=False)


@dataclass
class Shown:
    """What was typed and refused, in which of the two forms, and what Twilio said."""

    typed: Mapping[str, str] | None = None
    options: Mapping[str, Any] | None = None
    problems: Mapping[str, str] = field(default_factory=dict)
    error: ChatSonoraError | None = None
    good: str | None = None


@router.get("/{account_id}")
async def account_page(desk: AdminDesk, account_id: UUID) -> Response:
    return await _page(desk, account_id, Shown())


async def _page(desk: Desk, account_id: UUID, shown: Shown) -> Response:
    async with desk.database.transaction() as session:
        account = await account_of(session, account_id)
        if account is None:
            raise NotFound("No existe esa cuenta.")
        trail = await audit.trail(session, account_id)
        reachable = await telephony_agents.with_number(session)
        areas = await calling.areas(session)
    state, tone = channel_texts.ACCOUNT_STATES[accounts.state_of(desk.settings, account)]
    addresses = Addresses.of(desk.settings, account_id)
    events = channel_texts.EVENTS | telephony_texts.EVENTS
    context = {
        "active": "channels",
        "kind": VOICE,
        "account": account,
        "state": state,
        "tone": tone,
        "meaning": meaning_of(account.last_error_code) if account.last_error_code else None,
        "name": shown.typed.get("name", account.name) if shown.typed is not None else account.name,
        "values": shown.typed if shown.typed is not None else accounts.known_values(desk.settings, account) or {},
        "saved_at": accounts.secrets_saved_at(account),
        "options": shown.options if shown.options is not None else asdict(settings.of(account)),
        "limits": {"queue_size": settings.MOST_WAITING, "wait_minutes": settings.WAIT_MINUTES},
        "problems": shown.problems,
        "error": shown.error.text if shown.error else None,
        "good": shown.good,
        "voice_webhook": addresses.to("entrada"),
        "status_webhook": addresses.to("estado"),
        "reachable": reachable,
        "areas": areas,
        "trail": [(event.at, name, events.get(event.kind, event.kind)) for event, name in trail],
        "base_url": desk.settings.base_url,
        "is_public": desk.settings.base_url.startswith("https://"),
    }
    return await desk.page("voice_account.html", context, shown.error.status if shown.error else 200)


async def _typed(request: Request) -> dict[str, str]:
    return {name: value for name, value in (await request.form()).items() if isinstance(value, str)}


@router.post("/{account_id}")
async def save(desk: AdminDesk, request: Request, account_id: UUID) -> Response:
    """The credentials."""
    typed = await _typed(request)
    try:
        async with desk.database.transaction() as session:
            await accounts.update(session, desk.settings, desk.user, account_id, typed.get("name", ""), typed)
    except FieldsRefused as refused:
        secrets = {one.name for one in VOICE.fields if one.is_secret}
        kept = {name: value for name, value in typed.items() if name not in secrets}
        return await _page(desk, account_id, Shown(typed=kept, problems=refused.problems, error=refused))
    return RedirectResponse(f"/consola/canales/telefono/{account_id}?aviso=canal", status_code=303)


@router.post("/{account_id}/opciones")
async def save_options(desk: AdminDesk, request: Request, account_id: UUID) -> Response:
    """How the number answers."""
    typed = await _typed(request)
    try:
        wanted = settings.read(typed)
        async with desk.database.transaction() as session:
            await settings.save(session, desk.user, account_id, wanted)
    except FieldsRefused as refused:
        return await _page(desk, account_id, Shown(options=typed, problems=refused.problems, error=refused))
    return RedirectResponse(f"/consola/canales/telefono/{account_id}?aviso=telefonia", status_code=303)


@router.post("/{account_id}/accion")
async def act(
    desk: AdminDesk, request: Request, account_id: UUID, action: Annotated[str, Form(max_length=40)] = ""
) -> Response:
    lines: Lines = request.app.state.lines
    try:
        match action:
            case "probar":
                name = await setup.check(desk.database, lines, desk.user, account_id)
                good = f"Las credenciales funcionan. Twilio conoce la cuenta como «{name}»."
                return await _page(desk, account_id, Shown(good=good))
            case "encender":
                await setup.switch_on(desk.database, lines, desk.user, account_id)
            case "apagar":
                async with desk.database.transaction() as session:
                    await accounts.switch(session, desk.user, account_id, is_on=False)
            case _:
                raise InvalidInput("Esa acción no existe.")
    except ChatSonoraError as refused:
        return await _page(desk, account_id, Shown(error=refused))
    return RedirectResponse(f"/consola/canales/telefono/{account_id}?aviso=canal_{action}", status_code=303)
