"""The expediente on a folio's page: adding documents, saying what they are, withdrawing them, looking at them."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, File, Form, Request, Response, UploadFile
from fastapi.responses import FileResponse

from backend.agents.auth import CurrentUser
from backend.console.pages_petitions import back_to, detail_page
from backend.console.typed_forms import choice
from backend.conversations.files import FileStore
from backend.db import Tx
from backend.dossier import service as dossier
from backend.dossier.models import DocumentKind
from backend.errors import ChatSonoraError, InvalidInput
from backend.registry import petitions

router = APIRouter(prefix="/consola/peticiones/{folio}/expediente", include_in_schema=False)

#: A browser shows a PDF with a page of its own, which a sandbox would keep from loading.
_PDF_CSP = "default-src 'none'; object-src 'self'; style-src 'unsafe-inline'; frame-ancestors 'none'"


@router.post("")
async def add(
    request: Request,
    tx: Tx,
    user: CurrentUser,
    folio: str,
    files: Annotated[list[UploadFile] | None, File()] = None,
    kind: Annotated[str, Form(max_length=40)] = "",
) -> Response:
    """Add files, several at once. Without a kind each one's name is asked for it."""
    petition = await petitions.get(tx, folio, for_update=True)
    store: FileStore = request.app.state.files
    try:
        chosen = [one for one in files or [] if one.filename]
        if not chosen:
            raise InvalidInput("Elija al menos un archivo.")
        kept = [await store.keep(one) for one in chosen]
    except ChatSonoraError as refused:
        return await detail_page(request, tx, user, folio, refused)
    for file in kept:
        await dossier.add(tx, petition, file, kind=choice(DocumentKind, kind), user_id=user.id)
    return back_to(petition.folio, "guardado", "expediente")


@router.get("/{document_id}")
async def show(request: Request, tx: Tx, user: CurrentUser, folio: str, document_id: UUID) -> FileResponse:
    """A document's bytes, to be looked at in a tab of its own."""
    document = await dossier.find(tx, await petitions.get(tx, folio), document_id)
    response: FileResponse = request.app.state.files.response(document)
    if document.content_type == "application/pdf":
        response.headers["Content-Disposition"] = response.headers["Content-Disposition"].replace(
            "attachment", "inline", 1
        )
        response.headers["Content-Security-Policy"] = _PDF_CSP
    return response


@router.post("/{document_id}")
async def rename(
    request: Request,
    tx: Tx,
    user: CurrentUser,
    folio: str,
    document_id: UUID,
    kind: Annotated[str, Form(max_length=40)] = "",
    title: Annotated[str, Form(max_length=400)] = "",
) -> Response:
    petition = await petitions.get(tx, folio, for_update=True)
    try:
        wanted = choice(DocumentKind, kind)
        if wanted is None:
            raise InvalidInput("Elija el tipo de documento.")
        await dossier.rename(tx, petition, document_id, kind=wanted, title=title, user_id=user.id)
    except ChatSonoraError as refused:
        return await detail_page(request, tx, user, folio, refused)
    return back_to(petition.folio, "guardado", "expediente")


@router.post("/{document_id}/retirar")
async def withdraw(
    request: Request,
    tx: Tx,
    user: CurrentUser,
    folio: str,
    document_id: UUID,
    reason: Annotated[str, Form(max_length=600)] = "",
) -> Response:
    petition = await petitions.get(tx, folio, for_update=True)
    try:
        await dossier.withdraw(tx, petition, document_id, reason=reason, user_id=user.id)
    except ChatSonoraError as refused:
        return await detail_page(request, tx, user, folio, refused)
    return back_to(petition.folio, "guardado", "expediente")
