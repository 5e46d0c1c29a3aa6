"""Words of the pages on other systems."""

from backend.agents.models import Scope
from backend.registry.models import PetitionEventKind as Kind
from backend.subscriptions import payload
from backend.subscriptions.models import Delivery, DeliveryState, StopReason

SCOPES = {
    Scope.READ: ("Leer", "Listas, detalle e historial de las peticiones."),
    Scope.WRITE: ("Registrar y cambiar", "Peticiones, estados, notas, turnos y respuestas."),
    Scope.PERSONS: ("Datos personales", "Nombres, contactos y domicilios. Sin este permiso se entregan ocultos."),
}

LIVES = {90: "90 días", 365: "1 año", 730: "2 años"}

STOPPED = {
    StopReason.NO_ANSWER: "En tres días no aceptó ningún envío. El sistema la apagó; lo que ocurra mientras esté "
    "apagada no se le enviará.",
    StopReason.GONE: "Contestó que ya no existe (410). El sistema la apagó.",
}

STATES = {
    DeliveryState.PENDING: ("En espera", "warn"),
    DeliveryState.DELIVERED: ("Entregado", "good"),
    DeliveryState.FAILED: ("No entregado", "bad"),
}

PROBLEMS = {
    "red_interna": "La dirección lleva a una red interna",
    "no_se_encuentra": "No se encuentra ese servidor",
    "sin_https": "La dirección no usa https",
    "sin_respuesta_a_tiempo": "No contestó en 10 segundos",
    "clave_ilegible": "La clave guardada no se puede leer: genere otra",
    "ConnectError": "No se pudo conectar, o su certificado no es válido",
    "ConnectTimeout": "No contestó en 10 segundos",
    "ReadTimeout": "No contestó en 10 segundos",
}

#: The events that a subscription may choose, in the order of a petition's life; the rest under «otros».
EVENTS: dict[str, tuple[tuple[Kind, str], ...]] = {
    "Petición": (
        (Kind.FILED, "Se registró"),
        (Kind.STATUS_CHANGED, "Cambió de estado"),
        (Kind.EDITED, "Se corrigieron sus datos"),
        (Kind.ASSIGNED, "Se asignó"),
        (Kind.INFORMATION_ADDED, "La persona agregó información"),
        (Kind.ATTACHMENT_ADDED, "Se agregó un archivo"),
        (Kind.CITIZEN_VERDICT, "La persona dijo si se resolvió"),
        (Kind.SUPPORTED, "Alguien más se sumó"),
        (Kind.NOTE, "Se agregó una nota"),
        (Kind.NOTICE, "Se avisó a la persona"),
        (Kind.SUSPENDED, "Se suspendió el plazo"),
        (Kind.RESUMED, "Se reanudó el plazo"),
        (Kind.LABELLED, "Cambiaron sus etiquetas"),
        (Kind.PROCEDURE_STEP, "Avanzó un trámite especial"),
    ),
    "Turnos": (
        (Kind.TURNED, "Se turnó"),
        (Kind.TURN_ACKNOWLEDGED, "La dependencia la recibió"),
        (Kind.TURN_ANSWERED, "La dependencia contestó"),
        (Kind.TURN_RETURNED, "La dependencia la devolvió"),
        (Kind.TURN_WITHDRAWN, "Se retiró el turno"),
        (Kind.TURN_NOTE, "La dependencia informó un avance"),
        (Kind.TURN_REMINDED, "Se recordó el turno"),
        (Kind.TURN_ESCALATED, "Se escaló el turno"),
        (Kind.EXTENSION_ASKED, "Se pidió prórroga"),
        (Kind.EXTENSION_GRANTED, "Se dio la prórroga"),
        (Kind.EXTENSION_REFUSED, "Se negó la prórroga"),
        (Kind.LETTER_MADE, "Se hizo un oficio o carta"),
        (Kind.LETTER_MAILED, "Se envió un oficio o carta"),
    ),
    "Peticiones relacionadas": (
        (Kind.MERGED, "Se unió con otra"),
        (Kind.UNMERGED, "Se separó de otra"),
        (Kind.GROUPED, "Entró a un grupo"),
        (Kind.UNGROUPED, "Salió de un grupo"),
        (Kind.RELATED, "Se relacionó con otra"),
        (Kind.UNRELATED, "Dejó de estar relacionada"),
    ),
}

EVENT_NAMES = {payload.kind_of(kind): name for group in EVENTS.values() for kind, name in group} | {
    payload.TEST: "Prueba"
}

TRAIL = {
    "webhook_created": "Agregó la suscripción",
    "webhook_changed": "Cambió la suscripción",
    "webhook_secret_renewed": "Generó otra clave",
    "webhook_on": "Encendió la suscripción",
    "webhook_off": "Apagó la suscripción",
}

NOTICES = {
    "llave_revocada": "La llave se revocó: ya no abre nada.",
    "webhook_guardado": "La suscripción se guardó.",
    "webhook_encender": "La suscripción quedó encendida.",
    "webhook_apagar": "La suscripción quedó apagada.",
}


def problem_text(problem: str) -> str:
    return PROBLEMS.get(problem, "Se interrumpió la conexión")


def outcome(delivery: Delivery) -> str:
    """What the other side answered last, or what kept it from answering."""
    if delivery.response_code is not None:
        return f"Código {delivery.response_code}"
    return problem_text(delivery.problem) if delivery.problem else "Aún no se intenta"
