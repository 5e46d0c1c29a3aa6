"""The worker's part: reminds whoever is to answer a request, as agencies are reminded of their turns."""

from datetime import date, timedelta
from uuid import UUID

import structlog
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from backend import clock
from backend.agents.models import User
from backend.db import Database
from backend.mail import service as mail
from backend.registry import deadlines
from backend.registry.deadlines import WorkCalendar
from backend.transparency import service
from backend.transparency.models import OPEN, EventKind, InfoRequest
from backend.turns import reminders as turns

log = structlog.get_logger(__name__)

PAGE = "/consola/transparencia/"
#: Calendar days into which the working days before a deadline fit, whatever the holidays.
_HORIZON = timedelta(days=21)
_END = (
    "Para leerla y responder, entre a la consola en la dirección de abajo. "
    "Por protección de datos personales, este correo no dice nada más. No responda a este correo."
)


def due_step(one: InfoRequest, today: date, work: WorkCalendar) -> int | None:
    """The reminder that a request needs today; None when it has been made, or none is due."""
    if one.state not in OPEN or one.due_on is None:
        return None
    now = turns.step(one.due_on, today, work)
    return now if now is not None and (one.reminded_step is None or one.reminded_step < now) else None


async def look_after(database: Database, today: date | None = None) -> int:
    """Remind of whatever is due, each in a transaction of its own; how many were.

    Any number of workers may do so at once: a request's row lock gives it to one of them.
    """
    day = today or clock.local(clock.now()).date()
    async with database.transaction() as session:
        work = await deadlines.calendar(session)
        rows = await session.scalars(
            select(InfoRequest).where(InfoRequest.state.in_(OPEN), InfoRequest.due_on <= day + _HORIZON)
        )
        found = [one.id for one in rows if due_step(one, day, work) is not None]
    done = 0
    for request_id in found:
        async with database.transaction() as session:
            done += await _remind(session, request_id, day, work)
    return done


async def _remind(session: AsyncSession, request_id: UUID, today: date, work: WorkCalendar) -> int:
    one = await session.scalar(
        select(InfoRequest).where(InfoRequest.id == request_id).with_for_update(skip_locked=True)
    )
    step = None if one is None else due_step(one, today, work)
    if one is None or step is None:
        return 0
    one.reminded_step = step
    person = await session.get(User, one.user_id) if one.user_id else None
    how = "sin responsable: nadie a quien avisar"
    if person is not None and not person.email:
        how = "solo en su lista: no tiene correo"
    if person is not None and person.email:
        subject, said = _words(one, today)
        await mail.enqueue(
            session, to_address=person.email, subject=subject, text=f"{said}\n\n{_END}", link=f"{PAGE}{one.id}"
        )
        how = "por correo"
    await service.note(session, one, EventKind.REMINDED, None, how, {"step": step})
    log.info("info_request_reminded", request_id=str(one.id), step=step)
    return 1


def _words(one: InfoRequest, today: date) -> tuple[str, str]:
    """Subject and sentence: the platform's folio and the day."""
    assert one.due_on is not None
    day, folio = f"{one.due_on:%d/%m/%Y}", one.folio
    if today < one.due_on:
        return (
            f"Recordatorio: la solicitud {folio} vence el {day}",
            f"La solicitud de información {folio} está a su cargo. El plazo legal para responderla vence el {day}.",
        )
    if today == one.due_on:
        return (
            f"Recordatorio: la solicitud {folio} vence hoy, {day}",
            f"Hoy, {day}, vence el plazo legal para responder la solicitud de información {folio}.",
        )
    return (
        f"Vencida: la solicitud {folio} debía responderse el {day}",
        f"La solicitud de información {folio} sigue sin respuesta. El plazo legal venció el {day}.",
    )
