"""What an administrator of channels may be told."""

from collections.abc import Mapping

from backend.errors import ChatSonoraError, Conflict, InvalidInput


class VendorRefused(ChatSonoraError):
    """The vendor, or the way to it, said no; the text says what to do."""

    status = 422
    code = "proveedor_rechazo"


class FieldsRefused(InvalidInput):
    """Fields of a form, each with what is wrong with it."""

    code = "campos_invalidos"

    def __init__(self, problems: Mapping[str, str]) -> None:
        super().__init__("Revise los datos marcados.", fields=sorted(problems))
        self.problems = dict(problems)


class AccountTaken(Conflict):
    code = "cuenta_repetida"
    message = "Esa cuenta ya existe. Ábrala en la lista para cambiarla."
