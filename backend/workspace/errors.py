"""What can go wrong at the workspace, in words for staff."""

from backend.errors import Conflict, Forbidden, InvalidInput, NotFound


class ChangedMeanwhile(Conflict):
    """Somebody changed the petition after the page that was sent back had been opened."""

    code = "cambio_mientras_tanto"
    message = (
        "Alguien cambió esta petición mientras usted la veía. Revise y envíe de nuevo; lo que escribió sigue aquí."
    )


class ClockRefused(Conflict):
    code = "plazo_no_permitido"


class LabelRefused(InvalidInput):
    code = "etiqueta_invalida"


class AssigneeRefused(InvalidInput):
    code = "responsable_invalido"
    message = "Elija a una persona activa de la oficina."


class ViewRefused(InvalidInput):
    code = "vista_invalida"


class ViewNotFound(NotFound):
    code = "vista_no_encontrada"
    message = "Esa vista ya no existe."


class SharingForbidden(Forbidden):
    code = "compartir_reservado"
    message = "Solo la jefatura comparte vistas."


class BulkRefused(InvalidInput):
    code = "lote_invalido"
