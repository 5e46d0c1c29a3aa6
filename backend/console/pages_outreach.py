"""The calls that are owed: the list, the next one, and a call while it is made."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from functools import partial
from urllib.parse import parse_qsl, urlencode
from uuid import UUID

from fastapi import APIRouter, Request, Response
from fastapi.responses import RedirectResponse
from sqlalchemy.ext.asyncio import AsyncSession

from backend import clock
from backend.agents.auth import CurrentHead, CurrentUser
from backend.agents.models import User
from backend.audit import service as audit
from backend.console import downloads, outreach_export, outreach_texts, pages_telephony, texts
from backend.console.petition_filters import MINE, NOBODYS
from backend.console.rendering import staff_page
from backend.console.typed_forms import choice, day_of, known_uuid, texts_of
from backend.db import Database, Tx
from backend.errors import ChatSonoraError
from backend.ledger.models import Purpose
from backend.outreach import asking, attempts, campaigns, listing, settings, tasks
from backend.outreach.asking import Ask
from backend.outreach.attempts import Told
from backend.outreach.errors import CallRefused, NotNow
from backend.outreach.listing import View, Wanted
from backend.outreach.models import TELLING, CallOutcome, ReasonKind, TaskState
from backend.privacy import reach
from backend.registry import intake, petitions
from backend.registry.models import Person
from backend.text import phone_text, strip_control
from backend.workspace import service as workspace

LIST = "/consola/llamadas-pendientes"
router = APIRouter(prefix=LIST, include_in_schema=False)
_SHEET = downloads.Sheet("llamadas", "Llamadas", outreach_export.HEADINGS, outreach_export.WIDTHS)

_NAMES = ("estado", "motivo", "responsable", "campana", "buscar")
_LONGEST = 100


def _chosen(pairs: list[tuple[str, str]]) -> dict[str, str]:
    """What an address asks for, without what is not known."""
    given = {name: strip_control(value).strip()[:_LONGEST] for name, value in pairs}
    return {name: given[name] for name in _NAMES if given.get(name)}


def _wanted(chosen: Mapping[str, str], user: User) -> Wanted:
    responsible = chosen.get("responsable", "")
    return Wanted(
        view=choice(View, chosen.get("estado", "")) or View.PENDING,
        kind=choice(ReasonKind, chosen.get("motivo", "")),
        campaign_id=known_uuid(chosen.get("campana", "")),
        assignee_id=user.id if responsible == MINE else known_uuid(responsible),
        is_unassigned=responsible == NOBODYS,
        search=chosen.get("buscar", ""),
    )


@router.get("")
async def listed(request: Request, tx: Tx, user: CurrentUser) -> Response:
    return await _list_page(request, tx, user, _chosen(request.query_params.multi_items()))


async def _list_page(
    request: Request,
    session: AsyncSession,
    user: User,
    chosen: Mapping[str, str],
    error: ChatSonoraError | None = None,
) -> Response:
    wanted = _wanted(chosen, user)
    at, _, last = request.query_params.get("despues", "")[:_LONGEST].partition("|")
    last_id = known_uuid(last)
    if last_id is not None:
        wanted = replace(wanted, after=(at, last_id))
    limits = await settings.limits(session)
    moment = clock.now()
    context = {
        "active": "calls",
        "chosen": chosen,
        "query": urlencode(chosen),
        "view": wanted.view,
        "result": await listing.page(session, wanted),
        "is_first": wanted.after is None,
        "counts": await listing.counts(session),
        "campaigns": [campaign for campaign, *_ in await campaigns.listed(session)],
        "colleagues": await workspace.colleagues(session),
        "may_call": limits.may_call(moment),
        "opens_at": limits.earliest(moment),
        "outreach": outreach_texts,
        "owes": partial(reach.owes_call, user),
        "error": error.text if error else None,
    }
    return await staff_page(request, session, user, "outreach.html", context, error.status if error else 200)


@router.get("/exportar.csv")
async def export_csv(request: Request, tx: Tx, user: CurrentUser) -> Response:
    """The list's calls, all of them; opens in Excel."""
    return downloads.csv(_SHEET, await _exported(request, tx, user, "csv"))


@router.get("/exportar.xlsx")
async def export_xlsx(request: Request, tx: Tx, user: CurrentUser) -> Response:
    """The same as a workbook."""
    return await downloads.xlsx(_SHEET, await _exported(request, tx, user, "xlsx"))


async def _exported(request: Request, session: AsyncSession, user: User, form: str) -> downloads.Rows:
    """What is exported; that it was stands on the trail, without the words that were searched."""
    chosen = _chosen(request.query_params.multi_items())
    await audit.record(session, user, "calls_exported", user.id, form=form, filters=list(chosen))
    wanted, is_whole = _wanted(chosen, user), reach.exports_whole(user)
    database: Database = request.app.state.database
    return downloads.read(database, lambda reading: outreach_export.chunks(reading, wanted, is_whole=is_whole))


@router.post("/siguiente")
async def take_next(request: Request, tx: Tx, user: CurrentUser) -> Response:
    """Take the next call that is due, within the hours in which one calls; `saltar` leaves one for later."""
    form = texts_of(await request.form())
    try:
        return await _to_next(tx, user, after=known_uuid(form.get("saltar", "")))
    except NotNow as refused:
        return await _list_page(request, tx, user, {}, refused)


async def _to_next(session: AsyncSession, user: User, *, after: UUID | None = None) -> Response:
    limits, moment = await settings.limits(session), clock.now()
    if not limits.may_call(moment):
        opening = limits.earliest(moment)
        if after is not None:
            await tasks.release(session, user, after)
        raise NotNow(
            f"Ahora no es hora de llamar. Se llama otra vez el {opening:%d/%m a las %H:%M}." if opening else None
        )
    task = await tasks.take_next(session, user, after=after)
    return RedirectResponse(f"{LIST}/{task.id}" if task else f"{LIST}?aviso=llamadas_fin", status_code=303)


@router.post("/repartir")
async def share_out(request: Request, tx: Tx, user: CurrentHead) -> Response:
    """Give the marked calls to somebody."""
    form = await request.form()
    chosen = _chosen(parse_qsl(str(form.get("filtro", ""))))
    wanted = str(form.get("responsable", ""))
    marked = [one for raw in form.getlist("llamada") if isinstance(raw, str) and (one := known_uuid(raw)) is not None]
    try:
        if wanted != NOBODYS and known_uuid(wanted) is None:
            raise CallRefused("Elija a quién se le dan.")
        await tasks.assign(tx, user, marked, known_uuid(wanted))
    except ChatSonoraError as refused:
        return await _list_page(request, tx, user, chosen, refused)
    return RedirectResponse(f"{LIST}?{urlencode({**chosen, 'aviso': 'llamadas_repartidas'})}", status_code=303)


@router.get("/nueva")
async def new(request: Request, tx: Tx, user: CurrentUser) -> Response:
    """The form for a call that staff ask for; `folio` fills in its person."""
    typed = {"folio": request.query_params.get("folio", "")[:30]}
    if typed["folio"]:
        try:
            petition = await petitions.get(tx, typed["folio"])
        except ChatSonoraError as refused:
            return await _new_page(request, tx, user, typed, refused)
        person = await tx.get(Person, petition.person_id) if petition.person_id else None
        if person is not None:
            typed |= {"nombre": person.full_name, "telefono": phone_text(person.phone) if person.phone else ""}
    return await _new_page(request, tx, user, typed)


async def _new_page(
    request: Request, session: AsyncSession, user: User, typed: Mapping[str, str], error: ChatSonoraError | None = None
) -> Response:
    context = {
        "active": "calls",
        "typed": typed,
        "problem": error.details.get("field") if error else None,
        "colleagues": await workspace.colleagues(session),
        "outreach": outreach_texts,
        "error": error.text if error else None,
    }
    return await staff_page(request, session, user, "outreach_new.html", context, error.status if error else 200)


@router.post("/nueva")
async def add(request: Request, tx: Tx, user: CurrentUser) -> Response:
    typed = texts_of(await request.form())
    try:
        wanted = await _asked(tx, user, typed)
        is_known = wanted.phone is not None and await listing.same_number(tx, wanted.phone) is not None
        reason = await asking.ask(tx, wanted)
    except ChatSonoraError as refused:
        return await _new_page(request, tx, user, typed, refused)
    assert reason is not None, "what staff ask for has no origin that could repeat"
    task = await tasks.get(tx, reason.task_id)
    notice = "llamada_no" if task.state is TaskState.CLOSED else "llamada_sumada" if is_known else "llamada_nueva"
    return RedirectResponse(f"{LIST}/{task.id}?aviso={notice}", status_code=303)


async def _asked(session: AsyncSession, user: User, typed: Mapping[str, str]) -> Ask:
    """What the form asks for. Raises CallRefused, naming the field."""
    phone, note = intake.phone(typed.get("telefono", "")), typed.get("nota", "").strip()[:1000]
    if phone is None:
        raise CallRefused("Escriba los 10 dígitos del teléfono.", field="telefono")
    if not note:
        raise CallRefused("Escriba para qué se le llamará.", field="nota")
    petition = await petitions.get(session, typed["folio"]) if typed.get("folio", "").strip() else None
    return Ask(
        ReasonKind.MANUAL,
        phone,
        name=typed.get("nombre", "").strip()[:200] or None,
        note=note,
        petition_id=petition.id if petition else None,
        person_id=petition.person_id if petition else None,
        purpose=choice(Purpose, typed.get("proposito", "")),
        due_on=day_of(typed.get("limite", ""), "Escriba bien la fecha límite."),
        assignee_id=user.id if typed.get("para_mi") else None,
    )


@router.get("/{task_id}")
async def show(request: Request, tx: Tx, user: CurrentUser, task_id: UUID) -> Response:
    return await _call_page(request, tx, user, task_id, {})


async def _call_page(
    request: Request,
    session: AsyncSession,
    user: User,
    task_id: UUID,
    typed: Mapping[str, str],
    error: ChatSonoraError | None = None,
) -> Response:
    sheet = await listing.sheet(session, task_id)
    limits, moment = await settings.limits(session), clock.now()
    task = sheet.row.task
    context = {
        "active": "calls",
        "sheet": sheet,
        "task": task,
        "phones": [(one, listing.dialable(one)) for one in listing.phones_of(sheet.row)],
        "telling": TELLING,
        "is_taken": tasks.is_claimed_by_another(task, user),
        "is_mine": task.claimed_by == user.id,
        "sees_person": await reach.sees_task(session, user, task),
        "may_call": limits.may_call(moment),
        "opens_at": limits.earliest(moment),
        "most_tries": limits.most_tries,
        "outreach": outreach_texts,
        "statuses": texts.PETITION_STATUSES,
        **await pages_telephony.of_reasons(session, sheet.row.reasons, user),
        "typed": typed,
        "problem": error.details.get("field") if error else None,
        "error": error.text if error else None,
    }
    return await staff_page(request, session, user, "outreach_call.html", context, error.status if error else 200)


@router.post("/{task_id}")
async def save(request: Request, tx: Tx, user: CurrentUser, task_id: UUID) -> Response:
    """Write down how a try went, and go on to the next call where that is wished."""
    typed = texts_of(await request.form())
    try:
        async with tx.begin_nested():
            task = await attempts.record(tx, user, task_id, _told(typed))
    except ChatSonoraError as refused:
        return await _call_page(request, tx, user, task_id, typed, refused)
    if typed.get("accion") == "siguiente":
        try:
            return await _to_next(tx, user)
        except NotNow:
            return RedirectResponse(f"{LIST}?aviso=llamada_lista", status_code=303)
    return RedirectResponse(f"{LIST}/{task.id}?aviso=llamada_lista", status_code=303)


def _told(typed: Mapping[str, str]) -> Told:
    """What the form says of a try. Raises CallRefused, naming the field."""
    outcome = choice(CallOutcome, typed.get("resultado", ""))
    if outcome is None:
        raise CallRefused("Elija cómo terminó la llamada.", field="resultado")
    by_reason = {
        prefix: {
            one: value
            for name, value in typed.items()
            if name.startswith(f"{prefix}_")
            and value
            and (one := known_uuid(name.removeprefix(f"{prefix}_"))) is not None
        }
        for prefix in ("informado", "informacion")
    }
    return Told(
        number=_number(typed.get("intento", "")),
        outcome=outcome,
        notes=typed.get("notas", ""),
        purpose=choice(Purpose, typed.get("proposito", "")),
        seconds=_number(typed.get("segundos", "")),
        later=_later(typed.get("otra_hora", "")) if outcome is CallOutcome.ASKED_LATER else None,
        reached={one: value == "si" for one, value in by_reason["informado"].items()},
        information=by_reason["informacion"],
        is_on_folio=bool(typed.get("en_folio")),
        is_last=bool(typed.get("no_llamar")),
    )


def _number(raw: str) -> int:
    return int(raw) if raw.isascii() and raw.isdigit() and len(raw) < 7 else 0


def _later(raw: str) -> datetime | None:
    """A moment typed on the office's clock."""
    if not raw:
        return None
    try:
        return datetime.fromisoformat(raw).replace(tzinfo=clock.HERMOSILLO)
    except ValueError:
        raise CallRefused("Escriba bien el día y la hora.", field="later") from None


@router.post("/{task_id}/cerrar")
async def give_up(request: Request, tx: Tx, user: CurrentUser, task_id: UUID) -> Response:
    """Close a call without making it."""
    typed = texts_of(await request.form())
    try:
        await tasks.close_by_staff(tx, user, task_id, typed.get("motivo", ""))
    except ChatSonoraError as refused:
        return await _call_page(request, tx, user, task_id, typed, refused)
    return RedirectResponse(f"{LIST}/{task_id}?aviso=llamada_cerrada", status_code=303)


@router.post("/{task_id}/soltar")
async def leave(tx: Tx, user: CurrentUser, task_id: UUID) -> Response:
    """Give back a call that one took."""
    await tasks.release(tx, user, task_id)
    return RedirectResponse(LIST, status_code=303)
