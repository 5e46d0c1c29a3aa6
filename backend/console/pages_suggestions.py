"""Deciding on the suggested topic and agency of a folio."""

from typing import Annotated

from fastapi import APIRouter, Form, Request, Response

from backend.agents.auth import CurrentUser
from backend.console.pages_petitions import back_to, detail_page
from backend.console.typed_forms import uuid_of
from backend.db import Tx
from backend.errors import ChatSonoraError
from backend.registry import petitions
from backend.suggestions import service as suggestions

router = APIRouter(prefix="/consola/peticiones", include_in_schema=False)


@router.post("/{folio}/sugerencia")
async def decide(
    request: Request, tx: Tx, user: CurrentUser, folio: str, topic: Annotated[str, Form(max_length=36)] = ""
) -> Response:
    """Use the suggested `topic`; without one: none of them serves."""
    petition = await petitions.get(tx, folio, for_update=True)
    try:
        if topic:
            await suggestions.use(tx, petition, uuid_of(topic), user_id=user.id)
        else:
            await suggestions.reject(tx, petition, user_id=user.id)
    except ChatSonoraError as refused:
        return await detail_page(request, tx, user, folio, refused)
    return back_to(petition.folio, "guardado", "sugerencia")
