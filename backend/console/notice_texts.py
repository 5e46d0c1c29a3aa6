"""The console's words for how a notice fared, and for why it did not."""

from backend.notices.models import NoticeWay
from backend.notices.proof import AttemptState, AttemptView, NoticeState
from backend.notices.ways import Problem

CHANNELS = {"web": "Chat del portal", "whatsapp": "WhatsApp", "telegram": "Telegram", "sms": "SMS"}

NOTICE_STATES = {
    NoticeState.ARRIVED: "Entregado",
    NoticeState.UNDER_WAY: "En camino",
    NoticeState.UNCONFIRMED: "Sin confirmar",
    NoticeState.NOT_DELIVERED: "Sin entregar",
}
NO_WAY = "Sin forma de avisar"

ATTEMPT_STATES = {
    AttemptState.IMPOSSIBLE: "No se pudo intentar",
    AttemptState.SENDING: "Por enviar",
    AttemptState.SENT: "Enviado",
    AttemptState.DELIVERED: "Entregado",
    AttemptState.READ: "Leído",
    AttemptState.FAILED: "No se entregó",
    AttemptState.CALL_PENDING: "Llamada por hacer",
    AttemptState.CALL_REACHED: "Se le informó",
    AttemptState.CALL_NOT_REACHED: "No se le pudo informar",
    AttemptState.CALL_NOT_NEEDED: "Ya no hizo falta",
}

#: Our codes, the closed vocabulary of `channels.port.SendFailure`, and the vendors' commonest.
REASONS = {
    Problem.OPTED_OUT: "La persona pidió no recibir mensajes.",
    Problem.BLOCKED: "La persona nos bloqueó.",
    Problem.NO_TEMPLATE: "Pasaron 24 horas desde su último mensaje y no hay plantilla aprobada.",
    Problem.SMS_OFF: "No hay cuenta de SMS encendida.",
    Problem.NOT_A_MOBILE: "El teléfono no puede recibir SMS.",
    Problem.NO_PHONE: "No dejó teléfono.",
    Problem.ANONYMOUS: "La petición es anónima: no hay a quién llamar.",
    Problem.SUPERSEDED: "Un aviso más reciente lo dejó atrás.",
    "unavailable": "El servicio del canal no respondió después de varios intentos.",
    "rate_limited": "El canal no aceptó más mensajes después de varios intentos.",
    "rejected": "El canal no aceptó el mensaje.",
    "recipient_unreachable": "Ese número o cuenta no existe en el canal.",
    "recipient_blocked": "La persona nos bloqueó o pidió no recibir mensajes.",
    "window_closed": "Pasaron 24 horas desde su último mensaje y no hay plantilla aprobada.",
    "unauthorised": "Las credenciales del canal no sirven. Avise a administración.",
    "channel_off": "El canal está apagado.",
    "uncertain": "Se cortó la conexión al enviar y no se sabe si salió.",
    "dispatcher_died": "El envío se interrumpió varias veces.",
    "63016": "Pasaron 24 horas desde su último mensaje y no hay plantilla aprobada.",
    "63024": "Ese número no puede recibir WhatsApp.",
    "30003": "El teléfono está apagado o sin señal.",
    "30005": "Ese número no existe.",
    "30006": "Ese número no puede recibir SMS.",
    "21610": "La persona pidió no recibir mensajes.",
}


def way(view: AttemptView) -> str:
    """By what an attempt was made: `WhatsApp (plantilla)`, `Llamada`."""
    match view.attempt.way:
        case NoticeWay.CALL_TASK:
            return "Llamada"
        case NoticeWay.SMS:
            return CHANNELS["sms"]
    name = CHANNELS.get(view.channel or "", view.channel or "Chat")
    is_template = view.by_template or view.attempt.way is NoticeWay.TEMPLATE
    return f"{name} (plantilla)" if is_template else name


def state(view: AttemptView) -> str:
    """How an attempt stands. Telegram never tells that a message arrived: its word is that it was sent."""
    said = ATTEMPT_STATES[view.state]
    return f"{said}; {CHANNELS[view.channel or '']} no confirma entregas" if _is_all_there_is(view) else said


def _is_all_there_is(view: AttemptView) -> bool:
    return view.state is AttemptState.SENT and view.has_arrived


def reason(view: AttemptView) -> str:
    """Why an attempt came to nothing; empty where it did not, or where a call's outcome says it."""
    if view.reason is None:
        return ""
    return REASONS.get(view.reason, f"El proveedor no lo entregó (código {view.reason}).")
