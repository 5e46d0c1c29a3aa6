"""What can go wrong with outgoing webhooks."""

from backend.errors import Conflict, InvalidInput, NotFound


class SubscriptionNotFound(NotFound):
    code = "suscripcion_no_encontrada"
    message = "No existe esa suscripción."


class SubscriptionRefused(InvalidInput):
    """`field` in the details names what is wrong."""

    code = "suscripcion_invalida"


class DeliveryUnderWay(Conflict):
    code = "envio_en_curso"
    message = "Ese envío ya está en camino. Actualice la página para ver cómo le fue."
