"""The administrator's pages on other systems: their keys, and the webhooks that tell them what happens."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Form, Request, Response
from fastapi.responses import RedirectResponse

from backend.agents.models import Scope
from backend.audit import service as audit
from backend.console import integration_texts
from backend.console.desk import AdminDesk, Desk
from backend.errors import ChatSonoraError, InvalidInput
from backend.integrations import tokens
from backend.subscriptions import payload, service
from backend.subscriptions.sending import Sender
from backend.subscriptions.service import Wish

router = APIRouter(prefix="/consola/integraciones", include_in_schema=False)

Text = Annotated[str, Form(max_length=600)]
Choices = Annotated[list[str] | None, Form(max_length=80)]


@dataclass
class Shown:
    """What a page shows beside what is kept: what was typed, what is wrong with it, what is told once."""

    typed: Mapping[str, Any] = field(default_factory=dict)
    error: ChatSonoraError | None = None
    secret: str | None = None
    good: str | None = None

    @property
    def context(self) -> dict[str, Any]:
        wrong = self.error.details.get("field") if self.error else None
        return {
            "typed": self.typed,
            "error": self.error.text if self.error else None,
            "wrong": wrong,
            "secret": self.secret,
            "good": self.good,
        }

    @property
    def status(self) -> int:
        return self.error.status if self.error else 200


@router.get("")
async def listing(desk: AdminDesk) -> Response:
    return await _listing(desk, Shown())


async def _listing(desk: Desk, shown: Shown, form: str = "") -> Response:
    async with desk.database.transaction() as session:
        keys = await tokens.listed(session)
        subscriptions = await service.listed(session)
    context = {
        "active": "integrations",
        "words": integration_texts,
        "keys": keys,
        "subscriptions": subscriptions,
        "form": form,
        "allows_loopback": desk.settings.webhooks_to_loopback,
        "base_url": desk.settings.base_url,
    }
    return await desk.page("integrations.html", context | shown.context, shown.status)


@router.post("/llaves")
async def issue_key(
    desk: AdminDesk,
    name: Text = "",
    scopes: Choices = None,
    days: Annotated[str, Form(max_length=5)] = "",
) -> Response:
    typed = {"name": name, "scopes": scopes or [], "days": days}
    try:
        chosen = [Scope(one) for one in scopes or [] if one in set(Scope)]
        async with desk.database.transaction() as session:
            key = await tokens.issue(session, desk.user, name, chosen, int(days) if days.isdigit() else 0)
    except ChatSonoraError as refused:
        return await _listing(desk, Shown(typed, refused), "key")
    return await _listing(desk, Shown(secret=key, good=" ".join(name.split())), "key")


@router.post("/llaves/{key_id}/revocar")
async def revoke_key(desk: AdminDesk, key_id: UUID) -> Response:
    async with desk.database.transaction() as session:
        await tokens.revoke(session, desk.user, key_id)
    return RedirectResponse("/consola/integraciones?aviso=llave_revocada", status_code=303)


@router.post("/webhooks")
async def create(desk: AdminDesk, name: Text = "", url: Text = "", events: Choices = None) -> Response:
    typed = {"name": name, "url": url, "events": events or []}
    try:
        async with desk.database.transaction() as session:
            made, secret = await service.create(session, desk.settings, desk.user, Wish(name, url, events or ()))
    except ChatSonoraError as refused:
        return await _listing(desk, Shown(typed, refused), "webhook")
    return await _subscription(desk, made.id, Shown(secret=secret))


@router.get("/webhooks/{subscription_id}")
async def subscription(desk: AdminDesk, subscription_id: UUID) -> Response:
    return await _subscription(desk, subscription_id, Shown())


async def _subscription(desk: Desk, subscription_id: UUID, shown: Shown) -> Response:
    async with desk.database.transaction() as session:
        one = await service.get(session, subscription_id)
        deliveries = await service.latest(session, subscription_id)
        trail = await audit.trail(session, subscription_id)
    context = {
        "active": "integrations",
        "words": integration_texts,
        "one": one,
        "deliveries": deliveries,
        "trail": [(event.at, name, integration_texts.TRAIL.get(event.kind, event.kind)) for event, name in trail],
        "kind_of": payload.kind_of,
    }
    values = shown.typed or {"name": one.name, "url": one.url, "events": one.events}
    return await desk.page("webhook.html", context | shown.context | {"typed": values}, shown.status)


@router.post("/webhooks/{subscription_id}")
async def save(
    desk: AdminDesk,
    subscription_id: UUID,
    name: Text = "",
    url: Text = "",
    events: Choices = None,
) -> Response:
    try:
        async with desk.database.transaction() as session:
            await service.change(session, desk.settings, desk.user, subscription_id, Wish(name, url, events or ()))
    except InvalidInput as refused:
        typed = {"name": name, "url": url, "events": events or []}
        return await _subscription(desk, subscription_id, Shown(typed, refused))
    return RedirectResponse(f"/consola/integraciones/webhooks/{subscription_id}?aviso=webhook_guardado", 303)


@router.post("/webhooks/{subscription_id}/accion")
async def act(request: Request, desk: AdminDesk, subscription_id: UUID, action: Text = "") -> Response:
    """A button of the page."""
    match action:
        case "encender" | "apagar":
            async with desk.database.transaction() as session:
                await service.switch(session, desk.user, subscription_id, is_on=action == "encender")
            return RedirectResponse(f"/consola/integraciones/webhooks/{subscription_id}?aviso=webhook_{action}", 303)
        case "clave":
            async with desk.database.transaction() as session:
                secret = await service.renew_secret(session, desk.settings, desk.user, subscription_id)
            return await _subscription(desk, subscription_id, Shown(secret=secret))
        case "probar":
            async with desk.database.transaction() as session:
                made = await service.test(session, subscription_id)
            return await _sent(request, desk, subscription_id, made.id)
        case _:
            raise InvalidInput("Esa acción no existe.")


@router.post("/webhooks/{subscription_id}/envios/{delivery_id}")
async def redeliver(request: Request, desk: AdminDesk, subscription_id: UUID, delivery_id: UUID) -> Response:
    """Send a delivery once more, now."""
    try:
        async with desk.database.transaction() as session:
            await service.redeliver(session, subscription_id, delivery_id)
    except ChatSonoraError as refused:
        return await _subscription(desk, subscription_id, Shown(error=refused))
    return await _sent(request, desk, subscription_id, delivery_id)


async def _sent(request: Request, desk: Desk, subscription_id: UUID, delivery_id: UUID) -> Response:
    sender: Sender = request.app.state.webhooks
    outcome = await sender.send_now(delivery_id)
    if outcome is None:
        return await _subscription(desk, subscription_id, Shown(good="El envío ya va en camino."))
    if outcome.is_good:
        return await _subscription(desk, subscription_id, Shown(good=f"Se entregó: contestó {outcome.code}."))
    told = f"contestó {outcome.code}" if outcome.code else integration_texts.problem_text(outcome.problem)
    return await _subscription(desk, subscription_id, Shown(error=InvalidInput(f"No se entregó: {told}.")))
