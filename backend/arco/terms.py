"""The law's terms for ARCO requests, in working days, in one table; and when each request is due.

The office's legal area must confirm them and the articles before the product is put to use: the general law in force
was read no further than its table of contents, and the State's own law not at all. No article is named that was not
read or known.
"""

import enum
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from backend.arco.models import UNANSWERED, ArcoClarification, ArcoRequest, ArcoState
from backend.registry import clarifying, deadlines
from backend.registry.deadlines import Deadline, WorkCalendar

GENERAL = (
    "Ley General de Protección de Datos Personales en Posesión de Sujetos Obligados (DOF 20 de marzo de 2025), "
    "título tercero, capítulo II"
)
STATE = (
    "Ley número 192 de Protección de Datos Personales en Posesión de Sujetos Obligados del Estado de Sonora "
    "(Boletín Oficial, 3 de agosto de 2017)"
)
CONFIRM = (
    "El área jurídica de la oficina debe confirmar estos plazos y sus artículos en las leyes vigentes antes de usarlos."
)
_ANSWERING = "artículo 51 de la ley general anterior (DOF 26 de enero de 2017), que la vigente abrogó"
_ASKING = "artículo 52 de la ley general anterior (DOF 26 de enero de 2017), que la vigente abrogó"
PAUSE = "se espera lo que se pidió completar"


class Term(enum.StrEnum):
    ANSWER = "respuesta"
    EXTENSION = "ampliacion"
    EFFECT = "cumplimiento"
    ASK = "prevencion"
    CLARIFY = "atencion_de_la_prevencion"


@dataclass(frozen=True)
class LegalTerm:
    """`days` working days; `source`: what they rest on, `article`: the article that is known."""

    days: int
    what: str
    source: str
    article: str


TERMS = {
    Term.ANSWER: LegalTerm(20, "Responder, desde el día siguiente a que se recibió", GENERAL, _ANSWERING),
    Term.EXTENSION: LegalTerm(10, "Ampliar la respuesta, una sola vez y con aviso en plazo", GENERAL, _ANSWERING),
    Term.EFFECT: LegalTerm(15, "Hacer efectivo lo que procede, desde que se notificó", GENERAL, _ANSWERING),
    Term.ASK: LegalTerm(5, "Pedir lo que falta (prevención), desde que se recibió", GENERAL, _ASKING),
    Term.CLARIFY: LegalTerm(10, "Contestar la prevención; mientras, el plazo se detiene", GENERAL, _ASKING),
}


def days(term: Term) -> int:
    return TERMS[term].days


def deadline(one: ArcoRequest, asked: Collection[ArcoClarification], work: WorkCalendar) -> Deadline | None:
    """Until when a request must be answered or, once granted, carried out; None where nothing is owed any more."""
    if one.state in UNANSWERED:
        count = days(Term.ANSWER) + (days(Term.EXTENSION) if one.extension_reason else 0)
        return clarifying.deadline(work, one.received_on, count, asked, why=PAUSE)
    if one.state is ArcoState.GRANTED and one.answered_on is not None:
        return deadlines.compute(work, one.answered_on, days(Term.EFFECT))
    return None


def last_day_to_ask(one: ArcoRequest, work: WorkCalendar) -> date:
    """The day until which one may ask for what is missing."""
    return work.add(one.received_on, days(Term.ASK))


def last_day_to_clarify(asked: Sequence[ArcoClarification], work: WorkCalendar) -> date | None:
    """The day until which the person may give what they were asked for; None where nothing is awaited."""
    waiting = next((each for each in asked if each.answered_on is None), None)
    return None if waiting is None else work.add(waiting.asked_on, days(Term.CLARIFY))


async def clarifications(session: AsyncSession, one: ArcoRequest) -> Sequence[ArcoClarification]:
    """What a request's person was asked for, the first first."""
    found = await session.scalars(
        select(ArcoClarification)
        .where(ArcoClarification.request_id == one.id)
        .order_by(ArcoClarification.asked_on, ArcoClarification.id)
    )
    return found.all()


async def refresh(session: AsyncSession, one: ArcoRequest) -> None:
    """Write a locked request's due date anew; a date that moved has its own reminders."""
    found = deadline(one, await clarifications(session, one), await deadlines.calendar(session))
    due_on = found.due_on if found else None
    if one.due_on != due_on:
        one.due_on, one.reminded_step = due_on, None
    await session.flush()
