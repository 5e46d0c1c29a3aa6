"""The administrator's pages on channels: what there is, how it fares, and setting it up."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Form, Request, Response
from fastapi.responses import RedirectResponse

from backend.audit import service as audit
from backend.console import channel_texts
from backend.console.desk import AdminDesk, Desk
from backend.errors import ChatSonoraError, InvalidInput
from backend.messaging import accounts, setup
from backend.messaging.adapters import webhook_address
from backend.messaging.errors import FieldsRefused
from backend.messaging.meanings import meaning_of
from backend.messaging.models import ChannelAccount, ReceiveMode
from channels.catalogue import ACCOUNTS, CHANNELS

router = APIRouter(prefix="/consola/canales", include_in_schema=False)

#: Twilio tries again, up to three times, whatever went wrong
#: (https://www.twilio.com/docs/usage/webhooks/webhooks-connection-overrides).
_RETRIES = "#rc=3&rp=all"

Text = Annotated[str, Form(max_length=400)]


@dataclass
class Shown:
    """What a page shows beside the account itself: what was typed, what is wrong with it, what the vendor said."""

    typed: Mapping[str, str] | None = None
    problems: Mapping[str, str] = field(default_factory=dict)
    error: ChatSonoraError | None = None
    good: str | None = None
    health: setup.WebhookHealth | None = None
    tested: setup.TestOutcome | None = None

    @property
    def status(self) -> int:
        return self.error.status if self.error else 200


@router.get("")
async def listing(desk: AdminDesk) -> Response:
    async with desk.database.transaction() as session:
        known = await accounts.listed(session)
    kinds = [
        (kind, [_summary(desk, account) for account in known if account.channel == kind.name])
        for kind in ACCOUNTS.values()
    ]
    return await desk.page("channels.html", {"active": "channels", "kinds": kinds, **_address(desk)})


def _summary(desk: Desk, account: ChannelAccount) -> dict[str, Any]:
    state, tone = channel_texts.ACCOUNT_STATES[accounts.state_of(desk.settings, account)]
    meaning = meaning_of(account.last_error_code) if account.last_error_code else None
    return {"account": account, "state": state, "tone": tone, "meaning": meaning}


def _address(desk: Desk) -> dict[str, Any]:
    """Whether vendors can reach us at all."""
    return {"base_url": desk.settings.base_url, "is_public": desk.settings.base_url.startswith("https://")}


@router.get("/nueva/{channel}")
async def new(desk: AdminDesk, channel: str) -> Response:
    return await _new_page(desk, channel, Shown())


async def _new_page(desk: Desk, channel: str, shown: Shown) -> Response:
    kind = accounts.kind_of(channel)
    values = shown.typed or {}
    context = {"active": "channels", "kind": kind, "values": values, "saved_at": {}, "problems": shown.problems}
    context |= {"name": values.get("name", kind.title), "error": shown.error.text if shown.error else None}
    return await desk.page("channel_new.html", context | _address(desk), shown.status)


@router.post("/nueva/{channel}")
async def create(desk: AdminDesk, request: Request, channel: str) -> Response:
    typed = await _typed(request)
    try:
        async with desk.database.transaction() as session:
            account = await accounts.create(session, desk.settings, desk.user, channel, typed.get("name", ""), typed)
    except FieldsRefused as refused:
        return await _new_page(desk, channel, Shown(_without_secrets(channel, typed), refused.problems, refused))
    except ChatSonoraError as refused:
        return await _new_page(desk, channel, Shown(_without_secrets(channel, typed), error=refused))
    return RedirectResponse(f"/consola/canales/{account.id}?aviso=canal_nuevo", status_code=303)


async def _typed(request: Request) -> dict[str, str]:
    return {name: value for name, value in (await request.form()).items() if isinstance(value, str)}


def _without_secrets(channel: str, typed: Mapping[str, str]) -> dict[str, str]:
    secret = {one.name for one in accounts.kind_of(channel).fields if one.is_secret}
    return {name: value for name, value in typed.items() if name not in secret}


@router.get("/{account_id}")
async def account_page(desk: AdminDesk, account_id: UUID) -> Response:
    async with desk.database.transaction() as session:
        channel = (await accounts.get(session, account_id)).channel
    if channel not in CHANNELS:
        return RedirectResponse(f"/consola/canales/telefono/{account_id}?{desk.request.url.query}", status_code=303)
    return await _account_page(desk, account_id, Shown())


async def _account_page(desk: Desk, account_id: UUID, shown: Shown) -> Response:
    async with desk.database.transaction() as session:
        account = await accounts.get(session, account_id)
        trail = await audit.trail(session, account_id)
        chats = await setup.latest_chats(session, account) if account.channel == "telegram" else []
    kind = CHANNELS[account.channel]
    address = webhook_address(desk.settings, account)
    context = {
        "active": "channels",
        "kind": kind,
        "name": shown.typed.get("name", account.name) if shown.typed is not None else account.name,
        "values": shown.typed if shown.typed is not None else accounts.known_values(desk.settings, account) or {},
        "saved_at": accounts.secrets_saved_at(account),
        "problems": shown.problems,
        "error": shown.error.text if shown.error else None,
        "good": shown.good,
        "health": shown.health,
        "tested": shown.tested,
        "webhook": address if kind.can_poll else f"{address}{_RETRIES}",
        "status_webhook": None if kind.can_poll else f"{address}/status{_RETRIES}",
        "receive_mode": channel_texts.RECEIVE_MODES[account.receive_mode],
        "is_polling": account.receive_mode is ReceiveMode.POLL,
        "has_templates": account.channel == "whatsapp",
        "trail": [(event.at, name, channel_texts.EVENTS.get(event.kind, event.kind)) for event, name in trail],
        "chats": chats,
        **_summary(desk, account),
        **_address(desk),
    }
    return await desk.page("channel.html", context, shown.status)


@router.post("/{account_id}")
async def save(desk: AdminDesk, request: Request, account_id: UUID) -> Response:
    typed = await _typed(request)
    async with desk.database.transaction() as session:
        channel = (await accounts.get(session, account_id)).channel
    try:
        async with desk.database.transaction() as session:
            await accounts.update(session, desk.settings, desk.user, account_id, typed.get("name", ""), typed)
    except FieldsRefused as refused:
        shown = Shown(_without_secrets(channel, typed), refused.problems, refused)
        return await _account_page(desk, account_id, shown)
    return RedirectResponse(f"/consola/canales/{account_id}?aviso=canal", status_code=303)


@router.post("/{account_id}/accion")
async def act(desk: AdminDesk, account_id: UUID, action: Text = "") -> Response:
    """A button of the page. What the vendor says is shown on the answer; a change leads back to the page."""
    try:
        shown = await _act(desk, account_id, action)
    except ChatSonoraError as refused:
        return await _account_page(desk, account_id, Shown(error=refused))
    if shown is not None:
        return await _account_page(desk, account_id, shown)
    return RedirectResponse(f"/consola/canales/{account_id}?aviso=canal_{action}", status_code=303)


async def _act(desk: Desk, account_id: UUID, action: str) -> Shown | None:
    match action:
        case "probar":
            name = await setup.check(desk.database, desk.adapters, desk.user, account_id)
            return Shown(good=f"Las credenciales funcionan. El proveedor conoce la cuenta como «{name}».")
        case "encender":
            await setup.switch_on(desk.database, desk.adapters, desk.user, account_id)
        case "apagar":
            async with desk.database.transaction() as session:
                await accounts.switch(session, desk.user, account_id, is_on=False)
        case "webhook":
            await _receive(desk, account_id, ReceiveMode.WEBHOOK)
        case "consulta":
            await _receive(desk, account_id, ReceiveMode.POLL)
        case "salud":
            return Shown(health=await setup.webhook_health(desk.database, desk.adapters, desk.settings, account_id))
        case _:
            raise InvalidInput("Esa acción no existe.")
    return None


async def _receive(desk: Desk, account_id: UUID, mode: ReceiveMode) -> None:
    await setup.set_receive_mode(desk.database, desk.adapters, desk.settings, desk.user, account_id, mode)


@router.post("/{account_id}/prueba")
async def test(desk: AdminDesk, account_id: UUID, recipient: Text = "") -> Response:
    try:
        tested = await setup.send_test(desk.database, desk.adapters, desk.user, account_id, recipient)
    except ChatSonoraError as refused:
        return await _account_page(desk, account_id, Shown(error=refused))
    return await _account_page(desk, account_id, Shown(tested=tested))
