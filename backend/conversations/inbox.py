"""The way in: opening a conversation and storing what a citizen sends, each message once."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypedDict, Unpack
from uuid import UUID

from sqlalchemy import bindparam, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from backend.contacts.models import Contact
from backend.conversations import messages
from backend.conversations.errors import PayloadNotOffered
from backend.conversations.messages import StoredFile
from backend.conversations.models import Author, Conversation, EventKind, InboundMedia, Message
from backend.live import FETCH_MEDIA, turn_topic
from backend.vault.columns import index_of
from backend.wakeups import notify

#: In a message's `extra`: how many files it waits for, or waited for.
AWAITS_FILES = "files"

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


#: Written once: every message of a vendor's asks this.
_FIND = select(Conversation).where(
    Conversation.channel == bindparam("channel"),
    Conversation.account == bindparam("account"),
    index_of(Conversation.external_user_id) == bindparam("external_user_id"),
)
_FIND_TO_LOCK = _FIND.with_for_update().execution_options(populate_existing=True)


@dataclass(frozen=True)
class AwaitedFile:
    """A file that a vendor holds for us, by the vendor's name for it."""

    reference: str
    file_name: str | None


class Said(TypedDict, total=False):
    """What a citizen's message may hold.

    `text` is already clean (`messages.clean_text`). `media` are files that a vendor still holds: the message waits for
    them. `said_at`: when it was sent, where that is not now.
    """

    text: str
    payload: str | None
    file: StoredFile | None
    media: Sequence[AwaitedFile]
    extra: Mapping[str, Any] | None
    said_at: datetime | None


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
    lock: bool = False,
) -> Conversation:
    """The conversation of this person on this channel, made if it is new; with `lock`, as `messages.lock` gives it."""
    key = {"channel": channel, "account": account, "external_user_id": external_user_id}
    find = _FIND_TO_LOCK if lock else _FIND
    known = await session.scalar(find, key)
    if known is not None:
        return known
    contact = Contact()
    session.add(contact)
    await session.flush()
    created = await session.scalar(
        insert(Conversation)
        .values(**key, contact_id=contact.id, language=language, page_url=page_url)
        .on_conflict_do_nothing(
            index_elements=[Conversation.channel, Conversation.account, index_of(Conversation.external_user_id)]
        )
        .returning(Conversation.id)
    )
    conversation = await session.scalar(find, key)
    assert conversation is not None
    if created is None:  # somebody else opened it between our look and our insert
        await session.delete(contact)
    else:
        await messages.record(session, conversation, EventKind.OPENED)
    return conversation


async def receive(session: AsyncSession, conversation_id: UUID, *, external_id: str, **said: Unpack[Said]) -> Received:
    """Store a citizen's message and wake whoever must answer it; a repeat of `external_id` changes nothing.

    Raises PayloadNotOffered when `payload` is no button that this conversation was offered.
    """
    conversation = await messages.lock(session, conversation_id)
    return await receive_locked(session, conversation, external_id=external_id, **said)


async def receive_locked(
    session: AsyncSession, conversation: Conversation, *, external_id: str, **said: Unpack[Said]
) -> Received:
    """As `receive`, in a conversation that this transaction has locked."""
    earlier = await messages.find_by_external_id(session, conversation, external_id)
    if earlier is not None:
        return Received(earlier.id, is_repeat=True)
    text, payload, file, media = said.get("text", ""), said.get("payload"), said.get("file"), said.get("media", ())
    if payload is not None:
        title = await _offered_title(session, conversation.id, payload)
        text = text or title
    message = await messages.append(
        session,
        conversation,
        messages.NewMessage(
            Author.CITIZEN,
            text=text,
            payload=payload,
            external_id=external_id,
            files=(file,) if file is not None else (),
            said_at=said.get("said_at"),
            extra=dict(said.get("extra") or {}) | ({AWAITS_FILES: len(media)} if media else {}),
        ),
    )
    for position, awaited in enumerate(media):
        row = InboundMedia(
            message_id=message.id, position=position, reference=awaited.reference, file_name=awaited.file_name
        )
        session.add(row)
    if media:
        await session.flush()
        await notify(session, FETCH_MEDIA)
    else:
        await notify(session, turn_topic(conversation.id))
    return Received(message.id, is_repeat=False)


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
