"""Making a petition's acuse, for the public page, for staff and for the chat in which it was filed."""

import asyncio
from datetime import timedelta

import structlog
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from backend import clock
from backend.acuse import document
from backend.catalog import service as catalog
from backend.catalog.models import Municipality, Topic
from backend.conversations.files import FileStore, StorageFull
from backend.conversations.messages import StoredFile
from backend.conversations.models import Attachment, Conversation
from backend.registry import folios, intake
from backend.registry.models import Petition
from backend.registry.progress import day_text

log = structlog.get_logger(__name__)

#: Only what was filed so lately gets its acuse in the chat: a status told later is no filing.
JUST_FILED = timedelta(minutes=10)
PAGE = "/folio"


def page_url(base_url: str, folio: str) -> str:
    """The public page of a folio, as the QR has it: the folio, never the code."""
    return f"{base_url}{PAGE}/{folio}"


def file_name(folio: str) -> str:
    return f"acuse-{folio}.pdf"


async def make(session: AsyncSession, petition: Petition, base_url: str, *, code: str | None = None) -> bytes:
    """A petition's acuse as a PDF. `code` for a person who has just filed, on paper, and for nobody else."""
    place = await session.get(Municipality, petition.municipality_id) if petition.municipality_id else None
    topic = await session.get(Topic, petition.topic_id) if petition.topic_id else None
    office = await catalog.office_state(session, clock.now())
    here = clock.local(petition.created_at)
    acuse = document.Acuse(
        folio=petition.folio,
        kind=intake.KIND_TEXTS[petition.kind],
        received=f"{day_text(petition.created_at)}, {here.hour}:{here:%M} horas",
        municipality=place.name if place else None,
        topic=topic.name if topic else None,
        url=page_url(base_url, petition.folio),
        ways=_ways(base_url, office),
        code=code,
    )
    return await asyncio.to_thread(document.render, acuse)


def _ways(base_url: str, office: catalog.OfficeState) -> list[str]:
    phone = f" o llame al {office.phone}" if office.phone else ""
    return [
        f"En {base_url}{PAGE} escriba su folio y su clave de acceso, o escanee el código.",
        f"Por el chat, en {base_url}, escriba «¿cómo va mi folio?»{phone}.",
        f"En persona: {office.address}, {office.hours_text}.",
        "Si perdió su clave, una persona de la oficina puede ayudarle.",
    ]


class ChatAcuse:
    """The acuse that goes out with the message that tells a new folio, without the code that the message has."""

    def __init__(self, files: FileStore, base_url: str) -> None:
        self._files = files
        self._base_url = base_url

    async def for_reply(self, session: AsyncSession, conversation: Conversation, text: str) -> tuple[StoredFile, ...]:
        """The file for a reply that tells a folio just filed in this conversation, once; nothing for any other.

        An SMS takes no files. A disk that refuses must not keep the folio from its citizen.
        """
        folio = folios.parse(text) if conversation.channel != "sms" else None
        if folio is None:
            return ()
        petition = await session.scalar(
            select(Petition).where(
                Petition.folio == folio,
                Petition.conversation_id == conversation.id,
                Petition.created_at > clock.now() - JUST_FILED,
            )
        )
        if petition is None or await _was_sent(session, conversation, folio):
            return ()
        content = await make(session, petition, self._base_url)
        try:
            return (await self._files.keep_received(content, file_name(folio)),)
        except StorageFull:
            log.error("acuse_not_kept", petition_id=str(petition.id))
            return ()


async def _was_sent(session: AsyncSession, conversation: Conversation, folio: str) -> bool:
    found = await session.scalar(
        select(Attachment.id)
        .where(Attachment.conversation_id == conversation.id, Attachment.file_name == file_name(folio))
        .limit(1)
    )
    return found is not None
