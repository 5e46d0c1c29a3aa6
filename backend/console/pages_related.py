"""On a folio's page: merging and undoing it, relating, grouping; and adding somebody who told the same."""

from typing import Annotated

from fastapi import APIRouter, Form, Request, Response
from fastapi.responses import RedirectResponse

from backend.agents.auth import CurrentUser
from backend.console import petition_form
from backend.console.pages_capture import capture_page, draft_page
from backend.console.pages_petitions import back_to, detail_page
from backend.console.related_support import StaffForm, add_supporter
from backend.db import Tx
from backend.errors import ChatSonoraError
from backend.registry import petitions
from backend.related import groups, links, merges

#: Where the desk's form asks for what the chat's asks by another name.
_AT_THE_DESK = {"contacto": "telefono"}

router = APIRouter(prefix="/consola/peticiones", include_in_schema=False)

Folio = Annotated[str, Form(max_length=40)]
Reason = Annotated[str, Form(max_length=600)]


@router.post("/{folio}/unir")
async def merge(
    request: Request,
    tx: Tx,
    user: CurrentUser,
    folio: str,
    other: Folio = "",
    keep: Annotated[str, Form(max_length=10)] = "this",
    reason: Reason = "",
) -> Response:
    """Two folios are one petition; `keep` says whether this one or the other stays."""
    try:
        this, that = await petitions.get(tx, folio), await petitions.get(tx, other)
        merged, kept = (that, this) if keep == "this" else (this, that)
        await merges.merge(tx, merged.id, kept.id, reason=reason, user_id=user.id)
    except ChatSonoraError as refused:
        return await detail_page(request, tx, user, folio, refused)
    return back_to(kept.folio, "unida", "parecidas")


@router.post("/{folio}/separar")
async def unmerge(request: Request, tx: Tx, user: CurrentUser, folio: str, reason: Reason = "") -> Response:
    """Undo the merge by which this folio went into another."""
    try:
        petition = await petitions.get(tx, folio)
        await merges.undo(tx, petition.id, reason=reason, user_id=user.id)
    except ChatSonoraError as refused:
        return await detail_page(request, tx, user, folio, refused)
    return back_to(petition.folio, "separada", "parecidas")


@router.post("/{folio}/relacionar")
async def relate(request: Request, tx: Tx, user: CurrentUser, folio: str, other: Folio = "") -> Response:
    try:
        this, that = await petitions.get(tx, folio), await petitions.get(tx, other)
        await links.relate(tx, this.id, that.id, user_id=user.id)
    except ChatSonoraError as refused:
        return await detail_page(request, tx, user, folio, refused)
    return back_to(this.folio, "relacionada", "parecidas")


@router.post("/{folio}/desrelacionar")
async def unrelate(request: Request, tx: Tx, user: CurrentUser, folio: str, other: Folio = "") -> Response:
    try:
        this, that = await petitions.get(tx, folio), await petitions.get(tx, other)
        await links.unrelate(tx, this.id, that.id, user_id=user.id)
    except ChatSonoraError as refused:
        return await detail_page(request, tx, user, folio, refused)
    return back_to(this.folio, "sin_relacion", "parecidas")


@router.post("/{folio}/grupo")
async def group(
    request: Request,
    tx: Tx,
    user: CurrentUser,
    folio: str,
    title: Annotated[str, Form(max_length=400)] = "",
    folios: Annotated[list[str] | None, Form()] = None,
) -> Response:
    """Make a group of this folio and the chosen ones, or put the chosen ones into the group that it is in."""
    try:
        this = await petitions.get(tx, folio)
        ids = [(await petitions.get(tx, one)).id for one in folios or []]
        found = await groups.of_petition(tx, this.id)
        if found is None:
            found = await groups.make(tx, title, [this.id, *ids], user_id=user.id)
        else:
            await groups.add(tx, found, ids, user_id=user.id)
    except ChatSonoraError as refused:
        return await detail_page(request, tx, user, folio, refused)
    return RedirectResponse(f"/consola/grupos/{found.id}?aviso=grupo", status_code=303)


@router.post("/{folio}/sumar")
async def support(request: Request, tx: Tx, user: CurrentUser, folio: str) -> Response:
    """From the form of a new petition: it is this one; add the person to it instead of registering another."""
    typed = {name: value for name, value in (await request.form()).items() if isinstance(value, str)}
    form = StaffForm.of(typed)
    try:
        problems = await add_supporter(tx, folio, form, user_id=user.id)
        error = "Revise los datos marcados." if problems else None
    except ChatSonoraError as refused:
        problems, error = {}, refused.text
    if error is None:
        return back_to((await petitions.get(tx, folio)).folio, "sumada", "parecidas")
    if form.conversation_id is None:
        shown = {_AT_THE_DESK.get(name, name): problem for name, problem in problems.items()}
        return await capture_page(request, tx, user, typed, problems=shown, error=error)
    filled = await petition_form.form(tx, form.kind, shown=typed, answered={}, problems=problems)
    return await draft_page(
        request, tx, user, status=422, form=filled, conversation_id=form.conversation_id, error=error
    )
