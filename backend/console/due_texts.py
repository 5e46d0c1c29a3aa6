"""Due dates in the console's words: how much time is left, and why that date."""

from dataclasses import dataclass
from datetime import date

from backend.registry.deadlines import Deadline, Pace, Skipped, WorkCalendar
from backend.registry.intake import KIND_TEXTS
from backend.registry.models import Petition, Priority
from backend.text import MONTHS

_DAYS = ("lunes", "martes", "miércoles", "jueves", "viernes", "sábado", "domingo")

PACES = {
    Pace.ON_TIME: "En tiempo",
    Pace.SOON: "Por vencer",
    Pace.OVERDUE: "Vencida",
    Pace.PAUSED: "En pausa",
    Pace.DONE: "Terminada",
    Pace.NONE: "Sin plazo",
}


def day_text(day: date) -> str:
    """`lunes 24 de noviembre de 2026`."""
    return f"{_DAYS[day.weekday()]} {day.day} de {MONTHS[day.month - 1]} de {day.year}"


def short_day(day: date) -> str:
    """`24 nov 2026`."""
    return f"{day.day} {MONTHS[day.month - 1][:3]} {day.year}"


def days(count: int) -> str:
    """`1 día hábil`, `3 días hábiles`."""
    return f"{count} día hábil" if count == 1 else f"{count} días hábiles"


def left(petition: Petition, pace: Pace, today: date, work: WorkCalendar) -> str:
    """`Faltan 3 días hábiles`, `Vence hoy`, `Venció hace 2 días hábiles`; else how the petition stands."""
    if pace in (Pace.DONE, Pace.NONE, Pace.PAUSED) or petition.due_on is None:
        return PACES[pace]
    return left_to(petition.due_on, today, work)


def left_to(due_on: date, today: date, work: WorkCalendar) -> str:
    """The time from `today` to a day on which something open is due."""
    if due_on == today:
        return "Vence hoy"
    count = work.between(today, due_on)
    if due_on < today:
        return f"Venció hace {days(-count)}" if count else "Acaba de vencer"
    if not count:
        return "Vence en día inhábil"
    return f"Falta {days(1)}" if count == 1 else f"Faltan {days(count)}"


@dataclass(frozen=True)
class Trace:
    """Why a petition is due when it is: the rule, what did not count, and the result."""

    rule: str
    skipped: tuple[str, ...]
    result: str


def trace(petition: Petition, deadline: Deadline) -> Trace:
    """A deadline told step by step."""
    urgent = " urgente" if petition.priority is Priority.URGENT else ""
    rule = (
        f"Se registró el {day_text(deadline.start)}. El plazo de «{KIND_TEXTS[petition.kind]}»{urgent} es de "
        f"{days(deadline.working_days)}, contados desde el día siguiente."
    )
    return told_trace(rule, deadline)


def told_trace(rule: str, deadline: Deadline) -> Trace:
    """The days that did not count for any term, after the `rule` by which it is counted."""
    if deadline.due_on is None:
        return Trace(rule, tuple(_told(one, is_open=one is deadline.skipped[-1]) for one in deadline.skipped),
                     "La fecha se sabrá cuando el plazo se reanude.")  # fmt: skip
    return Trace(rule, tuple(_told(one) for one in deadline.skipped), f"Por eso vence el {day_text(deadline.due_on)}.")


def _told(one: Skipped, *, is_open: bool = False) -> str:
    if is_open:
        return f"Desde el {short_day(one.first)}: {one.why}"
    if one.first == one.last:
        return f"{short_day(one.first)}: {one.why}"
    return f"Del {short_day(one.first)} al {short_day(one.last)}: {one.why}"
