"""What the console asks of a running call while somebody types."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Request, Response
from fastapi.responses import HTMLResponse
from pydantic import BaseModel, Field, StringConstraints

from backend.agents.auth import CurrentUser
from backend.calls import callers
from backend.calls import service as calls
from backend.calls.entry import NOTES_MAX
from backend.console.rendering import page
from backend.db import Tx
from backend.fields import CleanText
from backend.ledger import service as ledger

router = APIRouter(prefix="/api/console/calls", tags=["console"])


class Typed(BaseModel):
    """A call's form, field by field."""

    typed: dict[str, Annotated[str, StringConstraints(max_length=2 * NOTES_MAX)]] = Field(max_length=30)


class Kept(BaseModel):
    problems: dict[str, str]


class Ended(BaseModel):
    address: str


class CallerAsked(BaseModel):
    phone: CleanText = Field(default="", max_length=40)
    name: CleanText = Field(default="", max_length=200)
    person_id: UUID | None = None


@router.post("/{call_id}/keep")
async def keep(tx: Tx, user: CurrentUser, call_id: UUID, body: Typed) -> Kept:
    """Store what was typed so far; what is not right yet is told, and left out."""
    row = await ledger.get(tx, call_id, for_update=True)
    calls.require_own(row, user)
    return Kept(problems=await calls.keep(tx, row, body.typed))


@router.post("/{call_id}/answer", status_code=204)
async def answer(tx: Tx, user: CurrentUser, call_id: UUID) -> Response:
    """Somebody spoke."""
    row = await ledger.get(tx, call_id, for_update=True)
    calls.require_own(row, user)
    calls.answer(row)
    return Response(status_code=204)


@router.post("/{call_id}/end")
async def end(tx: Tx, user: CurrentUser, call_id: UUID, body: Typed) -> Ended:
    """End it with what was typed; a second time changes nothing."""
    row = await ledger.get(tx, call_id, for_update=True)
    calls.require_own(row, user)
    await calls.end(tx, row, body.typed)
    return Ended(address="/consola/llamadas?aviso=llamada_terminada")


@router.post("/{call_id}/caller", response_class=HTMLResponse)
async def caller(request: Request, tx: Tx, user: CurrentUser, call_id: UUID, body: CallerAsked) -> Response:
    """Who may be calling, as a piece of the page. In the body: no log keeps what was typed."""
    found = await callers.find(tx, phone=body.phone, name=body.name, person_id=body.person_id, but=call_id)
    return page(request, "call_caller.html", {"caller": found})
