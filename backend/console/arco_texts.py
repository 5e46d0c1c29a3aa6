"""ARCO requests and retention in the console's words."""

from datetime import date

from backend.arco import terms
from backend.arco.models import ArcoEventKind, ArcoRequest, ArcoState, Identity, Refusal, Right
from backend.arco.terms import Term
from backend.console import due_texts
from backend.registry.deadlines import Deadline, Pace, WorkCalendar

RIGHTS = {
    Right.ACCESS: "Acceso",
    Right.RECTIFICATION: "Rectificación",
    Right.CANCELLATION: "Cancelación",
    Right.OPPOSITION: "Oposición",
    Right.PORTABILITY: "Portabilidad",
    Right.REVOCATION: "Revocación del consentimiento",
}
#: What each right asks of whoever attends it.
HELP = {
    Right.ACCESS: "La persona quiere saber qué datos suyos se tienen. Se le entrega la copia completa.",
    Right.RECTIFICATION: "La persona dice que un dato suyo está mal. Se corrige con el documento que lo prueba.",
    Right.CANCELLATION: "La persona quiere que se supriman sus datos. Se bloquean, y al terminar el bloqueo se quitan.",
    Right.OPPOSITION: "La persona no quiere que se le contacte. Solo se le avisa lo que la ley obliga.",
    Right.PORTABILITY: "La persona quiere sus datos en un formato que otro sistema lea: van en datos.json.",
    Right.REVOCATION: "La persona retira su consentimiento. Lo ya tramitado no se afecta y no se le contacta más.",
}
STATES = {
    ArcoState.RECEIVED: "Recibida",
    ArcoState.UNDER_WAY: "En proceso",
    ArcoState.CLARIFYING: "En prevención",
    ArcoState.GRANTED: "Procedente, por cumplir",
    ArcoState.DONE: "Cumplida",
    ArcoState.REFUSED: "Improcedente",
    ArcoState.NOT_FILED: "No presentada",
}
IDENTITIES = {
    Identity.INE: "Credencial para votar (INE)",
    Identity.PASSPORT: "Pasaporte",
    Identity.LICENCE: "Cédula profesional",
    Identity.MILITARY: "Cartilla militar",
    Identity.SIGNATURE: "Firma electrónica",
    Identity.REPRESENTATIVE: "Representante, con poder e identificaciones",
}
REFUSALS = {
    Refusal.NOT_PROVED: "No se acreditó la identidad o la representación",
    Refusal.NOT_HELD: "La oficina no tiene esos datos",
    Refusal.IMPEDIMENT: "Hay un impedimento legal",
    Refusal.THIRD_PARTY: "Se lesionarían derechos de otra persona",
    Refusal.PROCEEDINGS: "Se estorbarían actuaciones judiciales o administrativas",
    Refusal.RESOLUTION: "Una autoridad competente lo restringe",
    Refusal.ALREADY_DONE: "Ya se había hecho antes",
    Refusal.NOT_COMPETENT: "La oficina no es competente",
    Refusal.OBLIGATION: "La ley obliga a conservar los datos",
}
EVENTS = {
    ArcoEventKind.RECEIVED: "Se registró",
    ArcoEventKind.CLASSIFIED: "Se clasificó",
    ArcoEventKind.ASSIGNED: "Se asignó",
    ArcoEventKind.IDENTITY: "Se acreditó la identidad",
    ArcoEventKind.CLARIFICATION_ASKED: "Se hizo la prevención",
    ArcoEventKind.CLARIFICATION_GIVEN: "La persona completó su solicitud",
    ArcoEventKind.EXTENDED: "Se amplió el plazo",
    ArcoEventKind.EXPORTED: "Se descargó la copia de los datos",
    ArcoEventKind.RECTIFIED: "Se corrigieron los datos",
    ArcoEventKind.GRANTED: "Se respondió: procede",
    ArcoEventKind.REFUSED: "Se respondió: no procede",
    ArcoEventKind.NOT_FILED: "Se tuvo por no presentada",
    ArcoEventKind.DONE: "Se cumplió",
    ArcoEventKind.FILE: "Se agregó un archivo",
    ArcoEventKind.NOTE: "Nota",
    ArcoEventKind.REMINDED: "Recordatorio",
}
FIELDS = {"full_name": "Nombre", "phone": "Teléfono", "email": "Correo", "curp": "CURP"}
PACES = {
    Pace.OVERDUE: "Vencidas",
    Pace.SOON: "Por vencer",
    Pace.ON_TIME: "En tiempo",
    Pace.PAUSED: "En prevención",
}
NOTICES = {
    "arco": "La solicitud quedó registrada.",
    "arco_guardada": "La solicitud se actualizó.",
    "arco_corregida": "Los datos se corrigieron. Lo que decían antes queda en la historia.",
    "arco_cumplida": "La solicitud quedó cumplida.",
    "arco_desbloqueada": "El bloqueo se levantó. Sus datos están otra vez en las listas.",
    "conservacion": "Los plazos de conservación se guardaron.",
    "causa_legal": "Nada de eso se quitará mientras la causa legal siga vigente.",
    "causa_levantada": "La causa legal se levantó.",
    "abierto": "Puede verlo durante 30 minutos. El motivo quedó registrado.",
}


def right(one: ArcoRequest) -> str:
    return RIGHTS[one.right] if one.right else "Por clasificar"


def left(one: ArcoRequest, pace: Pace, today: date, work: WorkCalendar) -> str:
    """`Faltan 3 días hábiles`, `Vence hoy`; else how the request stands."""
    if pace is Pace.DONE:
        return STATES[one.state]
    return "En pausa" if one.due_on is None else due_texts.left_to(one.due_on, today, work)


def trace(one: ArcoRequest, found: Deadline | None) -> due_texts.Trace | None:
    """A deadline told step by step; None where nothing is owed any more."""
    if found is None:
        return None
    day = due_texts.day_text(found.start)
    if one.state is ArcoState.GRANTED:
        rule = f"Se notificó el {day}. Hay {due_texts.days(found.working_days)} para cumplir, desde el día siguiente."
        return due_texts.told_trace(rule, found)
    extended = f", con {terms.days(Term.EXTENSION)} de ampliación," if one.extension_reason else ""
    rule = f"Se recibió el {day}. El plazo es de {due_texts.days(found.working_days)}{extended} desde el día siguiente."
    return due_texts.told_trace(rule, found)
