"""What the head keeps: canned replies and hours; and what the administrator keeps: accounts."""

import re
from datetime import time
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Form, Query, Request, Response
from fastapi.responses import RedirectResponse
from sqlalchemy.ext.asyncio import AsyncSession

from backend import clock
from backend.agents import service as agents
from backend.agents.auth import CurrentAdmin, CurrentHead
from backend.agents.models import Role, User
from backend.audit import service as audit
from backend.catalog import agencies
from backend.catalog import service as catalog
from backend.console.rendering import staff_page
from backend.console.typed_forms import uuid_of
from backend.db import Tx
from backend.errors import ChatSonoraError, InvalidInput

router = APIRouter(prefix="/consola", include_in_schema=False)

_SHORTCUT = re.compile(r"^[a-z0-9-]{1,40}$")
_USERNAME = re.compile(r"^[A-Za-z0-9._-]{2,60}$")
_SPANS_A_DAY = 2

Text = Annotated[str, Form(max_length=4000)]
#: A weekday, and when one of its turns opens and closes, as typed.
Times = tuple[int, str, str]


@router.get("/respuestas")
async def canned_replies(
    request: Request, tx: Tx, user: CurrentHead, editar: Annotated[UUID | None, Query()] = None
) -> Response:
    return await _replies_page(request, tx, user, editing=editar)


async def _replies_page(
    request: Request,
    session: AsyncSession,
    user: User,
    *,
    editing: UUID | None = None,
    typed: dict[str, str] | None = None,
    error: ChatSonoraError | None = None,
) -> Response:
    replies = await catalog.canned_replies(session, only_active=False)
    edited = next((reply for reply in replies if reply.id == editing), None)
    context = {
        "active": "replies",
        "replies": replies,
        "edited": edited,
        "typed": typed,
        "error": error.text if error else None,
    }
    return await staff_page(request, session, user, "canned_replies.html", context, error.status if error else 200)


@router.post("/respuestas")
async def save_canned_reply(
    request: Request,
    tx: Tx,
    user: CurrentHead,
    shortcut: Text = "",
    title: Text = "",
    text: Text = "",
    is_active: Text = "",
    reply_id: Text = "",
) -> Response:
    typed = {"shortcut": shortcut, "title": title, "text": text, "is_active": is_active}
    editing = UUID(reply_id) if re.fullmatch(r"[0-9a-f-]{36}", reply_id) else None
    try:
        if not _SHORTCUT.match(shortcut):
            raise InvalidInput("El atajo lleva solo minúsculas, números y guiones.")
        if not title.strip() or not text.strip():
            raise InvalidInput("Escriba el título y el texto de la respuesta.")
        saved = await catalog.save_canned_reply(
            tx,
            reply_id=editing,
            shortcut=shortcut,
            title=title.strip()[:120],
            text=text.strip(),
            is_active=bool(is_active),
        )
        await audit.record(tx, user, "canned_reply_saved", saved.id, shortcut=shortcut)
    except ChatSonoraError as refused:
        return await _replies_page(request, tx, user, editing=editing, typed=typed, error=refused)
    return RedirectResponse("/consola/respuestas?aviso=respuesta", status_code=303)


@router.get("/horario")
async def hours(request: Request, tx: Tx, user: CurrentHead) -> Response:
    return await _hours_page(request, tx, user)


async def _hours_page(
    request: Request,
    session: AsyncSession,
    user: User,
    *,
    typed: list[Times] | None = None,
    error: ChatSonoraError | None = None,
) -> Response:
    times = typed or [
        (span.weekday, f"{span.opens:%H:%M}", f"{span.closes:%H:%M}") for span in await catalog.hours(session)
    ]
    by_day = [
        ([(opens, closes) for day, opens, closes in times if day == weekday] + [("", "")] * _SPANS_A_DAY)[:_SPANS_A_DAY]
        for weekday in range(7)
    ]
    moment = clock.now()
    context = {
        "active": "hours",
        "days": by_day,
        "holidays": await catalog.holidays(session, clock.local(moment).date()),
        "office": await catalog.office_state(session, moment),
        "error": error.text if error else None,
    }
    return await staff_page(request, session, user, "hours.html", context, error.status if error else 200)


@router.post("/horario")
async def save_hours(request: Request, tx: Tx, user: CurrentHead) -> Response:
    form = await request.form()
    typed: list[Times] = []
    for weekday in range(7):
        for number in range(_SPANS_A_DAY):
            opens = str(form.get(f"opens_{weekday}_{number}", "")).strip()
            closes = str(form.get(f"closes_{weekday}_{number}", "")).strip()
            if opens or closes:
                typed.append((weekday, opens, closes))
    try:
        spans = [_span(*one) for one in typed]
        await catalog.replace_hours(tx, spans)
        await audit.record(tx, user, "hours_changed", user.id, spans=len(spans))
    except InvalidInput as refused:
        return await _hours_page(request, tx, user, typed=typed, error=refused)
    return RedirectResponse("/consola/horario?aviso=horario", status_code=303)


def _span(weekday: int, opens: str, closes: str) -> catalog.HoursSpan:
    try:
        return catalog.HoursSpan(weekday, time.fromisoformat(opens), time.fromisoformat(closes))
    except ValueError:
        raise InvalidInput("Escriba la hora de apertura y la de cierre de cada turno.") from None


@router.get("/usuarios")
async def users(request: Request, tx: Tx, user: CurrentAdmin) -> Response:
    return await _users_page(request, tx, user)


async def _users_page(
    request: Request,
    session: AsyncSession,
    user: User,
    *,
    told: tuple[str, str] | None = None,
    typed: dict[str, str] | None = None,
    error: ChatSonoraError | None = None,
) -> Response:
    """`told` is an account and its new one-time password: shown on this answer only."""
    context = {
        "active": "users",
        "accounts": await agents.list_users(session),
        "agencies": await agencies.listed(session),
        "areas": await catalog.areas(session),
        "told": told,
        "typed": typed or {},
        "error": error.text if error else None,
        "now": clock.now(),
    }
    return await staff_page(request, session, user, "users.html", context, error.status if error else 200)


@router.post("/usuarios")
async def create_user(
    request: Request,
    tx: Tx,
    user: CurrentAdmin,
    username: Text = "",
    full_name: Text = "",
    role: Text = "",
    agency: Text = "",
) -> Response:
    typed = {"username": username, "full_name": full_name, "role": role, "agency": agency}
    try:
        if not _USERNAME.match(username.strip()) or not 2 <= len(full_name.strip()) <= 200:
            raise InvalidInput("Escriba un usuario (letras, números, punto, guion) y el nombre completo.")
        chosen = _role(role)
        created, one_time = await agents.create_user(
            tx,
            username=username,
            full_name=full_name,
            role=chosen,
            agency_id=_agency(agency) if chosen is Role.LIAISON else None,
            by=user,
        )
    except ChatSonoraError as refused:
        return await _users_page(request, tx, user, typed=typed, error=refused)
    return await _users_page(request, tx, user, told=(created.username, one_time or ""))


def _role(raw: str) -> Role:
    try:
        return Role(raw)
    except ValueError:
        raise InvalidInput("Elija el perfil.") from None


def _agency(raw: str) -> UUID:
    """A liaison's agency."""
    return uuid_of(raw, "Elija la dependencia del enlace.")


@router.post("/usuarios/{user_id}")
async def change_user(
    request: Request,
    tx: Tx,
    user: CurrentAdmin,
    user_id: UUID,
    action: Text = "",
    role: Text = "",
    agency: Text = "",
    area: Text = "",
    extension: Text = "",
) -> Response:
    try:
        if action == "place":
            area_id = uuid_of(area, "Elija el área.") if area else None
            await agents.place_user(tx, user_id, area_id=area_id, extension=extension, by=user)
            return RedirectResponse("/consola/usuarios?aviso=usuario", status_code=303)
        if action == "reset":
            account = await agents.get_user(tx, user_id)
            password = await agents.reset_password(tx, account, by=user)
            return await _users_page(request, tx, user, told=(account.username, password))
        if action == "reset_factor":
            await agents.reset_second_factor(tx, user_id, by=user)
            return RedirectResponse("/consola/usuarios?aviso=factor_quitado", status_code=303)
        await agents.change_user(
            tx,
            user,
            user_id,
            role=_role(role) if role else None,
            agency_id=_agency(agency) if agency else None,
            is_active={"enable": True, "disable": False}.get(action),
        )
    except ChatSonoraError as refused:
        return await _users_page(request, tx, user, error=refused)
    return RedirectResponse("/consola/usuarios?aviso=usuario", status_code=303)
