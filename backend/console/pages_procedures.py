"""The special procedure on a folio's page: its form, its documents, its steps."""

from fastapi import APIRouter, Request, Response
from sqlalchemy.ext.asyncio import AsyncSession

from backend.agents.auth import CurrentUser
from backend.agents.models import User
from backend.console.pages_petitions import back_to, detail_page
from backend.db import Tx
from backend.errors import ChatSonoraError
from backend.procedures import service as procedures
from backend.registry import petitions

router = APIRouter(prefix="/consola/peticiones/{folio}/tramite", include_in_schema=False)


async def _typed(request: Request) -> dict[str, str]:
    return {name: value for name, value in (await request.form()).items() if isinstance(value, str)}


async def _refused(
    request: Request, session: AsyncSession, user: User, folio: str, error: ChatSonoraError, form: str
) -> Response:
    """The page again, with what was typed in `form` and its problems."""
    request.state.procedure_typed = {
        "form": form,
        "values": await _typed(request),
        "problems": error.details.get("problems", {}),
    }
    return await detail_page(request, session, user, folio, error)


@router.post("")
async def save_form(request: Request, tx: Tx, user: CurrentUser, folio: str) -> Response:
    petition = await petitions.get(tx, folio, for_update=True)
    try:
        await procedures.save_form(tx, petition, await _typed(request), user_id=user.id)
    except ChatSonoraError as error:
        return await _refused(request, tx, user, folio, error, "datos")
    return back_to(petition.folio, "guardado", "tramite")


@router.post("/pasos/{step}")
async def take_step(request: Request, tx: Tx, user: CurrentUser, folio: str, step: str) -> Response:
    petition = await petitions.get(tx, folio, for_update=True)
    try:
        await procedures.take_step(tx, petition, step, await _typed(request), user_id=user.id)
    except ChatSonoraError as error:
        return await _refused(request, tx, user, folio, error, step)
    return back_to(petition.folio, "guardado", "tramite")


@router.post("/documentos/{requirement}")
async def see_original(request: Request, tx: Tx, user: CurrentUser, folio: str, requirement: str) -> Response:
    """Note that the original was seen, or that it was not after all."""
    petition = await petitions.get(tx, folio, for_update=True)
    is_seen = (await _typed(request)).get("visto") == "si"
    try:
        await procedures.see_original(tx, petition, requirement, is_seen=is_seen, user_id=user.id)
    except ChatSonoraError as error:
        return await detail_page(request, tx, user, folio, error)
    return back_to(petition.folio, "guardado", "tramite")
