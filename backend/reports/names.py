"""What the lines of a breakdown are called."""

from collections.abc import Collection, Mapping
from datetime import date, timedelta

from sqlalchemy import String, cast, select
from sqlalchemy.ext.asyncio import AsyncSession

from backend.agents.models import User
from backend.catalog.models import Agency, Municipality, OfficeArea, Topic
from backend.conversations.models import HandoffReason
from backend.ledger.models import Outcome, Purpose
from backend.registry.intake import KIND_TEXTS
from backend.registry.models import EntryChannel, PetitionEventKind
from backend.registry.petitions import STATUS_TEXTS
from backend.reports.figures import By, Expression
from backend.reports.periods import MONTHS, Period
from backend.text import fold

#: What a breakdown is called, and what its rows that do not say are.
BREAKDOWNS: Mapping[By, tuple[str, str]] = {
    By.CHANNEL: ("Canal", "Sin canal"),
    By.AREA: ("Área", "Sin área"),
    By.AGENT: ("Persona que atendió", "Nadie"),
    By.MUNICIPALITY: ("Municipio", "Sin municipio"),
    By.TOPIC: ("Tema", "Sin tema"),
    By.AGENCY: ("Dependencia", "Sin dependencia"),
    By.PURPOSE: ("Motivo", "Sin motivo anotado"),
    By.OUTCOME: ("Resultado", "Sin resultado todavía"),
    By.HANDOFF: ("Razón del paso a una persona", "No se pasó"),
    By.STATUS: ("Estado", "Sin estado"),
    By.KIND: ("Tipo", "Sin tipo"),
    By.SCORE: ("Calificación", "Sin calificar"),
    By.MONTH: ("Mes", ""),
    By.WEEK: ("Semana", ""),
    By.DAY: ("Día", ""),
    By.WEEKDAY: ("Día de la semana", ""),
    By.HOUR: ("Hora", ""),
}

CHANNELS = {
    EntryChannel.PRESENCIAL: "Presencial",
    EntryChannel.GIRA: "Gira de trabajo",
    EntryChannel.CORRESPONDENCIA: "Correspondencia",
    EntryChannel.CORREO: "Correo electrónico",
    EntryChannel.REDES_SOCIALES: "Redes sociales",
    EntryChannel.CALL_CENTER: "Teléfono",
    EntryChannel.CHAT_SONORA: "Portal web",
    EntryChannel.WHATSAPP: "WhatsApp",
    EntryChannel.TELEGRAM: "Telegram",
    EntryChannel.SMS: "SMS",
    EntryChannel.INTEGRACION: "Otro sistema",
}
PURPOSES = {
    Purpose.PETITION: "Petición",
    Purpose.INFORMATION: "Información",
    Purpose.FOLLOW_UP: "Seguimiento",
    Purpose.COMPLAINT: "Queja",
    Purpose.CONGRATULATION: "Felicitación",
    Purpose.TRANSFER: "Para otra área",
    Purpose.WRONG_NUMBER: "Número equivocado",
    Purpose.PRANK: "Broma",
}
OUTCOMES = {
    Outcome.ATTENDED: "Atendida",
    Outcome.TRANSFERRED: "Transferida",
    Outcome.ABANDONED: "Abandonada",
    Outcome.VOICEMAIL: "Dejó recado",
    Outcome.NO_ANSWER: "No contestaron",
    Outcome.BUSY: "Ocupado",
    Outcome.WRONG_NUMBER: "El número no es de la persona",
    Outcome.FAILED: "Falló",
}
HANDOFFS = {
    HandoffReason.REQUESTED: "Pidió hablar con una persona",
    HandoffReason.EMERGENCY: "Posible emergencia",
    HandoffReason.MISUNDERSTOOD: "El asistente no le entendió",
    HandoffReason.BOT_FAILED: "El asistente falló",
    HandoffReason.BAD_MOOD: "Mostró molestia",
    HandoffReason.TRANSFERRED: "La transfirió una persona",
    HandoffReason.OTHER_LANGUAGE: "Escribió en otro idioma",
}
#: What is done to petitions, of what reports count.
DEEDS = {
    PetitionEventKind.FILED: "Registró la petición",
    PetitionEventKind.TURNED: "La turnó",
    PetitionEventKind.STATUS_CHANGED: "Cambió el estado",
    PetitionEventKind.NOTICE: "Escribió un aviso",
    PetitionEventKind.CITIZEN_VERDICT: "Dijo si se resolvió",
    PetitionEventKind.EDITED: "Corrigió los datos",
    PetitionEventKind.ASSIGNED: "Asignó responsable",
    PetitionEventKind.NOTE: "Escribió una nota",
}
WEEK_OF = "Semana del "
_SCORES = {"1": "1 (muy mala)", "2": "2", "3": "3", "4": "4", "5": "5 (excelente)"}
_WEEKDAYS = ("Lunes", "Martes", "Miércoles", "Jueves", "Viernes", "Sábado", "Domingo")
_FIXED: Mapping[By, Mapping[str, str]] = {
    By.CHANNEL: {one.value: name for one, name in CHANNELS.items()},
    By.PURPOSE: {one.value: name for one, name in PURPOSES.items()},
    By.OUTCOME: {one.value: name for one, name in OUTCOMES.items()},
    By.HANDOFF: {one.value: name for one, name in HANDOFFS.items()},
    By.STATUS: {one.value: words[0] for one, words in STATUS_TEXTS.items()},
    By.KIND: {one.value: name for one, name in KIND_TEXTS.items()},
    By.SCORE: _SCORES,
}
_STORED: Mapping[By, tuple[Expression, Expression]] = {
    By.AREA: (cast(OfficeArea.id, String), OfficeArea.short_name),
    By.AGENT: (cast(User.id, String), User.full_name),
    By.MUNICIPALITY: (Municipality.id, Municipality.name),
    By.TOPIC: (cast(Topic.id, String), Topic.name),
    By.AGENCY: (cast(Agency.id, String), Agency.short_name),
}


async def of(session: AsyncSession, by: By, keys: Collection[str]) -> dict[str, str]:
    """The names of `keys`: in their own order where there is one, else by name; what is not said comes last."""
    if by in _FIXED:
        named = {key: name for key, name in _FIXED[by].items() if key in keys}
    else:
        key, name = _STORED[by]
        found = await session.execute(select(key, name).where(key.in_([one for one in keys if one])))
        named = dict(sorted(((row[0], row[1]) for row in found.all()), key=lambda pair: fold(pair[1])))
    unknown = {key: key for key in keys if key and key not in named}
    return named | unknown | ({"": BREAKDOWNS[by][1]} if "" in keys else {})


def of_times(by: By, period: Period) -> dict[str, str]:
    """The names of all buckets of time in `period`, those without rows too."""
    days = list(period.all_days())
    match by:
        case By.MONTH:
            months = dict.fromkeys((day.year, day.month) for day in days)
            return {f"{year}-{month:02}": f"{MONTHS[month - 1].capitalize()} de {year}" for year, month in months}
        case By.WEEK:
            mondays = dict.fromkeys(day - timedelta(days=day.weekday()) for day in days)
            return {monday.isoformat(): f"{WEEK_OF}{short(monday)}" for monday in mondays}
        case By.WEEKDAY:
            return {str(number): name for number, name in enumerate(_WEEKDAYS, start=1)}
        case By.HOUR:
            return {str(hour): f"{hour}:00" for hour in range(24)}
    return {day.isoformat(): short(day) for day in days}


def short(day: date) -> str:
    """«21 nov 2026»."""
    return f"{day.day} {MONTHS[day.month - 1][:3]} {day.year}"
