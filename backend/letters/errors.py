"""What can go wrong with letters, in words for whoever caused it."""

from backend.errors import Conflict, InvalidInput, NotFound


class LetterNotFound(NotFound):
    code = "documento_no_encontrado"
    message = "No existe ese documento."


class TemplateNotFound(NotFound):
    code = "plantilla_no_encontrada"
    message = "No existe esa plantilla."


class TemplateRefused(InvalidInput):
    """`problems` in the details lists them all."""

    code = "plantilla_invalida"

    def __init__(self, problems: list[str]) -> None:
        super().__init__(" ".join(problems), problems=problems)


class TemplateChanged(Conflict):
    code = "plantilla_cambiada"
    message = "Otra persona guardó una versión nueva mientras usted escribía. Compárela antes de guardar la suya."


class LetterRefused(InvalidInput):
    code = "documento_invalido"


class AlreadyLettered(Conflict):
    code = "turno_con_oficio"

    def __init__(self, reference: str) -> None:
        super().__init__(f"Este turno ya tiene el oficio {reference}. Para hacer otro, primero cancele ese.")


class StationeryRefused(InvalidInput):
    """`field` in the details names what is wrong."""

    code = "membrete_invalido"
