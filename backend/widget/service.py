"""What the public chat does: sessions, messages in, messages out."""

import uuid
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from backend.conversations import service as conversations
from backend.conversations.errors import ConversationNotFound
from backend.conversations.inbox import Received
from backend.conversations.messages import StoredFile
from backend.errors import InvalidInput
from backend.widget.tokens import UnknownSession

CHANNEL = "web"
ACCOUNT = "portal"


async def start(session: AsyncSession, *, language: str, page_url: str | None) -> UUID:
    """A new conversation on the portal's chat."""
    conversation = await conversations.open_conversation(
        session,
        channel=CHANNEL,
        account=ACCOUNT,
        external_user_id=uuid.uuid4().hex,
        language=language,
        page_url=page_url,
    )
    return conversation.id


async def send(
    session: AsyncSession,
    conversation_id: UUID,
    *,
    client_id: str,
    text: str | None = None,
    payload: str | None = None,
    file: StoredFile | None = None,
) -> Received:
    """Store what the citizen sent. The same `client_id` again is the same message."""
    if payload is None and file is None:
        text = conversations.clean_text(text or "")
    elif text is not None:
        text = conversations.clean_text(text) if text.strip() else ""
    try:
        return await conversations.receive(
            session,
            conversation_id,
            external_id=f"{prefix(conversation_id)}{client_id.replace(chr(0), '')}",
            text=text or "",
            payload=payload,
            file=file,
        )
    except ConversationNotFound as error:
        raise UnknownSession from error


def prefix(conversation_id: UUID) -> str:
    """What precedes a client's id in ours: clients choose their ids freely, and only within their conversation."""
    return f"{conversation_id.hex}:"


def parse_cursor(raw: str | None) -> int:
    """A cursor that we gave. Raises InvalidInput for anything else."""
    if raw is None or raw == "":
        return 0
    if not raw.isascii() or not raw.isdigit() or len(raw) > 15:
        raise InvalidInput("El cursor no es válido.")
    return int(raw)
