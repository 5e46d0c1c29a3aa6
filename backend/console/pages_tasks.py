"""«Tareas»: what the head asks of people, and what becomes of it."""

from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from fastapi import APIRouter, Request, Response
from fastapi.responses import RedirectResponse
from sqlalchemy.ext.asyncio import AsyncSession

from backend import clock
from backend.agents.auth import CurrentHead, CurrentUser
from backend.agents.models import User
from backend.audit import service as audit
from backend.console import downloads, due_texts, staffing_texts
from backend.console.rendering import staff_page
from backend.console.typed_forms import day_of, known_uuid, page_of, texts_of, uuid_of
from backend.db import Tx
from backend.errors import ChatSonoraError, InvalidInput
from backend.registry import deadlines, petitions
from backend.registry.models import Petition
from backend.spreadsheets import Cell
from backend.staffing import tasks, team
from backend.staffing.errors import TaskRefused
from backend.staffing.models import Task, TaskState
from backend.staffing.tasks import Draft, Wanted
from backend.text import strip_control

router = APIRouter(prefix="/consola/tareas", include_in_schema=False)

_FILTERS = ("estado", "persona", "buscar")
_HEADINGS = ("Tarea", "Descripción", "Persona", "Estado", "Fecha límite", "Folio", "La dio", "Se dio", "Se cerró")
_WIDTHS = (40, 50, 26, 12, 12, 18, 26, 16, 16)
_SHEET = downloads.Sheet("tareas", "Tareas", _HEADINGS, _WIDTHS)


def _wanted(asked: Mapping[str, str]) -> Wanted:
    """The list's filters; what makes no sense is left out."""
    state = asked.get("estado", "abiertas")
    return Wanted(
        user_id=known_uuid(asked.get("persona", "")),
        state=TaskState(state) if state in set(TaskState) else None,
        is_open=state == "abiertas",
        is_late=state == "atrasadas",
        words=strip_control(asked.get("buscar", "")).strip()[:100],
    )


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
    asked = dict(request.query_params)
    number = page_of(asked.get("pagina", ""))
    found, total = await tasks.listed(session, _wanted(asked), page=number)
    kept = {name: asked[name] for name in _FILTERS if asked.get(name)}
    context = {
        "active": "team",
        "rows": found,
        "total": total,
        "number": number,
        "pages": max(1, -(-total // tasks.PAGE)),
        "query": urlencode(kept),
        "asked": {"estado": "abiertas", **kept},
        "people": await team.people(session),
        "typed": typed or {"user_id": asked.get("persona", "")},
        "is_opened": bool(typed) or "nueva" in asked,
        "error": error.text if error else None,
        **await _day(session),
    }
    return await staff_page(request, session, user, "tasks.html", context, error.status if error else 200)


async def _day(session: AsyncSession) -> dict[str, Any]:
    """What dates are shown by."""
    return {
        "today": clock.local(clock.now()).date(),
        "work": await deadlines.calendar(session),
        "staffing_texts": staffing_texts,
        "due_texts": due_texts,
    }


async def _draft(session: AsyncSession, typed: Mapping[str, str]) -> Draft:
    """A task as it was typed. Raises TaskRefused, InvalidInput."""
    folio = typed.get("folio", "")
    try:
        petition = await petitions.get(session, folio) if folio else None
    except ChatSonoraError:
        raise TaskRefused("No existe ese folio.", field="folio") from None
    return Draft(
        title=typed.get("title", ""),
        description=typed.get("description", ""),
        user_id=uuid_of(typed.get("user_id", ""), "Elija a una persona del equipo."),
        due_on=day_of(typed.get("due_on", ""), "Escriba la fecha límite como día, mes y año."),
        petition_id=petition.id if petition else None,
    )


@router.post("")
async def create(request: Request, tx: Tx, user: CurrentHead) -> Response:
    typed = texts_of(await request.form())
    try:
        task = await tasks.create(tx, await _draft(tx, typed), by=user)
    except ChatSonoraError as refused:
        return await _list_page(request, tx, user, typed=typed, error=refused)
    return RedirectResponse(f"/consola/tareas/{task.id}?aviso=tarea", status_code=303)


@router.get("/exportar.csv")
async def export_csv(request: Request, tx: Tx, user: CurrentHead) -> Response:
    """The list's tasks, all of them."""
    return downloads.csv(_SHEET, await _exported(request, tx, user, "csv"))


@router.get("/exportar.xlsx")
async def export_xlsx(request: Request, tx: Tx, user: CurrentHead) -> Response:
    """The same as a workbook."""
    return await downloads.xlsx(_SHEET, await _exported(request, tx, user, "xlsx"))


async def _exported(request: Request, session: AsyncSession, user: User, form: str) -> downloads.Rows:
    """What is exported; that it was stands on the trail, without the words that were searched."""
    filters = [name for name in _FILTERS if request.query_params.get(name)]
    await audit.record(session, user, "tasks_exported", user.id, form=form, filters=filters)
    wanted, database = _wanted(request.query_params), request.app.state.database
    return downloads.read(database, lambda reading: _chunks(reading, wanted))


async def _chunks(session: AsyncSession, wanted: Wanted) -> downloads.Rows:
    async for found in downloads.by_pages(lambda number: tasks.listed(session, wanted, page=number)):
        yield [_cells(one) for one in found]


def _cells(one: tasks.View) -> Sequence[Cell]:
    task = one.task
    told = staffing_texts.TASK_STATES[task.state]
    return (task.title, task.description, one.person, told, task.due_on, one.folio, one.by, task.created_at,
            task.closed_at)  # fmt: skip


@router.get("/{task_id}")
async def detail(request: Request, tx: Tx, user: CurrentUser, task_id: UUID) -> Response:
    return await _detail_page(request, tx, user, await tasks.get(tx, task_id, user))


async def _detail_page(
    request: Request,
    session: AsyncSession,
    user: User,
    task: Task,
    *,
    typed: Mapping[str, str] | None = None,
    error: ChatSonoraError | None = None,
) -> Response:
    petition = await session.get(Petition, task.petition_id) if task.petition_id else None
    stored = {
        "title": task.title,
        "description": task.description,
        "user_id": str(task.user_id),
        "due_on": task.due_on.isoformat() if task.due_on else "",
        "folio": petition.folio if petition else "",
    }
    people = await team.people(session)
    context = {
        "active": "team" if task.user_id != user.id else "work",
        "task": task,
        "person": await session.get_one(User, task.user_id),
        "petition": petition,
        "history": await tasks.history(session, task),
        "people": people,
        "names": {str(one.id): one.full_name for one in people},
        "typed": typed or {},
        "values": {**stored, **(typed or {})},
        "error": error.text if error else None,
        **await _day(session),
    }
    return await staff_page(request, session, user, "task.html", context, error.status if error else 200)


@router.post("/{task_id}")
async def edit(request: Request, tx: Tx, user: CurrentHead, task_id: UUID) -> Response:
    typed = {**texts_of(await request.form()), "form": "edit"}
    task = await tasks.get(tx, task_id, user, for_update=True)
    try:
        await tasks.edit(tx, task, await _draft(tx, typed), by=user)
    except ChatSonoraError as refused:
        return await _detail_page(request, tx, user, task, typed=typed, error=refused)
    return RedirectResponse(f"/consola/tareas/{task.id}?aviso=tarea_guardada", status_code=303)


@router.post("/{task_id}/estado")
async def set_state(request: Request, tx: Tx, user: CurrentUser, task_id: UUID) -> Response:
    """Carry it on; back to where the button was pressed."""
    typed = texts_of(await request.form())
    task = await tasks.get(tx, task_id, user, for_update=True)
    wanted = typed.get("state", "")
    if wanted not in set(TaskState):
        raise InvalidInput("Elija el estado de la tarea.")
    await tasks.set_state(tx, task, TaskState(wanted), by=user)
    back = "/consola/mi-trabajo" if typed.get("back") == "mi-trabajo" else f"/consola/tareas/{task.id}"
    return RedirectResponse(f"{back}?aviso=tarea_guardada", status_code=303)


@router.post("/{task_id}/comentario")
async def comment(request: Request, tx: Tx, user: CurrentUser, task_id: UUID) -> Response:
    typed = {**texts_of(await request.form()), "form": "comment"}
    task = await tasks.get(tx, task_id, user, for_update=True)
    try:
        await tasks.comment(tx, task, typed.get("text", ""), by=user)
    except ChatSonoraError as refused:
        return await _detail_page(request, tx, user, task, typed=typed, error=refused)
    return RedirectResponse(f"/consola/tareas/{task.id}?aviso=comentario#comentarios", status_code=303)
