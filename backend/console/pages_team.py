"""«Equipo»: who is here, each one's shifts, goals and address, and what the head should look at."""

from collections.abc import Mapping
from datetime import time
from uuid import UUID

from fastapi import APIRouter, Request, Response
from fastapi.responses import RedirectResponse
from sqlalchemy.ext.asyncio import AsyncSession

from backend import clock
from backend.agents import presence_history
from backend.agents import service as agents
from backend.agents.auth import CurrentHead
from backend.agents.models import DESK_ROLES, User
from backend.audit import service as audit
from backend.console import due_texts, staffing_texts
from backend.console.rendering import staff_page
from backend.console.typed_forms import day_of, texts_of
from backend.db import Tx
from backend.errors import ChatSonoraError, NotFound
from backend.registry import deadlines
from backend.staffing import goals, shifts, tasks, team
from backend.staffing.errors import GoalRefused, ShiftRefused
from backend.staffing.models import ExceptionKind, GoalPeriod, ShiftException
from backend.staffing.tasks import Wanted

router = APIRouter(prefix="/consola/equipo", include_in_schema=False)

_BAD_DAY = "Escriba el día como día, mes y año."
#: Times a weekday that the form offers.
SPANS = 2


@router.get("")
async def page(request: Request, tx: Tx, user: CurrentHead) -> Response:
    moment = clock.now()
    context = {
        "active": "team",
        "team": await team.team(tx, moment),
        "ahead": team.AHEAD,
        "today": clock.local(moment).date(),
        "due_texts": due_texts,
        "staffing_texts": staffing_texts,
    }
    return await staff_page(request, tx, user, "team.html", context)


async def _person(session: AsyncSession, user_id: UUID) -> User:
    found = await agents.get_user(session, user_id)
    if found.role not in DESK_ROLES:
        raise NotFound("No existe esa persona en el equipo.")
    return found


@router.get("/{user_id}")
async def person(request: Request, tx: Tx, user: CurrentHead, user_id: UUID) -> Response:
    return await _person_page(request, tx, user, await _person(tx, user_id))


async def _person_page(
    request: Request,
    session: AsyncSession,
    user: User,
    member: User,
    *,
    typed: Mapping[str, str] | None = None,
    error: ChatSonoraError | None = None,
) -> Response:
    moment = clock.now()
    today = clock.local(moment).date()
    found = await shifts.roster(session, today)
    open_tasks, total = await tasks.listed(session, Wanted(user_id=member.id, is_open=True))
    times = await presence_history.totals(session, [member.id], team.midnight(moment), moment)
    context = {
        "active": "team",
        "member": member,
        "tasks": open_tasks,
        "total": total,
        "goals": await goals.progress(session, member.id, today),
        "figures": goals.choices(),
        "week": team.week(found, member.id, moment),
        "hours": typed if typed and typed.get("form") == "week" else _hours(found.weekly.get(member.id, ())),
        "exceptions": await shifts.exceptions_of(session, member.id, today),
        "times": times[member.id],
        "spans": range(SPANS),
        "typed": typed or {},
        "today": today,
        "work": await deadlines.calendar(session),
        "due_texts": due_texts,
        "staffing_texts": staffing_texts,
        "error": error.text if error else None,
    }
    return await staff_page(request, session, user, "team_person.html", context, error.status if error else 200)


def _hours(spans: tuple[tuple[int, time, time], ...]) -> dict[str, str]:
    """Weekly hours as the form's fields say them."""
    fields = {}
    for day in range(7):
        own = sorted((starts, ends) for weekday, starts, ends in spans if weekday == day)
        for number, (starts, ends) in enumerate(own[:SPANS]):
            fields[f"starts_{day}_{number}"], fields[f"ends_{day}_{number}"] = f"{starts:%H:%M}", f"{ends:%H:%M}"
    return fields


def _time(typed: str) -> time | None:
    if not typed:
        return None
    try:
        return time.fromisoformat(typed)
    except ValueError:
        raise ShiftRefused("Escriba las horas como 08:00.") from None


def _back(user_id: UUID, notice: str, place: str) -> Response:
    return RedirectResponse(f"/consola/equipo/{user_id}?aviso={notice}#{place}", status_code=303)


@router.post("/{user_id}/horario")
async def set_week(request: Request, tx: Tx, user: CurrentHead, user_id: UUID) -> Response:
    """Replace somebody's weekly hours."""
    typed = {**texts_of(await request.form()), "form": "week"}
    member = await _person(tx, user_id)
    try:
        spans = []
        for day in range(7):
            for number in range(SPANS):
                starts, ends = (_time(typed.get(f"{part}_{day}_{number}", "")) for part in ("starts", "ends"))
                if (starts is None) != (ends is None):
                    raise ShiftRefused(
                        f"{staffing_texts.DAYS[day]}: escriba la entrada y la salida, o deje las dos vacías."
                    )
                if starts is not None and ends is not None:
                    spans.append((day, starts, ends))
        await shifts.set_week(tx, member.id, spans)
    except ChatSonoraError as refused:
        return await _person_page(request, tx, user, member, typed=typed, error=refused)
    told = [[day, f"{starts:%H:%M}", f"{ends:%H:%M}"] for day, starts, ends in spans]
    await audit.record(tx, user, "shift_week", member.id, spans=told)
    return _back(member.id, "turno_semana", "turnos")


@router.post("/{user_id}/ausencias")
async def add_exception(request: Request, tx: Tx, user: CurrentHead, user_id: UUID) -> Response:
    """Vacations, a leave, or other hours for some days."""
    typed = {**texts_of(await request.form()), "form": "exception"}
    member = await _person(tx, user_id)
    try:
        first, last = day_of(typed.get("first", ""), _BAD_DAY), day_of(typed.get("last", ""), _BAD_DAY)
        if first is None or typed.get("kind") not in set(ExceptionKind):
            raise ShiftRefused("Elija qué es y desde qué día.", field="first")
        one = ShiftException(
            user_id=member.id, first=first, last=last or first, kind=ExceptionKind(typed["kind"]),
            starts=_time(typed.get("starts", "")), ends=_time(typed.get("ends", "")),
            note=typed.get("note", "")[:200], created_by=user.id,
        )  # fmt: skip
        await shifts.add_exception(tx, one)
    except ChatSonoraError as refused:
        return await _person_page(request, tx, user, member, typed=typed, error=refused)
    await audit.record(
        tx, user, "shift_exception", member.id, of=one.kind.value, first=str(one.first), last=str(one.last)
    )
    return _back(member.id, "ausencia", "turnos")


@router.post("/{user_id}/ausencias/{exception_id}/quitar")
async def drop_exception(tx: Tx, user: CurrentHead, user_id: UUID, exception_id: UUID) -> Response:
    one = await shifts.drop_exception(tx, user_id, exception_id)
    told = {"of": one.kind.value, "first": str(one.first), "last": str(one.last)}
    await audit.record(tx, user, "shift_exception_dropped", user_id, **told)
    return _back(user_id, "ausencia_quitada", "turnos")


@router.post("/{user_id}/metas")
async def set_goal(request: Request, tx: Tx, user: CurrentHead, user_id: UUID) -> Response:
    """What somebody is to reach; the same figure and period again replaces the target."""
    typed = {**texts_of(await request.form()), "form": "goal"}
    member = await _person(tx, user_id)
    try:
        if typed.get("period") not in set(GoalPeriod):
            raise GoalRefused("Elija el periodo de la meta.", field="period")
        target = typed.get("target", "")
        if not (target.isascii() and target.isdigit() and len(target) < 8):
            raise GoalRefused("Escriba la meta con números.", field="target")
        day = day_of(typed.get("day", ""), _BAD_DAY) or clock.local(clock.now()).date()
        period = GoalPeriod(typed["period"])
        await goals.set_goal(tx, member.id, typed.get("figure", ""), period, day, int(target), by=user.id)
    except ChatSonoraError as refused:
        return await _person_page(request, tx, user, member, typed=typed, error=refused)
    told = {"figure": typed["figure"], "period": period.value, "target": int(target)}
    await audit.record(tx, user, "staff_goal", member.id, **told)
    return _back(member.id, "meta", "metas")


@router.post("/{user_id}/metas/{goal_id}/quitar")
async def drop_goal(tx: Tx, user: CurrentHead, user_id: UUID, goal_id: UUID) -> Response:
    dropped = await goals.drop(tx, user_id, goal_id)
    await audit.record(tx, user, "staff_goal_dropped", user_id, figure=dropped.figure, target=dropped.target)
    return _back(user_id, "meta_quitada", "metas")


@router.post("/{user_id}/correo")
async def set_email(request: Request, tx: Tx, user: CurrentHead, user_id: UUID) -> Response:
    """Where reminders and reports reach somebody."""
    typed = {**texts_of(await request.form()), "form": "email"}
    member = await _person(tx, user_id)
    try:
        team.set_email(member, typed.get("email", ""))
    except ChatSonoraError as refused:
        return await _person_page(request, tx, user, member, typed=typed, error=refused)
    await audit.record(tx, user, "staff_email", member.id, is_set=bool(member.email))
    return _back(member.id, "correo_persona", "datos")
