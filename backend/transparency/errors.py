"""What the transparency module refuses, in words for the person who asked."""

from backend.errors import Conflict, InvalidInput, NotFound


class RequestNotFound(NotFound):
    message = "No existe esa solicitud de información."


class RequestRefused(InvalidInput):
    message = "Revise los datos de la solicitud."


class RequestClosed(Conflict):
    message = "La solicitud ya está cerrada: no se puede cambiar."
