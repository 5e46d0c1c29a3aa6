"""The words of the pages on the telephone."""

from backend.telephony.models import CallState, RecordingKind, RecordingState

STATES = {
    CallState.MENU: "En el menú",
    CallState.WAITING: "Espera",
    CallState.RINGING: "Timbra con",
    CallState.TALKING: "En llamada",
    CallState.CALLING_AGENT: "Llamando al agente",
    CallState.ENDED: "Terminada",
}

RECORDINGS = {
    RecordingKind.PETITION: "Petición por mensaje de voz",
    RecordingKind.VOICEMAIL: "Recado",
    RecordingKind.TALK: "Llamada con una persona",
}

RECORDING_STATES = {
    RecordingState.PENDING: "Se está trayendo de Twilio; en un momento podrá oírla.",
    RecordingState.FAILED: "No se pudo traer de Twilio.",
}

NOTICES = {
    "llamando": "Conteste su teléfono y oprima 1: enseguida se marca a la persona.",
    "transferida": "La llamada pasó a la otra área.",
    "telefonia": "La configuración de la telefonía se guardó. Vale desde la próxima llamada.",
}

EVENTS = {"voice_settings_changed": "Cambió la telefonía"}


def waiting(count: int) -> str:
    return "Sin llamadas en espera" if count == 0 else f"{count} llamada{'s' if count > 1 else ''} en espera"


def length(seconds: int | None) -> str:
    """`4:05`, or `1:04:05`."""
    if seconds is None:
        return "—"
    minutes, rest = divmod(seconds, 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02d}:{rest:02d}" if hours else f"{minutes}:{rest:02d}"
