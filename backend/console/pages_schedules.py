"""«Envíos programados»: which report goes to whom and when, and what became of each."""

from collections.abc import Mapping
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Form, Request, Response
from fastapi.responses import RedirectResponse
from sqlalchemy.ext.asyncio import AsyncSession

from backend.agents.auth import CurrentHead
from backend.agents.models import User
from backend.audit import service as audit
from backend.console import quarterly_texts
from backend.console.rendering import staff_page
from backend.console.typed_forms import texts_of, uuid_of
from backend.db import Tx
from backend.errors import ChatSonoraError, InvalidInput
from backend.quarterly import schedules
from backend.quarterly.errors import ScheduleRefused
from backend.quarterly.models import Frequency
from backend.quarterly.schedules import Wanted
from backend.reports.periods import Period
from backend.staffing import team

router = APIRouter(prefix="/consola/informe/envios", include_in_schema=False)

_HERE = "/consola/informe/envios"


@router.get("")
async def page(request: Request, tx: Tx, user: CurrentHead) -> Response:
    return await _page(request, tx, user)


async def _page(
    request: Request,
    session: AsyncSession,
    user: User,
    *,
    typed: Mapping[str, str] | None = None,
    chosen: Mapping[str, list[str]] | None = None,
    error: ChatSonoraError | None = None,
) -> Response:
    found = await schedules.listed(session)
    people = await team.people(session)
    context = {
        "active": "quarterly",
        "schedules": found,
        "sent": await schedules.sent(session, [one.id for one in found]),
        "titles": schedules.titles(),
        "people": people,
        "names": {str(one.id): one.full_name for one in people},
        "texts_of_reports": quarterly_texts,
        "period_of": Period.parse,
        "typed": typed or {},
        "chosen": chosen or {"formats": ["pdf"], "people": []},
        "error": error.text if error else None,
    }
    return await staff_page(request, session, user, "schedules.html", context, error.status if error else 200)


@router.post("")
async def add(request: Request, tx: Tx, user: CurrentHead) -> Response:
    form = await request.form()
    typed = texts_of(form)
    chosen = {name: [one for one in form.getlist(name) if isinstance(one, str)] for name in ("formats", "people")}
    try:
        if typed.get("frequency") not in set(Frequency):
            raise ScheduleRefused("Elija cada cuánto se envía.", field="frequency")
        people = [uuid_of(one, "Elija a las personas de la lista.") for one in chosen["people"]]
        wanted = Wanted(typed.get("report", ""), Frequency(typed["frequency"]), chosen["formats"], people)
        made = await schedules.add(tx, wanted, by=user)
    except ChatSonoraError as refused:
        return await _page(request, tx, user, typed=typed, chosen=chosen, error=refused)
    told = {"report": made.report, "frequency": made.frequency.value, "people": len(made.user_ids)}
    await audit.record(tx, user, "report_schedule", made.id, **told)
    return RedirectResponse(f"{_HERE}?aviso=envio", status_code=303)


@router.post("/{schedule_id}")
async def switch(
    tx: Tx, user: CurrentHead, schedule_id: UUID, action: Annotated[str, Form(max_length=20)] = ""
) -> Response:
    """Stop a schedule, or let it run again."""
    if action not in ("detener", "reanudar"):
        raise InvalidInput
    one = await schedules.get(tx, schedule_id)
    schedules.switch(one, is_active=action == "reanudar")
    await audit.record(tx, user, "report_schedule_switched", one.id, action=action)
    return RedirectResponse(f"{_HERE}?aviso=envio_cambiado", status_code=303)


@router.post("/hechos/{dispatch_id}/reintentar")
async def retry(tx: Tx, user: CurrentHead, dispatch_id: UUID) -> Response:
    """Try again what did not go out."""
    await schedules.retry(tx, dispatch_id)
    await audit.record(tx, user, "report_dispatch_retried", dispatch_id)
    return RedirectResponse(f"{_HERE}?aviso=envio_reintentado", status_code=303)
