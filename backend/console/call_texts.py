"""The words of the pages about calls."""

from datetime import datetime, timedelta

from backend import clock
from backend.calls.cdr.layout import FIELDS as CDR_FIELDS
from backend.calls.cdr.models import CdrState, LegState
from backend.ledger.models import Direction, Interaction, InteractionKind, Outcome, Purpose, Source

__all__ = ["CDR_FIELDS"]

KINDS = {
    InteractionKind.CALL: "Llamada",
    InteractionKind.WALK_IN: "Visita",
    InteractionKind.CHAT: "Chat en otro lugar",
}
DIRECTIONS = {Direction.INBOUND: "Recibida", Direction.OUTBOUND: "Realizada"}
PURPOSES = {
    Purpose.PETITION: "Petición",
    Purpose.INFORMATION: "Información",
    Purpose.FOLLOW_UP: "Seguimiento",
    Purpose.COMPLAINT: "Queja",
    Purpose.CONGRATULATION: "Felicitación",
    Purpose.TRANSFER: "Transferida",
    Purpose.WRONG_NUMBER: "Equivocada",
    Purpose.PRANK: "Broma",
}
#: The key that chooses each: its first letter, which no two share.
PURPOSE_KEYS = {purpose: name[0].lower() for purpose, name in PURPOSES.items()}
OUTCOMES = {
    Outcome.ATTENDED: "Atendida",
    Outcome.TRANSFERRED: "Transferida a otra área",
    Outcome.ABANDONED: "Colgó antes de que le contestaran",
    Outcome.VOICEMAIL: "Buzón de voz",
    Outcome.NO_ANSWER: "No contestó",
    Outcome.BUSY: "Ocupado",
    Outcome.WRONG_NUMBER: "Número equivocado",
    Outcome.FAILED: "Falló la línea",
}
SOURCES = {
    Source.CONSOLE: "Anotada en la consola",
    Source.CHAT: "Chat de la consola",
    Source.TWILIO: "Telefonía en línea",
    Source.CDR: "Conmutador",
}
CHANNELS = {
    "telefono": "Teléfono",
    "presencial": "Presencial",
    "redes_sociales": "Redes sociales",
    "whatsapp": "WhatsApp",
    "telegram": "Telegram",
    "sms": "SMS",
    "web": "Portal web",
}
#: The ledger's columns as a correction tells them; the split of the time follows from the times.
COLUMNS = {
    "direction": "Dirección",
    "started_at": "Empezó",
    "answered_at": "Se contestó",
    "ended_at": "Terminó",
    "outcome": "Resultado",
    "purpose": "De qué trató",
    "agent_id": "Quién atendió",
    "area_id": "Área",
    "extension": "Extensión",
    "transfer_area_id": "Se transfirió a",
    "transfer_to": "Con quién",
    "phone": "Teléfono",
    "caller_name": "Nombre",
    "person_id": "Persona",
    "municipality_id": "Municipio",
    "topic_id": "Tema",
    "petition_id": "Folio",
    "notes": "Notas",
}
#: Keys of the page of a running call, as its help tells them.
KEYS = (
    ("F2", "Empezar una llamada, desde cualquier página; ya empezada, volver a ella"),
    ("F2", "En su página: anotar que se contestó"),
    ("p i s q f t e b", "De qué trató: petición, información, seguimiento, queja, felicitación, transferida, "
     "equivocada, broma. También desde el teléfono"),
    ("d", "Cambiar entre recibida y realizada"),
    ("r", "Ir al resultado"),
    ("a", "Ir al área a la que se transfiere"),
    ("l", "Ligar un folio"),
    ("c", "Capturar una petición"),
    ("n", "Ir a las notas"),
    ("Esc", "Salir de un campo, para que las letras sean teclas"),
    ("F8 o Ctrl + Enter", "Terminar y guardar"),
    ("?", "Esta ayuda"),
)  # fmt: skip
NOTICES = {
    "llamada_terminada": "Quedó registrada. Con F2 empieza la siguiente llamada.",
    "llamada_anotada": "Quedó anotada.",
    "llamada_corregida": "La corrección se guardó, con lo que decía antes.",
    "llamada_descartada": "Se descartó: no queda registro de ella.",
    "area": "El área se guardó.",
}
CDR_STATES = {
    CdrState.MAPPING: "Faltan las columnas",
    CdrState.READING: "Leyendo",
    CdrState.JUDGING: "Comparando con lo registrado",
    CdrState.READY: "Lista para registrar",
    CdrState.WRITING: "Registrando",
    CdrState.DONE: "Registrada",
    CdrState.DISCARDED: "Descartada",
    CdrState.FAILED: "No se pudo leer",
}
LEGS = {
    LegState.NEW: "Nuevas",
    LegState.CHANGED: "Ya estaban, con otros datos",
    LegState.KNOWN: "Ya estaban",
    LegState.BY_HAND: "Ya las anotó el personal",
    LegState.INTERNAL: "Internas, entre extensiones: no se registran",
    LegState.SERVICE: "Al propio conmutador (buzón, claves): no se registran",
    LegState.INVALID: "Renglones con errores: no se registran",
    LegState.READ: "Por comparar",
}


def length(delta: timedelta) -> str:
    """`1:05` or `2:01:05`."""
    seconds = max(0, int(delta.total_seconds()))
    minutes, rest = divmod(seconds, 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


def duration(call: Interaction) -> str:
    """How long a call took, or «en curso»."""
    return length(call.ended_at - call.started_at) if call.ended_at else "en curso"


def waited(call: Interaction) -> str:
    """How long it rang before a person answered, or until its end."""
    until = call.answered_at or call.ended_at
    return length(until - call.started_at) if until else "—"


def seconds_since(moment: datetime) -> int:
    """For a timer that a browser goes on with, whatever its own clock says."""
    return max(0, int((clock.now() - moment).total_seconds()))


def typed_moment(moment: datetime | None) -> str:
    """A moment as a form's field holds it, on the office's clock."""
    return f"{clock.local(moment):%Y-%m-%dT%H:%M:%S}" if moment else ""
