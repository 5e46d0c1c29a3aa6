"""The live inbox, and the calls that are owed."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Form, Query, Request, Response
from fastapi.responses import RedirectResponse
from sqlalchemy.ext.asyncio import AsyncSession

from backend.agents import service as agents
from backend.agents.auth import CurrentUser, SettledUser
from backend.agents.models import BreakKind, PresenceState, Role, User
from backend.console import callbacks, texts
from backend.console.pages_telephony import of_tasks as telephony_of_tasks
from backend.console.rendering import LIAISON_HOME, staff_page
from backend.conversations import service as conversations
from backend.conversations.models import CallbackState
from backend.db import Tx
from backend.errors import ChatSonoraError, Conflict, InvalidInput
from backend.live import INBOX, notify

router = APIRouter(prefix="/consola", include_in_schema=False)


@router.get("")
async def inbox(request: Request, tx: Tx, user: SettledUser) -> Response:
    if user.role is Role.LIAISON:
        return RedirectResponse(LIAISON_HOME, status_code=303)
    return await staff_page(request, tx, user, "inbox.html", {"active": "inbox", "close_reasons": texts.CLOSE_REASONS})


@router.post("/presencia")
async def presence(
    tx: Tx,
    user: CurrentUser,
    state: Annotated[str, Form(max_length=40)] = PresenceState.OFFLINE,
    capacity: Annotated[str, Form(max_length=3)] = "",
) -> Response:
    """The header's form, for pages without JavaScript."""
    try:
        named, _, kind = state.partition(":")
        wanted, break_kind = PresenceState(named), BreakKind(kind) if kind else None
        places = int(capacity) if capacity else None
    except ValueError:
        raise InvalidInput from None
    if places is not None and not 1 <= places <= 50:
        raise InvalidInput("La capacidad va de 1 a 50 conversaciones.")
    if await agents.set_presence(tx, user.id, wanted, capacity=places, break_kind=break_kind):
        await conversations.assign_waiting(tx)
        await notify(tx, INBOX)
    return RedirectResponse("/consola", status_code=303)


@router.get("/llamadas-pendientes")
async def calls(
    request: Request, tx: Tx, user: CurrentUser, estado: Annotated[str, Query(max_length=20)] = "pending"
) -> Response:
    state = CallbackState.DONE if estado == CallbackState.DONE else CallbackState.PENDING
    return await _calls_page(request, tx, user, state)


async def _calls_page(
    request: Request, session: AsyncSession, user: User, state: CallbackState, error: ChatSonoraError | None = None
) -> Response:
    tasks = await callbacks.listed(session, state)
    context = {
        "active": "calls",
        "tasks": tasks,
        "errands": await callbacks.errands(session, tasks),
        "state": state,
        "names": await agents.names(session, {task.done_by for task in tasks if task.done_by}),
        "error": error.text if error else None,
        **await telephony_of_tasks(session, tasks, user),
    }
    return await staff_page(request, session, user, "callbacks.html", context, error.status if error else 200)


@router.post("/llamadas-pendientes/{task_id}")
async def finish_call(
    request: Request,
    tx: Tx,
    user: CurrentUser,
    task_id: UUID,
    outcome: Annotated[str, Form(max_length=1000)] = "",
    reached: Annotated[str, Form(max_length=2)] = "",
) -> Response:
    try:
        was_reached = {"si": True, "no": False}.get(reached)
        await callbacks.finish(tx, task_id, user.id, outcome, was_reached=was_reached)
    except (InvalidInput, Conflict) as refused:
        return await _calls_page(request, tx, user, CallbackState.PENDING, refused)
    return RedirectResponse("/consola/llamadas-pendientes?aviso=llamada", status_code=303)
