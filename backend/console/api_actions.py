"""What an agent does with a conversation."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, File, Form, Request, Response, UploadFile, status
from fastapi.responses import FileResponse

from backend.agents.auth import CurrentUser
from backend.agents.models import Role
from backend.agents.routes import change_presence
from backend.agents.schemas import PresenceChange, PresenceOut
from backend.console.presenting import stored_message
from backend.console.schemas import (
    Close,
    MessageOut,
    PresenceBody,
    ReadUpTo,
    Reply,
    Transfer,
)
from backend.conversations import files, queries
from backend.conversations import service as conversations
from backend.db import Tx
from backend.live import notify_typing

router = APIRouter(prefix="/api/console", tags=["console"])

NO_CONTENT = status.HTTP_204_NO_CONTENT


@router.post("/conversations/{conversation_id}/take", status_code=NO_CONTENT)
async def take(tx: Tx, user: CurrentUser, conversation_id: UUID) -> Response:
    """Take a conversation. 409 with the other's name when somebody else has it."""
    await conversations.take_over(tx, conversation_id, user.id)
    return Response(status_code=NO_CONTENT)


@router.post("/conversations/{conversation_id}/reply")
async def reply(tx: Tx, user: CurrentUser, conversation_id: UUID, body: Reply) -> MessageOut:
    """Answer the citizen. The same `idempotency_key` again is the same message, sent once."""
    message = await conversations.reply_as_agent(
        tx, conversation_id, user.id, text=body.text, idempotency_key=body.idempotency_key
    )
    return await stored_message(tx, message, user.id)


@router.post("/conversations/{conversation_id}/attachments")
async def send_attachment(
    request: Request,
    tx: Tx,
    user: CurrentUser,
    conversation_id: UUID,
    file: Annotated[UploadFile, File(description="JPEG, PNG, WebP or PDF, up to 10 MB.")],
    idempotency_key: Annotated[str, Form(min_length=8, max_length=64)],
    text: Annotated[str, Form(max_length=4000)] = "",
) -> MessageOut:
    """Send a file, with a sentence if one wishes."""
    await queries.details(tx, conversation_id)
    stored = await request.app.state.files.keep(file)
    message = await conversations.reply_as_agent(
        tx, conversation_id, user.id, text=text, idempotency_key=idempotency_key, attachment=stored
    )
    return await stored_message(tx, message, user.id)


@router.post("/conversations/{conversation_id}/note")
async def note(tx: Tx, user: CurrentUser, conversation_id: UUID, body: Reply) -> MessageOut:
    """Write a note that only staff read."""
    message = await conversations.add_note(
        tx, conversation_id, user.id, text=body.text, idempotency_key=body.idempotency_key
    )
    return await stored_message(tx, message, user.id)


@router.post("/conversations/{conversation_id}/transfer", status_code=NO_CONTENT)
async def transfer(tx: Tx, user: CurrentUser, conversation_id: UUID, body: Transfer) -> Response:
    """Pass a conversation to a colleague, or back to the queue. The head may pass on anybody's."""
    acting, text = user.id, body.note
    if user.role is not Role.ANALYST:
        owner = (await queries.details(tx, conversation_id)).conversation.agent_id
        if owner is not None and owner != user.id:
            acting, text = owner, f"{body.note} (reasigna {user.full_name})".strip()
    await conversations.transfer(tx, conversation_id, acting, to_agent_id=body.to_agent_id, note=text)
    return Response(status_code=NO_CONTENT)


@router.post("/conversations/{conversation_id}/return-to-bot", status_code=NO_CONTENT)
async def return_to_bot(tx: Tx, user: CurrentUser, conversation_id: UUID) -> Response:
    """Give a conversation back to the bot."""
    await conversations.return_to_bot(tx, conversation_id, user.id)
    return Response(status_code=NO_CONTENT)


@router.post("/conversations/{conversation_id}/close", status_code=NO_CONTENT)
async def close(tx: Tx, user: CurrentUser, conversation_id: UUID, body: Close) -> Response:
    """Close a conversation; the citizen is asked for a rating."""
    await conversations.close(tx, conversation_id, user.id, reason=body.reason, note=body.note)
    return Response(status_code=NO_CONTENT)


@router.post("/conversations/{conversation_id}/read", status_code=NO_CONTENT)
async def read(tx: Tx, user: CurrentUser, conversation_id: UUID, body: ReadUpTo) -> Response:
    """Say how far one has read. It counts only for the agent whose conversation it is."""
    found = (await queries.details(tx, conversation_id)).conversation
    if found.agent_id == user.id:
        await conversations.mark_read_by_agent(tx, conversation_id, body.up_to)
    return Response(status_code=NO_CONTENT)


@router.post("/conversations/{conversation_id}/typing", status_code=NO_CONTENT)
async def typing(tx: Tx, user: CurrentUser, conversation_id: UUID) -> Response:
    """Tell the citizen that somebody is writing."""
    found = (await queries.details(tx, conversation_id)).conversation
    if found.agent_id == user.id:
        await notify_typing(tx, conversation_id, "agent")
    return Response(status_code=NO_CONTENT)


@router.get("/attachments/{attachment_id}", response_class=FileResponse)
async def read_attachment(request: Request, tx: Tx, user: CurrentUser, attachment_id: UUID) -> FileResponse:
    """A file's bytes: images shown, PDF saved."""
    attachment = await files.find(tx, attachment_id)
    response: FileResponse = request.app.state.files.response(attachment)
    return response


@router.put("/presence")
async def presence(tx: Tx, user: CurrentUser, body: PresenceBody) -> PresenceOut:
    """Say whether I take chats."""
    change = PresenceChange(state=body.state, break_kind=body.break_kind, capacity=body.capacity)
    return await change_presence(tx, user, change)
