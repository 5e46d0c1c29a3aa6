"""«Transparencia»: requests for information of the national platform, and what is done with each."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Annotated, Any
from urllib.parse import urlencode
from uuid import UUID

from fastapi import APIRouter, File, Request, Response, UploadFile
from fastapi.responses import RedirectResponse
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from backend import clock
from backend.agents.auth import CurrentHead, CurrentOverseer, CurrentReader, CurrentUser
from backend.agents.models import User
from backend.audit import service as audit
from backend.catalog.models import OfficeArea
from backend.console import downloads, due_texts, transparency_forms, transparency_quotes, transparency_texts
from backend.console.rendering import staff_page
from backend.console.typed_forms import day_of, keep_files, page_of, texts_of, uuid_of
from backend.db import Tx
from backend.errors import ChatSonoraError, InvalidInput
from backend.registry import deadlines
from backend.staffing import team
from backend.transparency import queries, service, terms
from backend.transparency.errors import RequestRefused
from backend.transparency.models import OPEN, InfoRequest, RequestState
from backend.transparency.service import Draft

router = APIRouter(prefix="/consola/transparencia", include_in_schema=False)

_BAD_DAY = "Escriba el día como día, mes y año."
_SHEET = downloads.Sheet(
    "solicitudes-de-informacion", "Solicitudes", transparency_forms.HEADINGS, transparency_forms.WIDTHS
)


@router.get("")
async def page(request: Request, tx: Tx, user: CurrentOverseer) -> Response:
    return await _list_page(request, tx, user)


async def _list_page(
    request: Request,
    session: AsyncSession,
    user: User,
    *,
    typed: Mapping[str, str] | None = None,
    error: ChatSonoraError | None = None,
) -> Response:
    asked = dict(request.query_params)
    shown = await _shown(session)
    today, work = shown["today"], shown["work"]
    number = page_of(asked.get("pagina", ""))
    rows, total = await queries.page(session, transparency_forms.wanted_of(asked), today, work, number=number)
    kept = {name: asked[name] for name in transparency_forms.FILTERS if asked.get(name)}
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
        "error": error.text if error else None,
    }
    return await staff_page(request, session, user, "transparency.html", context, error.status if error else 200)


async def _shown(session: AsyncSession) -> dict[str, Any]:
    """What every page of the module needs."""
    areas = await session.scalars(select(OfficeArea).where(OfficeArea.is_active).order_by(OfficeArea.key))
    return {
        "active": "transparency",
        "today": clock.local(clock.now()).date(),
        "work": await deadlines.calendar(session),
        "areas": areas.all(),
        "people": await team.people(session),
        "due_texts": due_texts,
        "transparency_texts": transparency_texts,
    }


def _draft(typed: Mapping[str, str]) -> Draft:
    """A request as it was typed. Raises RequestRefused, InvalidInput."""
    received_on = day_of(typed.get("received_on", ""), _BAD_DAY)
    if received_on is None:
        raise RequestRefused("Escriba qué día se recibió.", field="received_on")
    area, person = typed.get("area_id", ""), typed.get("user_id", "")
    return Draft(
        folio=typed.get("folio", ""),
        received_on=received_on,
        text=typed.get("text", ""),
        area_id=uuid_of(area, "Elija el área de la lista.") if area else None,
        user_id=uuid_of(person, "Elija a una persona del equipo.") if person else None,
    )


@router.post("")
async def receive(request: Request, tx: Tx, user: CurrentHead) -> Response:
    typed = texts_of(await request.form())
    try:
        one = await service.receive(tx, _draft(typed), by=user)
    except ChatSonoraError as refused:
        return await _list_page(request, tx, user, typed=typed, error=refused)
    return RedirectResponse(f"/consola/transparencia/{one.id}?aviso=solicitud", status_code=303)


async def _exported(request: Request, session: AsyncSession, user: User, form: str) -> downloads.Rows:
    """What is exported; that it was stands on the trail, without the words that were searched."""
    asked = request.query_params
    filters = [name for name in transparency_forms.FILTERS if asked.get(name)]
    await audit.record(session, user, "info_requests_exported", user.id, form=form, filters=filters)
    wanted, database = transparency_forms.wanted_of(asked), request.app.state.database
    return downloads.read(database, lambda reading: transparency_forms.chunks(reading, wanted))


@router.get("/exportar.csv")
async def export_csv(request: Request, tx: Tx, user: CurrentOverseer) -> Response:
    """The list's requests, all of them."""
    return downloads.csv(_SHEET, await _exported(request, tx, user, "csv"))


@router.get("/exportar.xlsx")
async def export_xlsx(request: Request, tx: Tx, user: CurrentOverseer) -> Response:
    """The same as a workbook."""
    return await downloads.xlsx(_SHEET, await _exported(request, tx, user, "xlsx"))


@router.get("/plazos")
async def terms_page(request: Request, tx: Tx, user: CurrentHead) -> Response:
    return await _terms_page(request, tx, user)


async def _terms_page(
    request: Request,
    session: AsyncSession,
    user: User,
    typed: Mapping[str, str] | None = None,
    error: ChatSonoraError | None = None,
) -> Response:
    rules = await terms.current(session)
    stored = {
        name: str(getattr(rules, name)) for name in ("answer_days", "extension_days", "clarification_days", "why")
    }
    stored["restarts"] = "si" if rules.restarts else "no"
    context = {
        "active": "transparency",
        "values": typed or stored,
        "most_days": terms.MOST_DAYS,
        "trail": await audit.trail(session, _TERMS_ID),
        "error": error.text if error else None,
    }
    return await staff_page(request, session, user, "transparency_terms.html", context, error.status if error else 200)


#: The terms are one row without an id of its own; their changes are kept under this one.
_TERMS_ID = UUID(int=1)


@router.post("/plazos")
async def change_terms(request: Request, tx: Tx, user: CurrentHead) -> Response:
    typed = texts_of(await request.form())
    try:
        numbers = [typed.get(name, "") for name in ("answer_days", "extension_days", "clarification_days")]
        if not all(one.isascii() and one.isdigit() and len(one) <= 3 for one in numbers):
            raise InvalidInput("Escriba los plazos con números.")
        answer, extension, clarification = map(int, numbers)
        wanted = terms.Wanted(answer, extension, clarification, typed.get("restarts") == "si", typed.get("why", ""))
        await terms.change(tx, wanted)
    except ChatSonoraError as refused:
        return await _terms_page(request, tx, user, typed, refused)
    told = {"answer": answer, "extension": extension, "clarification": clarification, "restarts": wanted.restarts}
    await audit.record(tx, user, "info_terms", _TERMS_ID, **told, why=wanted.why)
    return RedirectResponse("/consola/transparencia/plazos?aviso=plazos_transparencia", status_code=303)


@router.get("/{request_id}")
async def detail(request: Request, tx: Tx, user: CurrentReader, request_id: UUID) -> Response:
    return await _detail_page(request, tx, user, await service.get(tx, request_id, user))


async def _detail_page(
    request: Request,
    session: AsyncSession,
    user: User,
    one: InfoRequest,
    *,
    typed: Mapping[str, str] | None = None,
    error: ChatSonoraError | None = None,
) -> Response:
    shown = await _shown(session)
    given = await terms.clarifications(session, one)
    stored = {
        "folio": one.folio,
        "received_on": one.received_on.isoformat(),
        "text": one.text,
        "area_id": str(one.area_id or ""),
        "user_id": str(one.user_id or ""),
    }
    context = {
        **shown,
        "one": one,
        "is_open": one.state in OPEN,
        "pace": queries.pace(one, shown["today"], shown["work"]),
        "trace": transparency_texts.trace(one, terms.deadline(one, given, shown["work"])),
        "clarifications": given,
        "files": await queries.files(session, one),
        "history": await queries.history(session, one),
        "names": {str(each.id): each.full_name for each in shown["people"]}
        | {str(each.id): each.short_name for each in shown["areas"]},
        "terms": await terms.current(session),
        "quotable": transparency_quotes.choices(),
        "typed": typed or {},
        "values": typed if typed and typed.get("form") == "edit" else stored,
        "error": error.text if error else None,
    }
    return await staff_page(
        request, session, user, "transparency_request.html", context, error.status if error else 200
    )


async def _do(
    request: Request,
    session: AsyncSession,
    user: User,
    request_id: UUID,
    form: str,
    work: Callable[[InfoRequest, dict[str, str]], Awaitable[None]],
    notice: str = "solicitud_guardada",
) -> Response:
    """Do it whole or not at all; refused, the page says why and keeps what was typed."""
    typed = {**texts_of(await request.form()), "form": form}
    one = await service.get(session, request_id, user, for_update=True)
    try:
        async with session.begin_nested():
            await work(one, typed)
    except ChatSonoraError as refused:
        await session.refresh(one)
        return await _detail_page(request, session, user, one, typed=typed, error=refused)
    return RedirectResponse(f"/consola/transparencia/{one.id}?aviso={notice}", status_code=303)


@router.post("/{request_id}")
async def edit(request: Request, tx: Tx, user: CurrentHead, request_id: UUID) -> Response:
    async def work(one: InfoRequest, typed: dict[str, str]) -> None:
        await service.edit(tx, one, _draft(typed), by=user)

    return await _do(request, tx, user, request_id, "edit", work)


@router.post("/{request_id}/aclaracion")
async def clarify(request: Request, tx: Tx, user: CurrentUser, request_id: UUID) -> Response:
    """Ask for a clarification, or write down the one that came."""

    async def work(one: InfoRequest, typed: dict[str, str]) -> None:
        day = day_of(typed.get("day", ""), _BAD_DAY)
        if day is None:
            raise RequestRefused("Escriba qué día fue.", field="day")
        if one.state is RequestState.CLARIFYING:
            await service.receive_clarification(tx, one, typed.get("text", ""), day, by=user)
        else:
            await service.ask_clarification(tx, one, typed.get("text", ""), day, by=user)

    return await _do(request, tx, user, request_id, "clarify", work)


@router.post("/{request_id}/prorroga")
async def extend(request: Request, tx: Tx, user: CurrentHead, request_id: UUID) -> Response:
    async def work(one: InfoRequest, typed: dict[str, str]) -> None:
        await service.extend(tx, one, typed.get("text", ""), by=user)

    return await _do(request, tx, user, request_id, "extend", work)


@router.post("/{request_id}/nota")
async def add_note(request: Request, tx: Tx, user: CurrentUser, request_id: UUID) -> Response:
    async def work(one: InfoRequest, typed: dict[str, str]) -> None:
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
    async def work(one: InfoRequest, typed: dict[str, str]) -> None:
        kept = await keep_files(request.app.state.files, files or [], service.MOST_FILES)
        if not kept:
            raise InvalidInput("Elija al menos un archivo.")
        await service.add_files(tx, one, kept, by=user)

    return await _do(request, tx, user, request_id, "files", work)


@router.get("/{request_id}/archivos/{file_id}")
async def read_file(request: Request, tx: Tx, user: CurrentReader, request_id: UUID, file_id: UUID) -> Response:
    one = await service.get(tx, request_id, user)
    response: Response = request.app.state.files.response(await queries.file(tx, one, file_id))
    return response


@router.post("/{request_id}/respuesta")
async def answer(request: Request, tx: Tx, user: CurrentUser, request_id: UUID) -> Response:
    """Keep the draft of an answer, or close the request with it."""

    async def work(one: InfoRequest, typed: dict[str, str]) -> None:
        if typed.get("action") != "cerrar":
            await service.save_answer(tx, one, typed.get("answer", ""))
            return
        day = day_of(typed.get("day", ""), _BAD_DAY)
        ending = typed.get("ending", "")
        if day is None or ending not in set(RequestState):
            raise RequestRefused("Elija cómo termina y qué día se contestó.", field="ending")
        await service.close(tx, one, RequestState(ending), typed.get("answer", ""), day, by=user)

    return await _do(request, tx, user, request_id, "answer", work)


@router.post("/{request_id}/cifra")
async def quote(request: Request, tx: Tx, user: CurrentUser, request_id: UUID) -> Response:
    """Cite a report's figure as it is now."""

    async def work(one: InfoRequest, typed: dict[str, str]) -> None:
        first, last = (day_of(typed.get(name, ""), _BAD_DAY) for name in ("first", "last"))
        if first is None or last is None:
            raise RequestRefused("Escriba desde qué día y hasta cuál.", field="first")
        text, detail = await transparency_quotes.quoted(tx, typed.get("figure", ""), first, last)
        await service.quote(tx, one, text, detail, by=user)

    return await _do(request, tx, user, request_id, "quote", work)
