"""What the Informe refuses, in words for the person who asked."""

from backend.errors import Conflict, InvalidInput, NotFound


class EditionNotFound(NotFound):
    message = "No existe ese informe."


class EditionClosed(Conflict):
    message = "Ese informe ya está cerrado y no se puede cambiar. Haga una edición corregida."


class NotYet(Conflict):
    message = "El trimestre aún no termina."


class QuarterlyRefused(InvalidInput):
    message = "Revise los datos del informe."


class ScheduleRefused(InvalidInput):
    message = "Revise los datos del envío."
