"""What can go wrong in calling people, in words for whoever caused it."""

from backend.errors import Conflict, Forbidden, InvalidInput, NotFound


class TaskNotFound(NotFound):
    code = "llamada_no_encontrada"
    message = "Esa llamada no existe."


class AlreadyCalled(Conflict):
    code = "llamada_hecha"
    message = "Alguien más ya registró esta llamada. Actualice la página."


class TaskTaken(Conflict):
    code = "llamada_tomada"
    message = "Otra persona está haciendo esta llamada."


class CallRefused(InvalidInput):
    """`field` in the details names what is wrong."""

    code = "llamada_invalida"


class NotNow(Conflict):
    code = "fuera_de_horario"
    message = "Ahora no es hora de llamar."


class CampaignEnded(Conflict):
    code = "campana_terminada"
    message = "Esa campaña ya terminó."


class OnlyTheHead(Forbidden):
    code = "solo_jefatura"
    message = "Solo la jefatura puede repartir las llamadas."
