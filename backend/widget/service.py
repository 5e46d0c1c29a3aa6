"""What the public chat does: sessions, messages in, messages out."""

import uuid
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from backend.agents.models import User
from backend.conversations import service as conversations
from backend.conversations.errors import ConversationNotFound
from backend.conversations.inbox import Received
from backend.conversations.messages import StoredFile
from backend.conversations.models import Author, Conversation, Message, Owner
from backend.conversations.views import MessageView, transcript
from backend.errors import InvalidInput
from backend.live import LiveEvents
from backend.widget.schemas import Messages, Status, message_out
from backend.widget.tokens import UnknownSession

CHANNEL = "web"
ACCOUNT = "portal"
PAGE = 200
#: Whether something received is still to be dealt with, whoever owns the conversation.
_IS_BUSY = (
    select(Message.id)
    .where(
        Message.conversation_id == Conversation.id,
        Message.handled_at.is_(None),
        Message.author.in_((Author.CITIZEN, Author.CONTROL)),
    )
    .exists()
)


@dataclass(frozen=True)
class Page:
    """Messages after a cursor, with the state of the conversation at the same moment."""

    views: list[MessageView]
    status: Status
    cursor: int
    more: bool


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


async def read_after(session: AsyncSession, live: LiveEvents, conversation_id: UUID, cursor: int) -> Page:
    """The messages after `cursor` (at most a page) and the conversation's state.

    Read within `Database.snapshot`, so that the state is the one those messages left.
    """
    found = await session.execute(
        select(Conversation, _IS_BUSY).where(Conversation.id == conversation_id, Conversation.channel == CHANNEL)
    )
    row = found.one_or_none()
    if row is None:
        raise UnknownSession
    status = await _status(session, live, row[0], is_busy=row[1])
    views = await transcript(session, conversation_id, after_seq=cursor, include_private=False, limit=PAGE + 1)
    more = len(views) > PAGE
    views = views[:PAGE]
    return Page(views, status, views[-1].seq if views else cursor, more)


def messages_out(page: Page, conversation_id: UUID) -> Messages:
    return Messages(
        **page.status.model_dump(),
        messages=[message_out(view, prefix(conversation_id)) for view in page.views],
        cursor=str(page.cursor),
        more=page.more,
    )


def parse_cursor(raw: str | None) -> int:
    """A cursor that we gave. Raises InvalidInput for anything else."""
    if raw is None or raw == "":
        return 0
    if not raw.isascii() or not raw.isdigit() or len(raw) > 15:
        raise InvalidInput("El cursor no es válido.")
    return int(raw)


async def _status(session: AsyncSession, live: LiveEvents, conversation: Conversation, *, is_busy: bool) -> Status:
    agent_name = None
    if conversation.owner is Owner.AGENT and conversation.agent_id is not None:
        agent_name = (await session.get_one(User, conversation.agent_id)).full_name
    in_queue = conversation.owner is Owner.QUEUE
    return Status(
        owner=conversation.owner,
        busy=is_busy,
        queue_position=await conversations.queue_position(session, conversation) if in_queue else None,
        agent_name=agent_name,
        agent_typing=conversation.owner is Owner.AGENT and live.is_typing(conversation.id, "agent"),
        agent_read_cursor=str(conversation.agent_read_seq),
    )
