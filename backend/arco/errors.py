"""What the ARCO module refuses, in words for the person who asked."""

from backend.errors import Conflict, Forbidden, InvalidInput, NotFound


class ArcoNotFound(NotFound):
    message = "No existe esa solicitud de derechos ARCO."


class ArcoRefused(InvalidInput):
    message = "Revise los datos de la solicitud."


class ArcoClosed(Conflict):
    message = "En el estado en que está la solicitud, eso ya no se puede hacer."


class NotProved(Conflict):
    code = "identidad_sin_acreditar"
    message = "Primero registre con qué documento se acreditó la identidad. Antes de eso no se entrega ningún dato."


class NotTheirs(Forbidden):
    message = "Eso lo hace la jefatura."
