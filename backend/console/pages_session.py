"""Signing in, changing one's password, signing out."""

from typing import Annotated

from fastapi import APIRouter, Form, Query, Request, Response
from fastapi.responses import RedirectResponse
from sqlalchemy.ext.asyncio import AsyncSession

from backend.agents import service as agents
from backend.agents import sessions
from backend.agents.auth import (
    COOKIE,
    AnyUser,
    check_code,
    check_origin,
    check_password,
    confirm_password,
    delete_cookie,
    origin_of,
    set_cookie,
)
from backend.agents.errors import WeakPassword, WrongCode, WrongCredentials
from backend.agents.models import DESK_ROLES, PresenceState, Role, User
from backend.console.rendering import AUDIT_HOME, HOME, LIAISON_HOME, page, safe_address
from backend.db import Tx
from backend.settings import Settings

router = APIRouter(prefix="/consola", include_in_schema=False)

#: The first page of those whose console is a part of its own.
_HOMES = {Role.LIAISON: (LIAISON_HOME,), Role.AUDITOR: (AUDIT_HOME, "/consola/transparencia")}
#: The page after signing out forgets what was left half-written; after a session's end it is kept.
_LEFT = "salio"
_TOO_LATE = "Pasó el tiempo para escribir el código. Entre de nuevo."


def _first_page(user: User, wanted: str) -> str:
    """Where somebody who signs in goes."""
    page, homes = safe_address(wanted), _HOMES.get(user.role)
    return page if homes is None or page.startswith(homes) else homes[0]


@router.get("/entrar")
async def login_page(request: Request, siguiente: Annotated[str, Query()] = HOME, aviso: str = "") -> Response:
    return page(request, "login.html", {"siguiente": safe_address(siguiente), "has_left": aviso == _LEFT})


@router.post("/entrar")
async def login(
    request: Request,
    tx: Tx,
    username: Annotated[str, Form(max_length=200)] = "",
    password: Annotated[str, Form(max_length=400)] = "",
    siguiente: Annotated[str, Form()] = HOME,
) -> Response:
    check_origin(request)
    try:
        user = await check_password(request, username, password)
    except WrongCredentials as refused:
        context = {"error": refused.text, "username": username, "siguiente": safe_address(siguiente)}
        return page(request, "login.html", context, refused.status)
    if user.second_factor_since is None:
        return await _let_in(request, tx, user, siguiente)
    settings: Settings = request.app.state.settings
    context = {"step": sessions.step_of(user, settings.key), "siguiente": safe_address(siguiente)}
    return page(request, "login_code.html", context)


@router.post("/entrar/codigo")
async def login_code(
    request: Request,
    tx: Tx,
    paso: Annotated[str, Form(max_length=1000)] = "",
    codigo: Annotated[str, Form(max_length=60)] = "",
    siguiente: Annotated[str, Form()] = HOME,
) -> Response:
    """The second step: the code of one's telephone, or a recovery code."""
    check_origin(request)
    settings: Settings = request.app.state.settings
    user = await sessions.user_of_step(tx, paso, settings.key)
    if user is None:
        return page(request, "login.html", {"error": _TOO_LATE, "siguiente": safe_address(siguiente)}, 401)
    try:
        user = await check_code(request, user, codigo)
    except WrongCode as refused:
        context = {"error": refused.text, "step": paso, "siguiente": safe_address(siguiente)}
        return page(request, "login_code.html", context, refused.status)
    return await _let_in(request, tx, user, siguiente)


async def _let_in(request: Request, session: AsyncSession, user: User, wanted: str) -> Response:
    opened = await sessions.sign_in(session, user, origin_of(request))
    target = f"{HOME}/contrasena" if user.must_change_password else _first_page(user, wanted)
    response = RedirectResponse(target, status_code=303)
    set_cookie(response, opened.token)
    return response


@router.get("/contrasena")
async def password_page(request: Request, user: AnyUser) -> Response:
    return page(request, "password.html", {"account": user})


@router.post("/contrasena")
async def change_password(
    request: Request,
    tx: Tx,
    user: AnyUser,
    current: Annotated[str, Form(max_length=400)] = "",
    new: Annotated[str, Form(max_length=400)] = "",
    again: Annotated[str, Form(max_length=400)] = "",
) -> Response:
    error: str | None = None
    if new != again:
        error = "La contraseña nueva y su repetición no son iguales."
    else:
        try:
            await confirm_password(request, user, current)
            await sessions.change_password(tx, user, current, new)
        except (WeakPassword, WrongCredentials) as refused:
            error = refused.text
    if error is not None:
        return page(request, "password.html", {"account": user, "error": error}, 422)
    opened = await sessions.open_session(tx, user, origin_of(request))
    response = RedirectResponse(f"{_first_page(user, HOME)}?aviso=contrasena", status_code=303)
    set_cookie(response, opened.token)
    return response


@router.post("/salir")
async def logout(request: Request, tx: Tx, user: AnyUser) -> Response:
    token = request.cookies.get(COOKIE)
    if token:
        await sessions.close_session(tx, token)
    if user.role in DESK_ROLES:
        await agents.set_presence(tx, user.id, PresenceState.OFFLINE)
    response = RedirectResponse(f"{HOME}/entrar?aviso={_LEFT}", status_code=303)
    delete_cookie(response)
    return response
