"""The liaison's console: what was turned to their agency, and what they answer.

Every route takes the agency from the account and passes it on to the query; another agency's turn or
file is as unknown as none. What is shown comes from `turns.queries.for_agency` alone.
"""

from collections.abc import Awaitable, Callable
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, File, Query, Request, Response, UploadFile
from fastapi.responses import RedirectResponse
from sqlalchemy.ext.asyncio import AsyncSession

from backend import clock
from backend.agents.auth import CurrentLiaison
from backend.agents.models import User
from backend.audit import service as audit
from backend.catalog.models import Agency
from backend.console.rendering import LIAISON_HOME, liaison_page
from backend.console.typed_forms import choice, day_of, keep_files, page_of, texts_of
from backend.db import Tx
from backend.errors import ChatSonoraError, InvalidInput
from backend.letters import service as letters
from backend.registry import deadlines
from backend.registry.models import Petition
from backend.text import strip_control
from backend.turns import queries
from backend.turns import service as turns
from backend.turns.errors import TurnNotFound
from backend.turns.models import OPEN, Turn, TurnOutcome
from backend.turns.queries import Show
from backend.turns.service import MOST_FILES

router = APIRouter(prefix=LIAISON_HOME, include_in_schema=False)

Short = Annotated[str, Query(max_length=100)]
Files = Annotated[list[UploadFile] | None, File()]
Work = Callable[[Petition, Turn], Awaitable[None]]


async def _agency(session: AsyncSession, user: User) -> Agency:
    return await session.get_one(Agency, user.agency_id)


@router.get("")
async def listing(
    request: Request, tx: Tx, user: CurrentLiaison, buscar: Short = "", ver: Short = "", pagina: Short = "1"
) -> Response:
    """What was turned to the agency, what is due first at the top."""
    agency = await _agency(tx, user)
    show = choice(Show, ver) or Show.OPEN
    today, work = clock.local(clock.now()).date(), await deadlines.calendar(tx)
    typed = strip_control(buscar)
    page = page_of(pagina)
    result = await queries.of_agency(tx, agency.id, show=show, search=typed, today=today, page=page)
    context = {
        "result": result,
        "times": {row.turn.id: queries.time_of(row.turn, today, work) for row in result.rows},
        "shown": show,
        "shows": Show,
        "searched": typed,
    }
    return liaison_page(request, user, agency, "liaison_turns.html", context)


@router.get("/turnos/{turn_id}")
async def detail(request: Request, tx: Tx, user: CurrentLiaison, turn_id: UUID) -> Response:
    page = await _detail_page(request, tx, user, turn_id)
    await audit.record(tx, user, "turn_opened", turn_id)
    return page


async def _detail_page(
    request: Request,
    session: AsyncSession,
    user: User,
    turn_id: UUID,
    error: ChatSonoraError | None = None,
    typed: dict[str, str] | None = None,
) -> Response:
    agency = await _agency(session, user)
    shown = await queries.for_agency(session, turn_id, agency.id)
    letter = await letters.live_of_turn(session, turn_id) if shown.is_theirs else None
    today = clock.local(clock.now()).date()
    context = {
        "shown": shown,
        "letter": letter,
        "time": queries.time_of(shown.turn, today, await deadlines.calendar(session)),
        "is_open": shown.turn.state in OPEN,
        "typed": typed or {},
        "error": error.text if error else None,
    }
    return liaison_page(request, user, agency, "liaison_turn.html", context, error.status if error else 200)


async def _do(
    request: Request, session: AsyncSession, user: User, turn_id: UUID, work: Work, notice: str, typed: dict[str, str]
) -> Response:
    """Do it whole or not at all; refused, the turn's page says why and keeps what was typed."""
    petition, one = await turns.locked(session, turn_id, agency_id=user.agency_id)
    try:
        async with session.begin_nested():
            await work(petition, one)
    except ChatSonoraError as refused:
        return await _detail_page(request, session, user, turn_id, refused, typed)
    return RedirectResponse(f"{LIAISON_HOME}/turnos/{turn_id}?aviso={notice}", status_code=303)


@router.post("/turnos/{turn_id}/acuse")
async def acknowledge(request: Request, tx: Tx, user: CurrentLiaison, turn_id: UUID) -> Response:
    """Say that it was received."""

    async def work(petition: Petition, one: Turn) -> None:
        await turns.acknowledge(tx, petition, one, user_id=user.id)

    return await _do(request, tx, user, turn_id, work, "acuse", {})


@router.post("/turnos/{turn_id}/contestar")
async def answer(request: Request, tx: Tx, user: CurrentLiaison, turn_id: UUID, files: Files = None) -> Response:
    """Answer, with evidence."""
    typed = {**texts_of(await request.form()), "form": "contestar"}

    async def work(petition: Petition, one: Turn) -> None:
        outcome = choice(TurnOutcome, typed.get("outcome", ""))
        if outcome is None:
            raise InvalidInput("Elija si se atendió o no fue posible.")
        kept = await keep_files(request.app.state.files, files or [], MOST_FILES)
        await turns.answer(tx, petition, one, typed.get("text", ""), outcome, user_id=user.id, files=kept)

    return await _do(request, tx, user, turn_id, work, "contestado", typed)


@router.post("/turnos/{turn_id}/informar")
async def inform(request: Request, tx: Tx, user: CurrentLiaison, turn_id: UUID, files: Files = None) -> Response:
    """Tell of an advance, or ask the office, before answering."""
    typed = {**texts_of(await request.form()), "form": "informar"}

    async def work(petition: Petition, one: Turn) -> None:
        kept = await keep_files(request.app.state.files, files or [], MOST_FILES)
        await turns.add_note(tx, petition, one, typed.get("text", ""), user_id=user.id, files=kept)

    return await _do(request, tx, user, turn_id, work, "informado", typed)


@router.post("/turnos/{turn_id}/plazo")
async def ask_extension(request: Request, tx: Tx, user: CurrentLiaison, turn_id: UUID) -> Response:
    """Ask for more time."""
    typed = {**texts_of(await request.form()), "form": "plazo"}

    async def work(petition: Petition, one: Turn) -> None:
        until = day_of(typed.get("until", ""), "Escriba la fecha como día, mes y año.")
        if until is None:
            raise InvalidInput("Escriba hasta qué fecha necesita.")
        await turns.ask_extension(tx, petition, one, until, typed.get("text", ""), user_id=user.id)

    return await _do(request, tx, user, turn_id, work, "plazo", typed)


@router.post("/turnos/{turn_id}/devolver")
async def send_back(request: Request, tx: Tx, user: CurrentLiaison, turn_id: UUID) -> Response:
    """Say that it is not the agency's."""
    typed = {**texts_of(await request.form()), "form": "devolver"}

    async def work(petition: Petition, one: Turn) -> None:
        await turns.send_back(tx, petition, one, typed.get("text", ""), user_id=user.id)

    return await _do(request, tx, user, turn_id, work, "devuelto", typed)


@router.get("/turnos/{turn_id}/archivos/{file_id}")
async def read_file(request: Request, tx: Tx, user: CurrentLiaison, turn_id: UUID, file_id: UUID) -> Response:
    """A file of the turn: the agency's own evidence, what the person sent, or what staff shared."""
    agency = await _agency(tx, user)
    file = await queries.file_for_agency(tx, turn_id, agency.id, file_id)
    await audit.record(tx, user, "turn_file_opened", turn_id, file=str(file_id))
    response: Response = request.app.state.files.response(file)
    return response


@router.get("/turnos/{turn_id}/oficio")
async def read_letter(request: Request, tx: Tx, user: CurrentLiaison, turn_id: UUID) -> Response:
    """The oficio of the turn, as PDF."""
    shown = await queries.for_agency(tx, turn_id, (await _agency(tx, user)).id)
    letter = await letters.live_of_turn(tx, turn_id) if shown.is_theirs else None
    if letter is None:
        raise TurnNotFound("Ese oficio no existe.")
    await audit.record(tx, user, "turn_file_opened", turn_id, letter=letter.reference)
    response: Response = request.app.state.files.response((await letters.files_of(tx, letter.id)).pdf)
    return response
