"""Importing petitions from a spreadsheet: upload, columns, preview, progress, report, undo."""

import asyncio
import csv
import io
from collections.abc import AsyncIterator
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, File, Form, Request, Response, UploadFile
from fastapi.responses import RedirectResponse, StreamingResponse
from sqlalchemy.ext.asyncio import AsyncSession

from backend.agents.auth import CurrentHead
from backend.agents.models import User
from backend.console import import_texts
from backend.console.rendering import staff_page
from backend.db import Database, Tx
from backend.errors import ChatSonoraError, InvalidInput
from backend.imports import jobs, reading
from backend.imports import service as imports
from backend.imports.models import BatchState, RowState
from backend.registry.models import EntryChannel, PetitionKind
from backend.settings import Settings

router = APIRouter(prefix="/consola/importaciones", include_in_schema=False)

_CHUNK = 1024 * 1024


async def chunks_of(upload: UploadFile) -> AsyncIterator[bytes]:
    while chunk := await upload.read(_CHUNK):
        yield chunk


@router.get("")
async def listing(request: Request, tx: Tx, user: CurrentHead) -> Response:
    return await _listing(request, tx, user)


async def _listing(
    request: Request, session: AsyncSession, user: User, error: str | None = None, **context: Any
) -> Response:
    values = {
        "active": "petitions",
        "batches": await imports.listed(session),
        "import_texts": import_texts,
        "error": error,
        **context,
    }
    return await staff_page(request, session, user, "imports.html", values, 422 if error else 200)


@router.post("")
async def upload(
    request: Request,
    tx: Tx,
    user: CurrentHead,
    file: Annotated[UploadFile | None, File()] = None,
    again: Annotated[str, Form(max_length=10)] = "",
) -> Response:
    """Take a file. One that was imported already is said to be, and taken only when asked for again."""
    settings: Settings = request.app.state.settings
    folder = jobs.folder_of(settings.var_dir)
    try:
        if file is None or not file.filename:
            raise InvalidInput("Elija un archivo.")
        kept = await imports.keep(folder, file.filename, chunks_of(file))
        headers = await asyncio.to_thread(reading.headers, folder / kept.sha256)
    except ChatSonoraError as refused:
        return await _listing(request, tx, user, refused.text)
    before = await imports.same_file(tx, kept.sha256)
    if before is not None and again != "si":
        text = "Ese mismo archivo ya se importó. Si de verdad quiere importarlo otra vez, márquelo y vuelva a elegirlo."
        return await _listing(request, tx, user, text, before=before)
    batch = await imports.begin(tx, kept, headers, user_id=user.id)
    return _to(batch.id)


def _to(batch_id: UUID) -> Response:
    return RedirectResponse(f"/consola/importaciones/{batch_id}", status_code=303)


@router.get("/{batch_id}")
async def show(request: Request, tx: Tx, user: CurrentHead, batch_id: UUID) -> Response:
    return await _page(request, tx, user, batch_id)


async def _page(
    request: Request,
    session: AsyncSession,
    user: User,
    batch_id: UUID,
    error: str | None = None,
    typed: dict[str, str] | None = None,
) -> Response:
    batch = await imports.get(session, batch_id)
    context = {
        "active": "petitions",
        "import_texts": import_texts,
        "batch": batch,
        "mapping": typed or batch.mapping,
        "progress": await imports.progress(session, batch),
        "invalid": await imports.rows_in(session, batch, RowState.INVALID),
        "repeated": await imports.rows_in(session, batch, RowState.REPEATED),
        "valid": await imports.rows_in(session, batch, RowState.VALID),
        "is_working": batch.state in (BatchState.READING, BatchState.FILING, BatchState.UNDOING),
        "error": error,
    }
    return await staff_page(request, session, user, "import.html", context, 422 if error else 200)


@router.get("/{batch_id}/avance")
async def progress(tx: Tx, user: CurrentHead, batch_id: UUID) -> dict[str, Any]:
    """How far the worker is, for the page that waits."""
    batch = await imports.get(tx, batch_id)
    now = await imports.progress(tx, batch)
    moved = now.of(RowState.FILED) if batch.state is BatchState.FILING else now.of(RowState.UNDONE, RowState.KEPT)
    return {"state": batch.state.value, "done": now.done if batch.state is BatchState.READING else moved}


@router.post("/{batch_id}/columnas")
async def map_columns(request: Request, tx: Tx, user: CurrentHead, batch_id: UUID) -> Response:
    typed = {name: value for name, value in (await request.form()).items() if isinstance(value, str)}
    chosen = {name.removeprefix("columna_"): value for name, value in typed.items() if name.startswith("columna_")}
    batch = await imports.get(tx, batch_id, for_update=True)
    try:
        if typed.get("tipo") not in {one.value for one in PetitionKind}:
            raise InvalidInput("Elija el tipo de petición.")
        if typed.get("medio") not in {one.value for one in EntryChannel}:
            raise InvalidInput("Elija el medio de entrada.")
        await imports.map_columns(
            tx, batch, chosen, kind=PetitionKind(typed["tipo"]), channel=EntryChannel(typed["medio"])
        )
    except ChatSonoraError as refused:
        return await _page(request, tx, user, batch_id, refused.text, chosen)
    return _to(batch.id)


@router.post("/{batch_id}/{action}")
async def act(
    request: Request,
    tx: Tx,
    user: CurrentHead,
    batch_id: UUID,
    action: str,
    repetidas: Annotated[str, Form(max_length=10)] = "",
) -> Response:
    """Confirm, undo or discard."""
    batch = await imports.get(tx, batch_id, for_update=True)
    try:
        if action == "registrar":
            await imports.confirm(tx, batch, with_repeated=repetidas == "si")
        elif action == "deshacer":
            imports.undo(batch, user)
        elif action == "descartar":
            imports.discard(batch)
        else:
            raise InvalidInput
    except ChatSonoraError as refused:
        return await _page(request, tx, user, batch_id, refused.text)
    return _to(batch.id)


@router.get("/{batch_id}/informe.csv")
async def report(request: Request, tx: Tx, user: CurrentHead, batch_id: UUID) -> Response:
    """Each row with its folio or what is wrong with it; nothing of what the file says, so nothing to neutralise."""
    await imports.get(tx, batch_id)
    return StreamingResponse(
        _report(request.app.state.database, batch_id),
        media_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="importacion-{batch_id}.csv"'},
    )


async def _report(database: Database, batch_id: UUID) -> AsyncIterator[str]:
    yield "\ufeff" + _line("Fila", "Resultado", "Folio", "Repite", "Motivo")
    async with database.transaction() as session:
        batch = await imports.get(session, batch_id)
        async for row, folio in imports.report(session, batch):
            wrong = "; ".join(f"{import_texts.FIELDS.get(name, name)}: {text}" for name, text in row.problems.items())
            yield _line(str(row.number), import_texts.ROWS[row.state], folio or "", row.repeats or "", wrong)


def _line(*cells: str) -> str:
    line = io.StringIO()
    csv.writer(line).writerow(cells)
    return line.getvalue()
