"""What staffing refuses, in words for the person who asked."""

from backend.errors import InvalidInput, NotFound


class TaskNotFound(NotFound):
    message = "No existe esa tarea."


class TaskRefused(InvalidInput):
    message = "Revise los datos de la tarea."


class ShiftRefused(InvalidInput):
    message = "Revise las horas del turno."


class GoalRefused(InvalidInput):
    message = "Revise la meta."
