"""Reading for all open pages of this process, a few at one time.

Whoever has a page open reads at each message, so all that a page shows comes by one statement: the messages, and the
state of the conversation that they left, are of one moment without a transaction around them.
"""

import asyncio
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any
from uuid import UUID

from sqlalchemy import Row, bindparam, case, lateral, select, true
from sqlalchemy.orm import aliased

from backend.agents.models import User
from backend.conversations import service as conversations
from backend.conversations.models import PUBLIC_AUTHORS, Attachment, Author, Conversation, Message, Owner
from backend.db import Database
from backend.live import LiveEvents
from backend.widget.schemas import AttachmentOut, ButtonOut, MessageOut, Messages, Status
from backend.widget.service import CHANNEL, prefix
from backend.widget.tokens import UnknownSession

#: How many pages read at one time. A thousand that come back together wait for their turn here, and leave the pool's
#: other connections (`Database`) to whoever writes.
AT_ONCE = 6
#: Messages told at one time.
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
_NEW = lateral(
    select(
        Message.id, Message.seq, Message.author, Message.agent_id, Message.text, Message.buttons, Message.external_id,
        Message.created_at,
    )
    .where(
        Message.conversation_id == Conversation.id,
        Message.seq > bindparam("cursor"),
        Message.author.in_(PUBLIC_AUTHORS),
    )
    .order_by(Message.seq)
    .limit(bindparam("limit"))
)  # fmt: skip
_AGENT, _WRITER = aliased(User), aliased(User)
#: A row for each file of each new message, for each message without any, or one alone where there is nothing new.
_READ = (
    select(
        Conversation.owner,
        Conversation.agent_read_seq,
        _IS_BUSY.label("is_busy"),
        case((Conversation.owner == Owner.QUEUE, conversations.people_ahead())).label("queue_position"),
        _AGENT.full_name.label("agent_name"),
        *_NEW.c,
        _WRITER.full_name.label("writer_name"),
        Attachment.id.label("file_id"),
        Attachment.file_name,
        Attachment.content_type,
        Attachment.size,
    )
    .select_from(Conversation)
    .outerjoin(_AGENT, (_AGENT.id == Conversation.agent_id) & (Conversation.owner == Owner.AGENT))
    .outerjoin(_NEW, true())
    .outerjoin(_WRITER, _WRITER.id == _NEW.c.agent_id)
    .outerjoin(Attachment, Attachment.message_id == _NEW.c.id)
    .where(Conversation.id == bindparam("conversation_id"), Conversation.channel == CHANNEL)
    .order_by(_NEW.c.seq, Attachment.created_at)
)


@dataclass(frozen=True)
class Page:
    """Messages after a cursor, with the state of the conversation at the same moment."""

    messages: list[MessageOut]
    status: Status
    cursor: int
    more: bool

    def out(self) -> Messages:
        return Messages(**self.status.model_dump(), messages=self.messages, cursor=str(self.cursor), more=self.more)


class Reader:
    """What open pages are shown, and what rings when there is more."""

    def __init__(self, database: Database, live: LiveEvents) -> None:
        self.live = live
        self._database = database
        self._turns = asyncio.Semaphore(AT_ONCE)

    async def read_after(self, conversation_id: UUID, cursor: int) -> Page:
        """The messages after `cursor` (at most a page) and the conversation's state. Raises UnknownSession."""
        wanted = {"conversation_id": conversation_id, "cursor": cursor, "limit": PAGE + 1}
        async with self._turns:
            rows = await self._database.read_alone(_READ, wanted)
        if not rows:
            raise UnknownSession
        messages = list(_messages(rows, prefix(conversation_id)))
        told = messages[:PAGE]
        is_typing = self.live.is_typing(conversation_id, "agent")
        return Page(told, _status(rows[0], is_typing), told[-1].seq if told else cursor, len(messages) > PAGE)


def _status(row: Row[Any], is_typing: bool) -> Status:
    return Status(
        owner=row.owner,
        busy=row.is_busy,
        queue_position=row.queue_position,
        agent_name=row.agent_name,
        agent_typing=row.owner is Owner.AGENT and is_typing,
        agent_read_cursor=str(row.agent_read_seq),
    )


def _messages(rows: Sequence[Row[Any]], own_prefix: str) -> Iterator[MessageOut]:
    for seq, of_message in groupby(rows, key=lambda row: row.seq):
        if seq is None:
            continue
        lines = list(of_message)
        row = lines[0]
        yield MessageOut(
            id=row.id,
            seq=seq,
            author=row.author.value,
            agent_name=row.writer_name if row.author is Author.AGENT else None,
            text=row.text,
            buttons=[ButtonOut(title=str(one["title"]), payload=str(one["payload"])) for one in row.buttons],
            attachments=[_file(line) for line in lines if line.file_id is not None],
            client_id=(row.external_id or "").removeprefix(own_prefix) if row.author is Author.CITIZEN else None,
            created_at=row.created_at,
        )


def _file(row: Row[Any]) -> AttachmentOut:
    return AttachmentOut.of(row.file_id, row.file_name, row.content_type, row.size)
