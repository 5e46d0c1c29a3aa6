"""Registering a petition by hand: the capture page, and the form that goes on with a conversation's draft."""

import uuid
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Query, Request, Response
from sqlalchemy.ext.asyncio import AsyncSession
from starlette.datastructures import UploadFile

from backend.agents.auth import CurrentUser
from backend.agents.models import User
from backend.calls import service as calls
from backend.capture import fields
from backend.capture import service as capture
from backend.catalog import service as catalog
from backend.console import api_capture, call_capture, petition_form
from backend.console.rendering import staff_page
from backend.console.typed_forms import choice, uuid_of
from backend.db import Tx
from backend.dossier import service as dossier
from backend.dossier.models import DocumentKind
from backend.errors import ChatSonoraError, InvalidInput
from backend.registry.models import PetitionKind
from backend.settings import Settings

router = APIRouter(prefix="/consola/peticiones/nueva", include_in_schema=False)

Short = Annotated[str, Query(max_length=100)]


@router.get("")
async def new_petition(
    request: Request,
    tx: Tx,
    user: CurrentUser,
    tipo: Short = "",
    conversacion: UUID | None = None,
    llamada: UUID | None = None,
) -> Response:
    if conversacion is not None:
        form = await petition_form.draft_form(tx, conversacion, choice(PetitionKind, tipo))
        return await draft_page(request, tx, user, form=form, conversation_id=conversacion)
    begun = await _begun(tx, user, choice(PetitionKind, tipo))
    if llamada is not None:
        begun = {"kind": begun["kind"], **await call_capture.begun(tx, user, llamada)}
    return await capture_page(request, tx, user, begun)


async def _begun(session: AsyncSession, user: User, kind: PetitionKind | None) -> dict[str, str]:
    last = await capture.last_of(session, user.id)
    entry = {fields.channel_name(name): value for name, value in last.entry.items()}
    return {"kind": (kind or PetitionKind.PETICION).value, "channel": last.channel.value, **entry}


async def capture_page(
    request: Request,
    session: AsyncSession,
    user: User,
    values: dict[str, str],
    *,
    problems: dict[str, str] | None = None,
    error: str | None = None,
    filed: api_capture.Filed | None = None,
) -> Response:
    """The desk's form, as far as it was filled in, or empty after the petition that was `filed`."""
    context = {
        "active": "petitions",
        "values": values,
        "problems": problems or {},
        "key": values.get("key") or uuid.uuid4().hex,
        "municipalities": await catalog.municipalities(session),
        "filed": filed,
        "error": error,
    }
    return await staff_page(request, session, user, "petition_capture.html", context, 422 if error else 200)


async def draft_page(
    request: Request, session: AsyncSession, user: User, *, status: int = 200, **context: Any
) -> Response:
    """The form that goes on with a conversation's draft."""
    return await staff_page(request, session, user, "petition_new.html", {"active": "petitions", **context}, status)


@router.post("")
async def register(request: Request, tx: Tx, user: CurrentUser) -> Response:
    sent = await request.form()
    typed = {name: value for name, value in sent.items() if isinstance(value, str)}
    if typed.get("conversation_id"):
        return await _file_draft(request, tx, user, typed)
    files = [one for one in sent.getlist("files") if isinstance(one, UploadFile) and one.filename]
    try:
        return await _file_capture(request, tx, user, typed, files)
    except ChatSonoraError as refused:
        return await capture_page(request, tx, user, typed, error=refused.text)


async def _file_capture(
    request: Request, session: AsyncSession, user: User, typed: dict[str, str], files: list[UploadFile]
) -> Response:
    """For a browser that runs no scripts: the same form, sent whole."""
    kind = choice(PetitionKind, typed.get("kind", ""))
    channel = next((one for one in fields.CHANNELS if one.value == typed.get("channel")), None)
    if kind is None or channel is None or not typed.get("key", "").isalnum() or len(typed["key"]) > 64:
        raise InvalidInput("Elija el medio de entrada y el tipo.")
    person_id = uuid_of(typed["person_id"]) if typed.get("person_id") else None
    documents: list[tuple[UUID, DocumentKind]] = []
    for upload in files:
        staged = await dossier.stage(session, await request.app.state.files.keep(upload), user_id=user.id)
        documents.append((staged.id, staged.kind))
    form = capture.Form(typed["key"], kind, channel, typed, person_id, documents)
    result = await capture.file(session, form, user_id=user.id)
    if result.petition is None:
        return await capture_page(
            request, session, user, typed, problems=result.problems, error="Revise los datos marcados."
        )
    if typed.get("call_id"):
        await calls.link_filed(session, uuid_of(typed["call_id"]), result.petition, user)
    filed = api_capture.filed(request, result.petition)
    return await capture_page(request, session, user, await _begun(session, user, None), filed=filed)


async def _file_draft(request: Request, session: AsyncSession, user: User, typed: dict[str, str]) -> Response:
    conversation_id = uuid_of(typed["conversation_id"])
    settings: Settings = request.app.state.settings
    result = await petition_form.answer_draft(
        session,
        conversation_id,
        user,
        settings.key,
        kind=choice(PetitionKind, typed.get("kind", "")) or PetitionKind.PETICION,
        typed=typed,
        file=True,
    )
    if result.folio is None:
        return await draft_page(
            request,
            session,
            user,
            status=422,
            form=result.form,
            conversation_id=conversation_id,
            error="Revise los datos marcados.",
        )
    context = {
        "active": "petitions",
        "folio": result.folio,
        "access_code": result.access_code,
        "conversation_id": conversation_id,
    }
    return await staff_page(request, session, user, "petition_filed.html", context)
