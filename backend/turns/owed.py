"""Reminding staff of requests that the law gives a day for: the same steps as agencies', whatever the request."""

from collections.abc import Awaitable, Callable, Collection, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Generic, TypeVar
from uuid import UUID

import structlog
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from backend import clock
from backend.agents.models import User
from backend.arco.models import ArcoRequest
from backend.db import Database
from backend.mail import service as mail
from backend.registry import deadlines
from backend.registry.deadlines import WorkCalendar
from backend.transparency.models import InfoRequest
from backend.turns import reminders

log = structlog.get_logger(__name__)

T = TypeVar("T", InfoRequest, ArcoRequest)

#: Calendar days into which the working days before a deadline fit, whatever the holidays.
_HORIZON = timedelta(days=21)
END = (
    "Para leerla y responder, entre a la consola en la dirección de abajo. "
    "Por protección de datos personales, este correo no dice nada más. No responda a este correo."
)


@dataclass(frozen=True)
class Owed(Generic[T]):
    """A kind of request: which of them wait, who is told, in which words (subject and sentence), and its history."""

    model: type[T]
    open: Collection[str]
    page: str
    told: Callable[[AsyncSession, T], Awaitable[Sequence[User]]]
    words: Callable[[AsyncSession, T, date], Awaitable[tuple[str, str]]]
    note: Callable[[AsyncSession, T, int, str], Awaitable[None]]


def due_step(kind: Owed[T], one: T, today: date, work: WorkCalendar) -> int | None:
    """The reminder that a request needs today; None when it has been made, or none is due."""
    if one.state not in kind.open or one.due_on is None:
        return None
    now = reminders.step(one.due_on, today, work)
    return now if now is not None and (one.reminded_step is None or one.reminded_step < now) else None


async def look_after(database: Database, kind: Owed[T], today: date | None = None) -> int:
    """Remind of whatever is due, each in a transaction of its own; how many were.

    Any number of workers may do so at once: a request's row lock gives it to one of them.
    """
    day = today or clock.local(clock.now()).date()
    async with database.transaction() as session:
        work = await deadlines.calendar(session)
        rows = await session.scalars(
            select(kind.model).where(kind.model.state.in_(kind.open), kind.model.due_on <= day + _HORIZON)
        )
        found = [one.id for one in rows if due_step(kind, one, day, work) is not None]
    done = 0
    for request_id in found:
        async with database.transaction() as session:
            done += await _remind(session, kind, request_id, day, work)
    return done


async def _remind(session: AsyncSession, kind: Owed[T], request_id: UUID, today: date, work: WorkCalendar) -> int:
    query = select(kind.model).where(kind.model.id == request_id).with_for_update(skip_locked=True)
    one = await session.scalar(query)
    step = None if one is None else due_step(kind, one, today, work)
    if one is None or step is None:
        return 0
    one.reminded_step = step
    people = await kind.told(session, one)
    with_mail = [person.email for person in people if person.email]
    how = "por correo" if with_mail else "solo en su lista: no tiene correo"
    if not people:
        how = "sin responsable: nadie a quien avisar"
    subject, said = await kind.words(session, one, today)
    for address in with_mail:
        await mail.enqueue(
            session, to_address=address, subject=subject, text=f"{said}\n\n{END}", link=f"{kind.page}{one.id}"
        )
    await kind.note(session, one, step, how)
    log.info("request_reminded", table=kind.model.__tablename__, request_id=str(one.id), step=step)
    return 1


def told_words(what: str, due_on: date, today: date) -> tuple[str, str]:
    """Subject and sentence about `what` (`la solicitud 12`): nothing but its folio and the day."""
    day = f"{due_on:%d/%m/%Y}"
    if today < due_on:
        return f"Recordatorio: {what} vence el {day}", f"El plazo legal de {what} vence el {day}."
    if today == due_on:
        return f"Recordatorio: {what} vence hoy, {day}", f"Hoy, {day}, vence el plazo legal de {what}."
    return f"Vencida: {what} vencía el {day}", f"El plazo legal de {what} venció el {day} y sigue pendiente."
