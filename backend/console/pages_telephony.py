"""The telephone in the console: the calls of this moment, calling somebody by a click, putting through, recordings.

Twilio is asked with no transaction open.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends, Form, Request, Response
from fastapi.responses import FileResponse, RedirectResponse
from sqlalchemy.ext.asyncio import AsyncSession

from backend.agents.auth import CurrentUser
from backend.agents.models import User
from backend.audit import service as audit
from backend.console import telephony_texts as texts
from backend.console.rendering import staff_page
from backend.conversations.files import FileStore
from backend.db import Database, Tx
from backend.errors import NotFound
from backend.outreach import tasks
from backend.outreach.models import CallReason, CallTask, ReasonState
from backend.registry import petitions
from backend.registry.models import Person, Petition
from backend.settings import Settings
from backend.telephony import calling, reading, recordings
from backend.telephony.calling import CannotCall
from backend.telephony.lines import Lines

router = APIRouter(prefix="/consola", include_in_schema=False)


@dataclass(frozen=True)
class Desk:
    """A member of staff whose request holds no transaction."""

    user: User
    database: Database
    lines: Lines
    settings: Settings

    async def call(self, phone: str, petition_id: UUID | None, reason_id: UUID | None) -> None:
        await calling.call_citizen(
            self.database,
            self.lines,
            self.settings,
            self.user,
            phone,
            petition_id=petition_id,
            call_reason_id=reason_id,
        )


async def _desk(request: Request, tx: Tx, user: CurrentUser) -> Desk:
    await tx.commit()
    state = request.app.state
    return Desk(user, state.database, state.lines, state.settings)


StaffDesk = Annotated[Desk, Depends(_desk)]


async def context(session: AsyncSession, petition: Petition, user: User) -> dict[str, Any]:
    """What the panel of a petition's page shows."""
    person = await session.get(Person, petition.person_id) if petition.person_id else None
    phone = (person.phone if person else None) or await reading.phone_of_petition(session, petition.id)
    return {
        "telephony_texts": texts,
        "call_phone": phone,
        "call_obstacle": await calling.obstacle(session, user) if phone else None,
        "voice_recordings": await recordings.latest(session, petition_id=petition.id),
    }


async def of_reasons(session: AsyncSession, reasons: Sequence[CallReason], user: User) -> dict[str, Any]:
    """What the page of a call that is owed shows of the telephone; recordings by the reason that they are."""
    ids = [reason.id for reason in reasons]
    heard = await recordings.latest(session, reason_ids=ids, limit=len(ids)) if ids else []
    return {
        "telephony_texts": texts,
        "call_obstacle": await calling.obstacle(session, user),
        "reason_recordings": {one.recording.call_reason_id: [one] for one in heard},
    }


@router.get("/telefono")
async def page(request: Request, tx: Tx, user: CurrentUser) -> Response:
    shown = await _now(tx, user) | {"heard": await recordings.latest(tx)}
    return await staff_page(request, tx, user, "telephony.html", {"active": "phone", **shown})


@router.get("/telefono/ahora")
async def now(request: Request, tx: Tx, user: CurrentUser) -> Response:
    """The part of the page that changes by itself."""
    return await staff_page(request, tx, user, "telephony_now.html", await _now(tx, user))


async def _now(session: AsyncSession, user: User) -> dict[str, Any]:
    return {
        "telephony_texts": texts,
        "now": await reading.now(session),
        "badge": await reading.badge(session, user.id),
        "areas": await calling.areas(session),
    }


@router.get("/telefono/aviso")
async def notice(tx: Tx, user: CurrentUser) -> dict[str, Any]:
    """What the header tells, for the script that keeps it up to date."""
    badge = await reading.badge(tx, user.id)
    waiting, rings_me = (badge.waiting, badge.rings_me) if badge else (0, False)
    return {"waiting": waiting, "text": texts.waiting(waiting), "rings_me": rings_me}


@router.post("/telefono/{call_id}/transferir")
async def transfer(desk: StaffDesk, call_id: UUID, area: Annotated[UUID, Form()]) -> Response:
    await calling.transfer(desk.database, desk.lines, desk.settings, desk.user, call_id, area)
    return RedirectResponse("/consola/telefono?aviso=transferida", status_code=303)


@router.post("/peticiones/{folio}/llamar")
async def call_petitioner(desk: StaffDesk, folio: str) -> Response:
    """Ring me, then the person of the petition."""
    async with desk.database.transaction() as session:
        petition = await petitions.get(session, folio)
        phone = (await context(session, petition, desk.user))["call_phone"]
    if phone is None:
        raise CannotCall("Esta petición no tiene un teléfono al que llamar.")
    await desk.call(phone, petition.id, None)
    return RedirectResponse(f"/consola/peticiones/{petition.folio}?aviso=llamando#telefono", status_code=303)


@router.post("/llamadas-pendientes/{task_id}/llamar")
async def call_back(desk: StaffDesk, task_id: UUID) -> Response:
    """Ring me, then the person to whom a call is owed."""
    async with desk.database.transaction() as session:
        task = await session.get(CallTask, task_id)
        reasons = (await tasks.reasons_of(session, [task_id]))[task_id]
    if task is None:
        raise NotFound("Esa llamada no existe.")
    if task.phone is None:
        raise CannotCall("Esta llamada no tiene teléfono.")
    pending = [reason for reason in reasons if reason.state is ReasonState.PENDING]
    petition_id = next((reason.petition_id for reason in pending if reason.petition_id), None)
    await desk.call(task.phone, petition_id, pending[0].id if pending else None)
    return RedirectResponse(f"/consola/llamadas-pendientes/{task.id}?aviso=llamando", status_code=303)


@router.get("/grabaciones/{recording_id}", response_class=FileResponse)
async def listen(request: Request, tx: Tx, user: CurrentUser, recording_id: UUID) -> FileResponse:
    """A recording, to staff alone; who listens to it is on the audit trail."""
    kept = await recordings.stored(tx, recording_id)
    # A player asks for one part after another: the first is the listening.
    if request.headers.get("range", "bytes=0-").startswith("bytes=0-"):
        await audit.record(tx, user, "recording_heard", recording_id)
    store: FileStore = request.app.state.files
    return store.response(kept)
