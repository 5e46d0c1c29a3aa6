"""Importing an exchange's call records: upload, columns, preview, progress, report."""

from collections.abc import AsyncIterator, Mapping
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, File, Form, Request, Response, UploadFile
from fastapi.responses import RedirectResponse, StreamingResponse
from sqlalchemy.ext.asyncio import AsyncSession

from backend import spreadsheets
from backend.agents.auth import CurrentHead
from backend.agents.models import User
from backend.calls.cdr import service as cdr
from backend.calls.cdr.layout import ASTERISK_NAME
from backend.calls.cdr.models import CdrImport, CdrState
from backend.console import call_texts
from backend.console.pages_imports import chunks_of
from backend.console.rendering import staff_page
from backend.console.typed_forms import texts_of
from backend.db import Database, Tx
from backend.errors import ChatSonoraError, InvalidInput
from backend.imports import jobs, reading
from backend.imports import service as files

router = APIRouter(prefix="/consola/llamadas/importar", include_in_schema=False)

_WORKING = (CdrState.READING, CdrState.JUDGING, CdrState.WRITING)


@router.get("")
async def listing(request: Request, tx: Tx, user: CurrentHead) -> Response:
    return await _listing(request, tx, user)


async def _listing(request: Request, session: AsyncSession, user: User, error: str | None = None) -> Response:
    context = {
        "active": "call_log",
        "imports": await cdr.listed(session),
        "mappings": await cdr.mappings(session),
        "error": error,
    }
    return await staff_page(request, session, user, "call_imports.html", context, 422 if error else 200)


@router.post("")
async def upload(
    request: Request,
    tx: Tx,
    user: CurrentHead,
    file: Annotated[UploadFile | None, File()] = None,
    forma: Annotated[str, Form(max_length=60)] = "",
) -> Response:
    try:
        if file is None or not file.filename:
            raise InvalidInput("Elija el archivo del conmutador.")
        folder = jobs.folder_of(request.app.state.settings.var_dir)
        kept = await files.keep(folder, file.filename, chunks_of(file))
        first = cdr.first_rows(folder / kept.sha256)
        made = await cdr.begin(tx, kept, first[0], user_id=user.id, mapping=forma)
    except ChatSonoraError as refused:
        return await _listing(request, tx, user, refused.text)
    return _to(made.id)


def _to(import_id: UUID) -> RedirectResponse:
    return RedirectResponse(f"/consola/llamadas/importar/{import_id}", status_code=303)


@router.get("/{import_id}")
async def detail(request: Request, tx: Tx, user: CurrentHead, import_id: UUID) -> Response:
    return await _page(request, tx, user, await cdr.get(tx, import_id))


async def _page(
    request: Request,
    session: AsyncSession,
    user: User,
    made: CdrImport,
    error: str | None = None,
    typed: Mapping[str, str] | None = None,
) -> Response:
    layout = cdr.layout_from(made)
    context: dict[str, Any] = {
        "active": "call_log",
        "made": made,
        "layout": layout,
        "typed": typed or _as_typed(made),
        "is_working": made.state in _WORKING,
        "progress": await cdr.progress(session, made),
        "error": error,
    }
    if made.state is CdrState.MAPPING:
        context["samples"] = _samples(request, made)
    else:
        context["problems"] = await cdr.problems(session, made)
    if made.state is CdrState.READY:
        context["preview"] = await cdr.preview(session, made)
    return await staff_page(request, session, user, "call_import.html", context, 422 if error else 200)


def _samples(request: Request, made: CdrImport) -> list[list[str]]:
    """The file's first rows, to know a column by what it holds."""
    folder = jobs.folder_of(request.app.state.settings.var_dir)
    try:
        return cdr.first_rows(folder / made.sha256)
    except (OSError, reading.UnreadableFile):
        return []


def _as_typed(made: CdrImport) -> dict[str, str]:
    layout = cdr.layout_from(made)
    return {
        **{f"columna_{place}": field for field, place in layout.places.items()},
        "titulos": "si" if layout.has_headings else "",
        "zona": layout.timezone,
        "prefijo": layout.prefix,
        "orden_fecha": "mes" if layout.is_month_first else "dia",
        "nombre": made.mapping_name or ("" if layout.has_headings else ASTERISK_NAME),
    }


@router.get("/{import_id}/avance")
async def progress(tx: Tx, user: CurrentHead, import_id: UUID) -> dict[str, Any]:
    """How far the worker is, for the page that waits."""
    made = await cdr.get(tx, import_id)
    now = await cdr.progress(tx, made)
    done = {CdrState.READING: now.total, CdrState.JUDGING: now.judged}.get(made.state, now.written)
    return {"state": made.state.value, "done": done}


@router.post("/{import_id}/columnas")
async def map_columns(request: Request, tx: Tx, user: CurrentHead, import_id: UUID) -> Response:
    typed = texts_of(await request.form())
    made = await cdr.get(tx, import_id, for_update=True)
    try:
        layout = cdr.typed_layout(typed, len(made.headers), has_headings=typed.get("titulos") == "si")
        await cdr.set_layout(tx, made, layout, typed.get("nombre", ""))
    except ChatSonoraError as refused:
        return await _page(request, tx, user, made, refused.text, typed)
    return _to(made.id)


@router.post("/{import_id}/{action}")
async def act(request: Request, tx: Tx, user: CurrentHead, import_id: UUID, action: str) -> Response:
    """Confirm or discard."""
    made = await cdr.get(tx, import_id, for_update=True)
    try:
        if action == "registrar":
            await cdr.confirm(tx, made)
        elif action == "descartar":
            await cdr.discard(tx, made)
        else:
            raise InvalidInput
    except ChatSonoraError as refused:
        return await _page(request, tx, user, made, refused.text)
    return _to(made.id)


@router.get("/{import_id}/informe.csv")
async def report(request: Request, tx: Tx, user: CurrentHead, import_id: UUID) -> Response:
    """Each row with what became of it."""
    await cdr.get(tx, import_id)
    return StreamingResponse(
        _report(request.app.state.database, import_id),
        media_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="conmutador-{import_id}.csv"'},
    )


async def _report(database: Database, import_id: UUID) -> AsyncIterator[str]:
    yield "\ufeff" + spreadsheets.csv_text([("Renglón", "Resultado", "Motivo")])
    async with database.transaction() as session:
        async for leg in cdr.report(session, await cdr.get(session, import_id)):
            yield spreadsheets.csv_text([(leg.number, call_texts.LEGS[leg.state], leg.problem)])
