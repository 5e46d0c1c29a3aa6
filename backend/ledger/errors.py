"""What can go wrong in the ledger, in words for whoever caused it."""

from backend.errors import InvalidInput, NotFound


class InteractionNotFound(NotFound):
    code = "contacto_no_encontrado"
    message = "No existe ese registro."


class InteractionRefused(InvalidInput):
    """`field` in the details names what is wrong."""

    code = "registro_invalido"
