"""Requests for information in the console's words."""

from datetime import date

from backend.console import due_texts
from backend.registry.deadlines import Deadline, Pace, WorkCalendar
from backend.transparency.models import EventKind, InfoRequest, RequestState

STATES = {
    RequestState.RECEIVED: "Recibida",
    RequestState.UNDER_WAY: "En proceso",
    RequestState.CLARIFYING: "En aclaración",
    RequestState.ANSWERED: "Contestada",
    RequestState.NOT_OURS: "No competente",
    RequestState.DISMISSED: "Desechada",
}
ENDINGS = {
    RequestState.ANSWERED: "Se contestó",
    RequestState.NOT_OURS: "No somos competentes: se orientó",
    RequestState.DISMISSED: "Se desechó: no llegó la aclaración",
}
ENDING_NAMES = {state.value: name for state, name in ENDINGS.items()}
EVENTS = {
    EventKind.RECEIVED: "Se registró",
    EventKind.ASSIGNED: "Se asignó",
    EventKind.EDITED: "Se corrigió",
    EventKind.CLARIFICATION_ASKED: "Se pidió aclaración",
    EventKind.CLARIFICATION_GIVEN: "Llegó la aclaración",
    EventKind.EXTENDED: "Se dio la prórroga",
    EventKind.NOTE: "Nota",
    EventKind.FILE: "Se agregó un archivo",
    EventKind.FIGURE: "Se citó una cifra",
    EventKind.CLOSED: "Se cerró",
    EventKind.REMINDED: "Recordatorio",
}
FIELDS = {
    "folio": "Folio",
    "received_on": "Recibida el",
    "text": "Qué solicita",
    "area_id": "Área",
    "user_id": "Responsable",
}
PACES = {
    Pace.OVERDUE: "Vencidas",
    Pace.SOON: "Por vencer",
    Pace.ON_TIME: "En tiempo",
    Pace.PAUSED: "En aclaración",
}
NOTICES = {
    "solicitud": "La solicitud quedó registrada.",
    "solicitud_guardada": "La solicitud se actualizó.",
    "solicitud_cerrada": "La solicitud quedó cerrada.",
    "plazos_transparencia": "Los plazos se guardaron. Las solicitudes ya recibidas conservan el suyo.",
}


def left(one: InfoRequest, pace: Pace, today: date, work: WorkCalendar) -> str:
    """`Faltan 3 días hábiles`, `Vence hoy`, `Venció hace 2 días hábiles`; else how the request stands."""
    if pace is Pace.DONE:
        return STATES[one.state]
    if one.due_on is None:
        return "En pausa"
    return due_texts.left_to(one.due_on, today, work)


def trace(one: InfoRequest, found: Deadline) -> due_texts.Trace:
    """A deadline told step by step."""
    days = due_texts.days(one.answer_days + one.extension_days)
    since = "Se recibió" if found.start == one.received_on else "La aclaración llegó"
    extended = f" ({due_texts.days(one.answer_days)} y {one.extension_days} de prórroga)" if one.extension_days else ""
    day = due_texts.day_text(found.start)
    rule = f"{since} el {day}. El plazo es de {days}{extended}, contados desde el día siguiente."
    return due_texts.told_trace(rule, found)
