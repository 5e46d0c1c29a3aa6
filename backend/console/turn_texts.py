"""The console's words for turns, for what an agency does with them, and for the e-mail that tells it."""

from backend.catalog.models import AgencyLevel
from backend.mail import service as mail
from backend.mail.models import EmailMessage, MailState
from backend.registry.deadlines import Pace
from backend.registry.models import PetitionEventKind
from backend.turns.models import Turn, TurnOutcome, TurnState

Kind = PetitionEventKind

STATES = {
    TurnState.SENT: "Sin acuse",
    TurnState.ACKNOWLEDGED: "Recibida",
    TurnState.ANSWERED: "Contestada",
    TurnState.RETURNED: "Devuelta",
    TurnState.WITHDRAWN: "Retirada",
}

OUTCOMES = {TurnOutcome.ATTENDED: "Se atendió", TurnOutcome.NOT_POSSIBLE: "No fue posible"}

#: The class of a tag by how much time is left, and of a closed turn by its state.
PACE_CLASSES = {Pace.ON_TIME: "good", Pace.SOON: "warn", Pace.OVERDUE: "bad"}
STATE_CLASSES = {TurnState.ANSWERED: "good", TurnState.RETURNED: "warn"}

LEVELS = {
    AgencyLevel.STATE: "Estatal",
    AgencyLevel.FEDERAL: "Federal",
    AgencyLevel.MUNICIPAL: "Municipal",
    AgencyLevel.CIVIL_SOCIETY: "Sociedad civil",
}

#: What a turn's own history says, for staff and for the agency alike.
EVENTS = {
    Kind.TURNED: "Se turnó",
    Kind.TURN_ACKNOWLEDGED: "Acuse de recibo",
    Kind.TURN_ANSWERED: "Respuesta",
    Kind.TURN_RETURNED: "Devolución",
    Kind.TURN_WITHDRAWN: "Se retiró el turno",
    Kind.TURN_NOTE: "Nota",
    Kind.TURN_REMINDED: "Recordatorio",
    Kind.TURN_ESCALATED: "Se pasó a jefatura por vencimiento",
    Kind.EXTENSION_ASKED: "Se pidió más tiempo",
    Kind.EXTENSION_GRANTED: "Se dio más tiempo",
    Kind.EXTENSION_REFUSED: "No se dio más tiempo",
    Kind.LETTER_MADE: "Se hizo un documento",
    Kind.LETTER_MAILED: "Se envió un documento por correo",
}

_TOLD = {
    Kind.TURN_RETURNED: "La devolvió",
    Kind.TURN_NOTE: "Escribió a la oficina",
    Kind.EXTENSION_ASKED: "Pide más tiempo",
}


def told(one: Turn, kind: PetitionEventKind) -> str:
    """What an agency's latest word is, in a few: of an answer, its outcome."""
    return OUTCOMES[one.outcome] if one.outcome else _TOLD[kind]


MAIL_STATES = {
    MailState.PENDING: "por enviar",
    MailState.SENDING: "enviándose",
    MailState.SENT: "enviado",
    MailState.FAILED: "no se pudo enviar",
    MailState.OFF: "no se envió",
}
MAIL_CLASSES = {MailState.SENT: "good", MailState.FAILED: "bad", MailState.OFF: "bad"}
#: States from which «Reintentar» helps.
MAIL_STUCK = (MailState.FAILED, MailState.OFF)

_MAIL_ERRORS = {
    mail.SMTP_OFF: "El correo del sistema está apagado. Avise a Sistemas; mientras, avise al enlace por otro medio.",
    mail.FILE_GONE: "Ya no está un archivo que debía llevar.",
    "timeout": "El servidor de correo no contestó a tiempo.",
    "unreachable": "No hay conexión con el servidor de correo.",
}
_MAILBOX = ("550", "551", "553", "554")


def mail_problem(one: EmailMessage) -> str:
    """Why an e-mail has not gone out; empty where nothing is wrong."""
    code = one.last_error or ""
    if not code or one.state is MailState.SENT:
        return ""
    if code in _MAIL_ERRORS:
        return _MAIL_ERRORS[code]
    if code in _MAILBOX:
        return f"El servidor no aceptó la dirección {one.to_address}. Corríjala en el directorio y reintente."
    return f"El servidor de correo lo rechazó ({code})."


def pace_text(pace: Pace, days: int) -> str:
    """How much time is left, in words: the colour alone says nothing to who cannot see it."""
    count = abs(days)
    word = "día hábil" if count == 1 else "días hábiles"
    if pace is Pace.OVERDUE:
        return f"Vencida hace {count} {word}" if count else "Vencida"
    return f"Quedan {count} {word}" if count > 1 else "Queda 1 día hábil" if count else "Vence hoy"
