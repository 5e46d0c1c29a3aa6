"""The live inbox."""

from typing import Annotated

from fastapi import APIRouter, Form, Request, Response
from fastapi.responses import RedirectResponse

from backend.agents import service as agents
from backend.agents.auth import CurrentUser, SettledUser
from backend.agents.models import BreakKind, PresenceState, Role
from backend.console import texts
from backend.console.rendering import AUDIT_HOME, LIAISON_HOME, staff_page
from backend.conversations import service as conversations
from backend.db import Tx
from backend.errors import InvalidInput
from backend.live import INBOX
from backend.wakeups import notify

router = APIRouter(prefix="/consola", include_in_schema=False)


@router.get("")
async def inbox(request: Request, tx: Tx, user: SettledUser) -> Response:
    if user.role is Role.LIAISON:
        return RedirectResponse(LIAISON_HOME, status_code=303)
    if user.role is Role.AUDITOR:
        return RedirectResponse(AUDIT_HOME, status_code=303)
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
