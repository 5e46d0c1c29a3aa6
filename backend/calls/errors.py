"""What can go wrong with a call, in words for whoever caused it."""

from backend.errors import Conflict, Forbidden, InvalidInput


class CallRefused(InvalidInput):
    """`problems` in the details says what is wrong, by field of the form."""

    code = "llamada_incompleta"
    message = "Revise los datos marcados."


class NotCorrectable(Forbidden):
    code = "correccion_no_permitida"
    message = "Solo puede corregir sus llamadas de hoy. Pida a la jefatura que corrija esta."


class NotYours(Forbidden):
    code = "llamada_de_otra_persona"
    message = "Esa llamada la atiende otra persona."


class AlreadyEnded(Conflict):
    code = "llamada_terminada"
    message = "Esta llamada ya terminó. Para cambiarla, corríjala."


class NotEmpty(Conflict):
    code = "llamada_con_datos"
    message = "Esta llamada ya tiene datos. Termínela en vez de descartarla."
