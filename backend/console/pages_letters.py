"""Letters of petitions: making one with its draft first, many at once, the book of numbers, their files."""

from typing import Annotated, Any
from uuid import UUID, uuid4

from fastapi import APIRouter, Form, Query, Request, Response
from fastapi.responses import FileResponse, RedirectResponse
from sqlalchemy.ext.asyncio import AsyncSession

from backend.agents.auth import CurrentUser
from backend.agents.models import User
from backend.catalog import service as catalog
from backend.console.letter_files import download, shown_pdf
from backend.console.pages_petitions import back_to
from backend.console.rendering import staff_page
from backend.console.typed_forms import choice, known_uuid, page_of
from backend.conversations.files import FileStore
from backend.db import Database, Tx
from backend.errors import ChatSonoraError, NotFound
from backend.letters import batch, bundles, queries, service
from backend.letters.errors import LetterRefused
from backend.letters.kinds import KINDS, Side
from backend.letters.models import LetterKind, Series
from backend.letters.service import LetterFiles, LetterOrder
from backend.registry import petitions
from backend.registry.models import Petition
from backend.turns import service as turns
from backend.turns.models import TurnState

router = APIRouter(prefix="/consola", include_in_schema=False)

Short = Annotated[str, Query(max_length=100)]
Typed = Annotated[str, Form(max_length=20_000)]


def _kind(raw: str) -> LetterKind:
    kind = choice(LetterKind, raw)
    if kind is None:
        raise NotFound("No existe ese tipo de documento.")
    return kind


def _files(request: Request) -> FileStore:
    store: FileStore = request.app.state.files
    return store


@router.get("/peticiones/{folio}/documentos/nuevo")
async def new_letter(
    request: Request, tx: Tx, user: CurrentUser, folio: str, tipo: Short = "", turno: Short = ""
) -> Response:
    petition = await petitions.get(tx, folio)
    order = LetterOrder(_kind(tipo), known_uuid(turno))
    return await _letter_page(request, tx, user, petition, order)


async def _letter_page(
    request: Request,
    session: AsyncSession,
    user: User,
    petition: Petition,
    order: LetterOrder,
    error: ChatSonoraError | None = None,
) -> Response:
    """The form with what the letter would say; where it cannot be, why."""
    draft = None
    try:
        draft = await service.draft(session, petition, order)
    except LetterRefused as refused:
        error = error or refused
    facts = KINDS[order.kind]
    context = {
        "active": "petitions",
        "petition": petition,
        "order": order,
        "facts": facts,
        "draft": draft,
        "takes_text": draft is not None and service.takes_text(draft.template),
        "needs_text": draft is not None and service.needs_text(draft),
        "kinds": {kind: one for kind, one in KINDS.items() if one.side is facts.side},
        "turns": await _turns_of(session, petition) if facts.side is Side.AGENCY else [],
        "error": error.text if error else None,
    }
    return await staff_page(request, session, user, "letter_new.html", context, error.status if error else 200)


async def _turns_of(session: AsyncSession, petition: Petition) -> list[turns.TurnView]:
    """The turns that an oficio may be about."""
    gone = (TurnState.RETURNED, TurnState.WITHDRAWN)
    return [one for one in await turns.of_petition(session, petition.id) if one.turn.state not in gone]


@router.post("/peticiones/{folio}/documentos/vista")
async def preview_letter(
    request: Request, tx: Tx, user: CurrentUser, folio: str, kind: Typed = "", turn: Typed = "", text: Typed = ""
) -> Response:
    """The draft as PDF; no number is taken."""
    petition = await petitions.get(tx, folio)
    draft = await service.draft(tx, petition, LetterOrder(_kind(kind), known_uuid(turn), text))
    return shown_pdf(await service.drawn(draft.document), f"borrador-{petition.folio}.pdf")


@router.post("/peticiones/{folio}/documentos")
async def make_letter(
    request: Request,
    tx: Tx,
    user: CurrentUser,
    folio: str,
    kind: Typed = "",
    turn: Typed = "",
    text: Typed = "",
    key: Typed = "",
) -> Response:
    petition = await petitions.get(tx, folio, for_update=True)
    order = LetterOrder(_kind(kind), known_uuid(turn), text.replace("\r\n", "\n").strip(), known_uuid(key) or uuid4())
    try:
        async with tx.begin_nested():
            letter = await service.make(tx, _files(request), petition, order, user=user)
    except ChatSonoraError as refused:
        return await _letter_page(request, tx, user, petition, order, refused)
    return back_to(petition.folio, "documento", f"documento-{letter.id}")


@router.get("/documentos")
async def waiting(request: Request, tx: Tx, user: CurrentUser, dependencia: Short = "", folio: Short = "") -> Response:
    return await _waiting_page(request, tx, user, agency_id=known_uuid(dependencia), folio=folio)


async def _waiting_page(
    request: Request,
    session: AsyncSession,
    user: User,
    *,
    agency_id: UUID | None = None,
    folio: str = "",
    error: ChatSonoraError | None = None,
) -> Response:
    rows, total = await batch.waiting(session, agency_id=agency_id, folio=folio)
    context = {
        "active": "letters",
        "rows": rows,
        "total": total,
        "counted": batch.COUNTED,
        "agencies": await catalog.agencies(session),
        "agency_id": agency_id,
        "folio": folio,
        "batch_id": uuid4(),
        "error": error.text if error else None,
    }
    return await staff_page(request, session, user, "letters_waiting.html", context, error.status if error else 200)


@router.post("/documentos/lote")
async def make_batch(request: Request, tx: Tx, user: CurrentUser, key: Typed = "") -> Response:
    """Make the marked oficios, each in a transaction of its own."""
    wanted = [known_uuid(raw) for raw in (await request.form()).getlist("turn") if isinstance(raw, str)]
    batch_id = known_uuid(key) or uuid4()
    database: Database = request.app.state.database
    await tx.commit()
    try:
        await batch.make_all(database, _files(request), batch_id, [one for one in wanted if one], user=user)
    except ChatSonoraError as refused:
        async with database.transaction() as session:
            return await _waiting_page(request, session, user, error=refused)
    return RedirectResponse(f"/consola/documentos/lote/{batch_id}", status_code=303)


@router.get("/documentos/lote/{batch_id}")
async def batch_page(request: Request, tx: Tx, user: CurrentUser, batch_id: UUID) -> Response:
    outcomes = await batch.outcomes(tx, batch_id)
    context: dict[str, Any] = {
        "active": "letters",
        "batch_id": batch_id,
        "made": [one for one in outcomes if one.reference],
        "refused": [one for one in outcomes if not one.reference],
        "letters": {one.letter.reference: one.letter for one in await batch.letters_of(tx, batch_id)},
    }
    return await staff_page(request, tx, user, "letters_batch.html", context)


@router.get("/documentos/lote/{batch_id}/zip")
async def batch_archive(request: Request, tx: Tx, user: CurrentUser, batch_id: UUID) -> Response:
    """Every file of the batch, to be kept."""
    packed = await bundles.archive(_files(request), await _letters_of(tx, batch_id))
    return download(packed, f"oficios-{batch_id.hex[:8]}.zip", "application/zip")


@router.get("/documentos/lote/{batch_id}/pdf")
async def batch_to_print(request: Request, tx: Tx, user: CurrentUser, batch_id: UUID) -> Response:
    """The whole batch as one PDF, to be printed at once."""
    joined = await bundles.print_run(_files(request), await _letters_of(tx, batch_id))
    return shown_pdf(joined, f"oficios-{batch_id.hex[:8]}.pdf")


async def _letters_of(session: AsyncSession, batch_id: UUID) -> list[LetterFiles]:
    letters = await batch.letters_of(session, batch_id)
    if not letters:
        raise NotFound("Ese lote no tiene documentos.")
    return letters


@router.get("/documentos/hechos")
async def book(
    request: Request, tx: Tx, user: CurrentUser, buscar: Short = "", serie: Short = "", pagina: Short = "1"
) -> Response:
    series = choice(Series, serie)
    page = page_of(pagina)
    context = {
        "active": "letters",
        "result": await queries.made(tx, typed=buscar, series=series, page=page),
        "kinds": KINDS,
        "buscar": buscar,
        "serie": series.value if series else "",
    }
    return await staff_page(request, tx, user, "letters_made.html", context)


@router.get("/documentos/{letter_id}/{form}", response_class=FileResponse)
async def file(request: Request, tx: Tx, user: CurrentUser, letter_id: UUID, form: str) -> Response:
    """A letter's PDF or DOCX, to be saved."""
    found = await service.files_of(tx, letter_id)
    if form not in ("pdf", "docx"):
        raise NotFound
    return _files(request).response(found.pdf if form == "pdf" else found.docx)


@router.post("/documentos/{letter_id}/cancelar")
async def cancel(
    request: Request,
    tx: Tx,
    user: CurrentUser,
    letter_id: UUID,
    reason: Annotated[str, Form(max_length=1000)] = "",
) -> Response:
    letter = await service.cancel(tx, letter_id, reason, user=user)
    petition = await tx.get_one(Petition, letter.petition_id)
    return back_to(petition.folio, "documento_cancelado", "documentos")
