"""What staff do with a folio's turns, and the head's list of overdue ones."""

from collections.abc import Awaitable, Callable
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, File, Query, Request, Response, UploadFile
from sqlalchemy.ext.asyncio import AsyncSession

from backend import clock
from backend.agents.auth import CurrentHead, CurrentUser
from backend.agents.models import User
from backend.catalog.models import Agency
from backend.console.pages_petitions import back_to, detail_page
from backend.console.rendering import staff_page
from backend.console.typed_forms import choice, day_of, keep_files, texts_of, uuid_of
from backend.db import Tx
from backend.errors import ChatSonoraError, InvalidInput
from backend.mail import service as mail
from backend.registry import deadlines, petitions
from backend.registry.models import Petition
from backend.turns import queries, sharing
from backend.turns import service as turns
from backend.turns.errors import TurnNotFound
from backend.turns.models import Turn, TurnOutcome
from backend.turns.service import MOST_FILES, TurnOrder

router = APIRouter(prefix="/consola", include_in_schema=False)

BAD_DAY = "Escriba la fecha límite como día, mes y año."


@router.post("/peticiones/{folio}/turnos")
async def turn(request: Request, tx: Tx, user: CurrentUser, folio: str) -> Response:
    """Turn to the agencies that were checked, each with its own instructions or the common ones."""
    form = await request.form()
    typed = texts_of(form)
    chosen = [value for value in form.getlist("agency") if isinstance(value, str)]
    petition = await petitions.get(tx, folio, for_update=True)

    async def work() -> None:
        due_on = day_of(typed.get("due_on", ""), BAD_DAY)
        replaces = typed.get("replaces", "")
        orders = [
            TurnOrder(
                agency_id=uuid_of(one, "Elija la dependencia de la lista."),
                instructions=typed.get(f"instructions-{one}") or typed.get("instructions", ""),
                due_on=due_on,
                replaces_id=uuid_of(replaces, "Ese turno no existe.") if replaces else None,
            )
            for one in dict.fromkeys(chosen)
        ]
        await turns.turn(tx, petition, orders, user_id=user.id)

    return await _do(request, tx, user, petition, work, "turnada", {**typed, "chosen": " ".join(chosen)})


async def _do(
    request: Request,
    session: AsyncSession,
    user: User,
    petition: Petition,
    work: Callable[[], Awaitable[None]],
    notice: str,
    typed: dict[str, str],
) -> Response:
    """Do it whole or not at all; refused, the folio's page says why and keeps what was typed."""
    folio = petition.folio
    try:
        async with session.begin_nested():
            await work()
    except ChatSonoraError as refused:
        request.state.turn_typed = typed
        return await detail_page(request, session, user, folio, refused)
    return back_to(folio, notice, "turnos")


async def _locked(session: AsyncSession, folio: str, turn_id: UUID) -> tuple[Petition, Turn]:
    petition = await petitions.get(session, folio)
    found, one = await turns.locked(session, turn_id)
    if found.id != petition.id:
        raise TurnNotFound
    return found, one


@router.post("/peticiones/{folio}/turnos/{turn_id}/plazo")
async def decide_extension(request: Request, tx: Tx, user: CurrentUser, folio: str, turn_id: UUID) -> Response:
    """Grant or refuse the time that the agency asked for."""
    typed = {**texts_of(await request.form()), "turn": str(turn_id), "form": "plazo"}
    petition, one = await _locked(tx, folio, turn_id)

    async def work() -> None:
        decision = typed.get("decision")
        if decision not in ("dar", "negar"):
            raise InvalidInput("Elija si se da más tiempo o no.")
        if decision == "negar" and not typed.get("reason"):
            raise InvalidInput("Escriba por qué no se da más tiempo.")
        await turns.decide_extension(
            tx, petition, one, is_granted=decision == "dar", user_id=user.id, reason=typed.get("reason", "")
        )

    return await _do(request, tx, user, petition, work, "turno", typed)


@router.post("/peticiones/{folio}/turnos/{turn_id}/nota")
async def write_note(request: Request, tx: Tx, user: CurrentUser, folio: str, turn_id: UUID) -> Response:
    """Write to the agency; its liaison reads it."""
    typed = {**texts_of(await request.form()), "turn": str(turn_id), "form": "nota"}
    petition, one = await _locked(tx, folio, turn_id)

    async def work() -> None:
        await turns.write_to_agency(tx, petition, one, typed.get("text", ""), user_id=user.id)

    return await _do(request, tx, user, petition, work, "turno", typed)


@router.post("/peticiones/{folio}/turnos/{turn_id}/retirar")
async def withdraw(request: Request, tx: Tx, user: CurrentUser, folio: str, turn_id: UUID) -> Response:
    """Take the turn back."""
    typed = {**texts_of(await request.form()), "turn": str(turn_id), "form": "retirar"}
    petition, one = await _locked(tx, folio, turn_id)

    async def work() -> None:
        await turns.withdraw(tx, petition, one, typed.get("text", ""), user_id=user.id)

    return await _do(request, tx, user, petition, work, "turno", typed)


@router.post("/peticiones/{folio}/turnos/{turn_id}/documentos")
async def share_documents(request: Request, tx: Tx, user: CurrentUser, folio: str, turn_id: UUID) -> Response:
    """Let the agency see the documents that were checked, and no others of the expediente."""
    chosen = [value for value in (await request.form()).getlist("document") if isinstance(value, str)]
    petition, one = await _locked(tx, folio, turn_id)

    async def work() -> None:
        ids = {uuid_of(value, "Ese documento no existe.") for value in chosen}
        await sharing.share(tx, petition, one, ids, user_id=user.id)

    return await _do(request, tx, user, petition, work, "compartido", {"turn": str(turn_id), "form": "compartir"})


@router.post("/peticiones/{folio}/turnos/{turn_id}/registrar")
async def register_answer(
    request: Request,
    tx: Tx,
    user: CurrentUser,
    folio: str,
    turn_id: UUID,
    files: Annotated[list[UploadFile] | None, File()] = None,
) -> Response:
    """Register what an agency said by telephone or on paper, as its liaison would."""
    typed = {**texts_of(await request.form()), "turn": str(turn_id), "form": "registrar"}
    petition, one = await _locked(tx, folio, turn_id)

    async def work() -> None:
        text, what = typed.get("text", ""), typed.get("what")
        if what == "acuse":
            await turns.acknowledge(tx, petition, one, user_id=user.id)
            return
        if what == "devolucion":
            await turns.send_back(tx, petition, one, text, user_id=user.id)
            return
        outcome = choice(TurnOutcome, what or "")
        if outcome is None:
            raise InvalidInput("Elija qué contestó la dependencia.")
        kept = await keep_files(request.app.state.files, files or [], MOST_FILES)
        await turns.answer(tx, petition, one, text, outcome, user_id=user.id, files=kept)

    return await _do(request, tx, user, petition, work, "turno", typed)


@router.post("/peticiones/{folio}/turnos/{turn_id}/correos/{mail_id}/reintentar")
async def retry_mail(request: Request, tx: Tx, user: CurrentUser, folio: str, turn_id: UUID, mail_id: UUID) -> Response:
    """Send again an e-mail that did not go out."""
    petition, one = await _locked(tx, folio, turn_id)

    async def work() -> None:
        agency = await tx.get_one(Agency, one.agency_id)
        await mail.retry(tx, mail_id, turn_id=one.id, to_address=agency.liaison_email)

    return await _do(request, tx, user, petition, work, "correo", {})


@router.get("/peticiones/{folio}/turnos/{turn_id}/archivos/{file_id}")
async def read_evidence(
    request: Request, tx: Tx, user: CurrentUser, folio: str, turn_id: UUID, file_id: UUID
) -> Response:
    """A file that an agency attached."""
    petition = await petitions.get(tx, folio)
    response: Response = request.app.state.files.response(await queries.evidence(tx, petition.id, turn_id, file_id))
    return response


@router.get("/vencidas")
async def overdue(
    request: Request, tx: Tx, user: CurrentHead, buscar: Annotated[str, Query(max_length=100)] = ""
) -> Response:
    """What agencies owe beyond the days that the office waits."""
    today = clock.local(clock.now()).date()
    context = {
        "active": "news",
        "agencies": await queries.escalated(tx, today, await deadlines.calendar(tx), buscar),
        "searched": buscar,
        "after": request.app.state.settings.escalate_after_days,
    }
    return await staff_page(request, tx, user, "overdue_turns.html", context)
