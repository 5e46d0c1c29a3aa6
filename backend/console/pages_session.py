"""Signing in, changing one's password, signing out."""

from typing import Annotated

from fastapi import APIRouter, Form, Query, Request, Response
from fastapi.responses import RedirectResponse

from backend.agents import service as agents
from backend.agents.auth import COOKIE, AnyUser, authenticate, check_origin, delete_cookie, set_cookie
from backend.agents.errors import WeakPassword, WrongCredentials
from backend.agents.models import PresenceState, Role, User
from backend.console.rendering import LIAISON_HOME, page
from backend.db import Tx

router = APIRouter(prefix="/consola", include_in_schema=False)

HOME = "/consola"


def _safe(address: str) -> str:
    """`address` if it is one of the console's own pages; its first page otherwise."""
    is_ours = address == HOME or address.startswith((f"{HOME}/", f"{HOME}?"))
    return address if is_ours and "\\" not in address and "\n" not in address else HOME


def _first_page(user: User, wanted: str) -> str:
    """Where somebody who signs in goes: a liaison's console is a part of its own."""
    page = _safe(wanted)
    return LIAISON_HOME if user.role is Role.LIAISON and not page.startswith(LIAISON_HOME) else page


@router.get("/entrar")
async def login_page(request: Request, siguiente: Annotated[str, Query(max_length=300)] = HOME) -> Response:
    return page(request, "login.html", {"siguiente": _safe(siguiente)})


@router.post("/entrar")
async def login(
    request: Request,
    tx: Tx,
    username: Annotated[str, Form(max_length=200)] = "",
    password: Annotated[str, Form(max_length=400)] = "",
    siguiente: Annotated[str, Form(max_length=300)] = HOME,
) -> Response:
    check_origin(request)
    try:
        user = await authenticate(request, username, password)
    except WrongCredentials as refused:
        context = {"error": refused.text, "username": username, "siguiente": _safe(siguiente)}
        return page(request, "login.html", context, refused.status)
    opened = await agents.open_session(tx, user)
    target = f"{HOME}/contrasena" if user.must_change_password else _first_page(user, siguiente)
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
            await agents.change_password(tx, user, current, new)
        except (WeakPassword, WrongCredentials) as refused:
            error = refused.text
    if error is not None:
        return page(request, "password.html", {"account": user, "error": error}, 422)
    opened = await agents.open_session(tx, user)
    response = RedirectResponse(f"{_first_page(user, HOME)}?aviso=contrasena", status_code=303)
    set_cookie(response, opened.token)
    return response


@router.post("/salir")
async def logout(request: Request, tx: Tx, user: AnyUser) -> Response:
    token = request.cookies.get(COOKIE)
    if token:
        await agents.close_session(tx, token)
    if user.role is not Role.LIAISON:
        await agents.set_presence(tx, user.id, PresenceState.OFFLINE)
    response = RedirectResponse(f"{HOME}/entrar", status_code=303)
    delete_cookie(response)
    return response
