"""One person's conversations, as agents see and arrange them; and messages that did not arrive."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Response, status

from backend.agents.auth import CurrentUser
from backend.console import presenting, resuming
from backend.console.schemas import HistoryOut, Join, MessageOut, Preferred, Resume
from backend.contacts import service as contacts
from backend.conversations import queries
from backend.conversations.errors import NotYours
from backend.conversations.models import Conversation, Message, Owner
from backend.db import Tx
from backend.errors import NotFound
from backend.live import conversation_topic
from backend.outbox import service as outbox
from backend.wakeups import notify

router = APIRouter(prefix="/api/console", tags=["console"])

NO_CONTENT = status.HTTP_204_NO_CONTENT


@router.get("/conversations/{conversation_id}/history")
async def history(
    tx: Tx, user: CurrentUser, conversation_id: UUID, before: Annotated[datetime | None, Query()] = None
) -> HistoryOut:
    """Everything of this person in every channel, in the order in which it was said."""
    return await presenting.history_out(tx, conversation_id, user.id, before=before)


@router.post("/conversations/{conversation_id}/join", status_code=NO_CONTENT)
async def join(tx: Tx, user: CurrentUser, conversation_id: UUID, body: Join) -> Response:
    """Say that another conversation is the same person's. It opens no petition to them without its code."""
    await contacts.join_by_staff(tx, conversation_id, body.conversation_id, user.id)
    return Response(status_code=NO_CONTENT)


@router.post("/conversations/{conversation_id}/split", status_code=NO_CONTENT)
async def split(tx: Tx, user: CurrentUser, conversation_id: UUID) -> Response:
    """Take a conversation off the others of its person."""
    await contacts.split(tx, conversation_id, by=user.id)
    return Response(status_code=NO_CONTENT)


@router.post("/conversations/{conversation_id}/write-again", status_code=NO_CONTENT)
async def write_again(tx: Tx, user: CurrentUser, conversation_id: UUID) -> Response:
    """Write to somebody again who said that they no longer block us."""
    await contacts.write_again(tx, conversation_id, by=user.id)
    return Response(status_code=NO_CONTENT)


@router.post("/conversations/{conversation_id}/preferred", status_code=NO_CONTENT)
async def prefer(tx: Tx, user: CurrentUser, conversation_id: UUID, body: Preferred) -> Response:
    """Choose where this person is told how their petitions go."""
    found = (await queries.details(tx, conversation_id)).conversation
    await contacts.prefer(tx, found.contact_id, body.conversation_id)
    return Response(status_code=NO_CONTENT)


@router.post("/conversations/{conversation_id}/resume")
async def resume(tx: Tx, user: CurrentUser, conversation_id: UUID, body: Resume) -> MessageOut:
    """Send the approved template that asks the person to go on, where the window is closed."""
    message = await resuming.resume(tx, conversation_id, user.id, body.idempotency_key)
    return await presenting.stored_message(tx, message, user.id)


@router.post("/messages/{message_id}/retry")
async def retry(tx: Tx, user: CurrentUser, message_id: UUID) -> MessageOut:
    """Send again what failed of a message. Once sent, a repetition does nothing."""
    message = await tx.get(Message, message_id)
    if message is None:
        raise NotFound("Ese mensaje no existe.")
    conversation = await tx.get_one(Conversation, message.conversation_id)
    if conversation.owner is Owner.AGENT and conversation.agent_id != user.id:
        raise NotYours
    await outbox.retry(tx, message_id)
    await notify(tx, conversation_topic(conversation.id))
    return await presenting.stored_message(tx, message, user.id)
