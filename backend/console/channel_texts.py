"""The words of the pages on channels, templates and reconciliation."""

from backend.messaging.accounts import AccountState
from backend.messaging.comparison import Finding
from backend.messaging.models import ReceiveMode, TemplateState
from backend.outbox.models import DeliveryState

ACCOUNT_STATES = {
    AccountState.ON: ("Encendido", "good"),
    AccountState.OFF: ("Apagado", ""),
    AccountState.NO_CREDENTIALS: ("Sin credenciales", "warn"),
    AccountState.FAILING: ("Con error", "bad"),
}

RECEIVE_MODES = {
    ReceiveMode.WEBHOOK: "Telegram llama al sistema (webhook)",
    ReceiveMode.POLL: "El sistema consulta a Telegram",
}

TEMPLATE_STATES = {
    TemplateState.UNSUBMITTED: ("Borrador", ""),
    TemplateState.PENDING: ("En revisión", "warn"),
    TemplateState.APPROVED: ("Aprobada", "good"),
    TemplateState.REJECTED: ("Rechazada", "bad"),
}

FINDINGS = {
    Finding.NOT_STORED: ("No está guardado", "bad"),
    Finding.NOT_AT_VENDOR: ("El proveedor no lo tiene", "warn"),
    Finding.DOUBLED: ("Duplicado", "bad"),
    Finding.NOT_SHOWN: ("Guardado, pero no se muestra", "bad"),
    Finding.OTHER_STATE: ("Estado distinto", "warn"),
    Finding.TEST: ("Mensaje de prueba", ""),
    Finding.FINE: ("Coincide", "good"),
}

#: Twilio's words for a message's state.
VENDOR_STATES = {
    "accepted": "Aceptado",
    "queued": "En cola",
    "scheduled": "Programado",
    "sending": "Enviando",
    "sent": "Enviado",
    "delivered": "Entregado",
    "read": "Leído",
    "failed": "Falló",
    "undelivered": "No se entregó",
    "canceled": "Cancelado",
    "receiving": "Llegando",
    "received": "Recibido",
}

DELIVERY_STATES = {
    DeliveryState.PENDING: "Por enviar",
    DeliveryState.SENDING: "Enviando",
    DeliveryState.SENT: "Enviado",
    DeliveryState.DELIVERED: "Entregado",
    DeliveryState.READ: "Leído",
    DeliveryState.FAILED: "No se entregó",
    DeliveryState.UNCERTAIN: "Sin confirmar",
}

EVENTS = {
    "channel_created": "Agregó la cuenta",
    "channel_changed": "Cambió los datos",
    "channel_switched_on": "Encendió el canal",
    "channel_switched_off": "Apagó el canal",
    "channel_checked": "Probó las credenciales",
    "channel_mode_webhook": "Registró el webhook",
    "channel_mode_poll": "Cambió a recibir por consulta",
    "channel_tested": "Envió un mensaje de prueba",
    "template_saved": "Guardó un texto de plantilla",
    "template_submitted": "Solicitó una plantilla",
    "messages_replayed": "Recuperó mensajes",
    "webhooks_replayed": "Volvió a leer llamadas",
}

UNREADABLE_REASONS = {
    "not JSON": "No es JSON",
    "no update_id": "Sin identificador",
    "failed": "Falló cada vez que se intentó guardar",
}
