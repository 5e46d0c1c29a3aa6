"""Tasks, shifts and breaks in the console's words."""

from collections.abc import Mapping, Sequence
from datetime import date, time

from backend.agents.models import BreakKind
from backend.console import texts
from backend.registry.deadlines import Pace, WorkCalendar, pace_of
from backend.staffing.models import ExceptionKind, GoalPeriod, Task, TaskEventKind, TaskState
from backend.staffing.shifts import HOLIDAY, Day

TASK_STATES = {
    TaskState.PENDING: "Pendiente",
    TaskState.UNDER_WAY: "En curso",
    TaskState.DONE: "Hecha",
    TaskState.CANCELLED: "Cancelada",
}
#: By the code that a task's history keeps.
STATE_NAMES = {state.value: name for state, name in TASK_STATES.items()}
TASK_TONES = {TaskState.UNDER_WAY: "warn", TaskState.DONE: "good"}
TASK_EVENTS = {
    TaskEventKind.CREATED: "Dio la tarea",
    TaskEventKind.EDITED: "Cambió la tarea",
    TaskEventKind.STATE: "Cambió el estado",
    TaskEventKind.COMMENT: "Comentó",
}
TASK_FIELDS = {
    "title": "Tarea",
    "description": "Descripción",
    "user_id": "Persona",
    "due_on": "Fecha límite",
    "petition_id": "Folio",
}
EXCEPTIONS = {
    ExceptionKind.VACATION: "Vacaciones",
    ExceptionKind.SICK: "Incapacidad",
    ExceptionKind.LEAVE: "Permiso",
    ExceptionKind.OTHER_HOURS: "Otro horario",
}
PERIODS = {GoalPeriod.WEEK: "Semana", GoalPeriod.MONTH: "Mes", GoalPeriod.QUARTER: "Trimestre"}
DAYS = ("Lunes", "Martes", "Miércoles", "Jueves", "Viernes", "Sábado", "Domingo")
NOTICES = {
    "tarea": "La tarea quedó asignada.",
    "tarea_guardada": "La tarea se actualizó.",
    "comentario": "El comentario se agregó.",
    "turno_semana": "El horario de la semana se guardó.",
    "ausencia": "Quedó registrado.",
    "ausencia_quitada": "Se quitó del registro.",
    "meta": "La meta se guardó.",
    "meta_quitada": "La meta se quitó.",
    "correo_persona": "El correo se guardó.",
}


def hour_text(at: time) -> str:
    """`8:00`."""
    return f"{at.hour}:{at:%M}"


def spans_text(spans: Sequence[tuple[time, time]]) -> str:
    """`8:00 a 12:00 y 13:00 a 15:00`."""
    return " y ".join(f"{hour_text(starts)} a {hour_text(ends)}" for starts, ends in spans)


def day_hours(day: Day) -> str:
    """Somebody's hours on a day, or why there are none."""
    if not day.spans:
        return WHYS.get(day.why, "Sin turno")
    told = spans_text(day.spans)
    return f"{told} ({WHYS[day.why].lower()})" if day.why else told


WHYS = {HOLIDAY: "Día inhábil", **{kind.value: told for kind, told in EXCEPTIONS.items()}}


def long_time(seconds: int) -> str:
    """`2 h 05 min`, `45 min`."""
    hours, minutes = divmod(round(seconds / 60), 60)
    return f"{hours} h {minutes:02} min" if hours else f"{minutes} min"


def task_pace(task: Task, today: date, work: WorkCalendar) -> Pace:
    """How a task stands with its day, in the colours of due dates."""
    if task.closed_at is not None:
        return Pace.DONE
    return Pace.NONE if task.due_on is None else pace_of(task.due_on, today, work)


def breaks_text(breaks: Mapping[BreakKind, int] | None) -> str:
    """`comida 30 min, descanso 10 min`; «ninguno»."""
    return (
        ", ".join(f"{texts.BREAKS[kind].lower()} {long_time(told)}" for kind, told in (breaks or {}).items())
        or "ninguno"
    )
