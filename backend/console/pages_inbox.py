"""The live inbox, and the calls that are owed."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Form, Query, Request, Response
from fastapi.responses import RedirectResponse

from backend.agents import service as agents
from backend.agents.auth import CurrentUser
from backend.agents.models import PresenceState
from backend.console import callbacks, texts
from backend.console.rendering import staff_page
from backend.conversations import service as conversations
from backend.conversations.models import CallbackState
from backend.db import Tx
from backend.errors import Conflict, InvalidInput
from backend.live import INBOX, notify

router = APIRouter(prefix="/consola", include_in_schema=False)


@router.get("")
async def inbox(request: Request, tx: Tx, user: CurrentUser) -> Response:
    return await staff_page(request, tx, user, "inbox.html", {"active": "inbox", "close_reasons": texts.CLOSE_REASONS})


@router.post("/presencia")
async def presence(
    tx: Tx,
    user: CurrentUser,
    state: Annotated[str, Form()] = PresenceState.OFFLINE,
    capacity: Annotated[str, Form(max_length=3)] = "",
) -> Response:
    """The header's form, for pages without JavaScript."""
    try:
        wanted = PresenceState(state)
        places = int(capacity) if capacity else None
    except ValueError:
        raise InvalidInput from None
    if places is not None and not 1 <= places <= 50:
        raise InvalidInput("La capacidad va de 1 a 50 conversaciones.")
    if await agents.set_presence(tx, user.id, wanted, capacity=places):
        await conversations.assign_waiting(tx)
        await notify(tx, INBOX)
    return RedirectResponse("/consola", status_code=303)


@router.get("/llamadas-pendientes")
async def calls(
    request: Request, tx: Tx, user: CurrentUser, estado: Annotated[str, Query(max_length=20)] = "pending"
) -> Response:
    state = CallbackState.DONE if estado == CallbackState.DONE else CallbackState.PENDING
    tasks = await callbacks.listed(tx, state)
    names = await agents.names(tx, {task.done_by for task in tasks if task.done_by})
    context = {"active": "calls", "tasks": tasks, "state": state, "names": names}
    return await staff_page(request, tx, user, "callbacks.html", context)


@router.post("/llamadas-pendientes/{task_id}")
async def finish_call(
    request: Request, tx: Tx, user: CurrentUser, task_id: UUID, outcome: Annotated[str, Form(max_length=1000)] = ""
) -> Response:
    try:
        await callbacks.finish(tx, task_id, user.id, outcome)
    except (InvalidInput, Conflict) as refused:
        tasks = await callbacks.listed(tx, CallbackState.PENDING)
        context = {
            "active": "calls",
            "tasks": tasks,
            "state": CallbackState.PENDING,
            "names": {},
            "error": refused.text,
        }
        return await staff_page(request, tx, user, "callbacks.html", context, refused.status)
    return RedirectResponse("/consola/llamadas-pendientes?aviso=llamada", status_code=303)
