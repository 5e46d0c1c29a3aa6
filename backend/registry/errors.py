"""What can go wrong in the registry, in words for staff."""

from backend.errors import Conflict, Forbidden, InvalidInput, NotFound


class PetitionNotFound(NotFound):
    code = "folio_no_encontrado"
    message = "No existe una petición con ese folio."


class NoDraft(Conflict):
    code = "sin_borrador"
    message = "No hay una petición en captura."


class DraftIncomplete(InvalidInput):
    code = "faltan_datos"

    def __init__(self, missing: list[str]) -> None:
        super().__init__("Faltan datos para registrar la petición.", missing=missing)


class AnswerRefused(InvalidInput):
    code = "respuesta_invalida"


class TransitionRefused(Conflict):
    code = "cambio_no_permitido"
    message = "Ese cambio de estado no está permitido desde el estado actual."


class TransitionForbidden(Forbidden):
    code = "cambio_reservado"
    message = "Ese cambio de estado lo hace la jefatura."


class RequirementMissing(InvalidInput):
    """`missing` in the details: the values of `lifecycle.Requirement` that are not met."""

    code = "falta_requisito"
