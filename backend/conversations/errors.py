"""What can go wrong with a conversation, in words for the person who caused it."""

from backend.errors import Conflict, InvalidInput, NotFound


class ConversationNotFound(NotFound):
    code = "conversacion_no_encontrada"
    message = "Esa conversación no existe."


class AlreadyTaken(Conflict):
    """Another agent has the conversation; `details["agent"]` is their name."""

    code = "ya_tomada"

    def __init__(self, agent: str) -> None:
        super().__init__(f"{agent} ya tomó esta conversación.", agent=agent)


class NotYours(Conflict):
    code = "no_es_suya"
    message = "Tome la conversación antes de hacer esto."


class ConversationClosed(Conflict):
    code = "conversacion_cerrada"
    message = "La conversación ya está cerrada."


class AgentUnavailable(Conflict):
    code = "agente_no_disponible"
    message = "Esa persona no puede recibir conversaciones."


class EmptyMessage(InvalidInput):
    code = "mensaje_vacio"
    message = "Escriba un mensaje antes de enviar."


class MessageTooLong(InvalidInput):
    code = "mensaje_muy_largo"

    def __init__(self, length: int, limit: int) -> None:
        super().__init__(
            f"Su mensaje tiene {length:,} caracteres y el máximo es {limit:,}. Envíelo en partes.",
            length=length,
            limit=limit,
        )


class PayloadNotOffered(InvalidInput):
    code = "opcion_no_disponible"
    message = "Esa opción ya no está disponible. Escriba lo que necesita."
