"""What can go wrong for another system, in words for whoever runs it."""

from backend.errors import ChatSonoraError, Conflict, InvalidInput


class StaleVersion(ChatSonoraError):
    status = 412
    code = "version_anterior"
    message = "La petición cambió desde que la leyó. Léala de nuevo y repita su cambio."


class KeyReused(Conflict):
    code = "llave_repetida"
    message = "Esa Idempotency-Key ya se usó con otros datos. Use una nueva para cada solicitud distinta."


class CursorRefused(InvalidInput):
    code = "cursor_invalido"
    message = "El cursor no es de esta lista. Empiece de nuevo sin cursor."
