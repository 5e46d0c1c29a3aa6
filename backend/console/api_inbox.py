"""The console's live reading: inbox, conversation, transcript, stream."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Header, Query, Request
from sqlalchemy.ext.asyncio import AsyncSession
from sse_starlette import EventSourceResponse

from backend.agents import service as agents
from backend.agents.auth import CurrentUser, staff_of
from backend.catalog import service as catalog
from backend.catalog.schemas import CannedReplyOut
from backend.console import masking, presenting
from backend.console.live_stream import Follower, follow
from backend.console.schemas import ColleagueOut, ConversationOut, CountsOut, InboxOut, TranscriptOut
from backend.conversations import queries
from backend.conversations.queries import InboxView
from backend.db import Tx
from backend.errors import ChatSonoraError
from backend.text import strip_control

router = APIRouter(prefix="/api/console", tags=["console"])

PAGE = 300
PING_SECONDS = 15


@router.get("/inbox")
async def inbox(
    tx: Tx,
    user: CurrentUser,
    view: InboxView = InboxView.MINE,
    search: Annotated[str | None, Query(max_length=100)] = None,
    limit: Annotated[int, Query(ge=1, le=500)] = presenting.PAGE,
) -> InboxOut:
    """A view of the inbox, with every view's count."""
    return await presenting.inbox_page(tx, view, user.id, search=strip_control(search or ""), limit=limit)


@router.get("/counts")
async def counts(tx: Tx, user: CurrentUser) -> CountsOut:
    """How many conversations each view holds."""
    return (await presenting.counts_out(tx, [user.id]))[user.id]


@router.get("/conversations/{conversation_id}")
async def conversation(tx: Tx, user: CurrentUser, conversation_id: UUID) -> ConversationOut:
    """One conversation, without its messages."""
    return await masking.for_reader(tx, await presenting.conversation_out(tx, conversation_id, user.id), user)


@router.get("/conversations/{conversation_id}/messages")
async def messages(
    tx: Tx, user: CurrentUser, conversation_id: UUID, after: Annotated[int, Query(ge=0)] = 0
) -> TranscriptOut:
    """The messages after a cursor, oldest first, private notes included."""
    await queries.details(tx, conversation_id)
    views = await queries.transcript(tx, conversation_id, after_seq=after, limit=PAGE + 1)
    page = views[:PAGE]
    return TranscriptOut(
        messages=[presenting.message_out(view, user.id) for view in page],
        cursor=page[-1].seq if page else after,
        more=len(views) > PAGE,
    )


@router.get("/colleagues")
async def colleagues(tx: Tx, user: CurrentUser) -> list[ColleagueOut]:
    """To whom a conversation may be passed; who takes chats now comes first."""
    return [ColleagueOut.model_validate(one) for one in await agents.colleagues(tx, user.id)]


@router.get("/canned-replies")
async def canned_replies(tx: Tx, user: CurrentUser) -> list[CannedReplyOut]:
    """The texts that `/` offers."""
    return [CannedReplyOut.model_validate(one) for one in await catalog.canned_replies(tx)]


@router.get("/stream", response_class=EventSourceResponse)
async def stream(
    request: Request,
    tx: Tx,
    user: CurrentUser,
    conversation: UUID | None = None,
    after: Annotated[int, Query(ge=0)] = 0,
    last_event_id: Annotated[str | None, Header(max_length=20)] = None,
) -> EventSourceResponse:
    """Server-sent events: `inbox`, and of the open conversation `message` (its id is the cursor), `marks`, `state`.

    Resumes after `Last-Event-ID`. Ends with `signed_out` when the session does.
    """
    if conversation is not None:
        await queries.details(tx, conversation)
    resumed = last_event_id if last_event_id and last_event_id.isascii() and last_event_id.isdigit() else None
    follower = Follower(user.id, conversation, int(resumed) if resumed else after)

    async def is_allowed(session: AsyncSession) -> bool:
        try:
            await staff_of(request, session)
        except ChatSonoraError:
            return False
        return True

    state = request.app.state
    events = follow(state.database, state.live, state.inbox, follower, is_allowed)
    return EventSourceResponse(events, ping=PING_SECONDS)
