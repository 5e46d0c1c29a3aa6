"""How a petition is doing, in plain words for whoever holds its code. Nothing personal, nothing internal."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import and_, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from backend import clock
from backend.catalog.models import Agency
from backend.registry import intake, petitions, verdicts
from backend.registry.lifecycle import CLOSED
from backend.registry.models import Petition, PetitionEvent, PetitionEventKind, PetitionStatus
from backend.registry.verdicts import Verdict
from backend.text import MONTHS, listed, sentence
from backend.turns.models import OPEN, Turn, TurnState

Kind = PetitionEventKind
S = PetitionStatus

_PAUSED = "El plazo está en pausa mientras esperamos su información."
#: Steps of a petition's own, by the status that it comes to. Turns tell theirs themselves.
_STEPS = {
    S.EN_ANALISIS: "La revisamos para saber quién debe atenderla",
    S.REQUIERE_INFORMACION: "Le pedimos más información",
    S.CONCLUIDA_SATISFACTORIA: "Concluida: la dependencia informó que ya se atendió",
    S.CONCLUIDA_NO_SATISFACTORIA: "Concluida: la dependencia informó que no fue posible",
    S.IMPROCEDENTE: "Se revisó y no procede",
    S.CANCELADA: "Se canceló",
}
_TURN_STEPS = {
    Kind.TURNED: "Se envió a {}",
    Kind.TURN_ACKNOWLEDGED: "{} la recibió",
    Kind.TURN_ANSWERED: "{} contestó",
    Kind.TURN_RETURNED: "Dejó de estar a cargo de {}",
    Kind.TURN_WITHDRAWN: "Dejó de estar a cargo de {}",
}


@dataclass(frozen=True)
class Step:
    """`told`: what staff wrote for the citizen."""

    day: str
    title: str
    told: str = ""


@dataclass(frozen=True)
class Progress:
    """What the page and the chat tell. `due_text` None: no term is known; `asked`: only while it is awaited."""

    folio: str
    kind_text: str
    status: PetitionStatus
    status_text: str
    explanation: str
    due_text: str | None
    asked: str | None
    received_text: str
    updated_text: str
    steps: Sequence[Step]
    verdict: Verdict | None


def day_text(day: date | datetime) -> str:
    """`21 de noviembre de 2026`, on the office's clock."""
    here = clock.local(day) if isinstance(day, datetime) else day
    return f"{here.day} de {MONTHS[here.month - 1]} de {here.year}"


async def of_petition(session: AsyncSession, petition: Petition) -> Progress:
    """All that the holder of the code may know."""
    events = (
        await session.scalars(
            select(PetitionEvent).where(PetitionEvent.petition_id == petition.id).order_by(PetitionEvent.id)
        )
    ).all()
    came = next((one for one in reversed(events) if one.to_status is petition.status), None)
    detail = came.detail if came is not None else {}
    is_asked = petition.status is S.REQUIERE_INFORMACION
    return Progress(
        folio=petition.folio,
        kind_text=intake.KIND_TEXTS[petition.kind],
        status=petition.status,
        status_text=petitions.STATUS_TEXTS[petition.status][0],
        explanation=await _explanation(session, petition, events, str(detail.get("told", ""))),
        due_text=_due_text(petition),
        asked=str(detail.get("asked", "")).strip() or None if is_asked else None,
        received_text=day_text(petition.created_at),
        updated_text=day_text(petition.updated_at),
        steps=[step for one in events if (step := _step(one)) is not None],
        verdict=await verdicts.of_petition(session, petition),
    )


async def _explanation(session: AsyncSession, petition: Petition, events: Sequence[PetitionEvent], told: str) -> str:
    usual = petitions.STATUS_TEXTS[petition.status][1]
    if petition.status in CLOSED:
        return f"{usual} {sentence(told)}".strip()
    if petition.status not in (S.TURNADA, S.EN_ATENCION):
        return usual
    reopened = next((one.at for one in reversed(events) if one.from_status in CLOSED), petition.created_at)
    at_work, answered = await _agencies(session, petition, reopened)
    if not at_work and not answered:
        return usual if petition.status is S.TURNADA else "Le estamos dando seguimiento."
    if not at_work:
        verb = "contestó" if len(answered) == 1 else "contestaron"
        return f"{listed(answered)} ya {verb}; estamos revisando la respuesta."
    if petition.status is S.TURNADA:
        return f"La enviamos a {listed(at_work)}, que {'debe' if len(at_work) == 1 else 'deben'} atenderla."
    return f"{listed(at_work)} la {'está' if len(at_work) == 1 else 'están'} atendiendo."


async def _agencies(session: AsyncSession, petition: Petition, since: datetime) -> tuple[list[str], list[str]]:
    """Who still owes an answer, and who gave one after `since`."""
    has_answered = and_(Turn.state == TurnState.ANSWERED, Turn.closed_at > since)
    rows = await session.execute(
        select(Agency.short_name, Turn.state)
        .join(Turn, Turn.agency_id == Agency.id)
        .where(Turn.petition_id == petition.id, or_(Turn.state.in_(OPEN), has_answered))
        .order_by(Turn.created_at, Agency.short_name)
    )
    found = [(name, state) for name, state in rows]
    at_work = [name for name, state in found if state in OPEN]
    return at_work, list(dict.fromkeys(name for name, state in found if state not in OPEN))


def _due_text(petition: Petition) -> str | None:
    if petition.status in CLOSED:
        return None
    if petition.status is S.REQUIERE_INFORMACION:
        return _PAUSED
    if petition.due_on is None:
        return None
    if petition.due_on < clock.local(clock.now()).date():
        return "El plazo para contestarle ya pasó. Le pedimos una disculpa: puede pedir hablar con una persona."
    return f"Debe quedar atendida a más tardar el {day_text(petition.due_on)}."


def _step(event: PetitionEvent) -> Step | None:
    day = day_text(event.at)
    if event.kind is Kind.FILED:
        return Step(day, "La recibimos")
    if event.kind in _TURN_STEPS:
        return Step(day, _TURN_STEPS[event.kind].format(event.detail.get("agency", "la dependencia")))
    if event.kind is Kind.INFORMATION_ADDED:
        return Step(day, "Usted envió información")
    if event.kind is Kind.CITIZEN_VERDICT:
        said = "que sí se resolvió" if event.detail.get("solved") else "que no se resolvió"
        return Step(day, f"Usted dijo {said}")
    if event.kind is not Kind.STATUS_CHANGED or event.to_status is None:
        return None
    if event.from_status in CLOSED:
        return Step(day, "Se abrió de nuevo")
    if event.to_status is S.EN_ANALISIS and event.from_status is not S.RECIBIDA:
        return None  # what led back to it is a step already
    told = str(event.detail.get("asked" if event.to_status is S.REQUIERE_INFORMACION else "told", ""))
    return Step(day, _STEPS[event.to_status], told.strip()) if event.to_status in _STEPS else None
