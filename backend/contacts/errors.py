"""What may go wrong with a person's conversations, as staff read it."""

from backend.errors import Conflict, InvalidInput


class AlreadyJoined(Conflict):
    code = "ya_unidas"
    message = "Esas conversaciones ya son de la misma persona."


class NotJoined(Conflict):
    code = "no_unida"
    message = "Esa conversación no está unida a ninguna otra."


class NotTheirs(InvalidInput):
    code = "no_es_suya"
    message = "Esa conversación no es de esta persona."
