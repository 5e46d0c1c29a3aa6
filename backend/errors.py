"""Business errors: each carries its HTTP status and a sentence for the person who caused it.

Rendered once, in `backend.app`. `code` is stable and for programs; `message` is
Mexican Spanish and for people.
"""

from collections.abc import Mapping
from typing import Any, ClassVar

from starlette.responses import JSONResponse


def as_json(
    status: int, code: str, message: str, details: Mapping[str, Any], headers: Mapping[str, str] | None = None
) -> JSONResponse:
    """An error as every program is told of one."""
    return JSONResponse({"error": {"code": code, "message": message, "details": details}}, status, headers)


class ChatSonoraError(Exception):
    """Base of every error that is the caller's to mend."""

    status: ClassVar[int] = 400
    code: ClassVar[str] = "solicitud_invalida"
    message: ClassVar[str] = "No se pudo completar la solicitud."

    def __init__(self, message: str | None = None, **details: Any) -> None:
        self.text = message or self.message
        self.details = details
        super().__init__(self.text)


class NotFound(ChatSonoraError):
    status = 404
    code = "no_encontrado"
    message = "No encontramos lo que busca."


class Unauthenticated(ChatSonoraError):
    status = 401
    code = "sin_sesion"
    message = "Inicie sesión para continuar."


class Forbidden(ChatSonoraError):
    status = 403
    code = "sin_permiso"
    message = "No tiene permiso para hacer esto."


class Conflict(ChatSonoraError):
    status = 409
    code = "conflicto"
    message = "Alguien más hizo un cambio antes. Actualice e intente de nuevo."


class InvalidInput(ChatSonoraError):
    status = 422
    code = "dato_invalido"
    message = "Revise los datos e intente de nuevo."


class TooLarge(ChatSonoraError):
    status = 413
    code = "demasiado_grande"
    message = "El archivo es demasiado grande."


class TooManyRequests(ChatSonoraError):
    status = 429
    code = "demasiadas_solicitudes"
    message = "Demasiados intentos. Espere un momento e intente de nuevo."


class Unexpected(ChatSonoraError):
    """What nobody foresaw; it is in the log."""

    status = 500
    code = "error_interno"
    message = "Ocurrió un error. Ya quedó registrado; intente de nuevo."
