"""Notices on the folio page: telling something now, trying again, and the list of all as a table to take away."""

from collections.abc import Iterator
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Form, Query, Request, Response
from sqlalchemy.ext.asyncio import AsyncSession

from backend.agents.auth import CurrentUser
from backend.audit import service as audit
from backend.console import downloads, notice_texts
from backend.console.pages_petitions import back_to, detail_page
from backend.console.rendering import moment_text
from backend.db import Database, Tx
from backend.errors import ChatSonoraError, InvalidInput
from backend.notices import proof, staff
from backend.notices.proof import NoticeView
from backend.registry import petitions

router = APIRouter(prefix="/consola/peticiones", include_in_schema=False)

HEADINGS = (
    "Folio",
    "Fecha del aviso",
    "Aviso",
    "Resultado",
    "Intento",
    "Medio",
    "Fecha del intento",
    "Estado",
    "Enviado",
    "Entregado",
    "Leído",
    "Falló",
    "Motivo",
)  # fmt: skip
_SHEET = downloads.Sheet("avisos", "Avisos", HEADINGS, ())


@router.get("/avisos.csv")
async def export(
    request: Request, tx: Tx, user: CurrentUser, avisos: Annotated[str, Query(max_length=20)] = ""
) -> Response:
    """The latest notices, a line an attempt; `avisos=sin_entregar` for those without proof. Opens in Excel."""
    await audit.record(tx, user, "notices_exported", user.id, form="csv")
    database: Database = request.app.state.database
    rows = downloads.read(database, lambda reading: _chunks(reading, undelivered_only=avisos == "sin_entregar"))
    return downloads.csv(_SHEET, rows)


async def _chunks(session: AsyncSession, *, undelivered_only: bool) -> downloads.Rows:
    async for views in proof.listed(session, undelivered_only=undelivered_only):
        yield [line for view in views for line in _lines(view)]


def _lines(view: NoticeView) -> Iterator[tuple[str, ...]]:
    result = notice_texts.NO_WAY if view.had_no_way else notice_texts.NOTICE_STATES[view.state]
    for one in view.attempts:
        moments = (one.sent_at, one.delivered_at, one.read_at, one.failed_at)
        yield (
            view.folio,
            moment_text(view.notice.created_at),
            view.notice.text,
            result,
            str(one.attempt.position + 1),
            notice_texts.way(one),
            moment_text(one.attempt.created_at),
            notice_texts.state(one),
            *(moment_text(moment) if moment else "" for moment in moments),
            notice_texts.reason(one) or (one.task.outcome if one.task and one.task.outcome else ""),
        )


@router.post("/{folio}/avisos")
async def tell(
    request: Request, tx: Tx, user: CurrentUser, folio: str, text: Annotated[str, Form(max_length=4000)] = ""
) -> Response:
    """Tell the citizen something in words of one's own."""
    petition = await petitions.get(tx, folio, for_update=True)
    try:
        if not text.strip():
            raise InvalidInput("Escriba lo que se le va a avisar.")
        await staff.tell(tx, petition, text, user_id=user.id)
    except ChatSonoraError as refused:
        return await detail_page(request, tx, user, folio, refused, told=text)
    return back_to(petition.folio, "avisado", "avisos")


@router.post("/{folio}/avisos/{notice_id}/reintentar")
async def retry(request: Request, tx: Tx, user: CurrentUser, folio: str, notice_id: UUID) -> Response:
    petition = await petitions.get(tx, folio, for_update=True)
    try:
        await staff.retry(tx, petition, notice_id, user_id=user.id)
    except ChatSonoraError as refused:
        return await detail_page(request, tx, user, folio, refused)
    return back_to(petition.folio, "reintentado", "avisos")
