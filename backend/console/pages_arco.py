"""«Derechos ARCO»: requests about personal data, and what is done with each."""

from collections.abc import Awaitable, Callable, Mapping
from datetime import date
from typing import Annotated, Any
from urllib.parse import urlencode
from uuid import UUID

from fastapi import APIRouter, File, Request, Response, UploadFile
from fastapi.responses import RedirectResponse, StreamingResponse
from sqlalchemy.ext.asyncio import AsyncSession

from backend import clock
from backend.agents.auth import CurrentHead, CurrentUser
from backend.agents.models import User
from backend.arco import carrying_out, queries, resolution, service, terms
from backend.arco.errors import ArcoRefused
from backend.arco.models import OPEN, UNANSWERED, ArcoRequest, ArcoState, Identity, Refusal, Right
from backend.arco.service import Act
from backend.audit import service as audit
from backend.console import arco_forms, arco_texts, downloads, due_texts, texts
from backend.console.rendering import staff_page
from backend.console.typed_forms import choice, day_of, keep_files, known_uuid, page_of, texts_of
from backend.db import Tx
from backend.errors import ChatSonoraError, InvalidInput
from backend.holdings import export, subject
from backend.registry import deadlines
from backend.registry.models import Person, Petition
from backend.staffing import team

router = APIRouter(prefix="/consola/arco", include_in_schema=False)

_SHEET = downloads.Sheet("solicitudes-arco", "Solicitudes ARCO", arco_forms.HEADINGS, arco_forms.WIDTHS)
Work = Callable[[ArcoRequest, dict[str, str]], Awaitable[None]]


@router.get("")
async def page(request: Request, tx: Tx, user: CurrentHead) -> Response:
    return await _list_page(request, tx, user)


async def _list_page(
    request: Request,
    session: AsyncSession,
    user: User,
    *,
    typed: Mapping[str, str] | None = None,
    error: ChatSonoraError | None = None,
) -> Response:
    await service.adopt(session)
    asked = dict(request.query_params)
    shown = await _shown(session)
    today, work = shown["today"], shown["work"]
    number = page_of(asked.get("pagina", ""))
    rows, total = await queries.page(session, arco_forms.wanted_of(asked), today, work, number=number)
    kept = {name: asked[name] for name in arco_forms.FILTERS if asked.get(name)}
    context = {
        **shown,
        "rows": [(row, queries.pace(row.request, today, work)) for row in rows],
        "counts": await queries.counts(session, today, work),
        "total": total,
        "number": number,
        "pages": max(1, -(-total // queries.PAGE)),
        "query": urlencode(kept),
        "asked": {"estado": "abiertas", **kept},
        "values": typed or {"received_on": today.isoformat()},
        "is_opened": bool(typed) or "nueva" in asked,
        "channels": arco_forms.CHANNELS,
        "error": error.text if error else None,
        "field": (error.details.get("field") if error else None),
    }
    return await staff_page(request, session, user, "arco.html", context, error.status if error else 200)


async def _shown(session: AsyncSession) -> dict[str, Any]:
    """What every page of the module needs."""
    return {
        "active": "arco",
        "today": service.today(),
        "work": await deadlines.calendar(session),
        "people": await team.people(session),
        "due_texts": due_texts,
        "arco_texts": arco_texts,
        "terms": terms,
        "entry_channels": texts.ENTRY_CHANNELS,
    }


@router.post("")
async def register(request: Request, tx: Tx, user: CurrentHead) -> Response:
    typed = texts_of(await request.form())
    try:
        async with tx.begin_nested():
            one = await arco_forms.register(tx, typed, by=user)
    except ChatSonoraError as refused:
        return await _list_page(request, tx, user, typed=typed, error=refused)
    return RedirectResponse(f"/consola/arco/{one.id}?aviso=arco", status_code=303)


async def _exported(request: Request, session: AsyncSession, user: User, form: str) -> downloads.Rows:
    """What is exported; that it was stands on the trail, without the words that were searched."""
    asked = request.query_params
    filters = [name for name in arco_forms.FILTERS if asked.get(name)]
    await audit.record(session, user, "arco_list_exported", user.id, form=form, filters=filters)
    wanted, database = arco_forms.wanted_of(asked), request.app.state.database
    return downloads.read(database, lambda reading: arco_forms.chunks(reading, wanted))


@router.get("/exportar.csv")
async def export_csv(request: Request, tx: Tx, user: CurrentHead) -> Response:
    """The list's requests, all of them."""
    return downloads.csv(_SHEET, await _exported(request, tx, user, "csv"))


@router.get("/exportar.xlsx")
async def export_xlsx(request: Request, tx: Tx, user: CurrentHead) -> Response:
    """The same as a workbook."""
    return await downloads.xlsx(_SHEET, await _exported(request, tx, user, "xlsx"))


@router.get("/plazos")
async def legal_terms(request: Request, tx: Tx, user: CurrentUser) -> Response:
    """The law's terms, what they rest on, and who may do what."""
    context = {**await _shown(tx), "may": service.MAY}
    return await staff_page(request, tx, user, "arco_terms.html", context)


@router.get("/{request_id}")
async def detail(request: Request, tx: Tx, user: CurrentUser, request_id: UUID) -> Response:
    return await _detail_page(request, tx, user, await service.get(tx, request_id, user))


async def _detail_page(
    request: Request,
    session: AsyncSession,
    user: User,
    one: ArcoRequest,
    *,
    typed: Mapping[str, str] | None = None,
    error: ChatSonoraError | None = None,
) -> Response:
    shown = await _shown(session)
    asked = await terms.clarifications(session, one)
    found = request.query_params.get("quien", "")
    person = await session.get(Person, one.person_id) if one.person_id else None
    context = {
        **shown,
        "one": one,
        "view": await queries.view(session, one),
        "petition": await session.get_one(Petition, one.petition_id),
        "person": person,
        "is_blocked": person is not None and carrying_out.is_blocked_by(one, person),
        "found": await subject.find(session, found) if found else [],
        "searched": found,
        "is_open": one.state in OPEN,
        "is_unanswered": one.state in UNANSWERED,
        "may": {act.value: service.may(one, user, act) for act in Act},
        "pace": queries.pace(one, shown["today"], shown["work"]),
        "trace": arco_texts.trace(one, terms.deadline(one, asked, shown["work"])),
        "clarifications": asked,
        "last_to_ask": terms.last_day_to_ask(one, shown["work"]),
        "last_to_clarify": terms.last_day_to_clarify(asked, shown["work"]),
        "files": await queries.files(session, one),
        "history": await queries.history(session, one),
        "identified_by": await session.get(User, one.identity_by) if one.identity_by else None,
        "typed": typed or {},
        "error": error.text if error else None,
    }
    return await staff_page(request, session, user, "arco_request.html", context, error.status if error else 200)


async def _do(
    request: Request, session: AsyncSession, user: User, request_id: UUID, form: str, work: Work,
    notice: str = "arco_guardada",
) -> Response:  # fmt: skip
    """Do it whole or not at all; refused, the page says why and keeps what was typed."""
    typed = {**texts_of(await request.form()), "form": form}
    one = await service.get(session, request_id, user, for_update=True)
    try:
        async with session.begin_nested():
            await work(one, typed)
    except ChatSonoraError as refused:
        await session.refresh(one)
        return await _detail_page(request, session, user, one, typed=typed, error=refused)
    return RedirectResponse(f"/consola/arco/{one.id}?aviso={notice}", status_code=303)


def _day(typed: Mapping[str, str]) -> date:
    """Raises ArcoRefused."""
    day = day_of(typed.get("day", ""), "Escriba el día como día, mes y año.")
    if day is None:
        raise ArcoRefused("Escriba qué día fue.", field="day")
    return day


@router.post("/{request_id}")
async def assign(request: Request, tx: Tx, user: CurrentUser, request_id: UUID) -> Response:
    """Which right, whose data, and who has it."""

    async def work(one: ArcoRequest, typed: dict[str, str]) -> None:
        person_id, user_id = known_uuid(typed.get("person_id", "")), known_uuid(typed.get("user_id", ""))
        await service.assign(tx, one, choice(Right, typed.get("right", "")), person_id, user_id, by=user)

    return await _do(request, tx, user, request_id, "assign", work)


@router.post("/{request_id}/identidad")
async def identify(request: Request, tx: Tx, user: CurrentUser, request_id: UUID) -> Response:
    async def work(one: ArcoRequest, typed: dict[str, str]) -> None:
        how = choice(Identity, typed.get("identity", ""))
        if how is None:
            raise ArcoRefused("Elija con qué documento se acreditó.", field="identity")
        await service.identify(tx, one, how, typed.get("text", ""), by=user)

    return await _do(request, tx, user, request_id, "identity", work)


@router.post("/{request_id}/prevencion")
async def clarify(request: Request, tx: Tx, user: CurrentUser, request_id: UUID) -> Response:
    """Ask for what is missing, write down what came, or end what never came."""

    async def work(one: ArcoRequest, typed: dict[str, str]) -> None:
        if typed.get("action") == "no_presentada":
            await service.dismiss(tx, one, by=user)
        elif one.state is ArcoState.CLARIFYING:
            await service.receive(tx, one, typed.get("text", ""), _day(typed), by=user)
        else:
            await service.ask(tx, one, typed.get("text", ""), _day(typed), by=user)

    return await _do(request, tx, user, request_id, "clarify", work)


@router.post("/{request_id}/ampliacion")
async def extend(request: Request, tx: Tx, user: CurrentUser, request_id: UUID) -> Response:
    async def work(one: ArcoRequest, typed: dict[str, str]) -> None:
        await service.extend(tx, one, typed.get("text", ""), by=user)

    return await _do(request, tx, user, request_id, "extend", work)


@router.post("/{request_id}/respuesta")
async def answer(request: Request, tx: Tx, user: CurrentUser, request_id: UUID) -> Response:
    """Keep the draft of the answer, or give it: it proceeds, or it does not and why. A PDF is made of it."""

    async def work(one: ArcoRequest, typed: dict[str, str]) -> None:
        action, told = typed.get("action", ""), typed.get("answer", "")
        if action == "guardar":
            await service.save_answer(tx, one, told, by=user)
            return
        day = _day(typed)
        if action == "procede":
            await service.grant(tx, one, told, day, by=user)
        else:
            why = choice(Refusal, typed.get("refusal", ""))
            if why is None:
                raise ArcoRefused("Elija por qué no procede.", field="refusal")
            await service.refuse(tx, one, why, told, day, by=user)
        about = f"Respuesta a su solicitud de derechos ARCO: {arco_texts.right(one).lower()}"
        await resolution.make(tx, one, request.app.state.files, subject=about, day=day, by=user)

    return await _do(request, tx, user, request_id, "answer", work)


@router.post("/{request_id}/correccion")
async def rectify(request: Request, tx: Tx, user: CurrentUser, request_id: UUID) -> Response:
    async def work(one: ArcoRequest, typed: dict[str, str]) -> None:
        await carrying_out.rectify(tx, one, typed, by=user)

    return await _do(request, tx, user, request_id, "rectify", work, "arco_corregida")


@router.post("/{request_id}/cumplimiento")
async def complete(request: Request, tx: Tx, user: CurrentUser, request_id: UUID) -> Response:
    async def work(one: ArcoRequest, typed: dict[str, str]) -> None:
        await carrying_out.complete(tx, one, _day(typed), by=user)

    return await _do(request, tx, user, request_id, "complete", work, "arco_cumplida")


@router.post("/{request_id}/desbloqueo")
async def unblock(request: Request, tx: Tx, user: CurrentHead, request_id: UUID) -> Response:
    """Take back a cancellation carried out by error."""

    async def work(one: ArcoRequest, typed: dict[str, str]) -> None:
        await carrying_out.unblock(tx, one, typed.get("text", ""), by=user)

    return await _do(request, tx, user, request_id, "unblock", work, "arco_desbloqueada")


@router.post("/{request_id}/nota")
async def add_note(request: Request, tx: Tx, user: CurrentUser, request_id: UUID) -> Response:
    async def work(one: ArcoRequest, typed: dict[str, str]) -> None:
        await service.add_note(tx, one, typed.get("text", ""), by=user)

    return await _do(request, tx, user, request_id, "note", work)


@router.post("/{request_id}/archivos")
async def add_files(
    request: Request,
    tx: Tx,
    user: CurrentUser,
    request_id: UUID,
    files: Annotated[list[UploadFile] | None, File()] = None,
) -> Response:
    async def work(one: ArcoRequest, typed: dict[str, str]) -> None:
        kept = await keep_files(request.app.state.files, files or [], service.MOST_FILES)
        if not kept:
            raise InvalidInput("Elija al menos un archivo.")
        await service.add_files(tx, one, kept, by=user)

    return await _do(request, tx, user, request_id, "files", work)


@router.get("/{request_id}/archivos/{file_id}")
async def read_file(request: Request, tx: Tx, user: CurrentUser, request_id: UUID, file_id: UUID) -> Response:
    one = await service.get(tx, request_id, user)
    response: Response = request.app.state.files.response(await queries.file(tx, one, file_id))
    return response


@router.post("/{request_id}/copia")
async def disclose(request: Request, tx: Tx, user: CurrentUser, request_id: UUID) -> Response:
    """The copy of everything held on the person, as a ZIP, bit by bit."""
    one = await service.get(tx, request_id, user, for_update=True)
    found = await carrying_out.disclose(tx, one, by=user)
    petition = await tx.get_one(Petition, one.petition_id)
    stream = export.stream(found, request.app.state.files, clock.now(), petition.folio)
    headers = {
        "Content-Disposition": f'attachment; filename="datos-personales-{petition.folio}.zip"',
        "Cache-Control": "no-store",
    }
    return StreamingResponse(stream, media_type="application/zip", headers=headers)
