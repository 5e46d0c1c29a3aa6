"""The console's words for our codes, in one place."""

from backend.agents.models import PresenceState, Role
from backend.conversations.models import Author, CloseReason, EventKind, HandoffReason, Owner
from backend.outbox.models import DeliveryState
from backend.registry.intake import FIELD_TEXTS, KIND_TEXTS
from backend.registry.models import (
    ActorKind,
    EntryChannel,
    PetitionEventKind,
    PetitionStatus,
    Priority,
)

ROLES = {Role.ANALYST: "Analista", Role.HEAD: "Jefatura", Role.ADMIN: "Administración"}

PRESENCE = {
    PresenceState.AVAILABLE: "Disponible",
    PresenceState.AWAY: "Ausente",
    PresenceState.OFFLINE: "Desconectado",
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

CHANNELS = {"web": "Portal web", "whatsapp": "WhatsApp", "telegram": "Telegram", "voice": "Teléfono"}

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
}

DELIVERY = {
    DeliveryState.PENDING: "Por enviar",
    DeliveryState.SENDING: "Enviando",
    DeliveryState.SENT: "Enviado",
    DeliveryState.DELIVERED: "Entregado",
    DeliveryState.READ: "Leído",
    DeliveryState.FAILED: "No se entregó",
}

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
}

ACTORS = {
    ActorKind.CITIZEN: "La persona",
    ActorKind.BOT: "Asistente",
    ActorKind.STAFF: "Personal",
    ActorKind.SYSTEM: "Sistema",
}

PETITION_KINDS = KIND_TEXTS

PETITION_FIELDS = FIELD_TEXTS

WEEKDAYS = ("Lunes", "Martes", "Miércoles", "Jueves", "Viernes", "Sábado", "Domingo")
