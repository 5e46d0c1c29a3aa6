"""«Mi trabajo»: one's tasks, goals, shift and breaks; the requests for information that one is to answer."""

from fastapi import APIRouter, Request, Response

from backend import clock
from backend.agents import presence_history
from backend.agents.auth import CurrentUser
from backend.arco import queries as arco
from backend.console import due_texts, staffing_texts
from backend.console.rendering import staff_page
from backend.db import Tx
from backend.registry import deadlines
from backend.staffing import goals, shifts, tasks, team
from backend.staffing.models import TaskState
from backend.staffing.tasks import Wanted
from backend.transparency import queries as transparency

router = APIRouter(prefix="/consola/mi-trabajo", include_in_schema=False)


@router.get("")
async def page(request: Request, tx: Tx, user: CurrentUser) -> Response:
    moment = clock.now()
    found = await shifts.roster(tx, clock.local(moment).date())
    open_tasks, total = await tasks.listed(tx, Wanted(user_id=user.id, is_open=True))
    done, _ = await tasks.listed(tx, Wanted(user_id=user.id, state=TaskState.DONE))
    times = await presence_history.totals(tx, [user.id], team.midnight(moment), moment)
    context = {
        "active": "work",
        "tasks": open_tasks,
        "total": total,
        "done": done[:10],
        "goals": await goals.progress(tx, user.id, clock.local(moment).date()),
        "week": team.week(found, user.id, moment),
        "has_shift": found.has_shift(user.id),
        "is_on": found.is_on(user.id, moment),
        "times": times[user.id],
        "requests": await transparency.owed_by(tx, user.id),
        "arco_requests": await arco.owed_by(tx, user.id),
        "today": clock.local(moment).date(),
        "work": await deadlines.calendar(tx),
        "due_texts": due_texts,
        "staffing_texts": staffing_texts,
    }
    return await staff_page(request, tx, user, "my_work.html", context)
