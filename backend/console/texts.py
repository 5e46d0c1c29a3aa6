"""The console's words for our codes, in one place."""

from collections.abc import Sequence
from dataclasses import dataclass

from backend.agents.models import BreakKind, PresenceState, Role
from backend.conversations.models import Author, CloseReason, EventKind, HandoffReason, Owner
from backend.learning.models import LabelState
from backend.learning.queries import Band, Period
from backend.outbox.models import DeliveryState
from backend.registry.intake import FIELD_TEXTS, KIND_TEXTS
from backend.registry.models import (
    ActorKind,
    EntryChannel,
    PetitionEventKind,
    PetitionStatus,
    Priority,
)

ROLES = {
    Role.LIAISON: "Enlace de dependencia",
    Role.AUDITOR: "Auditoría y transparencia",
    Role.ANALYST: "Analista",
    Role.HEAD: "Jefatura",
    Role.ADMIN: "Administración",
}

PRESENCE = {
    PresenceState.AVAILABLE: "Disponible",
    PresenceState.AWAY: "Ausente",
    PresenceState.BREAK: "En descanso",
    PresenceState.OFFLINE: "Desconectado",
}
BREAKS = {
    BreakKind.REST: "Descanso",
    BreakKind.MEAL: "Comida",
    BreakKind.MEETING: "Junta",
    BreakKind.TRAINING: "Capacitación",
}
#: What the header's list offers: a state, or `break:kind`.
PRESENCE_CHOICES = {
    PresenceState.AVAILABLE.value: "Disponible",
    PresenceState.AWAY.value: "Ausente",
    f"break:{BreakKind.REST}": "En descanso",
    f"break:{BreakKind.MEAL}": "En comida",
    f"break:{BreakKind.MEETING}": "En junta",
    f"break:{BreakKind.TRAINING}": "En capacitación",
    PresenceState.OFFLINE.value: "Desconectado",
}

OWNERS = {Owner.BOT: "Con el bot", Owner.QUEUE: "En espera", Owner.AGENT: "En atención", Owner.CLOSED: "Cerrada"}

AUTHORS = {
    Author.CITIZEN: "Ciudadanía",
    Author.BOT: "Asistente",
    Author.AGENT: "Personal",
    Author.SYSTEM: "Sistema",
    Author.NOTE: "Nota privada",
    Author.CONTROL: "",
}

CHANNELS = {"web": "Portal web", "whatsapp": "WhatsApp", "telegram": "Telegram", "sms": "SMS", "voice": "Teléfono"}

HANDOFF_REASONS = {
    HandoffReason.REQUESTED: "Pidió hablar con una persona",
    HandoffReason.EMERGENCY: "Posible emergencia",
    HandoffReason.MISUNDERSTOOD: "El asistente no le entendió",
    HandoffReason.BOT_FAILED: "El asistente falló",
    HandoffReason.BAD_MOOD: "Muestra molestia",
    HandoffReason.TRANSFERRED: "Transferida por una persona",
    HandoffReason.OTHER_LANGUAGE: "Escribe en otro idioma",
}

#: Languages in which the console says that a conversation is held; Spanish is not worth saying.
LANGUAGES = {
    "en": "Inglés",
    "yaq": "Yaqui",
    "mfy": "Mayo",
    "yaq-mfy": "Yaqui o mayo",
    "sei": "Seri",
}

CLOSE_REASONS = {
    CloseReason.SOLVED: "Resuelta",
    CloseReason.REGISTERED: "Petición registrada",
    CloseReason.INFORMED: "Se le informó",
    CloseReason.NO_ANSWER: "Dejó de responder",
    CloseReason.OUT_OF_SCOPE: "Fuera de nuestra competencia",
    CloseReason.ABUSE: "Lenguaje ofensivo o broma",
    CloseReason.OTHER: "Otro motivo",
}

EVENTS = {
    EventKind.OPENED: "Inició la conversación",
    EventKind.QUEUED: "Pasó a espera",
    EventKind.ASSIGNED: "Se asignó",
    EventKind.TAKEN: "La tomó",
    EventKind.TRANSFERRED: "Se transfirió",
    EventKind.RETURNED_TO_BOT: "Volvió al bot",
    EventKind.CLOSED: "Se cerró",
    EventKind.REOPENED: "Se reabrió",
    EventKind.RATED: "Calificó la atención",
    EventKind.EMERGENCY: "Se detectó una posible emergencia",
    EventKind.BOT_FAILED: "El asistente falló",
    EventKind.REPLY_DROPPED: "Se descartó una respuesta tardía del bot",
    EventKind.PETITION_FILED: "Se registró una petición",
    EventKind.CONTACT_JOINED: "Se unió a otra conversación de la misma persona",
    EventKind.CONTACT_SPLIT: "Se separó de las otras conversaciones de la persona",
    EventKind.OPTED_OUT: "Pidió no recibir avisos",
    EventKind.OPTED_IN: "Volvió a aceptar avisos",
    EventKind.BLOCKED_US: "Nos bloqueó",
    EventKind.UNBLOCKED_US: "Nos desbloqueó",
}

DELIVERY = {
    DeliveryState.PENDING: "Por enviar",
    DeliveryState.SENDING: "Enviando",
    DeliveryState.SENT: "Enviado",
    DeliveryState.DELIVERED: "Entregado",
    DeliveryState.READ: "Leído",
    DeliveryState.FAILED: "No se entregó",
    DeliveryState.UNCERTAIN: "Por confirmar",
}

CONTACT_REASONS = {
    "phone": "mismo teléfono, comprobado por los canales",
    "code": "con un código que escribió la persona",
    "staff": "a criterio del personal",
    "told": "lo dijo al personal",
}


@dataclass(frozen=True)
class Failure:
    """Why a message did not arrive, what the agent can do, and what its button says where sending again helps."""

    reason: str
    advice: str
    retry: str | None = None


_WINDOW = Failure(
    "Pasaron más de 24 horas desde su último mensaje.",
    "WhatsApp solo permite una plantilla aprobada. Envíela para retomar; cuando conteste podrá escribirle.",
)
_SLOW_DOWN = Failure("El canal pidió ir más despacio.", "Espere unos minutos y reintente.", "Reintentar")
_UNREACHABLE = Failure(
    "Ese número no puede recibir mensajes por este canal.", "Llámele o use otra de sus conversaciones."
)
_BLOCKED = Failure(
    "La persona bloqueó nuestros mensajes.",
    "Use otra de sus conversaciones o llámele. Si le dice que ya no nos bloquea, indíquelo en su ficha.",
)
_UNAUTHORISED = Failure(
    "El canal rechazó nuestras credenciales.", "Avise a Sistemas. Cuando lo arreglen, reintente.", "Reintentar"
)
_OFF = Failure("El canal está apagado.", "Avise a Sistemas. Cuando lo enciendan, reintente.", "Reintentar")
_UNCERTAIN = Failure(
    "No se sabe si llegó: la conexión se cortó al enviarlo.",
    "Pregúntele antes de enviarlo otra vez: podría recibirlo dos veces.",
    "Enviar otra vez",
)
_LOST = Failure("El mensaje no llegó al canal.", "Reintente.", "Reintentar")
_NOT_FETCHED = Failure(
    "El canal no pudo descargar el archivo de nuestro servidor.",
    "Reintente; si se repite, avise a Sistemas.",
    "Reintentar",
)
_OTHER = Failure("El canal no aceptó el mensaje.", "Reintente; si vuelve a fallar, avise a Sistemas.", "Reintentar")

#: By the code that a channel gave (Twilio's and Telegram's numbers) or that we gave ourselves.
FAILURES = {
    **dict.fromkeys(("63016", "window_closed"), _WINDOW),
    **dict.fromkeys(("63018", "20429", "30001", "429", "rate_limited"), _SLOW_DOWN),
    **dict.fromkeys(
        ("63003", "63024", "21211", "21614", "30003", "30005", "30006", "chat_migrated", "recipient_unreachable"),
        _UNREACHABLE,
    ),
    **dict.fromkeys(("21610", "30004", "403", "recipient_blocked"), _BLOCKED),
    **dict.fromkeys(("20003", "20404", "70051", "401", "unauthorised"), _UNAUTHORISED),
    "channel_off": _OFF,
    **dict.fromkeys(("uncertain", "cannot_be_asked", "dispatcher_died", "lease_expired"), _UNCERTAIN),
    "never_arrived": _LOST,
    "63019": _NOT_FETCHED,
}


def failure_of(code: str | None) -> Failure:
    """What to tell the agent of a failed delivery."""
    return FAILURES.get(code or "", _OTHER)


PETITION_STATUSES = {
    PetitionStatus.RECIBIDA: "Recibida",
    PetitionStatus.EN_ANALISIS: "En análisis",
    PetitionStatus.TURNADA: "Turnada",
    PetitionStatus.EN_ATENCION: "En atención",
    PetitionStatus.REQUIERE_INFORMACION: "Requiere información",
    PetitionStatus.CONCLUIDA_SATISFACTORIA: "Concluida satisfactoria",
    PetitionStatus.CONCLUIDA_NO_SATISFACTORIA: "Concluida no satisfactoria",
    PetitionStatus.IMPROCEDENTE: "Improcedente",
    PetitionStatus.CANCELADA: "Cancelada",
}

PETITION_EVENTS = {
    PetitionEventKind.FILED: "Se registró",
    PetitionEventKind.STATUS_CHANGED: "Cambió de estado",
    PetitionEventKind.INFORMATION_ADDED: "La persona agregó información",
    PetitionEventKind.ATTACHMENT_ADDED: "Se agregó un archivo",
    PetitionEventKind.EDITED: "Se corrigieron datos",
    PetitionEventKind.ASSIGNED: "Se asignó",
    PetitionEventKind.NOTE: "Nota",
    PetitionEventKind.NOTICE: "Aviso a la persona",
    PetitionEventKind.CITIZEN_VERDICT: "La persona dijo si se resolvió",
    PetitionEventKind.SUSPENDED: "Se detuvo el plazo",
    PetitionEventKind.RESUMED: "Se reanudó el plazo",
    PetitionEventKind.LABELLED: "Cambiaron las etiquetas",
    PetitionEventKind.TURNED: "Se turnó",
    PetitionEventKind.TURN_ACKNOWLEDGED: "La dependencia acusó recibo",
    PetitionEventKind.TURN_ANSWERED: "La dependencia contestó",
    PetitionEventKind.TURN_RETURNED: "La dependencia la devolvió",
    PetitionEventKind.TURN_WITHDRAWN: "Se retiró el turno",
    PetitionEventKind.TURN_NOTE: "Nota del turno",
    PetitionEventKind.TURN_REMINDED: "Se recordó a la dependencia",
    PetitionEventKind.TURN_ESCALATED: "Se pasó a jefatura por vencimiento",
    PetitionEventKind.EXTENSION_ASKED: "La dependencia pidió más tiempo",
    PetitionEventKind.EXTENSION_GRANTED: "Se dio más tiempo",
    PetitionEventKind.EXTENSION_REFUSED: "No se dio más tiempo",
    PetitionEventKind.LETTER_MADE: "Se hizo un documento",
    PetitionEventKind.LETTER_MAILED: "Se envió un documento por correo",
    PetitionEventKind.MERGED: "Se unió con otra",
    PetitionEventKind.UNMERGED: "Se deshizo la unión",
    PetitionEventKind.GROUPED: "Entró a un grupo",
    PetitionEventKind.UNGROUPED: "Salió del grupo",
    PetitionEventKind.RELATED: "Se relacionó con otra",
    PetitionEventKind.UNRELATED: "Dejó de relacionarse con otra",
    PetitionEventKind.SUPPORTED: "Se sumó otra persona",
    PetitionEventKind.PROCEDURE_STEP: "Avanzó el trámite",
}

PRIORITIES = {Priority.NORMAL: "Normal", Priority.HIGH: "Alta", Priority.URGENT: "Urgente"}

ENTRY_CHANNELS = {
    EntryChannel.PRESENCIAL: "Presencial",
    EntryChannel.GIRA: "Gira",
    EntryChannel.CORRESPONDENCIA: "Correspondencia",
    EntryChannel.CORREO: "Correo electrónico",
    EntryChannel.REDES_SOCIALES: "Redes sociales",
    EntryChannel.CALL_CENTER: "Call Center",
    EntryChannel.CHAT_SONORA: "Chat Sonora",
    EntryChannel.WHATSAPP: "WhatsApp",
    EntryChannel.TELEGRAM: "Telegram",
    EntryChannel.SMS: "SMS",
    EntryChannel.INTEGRACION: "Otro sistema",
}

ACTORS = {
    ActorKind.CITIZEN: "La persona",
    ActorKind.BOT: "Asistente",
    ActorKind.STAFF: "Personal",
    ActorKind.SYSTEM: "Sistema",
}

PETITION_KINDS = KIND_TEXTS

PETITION_FIELDS = FIELD_TEXTS

LABEL_STATES = {
    LabelState.PENDING: "Por clasificar",
    LabelState.LABELLED: "Clasificados",
    LabelState.DISCARDED: "Descartados",
}

LEARNING_REASONS = {
    "asked": "Preguntó para aclarar",
    "not_understood": "No entendió",
    "other_reading": "Era la otra lectura",
    "neither": "No era ninguna lectura",
    "asked_for_person": "Pidió una persona",
    "handed_over": "Pasó a una persona",
    "low_confidence": "Con duda",
}

PERIODS = {
    Period.DAY: "Último día",
    Period.WEEK: "Últimos 7 días",
    Period.MONTH: "Últimos 30 días",
    Period.QUARTER: "Últimos 90 días",
}

CONFIDENCES = {
    Band.UNDER_50: "Menos de 50 %",
    Band.UNDER_70: "De 50 a 70 %",
    Band.UNDER_90: "De 70 a 90 %",
    Band.FROM_90: "90 % o más",
}

WEEKDAYS = ("Lunes", "Martes", "Miércoles", "Jueves", "Viernes", "Sábado", "Domingo")


def others_text(names: Sequence[str]) -> str:
    """Which colleagues look at the same conversation, as a sentence; empty where nobody does."""
    match names:
        case []:
            return ""
        case [one]:
            return f"{one} también está viendo esta conversación."
        case [one, other]:
            return f"{one} y {other} también están viendo esta conversación."
        case [one, *more]:
            return f"{one} y {len(more)} personas más también están viendo esta conversación."
    raise AssertionError(names)
