"""Saved views of the list: keeping, renaming, sharing, deleting."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Form, Request, Response
from fastapi.responses import RedirectResponse

from backend.agents.auth import CurrentUser
from backend.console.pages_petition_list import list_page
from backend.console.petition_filters import Listing
from backend.db import Tx
from backend.errors import ChatSonoraError, InvalidInput
from backend.workspace import views

router = APIRouter(prefix="/consola/peticiones/vistas", include_in_schema=False)

Typed = Annotated[str, Form(max_length=4000)]


@router.post("")
async def save(
    request: Request, tx: Tx, user: CurrentUser, nombre: Typed = "", filtro: Typed = "", compartir: Typed = ""
) -> Response:
    """Keep the filters on show under a name."""
    shown = Listing.parse(filtro)
    try:
        await views.save(tx, user, nombre, shown.query, is_shared=bool(compartir))
    except ChatSonoraError as refused:
        return await list_page(request, tx, user, shown, error=refused, typed={"nombre": nombre})
    return _back(shown, "vista_guardada")


@router.post("/{view_id}")
async def change(
    request: Request,
    tx: Tx,
    user: CurrentUser,
    view_id: UUID,
    accion: Typed = "",
    nombre: Typed = "",
    filtro: Typed = "",
) -> Response:
    shown = Listing.parse(filtro)
    try:
        match accion:
            case "renombrar":
                await views.rename(tx, user, view_id, nombre)
            case "compartir" | "no_compartir":
                await views.share(tx, user, view_id, is_shared=accion == "compartir")
            case "eliminar":
                await views.delete(tx, user, view_id)
                return _back(shown, "vista_eliminada")
            case _:
                raise InvalidInput
    except ChatSonoraError as refused:
        return await list_page(request, tx, user, shown, error=refused)
    return _back(shown, "vista_guardada")


def _back(shown: Listing, notice: str) -> Response:
    query = f"{shown.query}&" if shown.query else ""
    return RedirectResponse(f"/consola/peticiones?{query}aviso={notice}", status_code=303)
