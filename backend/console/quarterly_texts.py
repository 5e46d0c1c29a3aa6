"""The Informe and the scheduled reports in the console's words."""

from backend.mail.models import MailState
from backend.quarterly.models import Frequency

FREQUENCIES = {
    Frequency.WEEKLY: "Cada lunes a las 8:00, de la semana anterior",
    Frequency.MONTHLY: "El día 1 de cada mes a las 8:00, del mes anterior",
    Frequency.QUARTERLY: "El primer día de cada trimestre a las 8:00, del trimestre anterior",
}
MAIL_STATES = {
    MailState.PENDING: "Por salir",
    MailState.SENDING: "Saliendo",
    MailState.SENT: "Enviado",
    MailState.FAILED: "No salió",
    MailState.OFF: "El correo estaba apagado",
}
FORMATS = {"pdf": "PDF", "xlsx": "Excel"}
#: Which rows of a figure a page shows.
WHICH = {
    "cierre": "Registros al cierre",
    "agregadas": "Registros que se agregaron después del cierre",
    "quitadas": "Registros que dejaron de contar después del cierre",
    "cambiadas": "Registros que cambiaron después del cierre",
}
NOTICES = {
    "metas": "Las metas se guardaron.",
    "textos": "Los textos se guardaron.",
    "trimestre_cerrado": "El trimestre quedó cerrado. Sus cifras y los registros de cada una ya no cambian.",
    "edicion": "Se abrió la edición corregida. La anterior queda como estaba.",
    "envio": "El envío quedó programado.",
    "envio_cambiado": "El envío se actualizó.",
    "envio_reintentado": "Se intentará de nuevo. Aquí mismo verá cómo le va.",
}
