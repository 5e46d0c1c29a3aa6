"""Groups of petitions about one problem: the list, one group, and acting on all of it."""

import re
from collections.abc import Mapping, Sequence
from datetime import date
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Form, Request, Response
from fastapi.responses import RedirectResponse
from sqlalchemy.ext.asyncio import AsyncSession

from backend.agents.auth import CurrentUser
from backend.agents.models import User
from backend.catalog import service as catalog
from backend.console.rendering import staff_page
from backend.console.typed_forms import choice
from backend.db import Tx
from backend.errors import ChatSonoraError, InvalidInput
from backend.registry import petitions
from backend.registry.models import PetitionStatus
from backend.related import groups
from backend.related.groups import Outcome
from backend.turns.service import TurnOrder

router = APIRouter(prefix="/consola/grupos", include_in_schema=False)

Text = Annotated[str, Form(max_length=4000)]


@router.get("")
async def listing(request: Request, tx: Tx, user: CurrentUser) -> Response:
    return await _list_page(request, tx, user)


async def _list_page(
    request: Request, session: AsyncSession, user: User, error: ChatSonoraError | None = None, **typed: str
) -> Response:
    context = {
        "active": "groups",
        "groups": await groups.listed(session),
        "typed": typed,
        "error": error.text if error else None,
    }
    return await staff_page(request, session, user, "groups.html", context, error.status if error else 200)


@router.post("")
async def make(request: Request, tx: Tx, user: CurrentUser, title: Text = "", folios: Text = "") -> Response:
    try:
        made = await groups.make(tx, title, await _ids(tx, folios), user_id=user.id)
    except ChatSonoraError as refused:
        return await _list_page(request, tx, user, refused, title=title, folios=folios)
    return _back(made.id)


async def _ids(session: AsyncSession, typed: str) -> list[UUID]:
    """The petitions of folios written one after another. Raises InvalidInput with the one that does not exist."""
    ids = []
    for folio in re.split(r"[\s,;]+", typed.strip()):
        if not folio:
            continue
        try:
            ids.append((await petitions.get(session, folio)).id)
        except ChatSonoraError:
            raise InvalidInput(f"No existe el folio {folio[:40]}.", field="folios") from None
    return ids


def _back(group_id: UUID, notice: str = "grupo") -> Response:
    return RedirectResponse(f"/consola/grupos/{group_id}?aviso={notice}", status_code=303)


@router.get("/{group_id}")
async def detail(request: Request, tx: Tx, user: CurrentUser, group_id: UUID) -> Response:
    return await _page(request, tx, user, group_id)


async def _page(
    request: Request,
    session: AsyncSession,
    user: User,
    group_id: UUID,
    error: ChatSonoraError | None = None,
    *,
    outcomes: Sequence[Outcome] = (),
    typed: Mapping[str, str] | None = None,
) -> Response:
    context = {
        "active": "groups",
        "group": await groups.get(session, group_id),
        "members": await groups.members(session, group_id),
        "agencies": await catalog.agencies(session),
        "statuses": [status for status in PetitionStatus if status is not PetitionStatus.RECIBIDA],
        "outcomes": outcomes,
        "typed": typed or {},
        "error": error.text if error else None,
    }
    return await staff_page(request, session, user, "group_detail.html", context, error.status if error else 200)


@router.post("/{group_id}/titulo")
async def rename(request: Request, tx: Tx, user: CurrentUser, group_id: UUID, title: Text = "") -> Response:
    try:
        await groups.rename(tx, await groups.get(tx, group_id), title)
    except InvalidInput as refused:
        return await _page(request, tx, user, group_id, refused, typed={"title": title})
    return _back(group_id)


@router.post("/{group_id}/agregar")
async def add(request: Request, tx: Tx, user: CurrentUser, group_id: UUID, folios: Text = "") -> Response:
    group = await groups.get(tx, group_id)
    try:
        await groups.add(tx, group, await _ids(tx, folios), user_id=user.id)
    except ChatSonoraError as refused:
        return await _page(request, tx, user, group_id, refused, typed={"folios": folios})
    return _back(group_id)


@router.post("/{group_id}/quitar")
async def remove(tx: Tx, user: CurrentUser, group_id: UUID, folio: Text = "") -> Response:
    group = await groups.get(tx, group_id)
    petition = await petitions.get(tx, folio)
    await groups.remove(tx, group, petition.id, user_id=user.id)
    if await groups.count(tx, group_id):
        return _back(group_id, "grupo_quitada")
    return RedirectResponse("/consola/grupos?aviso=grupo_quitada", status_code=303)


@router.post("/{group_id}/estado")
async def change_status(
    request: Request, tx: Tx, user: CurrentUser, group_id: UUID, status: Text = "", reason: Text = "", asked: Text = ""
) -> Response:
    group = await groups.get(tx, group_id)
    typed = {"status": status, "reason": reason, "asked": asked}
    try:
        to = choice(PetitionStatus, status)
        if to is None:
            raise InvalidInput("Elija el nuevo estado.")
        outcomes = await groups.change_status(tx, group, to, reason=reason[:1000], asked=asked[:400], user_id=user.id)
    except InvalidInput as refused:
        return await _page(request, tx, user, group_id, refused, typed=typed)
    return await _page(request, tx, user, group_id, outcomes=outcomes)


@router.post("/{group_id}/aviso")
async def tell(request: Request, tx: Tx, user: CurrentUser, group_id: UUID, text: Text = "") -> Response:
    group = await groups.get(tx, group_id)
    try:
        outcomes = await groups.tell(tx, group, text, user_id=user.id)
    except ChatSonoraError as refused:
        return await _page(request, tx, user, group_id, refused, typed={"text": text})
    return await _page(request, tx, user, group_id, outcomes=outcomes)


@router.post("/{group_id}/turno")
async def turn(
    request: Request,
    tx: Tx,
    user: CurrentUser,
    group_id: UUID,
    agency: Text = "",
    instructions: Text = "",
    due_on: Text = "",
) -> Response:
    group = await groups.get(tx, group_id)
    typed = {"agency": agency, "instructions": instructions, "due_on": due_on}
    try:
        known = {str(one.id): one.id for one in await catalog.agencies(tx)}
        if agency not in known:
            raise InvalidInput("Elija la dependencia.")
        order = TurnOrder(known[agency], instructions.strip(), _day(due_on))
        outcomes = await groups.turn(tx, group, [order], user_id=user.id)
    except InvalidInput as refused:
        return await _page(request, tx, user, group_id, refused, typed=typed)
    return await _page(request, tx, user, group_id, outcomes=outcomes)


def _day(raw: str) -> date | None:
    try:
        return date.fromisoformat(raw) if raw.strip() else None
    except ValueError:
        raise InvalidInput("Escriba la fecha completa.", field="due_on") from None
