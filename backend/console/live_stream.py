"""The console's server-sent events: the inbox moved, the open conversation went on."""

import asyncio
import math
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID, uuid4

from sqlalchemy.ext.asyncio import AsyncSession
from sse_starlette import ServerSentEvent

from backend.agents import service as agents
from backend.console.inbox_look import InboxLooks, InboxSeen
from backend.console.presenting import message_out
from backend.console.schemas import CountsOut, LiveState
from backend.console.texts import others_text
from backend.conversations import queries
from backend.conversations.models import Conversation
from backend.conversations.views import MessageView
from backend.db import Database
from backend.live import INBOX, LiveEvents, account_topic, conversation_topic
from backend.viewing import left_topic, opened_topic
from backend.wakeups import notify

#: Seconds: how often a stream looks for itself; how often it says that its agent is there.
LOOK_AGAIN = 10.0
HEARTBEAT = 20.0
#: How many of the latest messages have their delivery marks followed.
_MARKED = 40
_PAGE = 200

#: Tasks that nobody else holds.
_leaving: set[asyncio.Task[None]] = set()
IsAllowed = Callable[[AsyncSession], Awaitable[bool]]


@dataclass
class Follower:
    """What one open page has been told so far. `cursor` is the last message's `seq` of the open conversation."""

    user_id: UUID
    conversation_id: UUID | None
    cursor: int
    counts_seen: CountsOut | None = None
    state_seen: LiveState | None = None
    marks: dict[int, str] = field(default_factory=dict)
    #: What may still change of a shown message: that it was edited or deleted, and how many files it has.
    shapes: dict[int, tuple[datetime | None, datetime | None, int]] = field(default_factory=dict)
    reminded: set[tuple[UUID, datetime]] = field(default_factory=set)
    beat_at: float = -math.inf
    #: The page's own name among those that the same person has open.
    page: str = field(default_factory=lambda: uuid4().hex[:12])
    #: The inbox rang and was not told yet.
    inbox_has_moved: bool = True

    def hear(self, rung: set[str]) -> tuple[bool, bool]:
        """Whether to look at the inbox, and at the open conversation, now that this rang (or nothing for a while)."""
        self.inbox_has_moved = self.inbox_has_moved or INBOX in rung
        is_wanted = not rung or account_topic(self.user_id) in rung
        return (
            is_wanted or INBOX in rung,
            self.conversation_id is not None and (is_wanted or conversation_topic(self.conversation_id) in rung),
        )

    def is_due(self) -> bool:
        """Whether to ask again if they may see this at all, and to say that they are there."""
        return time.monotonic() - self.beat_at > HEARTBEAT

    def patience(self) -> float:
        """Seconds until the stream looks for itself."""
        is_typing = self.state_seen is not None and self.state_seen.citizen_typing
        return 2.0 if is_typing else LOOK_AGAIN


async def follow(
    database: Database, live: LiveEvents, inbox: InboxLooks, follower: Follower, is_allowed: IsAllowed
) -> AsyncIterator[ServerSentEvent]:
    """Events `inbox`, `window`, `message` (its id is the cursor), `changed`, `marks`, `state`.

    `signed_out` is the last, if it comes.

    While it runs the agent's presence is kept alive, so that closing the page makes them away; and colleagues who have
    the same conversation open are told so.
    """
    async with AsyncExitStack() as stack:
        await stack.enter_async_context(_seen_leaving(database, follower))
        account = account_topic(follower.user_id)
        topics = [INBOX, account, *([conversation_topic(follower.conversation_id)] if follower.conversation_id else [])]
        alarm = await stack.enter_async_context(live.subscribe(*topics))
        rung = {account}
        while True:
            if account in rung:
                follower.beat_at = -math.inf  # what they may see has changed: asked before anything is told
            at_inbox, at_conversation = follower.hear(rung)
            if at_conversation or follower.is_due():
                async with database.transaction() as session:
                    events, is_done = await _look(session, live, follower, is_allowed, at_conversation)
                for event in events:
                    yield event
                if is_done:
                    return
            if at_inbox:
                for event in _inbox_events(follower, await inbox.look(follower.user_id)):
                    yield event
            rung = await alarm.wait(follower.patience())


@asynccontextmanager
async def _seen_leaving(database: Database, follower: Follower) -> AsyncIterator[None]:
    """Colleagues are told when this page leaves its conversation, however it does."""
    try:
        yield
    finally:
        if follower.conversation_id is not None:
            told = database.announce(left_topic(follower.conversation_id, follower.user_id, follower.page))
            # The stream is being cancelled: telling goes on by itself.
            task = asyncio.create_task(told, name="left-conversation")
            _leaving.add(task)
            task.add_done_callback(_leaving.discard)


async def _look(
    session: AsyncSession, live: LiveEvents, follower: Follower, is_allowed: IsAllowed, at_conversation: bool
) -> tuple[list[ServerSentEvent], bool]:
    if follower.is_due():
        if not await is_allowed(session):
            return [ServerSentEvent(event="signed_out", data="{}")], True
        follower.beat_at = time.monotonic()
        await agents.touch_presence(session, follower.user_id)
        if follower.conversation_id is not None:
            await notify(session, opened_topic(follower.conversation_id, follower.user_id, follower.page))
    return await _conversation_events(session, live, follower) if at_conversation else [], False


def _inbox_events(follower: Follower, seen: InboxSeen) -> list[ServerSentEvent]:
    """The counts, when they changed or something in the inbox did: the page then reads its list again.

    And each window of the agent's that closes within the hour, once.
    """
    has_moved, follower.inbox_has_moved = follower.inbox_has_moved, False
    events = []
    if has_moved or seen.counts != follower.counts_seen:
        follower.counts_seen = seen.counts
        events.append(ServerSentEvent(event="inbox", data=seen.counts.model_dump_json()))
    for closing in seen.closing:
        if (closing.id, closing.closes_at) not in follower.reminded:
            follower.reminded.add((closing.id, closing.closes_at))
            events.append(ServerSentEvent(event="window", data=closing.model_dump_json()))
    return events


async def _conversation_events(session: AsyncSession, live: LiveEvents, follower: Follower) -> list[ServerSentEvent]:
    conversation_id = follower.conversation_id
    details = await session.get(Conversation, conversation_id) if conversation_id is not None else None
    if conversation_id is None or details is None:
        return []
    events: list[ServerSentEvent] = []
    start = min(follower.cursor, max(0, details.last_seq - _MARKED))
    views = await queries.transcript(session, conversation_id, after_seq=start, limit=_PAGE + _MARKED)
    for view in views:
        shape = (view.edited_at, view.deleted_at, len(view.attachments))
        is_new = view.seq > follower.cursor
        has_changed = follower.shapes.setdefault(view.seq, shape) != shape
        follower.shapes[view.seq] = shape
        if is_new or has_changed:
            body = message_out(view, follower.user_id).model_dump_json()
            kind, key = ("message", str(view.seq)) if is_new else ("changed", None)
            events.append(ServerSentEvent(event=kind, id=key, data=body))
            follower.cursor = max(follower.cursor, view.seq)
    events += _mark_events(follower, views)
    others = live.viewers.of(conversation_id) - {follower.user_id}
    names = await agents.names(session, others | ({details.agent_id} if details.agent_id else set()))
    state = LiveState(
        owner=details.owner,
        agent_name=names.get(details.agent_id) if details.agent_id else None,
        citizen_typing=live.is_typing(conversation_id, "citizen"),
        others=others_text(sorted(names[one] for one in others if one in names)),
        last_seq=details.last_seq,
    )
    if state != follower.state_seen:
        follower.state_seen = state
        events.append(ServerSentEvent(event="state", data=state.model_dump_json()))
    return events


def _mark_events(follower: Follower, views: list[MessageView]) -> list[ServerSentEvent]:
    events = []
    for view in views:
        if view.delivery is None or follower.marks.get(view.seq) == view.delivery:
            continue
        follower.marks[view.seq] = view.delivery
        out = message_out(view, follower.user_id)
        body = out.model_dump_json(include={"id", "seq", "delivery", "delivery_text", "failure"})
        events.append(ServerSentEvent(event="marks", data=body))
    return events
