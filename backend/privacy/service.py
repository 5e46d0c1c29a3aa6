"""The privacy notice and the citizen's consent to it.

Source of the duty: Ley de Protección de Datos Personales en Posesión de Sujetos Obligados
del Estado de Sonora. The text is the simplified notice; the office's legal area must
approve it before it is published.
"""

from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from backend import clock
from backend.conversations.models import Conversation

VERSION = "2026-11"
PATH = "/aviso-de-privacidad"

_SHORT = (
    "Antes de pedirle sus datos: la Coordinación Ejecutiva de Atención Ciudadana los usará solo para registrar y "
    "dar seguimiento a su petición, y los compartirá únicamente con la dependencia que deba atenderla. "
    "¿Acepta el aviso de privacidad?"
)

SECTIONS: tuple[tuple[str, str], ...] = (
    (
        "¿Quién es responsable de sus datos?",
        "La Coordinación Ejecutiva de Atención Ciudadana, de la Oficina del Ejecutivo del Estado de Sonora, "
        "con domicilio en Palacio de Gobierno, Hermosillo, Sonora.",
    ),
    (
        "¿Qué datos pedimos y para qué?",
        "Nombre, teléfono o correo, municipio, colonia, lo que usted nos cuente y los archivos que envíe; en algunos "
        "trámites, su CURP. Los usamos para registrar su petición, turnarla a quien deba atenderla e informarle.",
    ),
    (
        "¿Con quién los compartimos?",
        "Solo con la dependencia, entidad u organismo que deba atender su petición, o cuando la ley lo ordene.",
    ),
    (
        "Sus derechos (ARCO)",
        "Puede pedir el acceso, la rectificación, la cancelación u oponerse al uso de sus datos. Escriba en el chat "
        "«derechos ARCO» o acuda a la oficina: le damos un folio para saber cómo va. Antes de entregarle datos le "
        "pedimos una identificación. Retirar su consentimiento no afecta lo ya tramitado.",
    ),
    (
        "¿Y si no acepta?",
        "Puede pedir información, consultar un folio con su clave y hablar con una persona sin dar sus datos.",
    ),
    (
        "Fundamento",
        "Ley de Protección de Datos Personales en Posesión de Sujetos Obligados del Estado de Sonora.",
    ),
)


def short_notice() -> str:
    """What is said in the chat before any personal datum is asked for."""
    return _SHORT


async def record_consent(session: AsyncSession, conversation_id: UUID, *, accepted: bool) -> None:
    """Keep which notice was accepted and when; a refusal takes an earlier consent back."""
    conversation = await session.get_one(Conversation, conversation_id)
    conversation.consent_version = VERSION if accepted else None
    conversation.consent_at = clock.now() if accepted else None
    await session.flush()
