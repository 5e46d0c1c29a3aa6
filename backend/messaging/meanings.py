"""What each error of a channel means, and what to do, for an administrator.

Codes are Twilio's numbers (https://www.twilio.com/docs/api/errors), Telegram's HTTP statuses, the adapters' own
words and their libraries' names for a connection that failed.
"""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Meaning:
    """What happened, and what to do. Spanish."""

    what: str
    advice: str


_CREDENTIALS = Meaning(
    "El proveedor no reconoce las credenciales.",
    "Copie de nuevo el token desde la consola del proveedor, guárdelo aquí y oprima «Probar credenciales».",
)
_UNREACHABLE = Meaning(
    "No se pudo llegar al proveedor.",
    "Revise la conexión a internet del servidor. Lo pendiente se vuelve a intentar solo; nada se pierde.",
)
_BUSY = Meaning(
    "El proveedor pidió ir más despacio.",
    "No hay que hacer nada: los envíos se espacian solos. Si se repite todos los días, pida un límite mayor.",
)
_NO_NUMBER = Meaning(
    "El número no existe o no recibe mensajes por este canal.",
    "Verifique el número con la persona y llámele por teléfono.",
)
_BLOCKED = Meaning(
    "La persona bloqueó el canal o pidió no recibir mensajes.",
    "Respete su decisión. Si hay algo urgente, llámele por teléfono.",
)
_WINDOW = Meaning(
    "Pasaron más de 24 horas desde el último mensaje de la persona, y WhatsApp ya no acepta texto libre.",
    "Envíe una plantilla aprobada. Si aún no hay, solicítela en «Plantillas».",
)
_SENDER = Meaning(
    "El número de la oficina no está habilitado en Twilio para este canal.",
    "En la consola de Twilio revise que el remitente esté activo y pertenezca a esta cuenta.",
)

MEANINGS: Mapping[str, Meaning] = {
    **dict.fromkeys(("unauthorised", "20003", "20404", "70051", "status_401", "status_403", "401"), _CREDENTIALS),
    **dict.fromkeys(
        ("unreachable", "ClientConnectorError", "ConnectionTimeoutError", "ServerTimeoutError"), _UNREACHABLE
    ),
    **dict.fromkeys(("ConnectError", "ConnectTimeout", "ReadTimeout", "PoolTimeout", "TimedOut"), _UNREACHABLE),
    **dict.fromkeys(("TimeoutError", "ServerDisconnectedError", "NetworkError", "ReadError"), _UNREACHABLE),
    **dict.fromkeys(("status_500", "status_502", "status_503", "status_504"), _UNREACHABLE),
    **dict.fromkeys(("20429", "63018", "30001", "14107", "429", "status_429"), _BUSY),
    **dict.fromkeys(("63003", "63024", "21211", "21614", "30003", "30005", "30006", "chat_migrated"), _NO_NUMBER),
    **dict.fromkeys(("21610", "30004", "403"), _BLOCKED),
    **dict.fromkeys(("63007", "21606", "21212", "21660"), _SENDER),
    "63016": _WINDOW,
    "63019": Meaning(
        "Twilio no pudo descargar un archivo nuestro.",
        "Se reintenta solo. Si se repite, revise que la dirección pública responda desde fuera.",
    ),
    "63013": Meaning(
        "El mensaje no cumple las políticas de WhatsApp.", "Revise el texto y las plantillas; no lo reenvíe tal cual."
    ),
    "21655": Meaning(
        "Twilio no encuentra la plantilla.", "Abra «Plantillas» y vuelva a solicitarla: la borraron en Twilio."
    ),
    "21656": Meaning(
        "Faltan datos de la plantilla o llevan caracteres que WhatsApp no acepta.",
        "Avise a sistemas: el texto que llena la plantilla no debe llevar saltos de línea.",
    ),
    "400": Meaning(
        "Telegram no aceptó el mensaje o el chat no existe.",
        "La persona debe escribir primero al bot. Si ya lo hizo, avise a sistemas.",
    ),
    "409": Meaning(
        "Otro programa está recibiendo los mensajes de este bot.",
        "Apague el otro programa, o quite el webhook antes de recibir por consulta.",
    ),
    "bad_request": Meaning(
        "El proveedor no aceptó la configuración.",
        "Lea el detalle junto al botón que oprimió. La dirección pública debe ser https y estar en internet.",
    ),
    "unreadable_webhook": Meaning(
        "El proveedor envió algo que el sistema no supo leer. Se guardó completo.",
        "Abra «Conciliación» y oprima «Volver a leer». Si sigue igual, avise a sistemas.",
    ),
    "credentials_unreadable": Meaning(
        "Las credenciales guardadas no se pueden leer: cambió la clave del sistema.",
        "Capture de nuevo todas las credenciales de esta cuenta.",
    ),
}
_CURED_BY_CHECK = (_CREDENTIALS, _UNREACHABLE, MEANINGS["credentials_unreadable"])
_FALLBACK = "Busque el código en la documentación del proveedor o avise a sistemas con el código y la hora."


def meaning_of(code: str) -> Meaning:
    """What a code means; an unknown one is told as it is."""
    return MEANINGS.get(code) or Meaning(f"El proveedor respondió con el código {code}.", _FALLBACK)


def is_cured_by_check(code: str) -> bool:
    """Whether credentials that are accepted now prove this error to be over."""
    return meaning_of(code) in _CURED_BY_CHECK
