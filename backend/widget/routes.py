"""The public chat API: sessions, messages in and out, attachments, receipts."""

import time
from collections.abc import AsyncIterator
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, File, Form, Header, Query, Request, Response, UploadFile, status
from fastapi.responses import FileResponse, PlainTextResponse
from sse_starlette import EventSourceResponse, ServerSentEvent

from backend import clock
from backend.conversations import files
from backend.conversations.models import Owner
from backend.conversations.views import transcript
from backend.db import Tx
from backend.errors import Conflict, InvalidInput
from backend.limits import RateLimiter
from backend.live import conversation_topic, notify_typing
from backend.outbox import receipts
from backend.outbox.models import DeliveryState
from backend.settings import Settings
from backend.widget import service, tokens
from backend.widget.reader import Reader
from backend.widget.schemas import (
    AttachmentAccepted,
    AttachmentOut,
    MessageAccepted,
    Messages,
    NewMessage,
    NewSession,
    Receipts,
    Session,
    Status,
)
from backend.widget.tokens import ChatSession
from backend.widget.transcripts import as_text

router = APIRouter(prefix="/api/chat", tags=["chat"])

MAX_WAIT = 25.0
PING_SECONDS = 15
#: Seconds after which a follower looks for itself, should a wake-up have been lost. Seldom where nothing is under way:
#: most of a thousand open pages only stand open.
LOOK_AGAIN = 10.0
LOOK_AGAIN_IDLE = 60.0

Cursor = Annotated[str | None, Query(max_length=20, description="The `cursor` of an earlier answer.")]


def _limiter(request: Request) -> RateLimiter:
    limiter: RateLimiter = request.app.state.limiter
    return limiter


@router.post("/sessions", status_code=status.HTTP_201_CREATED)
async def open_session(request: Request, tx: Tx, body: NewSession | None = None) -> Session:
    """Open a chat session."""
    settings: Settings = request.app.state.settings
    address = request.client.host if request.client else "unknown"
    await _limiter(request).check("sessions", address, settings.sessions_per_minute)
    wanted = body or NewSession()
    conversation_id = await service.start(tx, language=wanted.language, page_url=wanted.page_url)
    token = tokens.issue(settings.key, conversation_id)
    return Session(session_id=conversation_id, token=token)


@router.post("/messages", status_code=status.HTTP_202_ACCEPTED)
async def send_message(request: Request, tx: Tx, session: ChatSession, body: NewMessage) -> MessageAccepted:
    """Send a text, or a button's payload. Answered once the message is stored; the reply comes by its own way."""
    settings: Settings = request.app.state.settings
    await _limiter(request).check("messages", str(session), settings.messages_per_minute)
    if body.text is None and body.payload is None:
        raise InvalidInput("Envíe `text` o `payload`.")
    received = await service.send(tx, session, client_id=body.client_id, text=body.text, payload=body.payload)
    return MessageAccepted(message_id=received.message_id)


@router.get("/messages")
async def read_messages(
    request: Request,
    session: ChatSession,
    after: Cursor = None,
    wait: Annotated[float, Query(ge=0, le=MAX_WAIT, description="Seconds to wait for something new.")] = 0,
) -> Messages:
    """The messages after a cursor; with `wait`, as soon as there is one."""
    reader = _reader(request)
    cursor = service.parse_cursor(after)
    deadline = time.monotonic() + wait
    async with reader.live.subscribe(conversation_topic(session)) as alarm:
        while True:
            page = await reader.read_after(session, cursor)
            left = deadline - time.monotonic()
            if page.messages or left <= 0 or await request.is_disconnected():
                return page.out()
            await alarm.wait(min(left, LOOK_AGAIN))


@router.get("/stream", response_class=EventSourceResponse)
async def stream(
    request: Request,
    session: ChatSession,
    after: Cursor = None,
    last_event_id: Annotated[str | None, Header(max_length=20)] = None,
) -> EventSourceResponse:
    """Server-sent events: `message` (its id is the cursor) and `status`. Resumes after `Last-Event-ID`."""
    reader = _reader(request)
    cursor = service.parse_cursor(last_event_id or after)
    await reader.read_after(session, cursor)  # an unknown session is refused before the stream begins
    return EventSourceResponse(_events(reader, session, cursor), ping=PING_SECONDS)


async def _events(reader: Reader, session: UUID, cursor: int) -> AsyncIterator[ServerSentEvent]:
    last_status: Status | None = None
    async with reader.live.subscribe(conversation_topic(session)) as alarm:
        while True:
            page = await reader.read_after(session, cursor)
            for message in page.messages:
                yield ServerSentEvent(event="message", id=str(message.seq), data=message.model_dump_json())
            cursor = page.cursor
            if page.status != last_status:
                last_status = page.status
                yield ServerSentEvent(event="status", data=last_status.model_dump_json())
            if not page.more:
                await alarm.wait(_patience(page.status, session))


def _patience(current: Status, session: UUID) -> float:
    """Seconds until a stream looks for itself: soon where the state changes without an event of this conversation."""
    if current.agent_typing:
        return 2.0
    if current.owner is Owner.QUEUE:
        return 4.0
    if current.busy or current.owner is Owner.AGENT:
        return LOOK_AGAIN
    # Pages that came back together after a restart do not look together for ever.
    return LOOK_AGAIN_IDLE * (0.75 + session.int % 1000 / 2000)


@router.post("/attachments", status_code=status.HTTP_202_ACCEPTED)
async def send_attachment(
    request: Request,
    tx: Tx,
    session: ChatSession,
    file: Annotated[UploadFile, File(description="JPEG, PNG, WebP or PDF, up to 10 MB.")],
    client_id: Annotated[str, Form(min_length=1, max_length=100)],
) -> AttachmentAccepted:
    """Send a photo or a PDF."""
    settings: Settings = request.app.state.settings
    await _limiter(request).check("messages", str(session), settings.messages_per_minute)
    stored = await request.app.state.files.keep(file)
    received = await service.send(tx, session, client_id=client_id, file=stored)
    attachment = await files.of_message(tx, received.message_id)
    if attachment is None:
        raise Conflict("Ese `client_id` ya es de un mensaje sin archivo.")
    return AttachmentAccepted(
        message_id=received.message_id,
        attachment=AttachmentOut.of(attachment.id, attachment.file_name, attachment.content_type, attachment.size),
    )


@router.get("/attachments/{attachment_id}", response_class=FileResponse)
async def read_attachment(request: Request, tx: Tx, session: ChatSession, attachment_id: UUID) -> FileResponse:
    """The bytes of a file of this conversation."""
    attachment = await files.find(tx, attachment_id, conversation_id=session)
    response: FileResponse = request.app.state.files.response(attachment)
    return response


@router.post("/receipts", status_code=status.HTTP_204_NO_CONTENT)
async def acknowledge(tx: Tx, session: ChatSession, body: Receipts) -> Response:
    """Tell that messages arrived, or were seen. Only ever moves forward."""
    for raw, state in ((body.delivered, DeliveryState.DELIVERED), (body.read, DeliveryState.READ)):
        if raw is not None:
            await receipts.advance(tx, session, service.parse_cursor(raw), state)
    return Response(status_code=status.HTTP_204_NO_CONTENT)


@router.post("/typing", status_code=status.HTTP_204_NO_CONTENT)
async def typing(request: Request, tx: Tx, session: ChatSession) -> Response:
    """The citizen is typing."""
    settings: Settings = request.app.state.settings
    await _limiter(request).check("typing", str(session), settings.messages_per_minute)
    await notify_typing(tx, session, "citizen")
    return Response(status_code=status.HTTP_204_NO_CONTENT)


@router.get("/transcript", response_class=PlainTextResponse)
async def download_transcript(tx: Tx, session: ChatSession) -> PlainTextResponse:
    """The conversation as a text file."""
    views = await transcript(tx, session, include_private=False, limit=10_000)
    name = f"chat-sonora-{clock.local(clock.now()):%Y-%m-%d}.txt"
    return PlainTextResponse(as_text(views), headers={"Content-Disposition": f'attachment; filename="{name}"'})


def _reader(request: Request) -> Reader:
    reader: Reader = request.app.state.reader
    return reader
