"""What can go wrong when petitions are tied together, in words for whoever caused it."""

from backend.errors import Conflict, InvalidInput, NotFound


class MergeRefused(Conflict):
    code = "union_no_permitida"
    message = "Estas peticiones no se pueden unir."


class NotMerged(Conflict):
    code = "no_esta_unida"
    message = "Esta petición ya no está unida a otra. Actualice la página para ver cómo quedó."


class SamePetition(InvalidInput):
    code = "misma_peticion"
    message = "Es la misma petición. Escriba el folio de la otra."


class GroupNotFound(NotFound):
    code = "grupo_no_encontrado"
    message = "No existe ese grupo."


class AlreadyGrouped(Conflict):
    code = "ya_en_grupo"

    def __init__(self, title: str) -> None:
        super().__init__(f"Ya está en el grupo «{title}». Quítela de ahí primero.")


class OfferGone(Conflict):
    """What was offered cannot be joined any more: it was closed meanwhile, or nothing was offered."""

    code = "ya_no_se_puede_sumar"
    message = "Esa petición ya no admite sumarse."


class AlreadyJoined(Conflict):
    code = "ya_sumada"
    message = "Esta persona ya está sumada a esa petición."
