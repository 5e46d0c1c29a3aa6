"""What an agency is told by e-mail of its turns: the folio, the day and where to read on.

Nothing personal, but for the turn's oficio: it goes as a file, once, when it is made.
"""

import enum
from collections.abc import Sequence

from sqlalchemy.ext.asyncio import AsyncSession

from backend.catalog.models import Agency
from backend.conversations.messages import StoredFile
from backend.mail import service as mail
from backend.mail.models import EmailMessage
from backend.registry.models import Petition
from backend.turns.models import Turn

#: A turn's page on the liaison's console.
PAGE = "/consola/enlace/turnos/"


class News(enum.StrEnum):
    TURNED = "turned"
    #: The oficio was made, always after the turn: it goes along.
    LETTER = "letter"
    LETTER_CANCELLED = "letter_cancelled"
    NOTE = "note"
    EXTENSION_GRANTED = "extension_granted"
    EXTENSION_REFUSED = "extension_refused"
    WITHDRAWN = "withdrawn"
    DUE_SOON = "due_soon"
    DUE_TODAY = "due_today"
    OVERDUE = "overdue"


#: Subject and first sentence of each, with the folio, the due date and, where it is about one, the oficio's number.
_TEXTS: dict[News, tuple[str, str]] = {
    News.TURNED: (
        "Petición turnada: folio {folio}, responder a más tardar el {day}",
        "Atención Ciudadana turnó a su dependencia la petición con folio {folio}. "
        "Le pedimos responder a más tardar el {day}.",
    ),
    News.LETTER: (
        "Oficio {letter} de la petición con folio {folio}",
        "Le enviamos el oficio {letter}, con el que Atención Ciudadana turnó a su dependencia la petición con folio "
        "{folio}. Le pedimos responder a más tardar el {day}.",
    ),
    News.LETTER_CANCELLED: (
        "Se canceló el oficio {letter} de la petición con folio {folio}",
        "Atención Ciudadana canceló el oficio {letter}: ya no lo tome en cuenta. La petición con folio {folio} "
        "sigue turnada a su dependencia y la fecha límite es el {day}.",
    ),
    News.NOTE: (
        "Nota sobre el folio {folio}",
        "Atención Ciudadana escribió una nota sobre el folio {folio}. Fecha límite para responder: {day}.",
    ),
    News.EXTENSION_GRANTED: (
        "Se amplió el plazo del folio {folio} al {day}",
        "Se amplió el plazo que pidió para el folio {folio}. La nueva fecha límite es el {day}.",
    ),
    News.EXTENSION_REFUSED: (
        "No se amplió el plazo del folio {folio}",
        "No fue posible ampliar el plazo del folio {folio}. La fecha límite sigue siendo el {day}.",
    ),
    News.WITHDRAWN: (
        "Se retiró el turno del folio {folio}",
        "Atención Ciudadana retiró el turno del folio {folio}: ya no necesita responder.",
    ),
    News.DUE_SOON: (
        "Recordatorio: el folio {folio} vence el {day}",
        "El folio {folio} espera la respuesta de su dependencia. La fecha límite es el {day}.",
    ),
    News.DUE_TODAY: (
        "Recordatorio: el folio {folio} vence hoy, {day}",
        "Hoy, {day}, es la fecha límite para responder el folio {folio}.",
    ),
    News.OVERDUE: (
        "Vencido: el folio {folio} debía responderse el {day}",
        "El folio {folio} sigue sin respuesta de su dependencia. La fecha límite era el {day}.",
    ),
}
_WHERE = "Para leerla y responder, entre con su usuario en la dirección de abajo. "
_NOTHING_ELSE = "Por protección de datos personales, este correo no dice nada más. "
_IN_CONFIDENCE = "El oficio contiene datos personales: úselo solo para atender la petición y no lo reenvíe. "
_END = "No responda a este correo.\n\nCoordinación Ejecutiva de Atención Ciudadana"


async def write(
    session: AsyncSession,
    petition: Petition,
    one: Turn,
    news: News,
    *,
    letter: str = "",
    files: Sequence[StoredFile] = (),
) -> EmailMessage | None:
    """Have the agency's liaison told by e-mail; None where the catalog has no address for it.

    `letter`: the number of the oficio that the news is of; `files` go along.
    """
    agency = await session.get_one(Agency, one.agency_id)
    if not agency.liaison_email:
        return None
    subject, said = _TEXTS[news]
    words = {"folio": petition.folio, "day": f"{one.due_on:%d/%m/%Y}", "letter": letter}
    return await mail.enqueue(
        session,
        to_address=agency.liaison_email,
        subject=subject.format(**words),
        text=f"{said.format(**words)}\n\n{_WHERE}{_IN_CONFIDENCE if files else _NOTHING_ELSE}{_END}",
        link=f"{PAGE}{one.id}",
        attachments=files,
        petition_id=petition.id,
        turn_id=one.id,
    )
