"""The console's words for the live board."""

from datetime import datetime

from backend.board.shapes import AgentState, Alert, AlertKind

STATES = {
    AgentState.ON_CALL: "En llamada",
    AgentState.BUSY: "Ocupado",
    AgentState.AVAILABLE: "Disponible",
    AgentState.RESTING: "En descanso",
    AgentState.AWAY: "Ausente",
    AgentState.OFFLINE: "Desconectado",
}
#: Each setting's name and what it is counted in.
SETTINGS = {
    "chat_target": ("Chats: meta de atendidos a tiempo", "%"),
    "chat_seconds": ("Chats: a tiempo es en menos de", "segundos"),
    "call_target": ("Llamadas: meta de atendidas a tiempo", "%"),
    "call_seconds": ("Llamadas: a tiempo es en menos de", "segundos"),
    "wait_seconds": ("Alerta cuando alguien espere", "segundos"),
    "emergency_seconds": ("Alerta cuando una emergencia espere", "segundos"),
    "bot_failures": ("Alerta cuando el asistente falle", "veces en 10 minutos"),
    "undelivered_notices": ("Alerta cuando no se entreguen", "avisos en 7 días"),
}
NOTICES = {
    "tablero": "Los ajustes del tablero se guardaron.",
    "pantalla_fuera": "Esa pantalla ya no tiene acceso.",
}


def length_text(seconds: int) -> str:
    """`45 s`, `3:20`, `1:05:09`."""
    if seconds < 60:
        return f"{seconds} s"
    minutes, rest = divmod(seconds, 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


def since_text(since: datetime | None, moment: datetime) -> str:
    """How long ago, as the board counts it."""
    return length_text(max(0, int((moment - since).total_seconds()))) if since is not None else "—"


def alert_text(alert: Alert) -> str:
    """An alarm as a sentence."""
    match alert.kind:
        case AlertKind.EMERGENCY:
            return f"Una emergencia espera desde hace {length_text(alert.number)}"
        case AlertKind.NOBODY:
            who = "1 persona espera" if alert.number == 1 else f"{alert.number} personas esperan"
            return f"{who} y nadie está disponible"
        case AlertKind.WAIT:
            return f"La espera más larga es de {length_text(alert.number)}"
        case AlertKind.BOT:
            times = "1 vez" if alert.number == 1 else f"{alert.number} veces"
            return f"El asistente falló {times} en 10 minutos"
        case AlertKind.NOTICES:
            return f"{alert.number} avisos no se han entregado en 7 días"
