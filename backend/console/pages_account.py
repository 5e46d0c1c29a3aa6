"""«Mi cuenta»: one's second factor, recovery codes and open sessions; for every role."""

from typing import Annotated, Any

import segno
from fastapi import APIRouter, Form, Request, Response
from fastapi.responses import RedirectResponse
from sqlalchemy.ext.asyncio import AsyncSession

from backend.agents import second_factor, sessions
from backend.agents.auth import COOKIE, AccountOwner, check_code, confirm_password, owes_second_factor
from backend.agents.errors import WrongCode
from backend.agents.models import User
from backend.agents.second_factor import Enrolment
from backend.console import account_texts
from backend.console.rendering import NOTICES, page
from backend.db import Tx
from backend.errors import ChatSonoraError, Forbidden
from backend.settings import Settings

router = APIRouter(prefix="/consola/mi-cuenta", include_in_schema=False)

ADDRESS = "/consola/mi-cuenta"
Typed = Annotated[str, Form(max_length=400)]


@router.get("")
async def account(request: Request, tx: Tx, user: AccountOwner) -> Response:
    return await _page(request, tx, user)


async def _page(
    request: Request,
    session: AsyncSession,
    user: User,
    *,
    enrolment: Enrolment | None = None,
    codes: list[str] | None = None,
    form: str = "",
    error: ChatSonoraError | None = None,
) -> Response:
    """The page; `codes` and `enrolment` are shown on this answer only, `error` at its `form`."""
    context = {
        "account": user,
        "owes": owes_second_factor(request, user),
        "is_required": user.role in _settings(request).second_factor_required_for,
        "left": await second_factor.codes_left(session, user),
        "sessions": await sessions.live_sessions(session, user),
        "this": sessions.digest(request.cookies.get(COOKIE, "")),
        "device": account_texts.device,
        "notice": NOTICES.get(request.query_params.get("aviso", "")),
        "codes": codes,
        "form": form,
        "error": error.text if error else None,
        **_drawn(enrolment),
    }
    return page(request, "account.html", context, error.status if error else 200)


def _drawn(enrolment: Enrolment | None) -> dict[str, Any]:
    if enrolment is None:
        return {"secret": None}
    code = segno.make(enrolment.address, error="m")
    groups = " ".join(enrolment.secret[start : start + 4] for start in range(0, len(enrolment.secret), 4))
    return {"secret": groups, "qr": code.svg_data_uri(scale=5, border=3, light="#fff")}


def _settings(request: Request) -> Settings:
    settings: Settings = request.app.state.settings
    return settings


@router.post("/segundo-factor")
async def begin(request: Request, tx: Tx, user: AccountOwner, password: Typed = "") -> Response:
    """Show the QR, to whoever knows the password: a console left open enrols nobody else's telephone."""
    try:
        await confirm_password(request, user, password)
        enrolment = await second_factor.begin(tx, user, _settings(request).key)
    except ChatSonoraError as refused:
        return await _page(request, tx, user, form="begin", error=refused)
    return await _page(request, tx, user, enrolment=enrolment)


@router.post("/segundo-factor/confirmar")
async def confirm(request: Request, tx: Tx, user: AccountOwner, codigo: Typed = "") -> Response:
    """The first code; the recovery codes are shown on this answer and never again."""
    key = _settings(request).key
    try:
        codes = await second_factor.confirm(tx, user, key, codigo)
    except WrongCode as refused:
        enrolment = await second_factor.pending(tx, user, key)
        return await _page(request, tx, user, enrolment=enrolment, form="confirm", error=refused)
    return await _page(request, tx, user, codes=codes)


@router.post("/segundo-factor/codigos")
async def renew_codes(request: Request, tx: Tx, user: AccountOwner, password: Typed = "") -> Response:
    """Other recovery codes, shown on this answer."""
    try:
        await confirm_password(request, user, password)
        if user.second_factor_since is None:
            raise Forbidden("Active primero su segundo factor.")
        codes = await second_factor.new_recovery_codes(tx, user)
    except ChatSonoraError as refused:
        return await _page(request, tx, user, form="codes", error=refused)
    return await _page(request, tx, user, codes=codes)


@router.post("/segundo-factor/quitar")
async def switch_off(request: Request, tx: Tx, user: AccountOwner, codigo: Typed = "") -> Response:
    """Take one's own second factor away, with a code of it."""
    try:
        if user.role in _settings(request).second_factor_required_for:
            raise Forbidden("Su perfil pide un segundo factor: no se puede quitar.")
        await check_code(request, user, codigo)
        await second_factor.switch_off(tx, await tx.get_one(User, user.id, populate_existing=True), by=user)
    except ChatSonoraError as refused:
        return await _page(request, tx, user, form="off", error=refused)
    return RedirectResponse(f"{ADDRESS}?aviso=sin_segundo_factor", status_code=303)


@router.post("/sesiones")
async def close_others(request: Request, tx: Tx, user: AccountOwner) -> Response:
    """End one's other sessions, and what one's programs hold."""
    await sessions.close_others(tx, user, request.cookies.get(COOKIE, ""))
    return RedirectResponse(f"{ADDRESS}?aviso=sesiones_cerradas", status_code=303)
