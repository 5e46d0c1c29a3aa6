"""What can go wrong with turns, in words for whoever caused it."""

from backend.errors import Conflict, InvalidInput, NotFound


class TurnNotFound(NotFound):
    code = "turno_no_encontrado"
    message = "No existe ese turno."


class TurnClosed(Conflict):
    code = "turno_cerrado"
    message = "Este turno ya se cerró. Actualice la página para ver cómo quedó."


class AlreadyTurned(Conflict):
    code = "ya_turnada"

    def __init__(self, agency: str) -> None:
        super().__init__(f"Ya está turnada a {agency} y falta su respuesta.")


class TurnRefused(InvalidInput):
    """`field` in the details names what is wrong."""

    code = "turno_invalido"
