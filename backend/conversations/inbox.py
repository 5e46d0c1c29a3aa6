"""The way in: opening a conversation and storing what a citizen sends, each message once."""

from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from backend.contacts.models import Contact
from backend.conversations import messages
from backend.conversations.errors import PayloadNotOffered
from backend.conversations.models import Attachment, Author, Conversation, EventKind, Message
from backend.jobqueue import defer

ADVANCE = "conversations.advance"

#: Payloads that the welcome panel offers before there is any message.
WELCOME_PAYLOADS = frozenset(
    {
        "/registrar_peticion",
        "/consultar_folio",
        "/hablar_con_persona",
        "/horario_ubicacion",
        "/aviso_privacidad",
        "/tramite_registro_civil",
        "/ayuda",
    }
)


@dataclass(frozen=True)
class StoredFile:
    """A file already on disk under its SHA-256. `size` in bytes; `content_type` told from its content."""

    file_name: str
    content_type: str
    size: int
    sha256: str


@dataclass(frozen=True)
class Received:
    message_id: UUID
    is_repeat: bool


async def open_conversation(
    session: AsyncSession,
    *,
    channel: str,
    account: str,
    external_user_id: str,
    language: str = "es-MX",
    page_url: str | None = None,
) -> Conversation:
    """The conversation of this person on this channel, made if it is new."""
    key = {"channel": channel, "account": account, "external_user_id": external_user_id}
    known = await session.scalar(select(Conversation).filter_by(**key))
    if known is not None:
        return known
    contact = Contact()
    session.add(contact)
    await session.flush()
    created = await session.scalar(
        insert(Conversation)
        .values(**key, contact_id=contact.id, language=language, page_url=page_url)
        .on_conflict_do_nothing(index_elements=list(key))
        .returning(Conversation.id)
    )
    conversation = await session.scalar(select(Conversation).filter_by(**key))
    assert conversation is not None
    if created is None:  # somebody else opened it between our look and our insert
        await session.delete(contact)
    else:
        await messages.record(session, conversation, EventKind.OPENED)
    return conversation


async def receive(
    session: AsyncSession,
    conversation_id: UUID,
    *,
    external_id: str,
    text: str = "",
    payload: str | None = None,
    file: StoredFile | None = None,
) -> Received:
    """Store a citizen's message and wake whoever must answer it; a repeat of `external_id` changes nothing.

    `text` is already clean (`messages.clean_text`). Raises PayloadNotOffered when `payload`
    is no button that this conversation was offered.
    """
    conversation = await messages.lock(session, conversation_id)
    earlier = await messages.find_by_external_id(session, conversation, external_id)
    if earlier is not None:
        return Received(earlier.id, is_repeat=True)
    if payload is not None:
        title = await _offered_title(session, conversation_id, payload)
        text = text or title
    message = await messages.append(
        session,
        conversation,
        messages.NewMessage(Author.CITIZEN, text=text, payload=payload, external_id=external_id),
    )
    if file is not None:
        await attach(session, message, file)
    await defer(session, ADVANCE, conversation_id=str(conversation_id))
    return Received(message.id, is_repeat=False)


async def attach(session: AsyncSession, message: Message, file: StoredFile) -> Attachment:
    """Hang a stored file on its message."""
    attachment = Attachment(
        conversation_id=message.conversation_id,
        message_id=message.id,
        file_name=file.file_name,
        content_type=file.content_type,
        size=file.size,
        sha256=file.sha256,
        created_at=message.created_at,
    )
    session.add(attachment)
    await session.flush()
    return attachment


async def _offered_title(session: AsyncSession, conversation_id: UUID, payload: str) -> str:
    """The title under which a button was offered here; a payload nobody offered is refused."""
    offered = await session.scalar(
        select(Message.buttons)
        .where(Message.conversation_id == conversation_id, Message.buttons.contains([{"payload": payload}]))
        .order_by(Message.seq.desc())
        .limit(1)
    )
    if offered is not None:
        return next(str(button["title"]) for button in offered if button["payload"] == payload)
    if payload in WELCOME_PAYLOADS:
        return payload.removeprefix("/").replace("_", " ").capitalize()
    raise PayloadNotOffered
