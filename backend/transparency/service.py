"""Requests for information: received, assigned, clarified, extended, answered. Each step is kept for ever."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from backend import clock
from backend.agents.models import DESK_ROLES, Role, User
from backend.catalog.models import OfficeArea
from backend.conversations.messages import StoredFile
from backend.text import strip_control
from backend.transparency import terms
from backend.transparency.errors import RequestClosed, RequestNotFound, RequestRefused
from backend.transparency.models import OPEN, Clarification, EventKind, InfoEvent, InfoFile, InfoRequest, RequestState

MOST_TEXT = 20_000
MOST_FILES = 10
#: How a request may end.
ENDINGS = (RequestState.ANSWERED, RequestState.NOT_OURS, RequestState.DISMISSED)


@dataclass(frozen=True)
class Draft:
    """A request as it was typed from the platform."""

    folio: str
    received_on: date
    text: str
    area_id: UUID | None = None
    user_id: UUID | None = None


async def receive(session: AsyncSession, draft: Draft, *, by: User) -> InfoRequest:
    """A new request, with the terms of today. Raises RequestRefused."""
    checked = await _checked(session, draft)
    rules = await terms.current(session)
    one = InfoRequest(
        **checked,
        state=RequestState.UNDER_WAY if draft.user_id else RequestState.RECEIVED,
        answer_days=rules.answer_days,
        restarts=rules.restarts,
        extension_days=0,
        created_by=by.id,
        created_at=clock.now(),
    )
    session.add(one)
    await session.flush()
    await terms.refresh(session, one)
    await note(session, one, EventKind.RECEIVED, by.id, detail=_told(checked))
    return one


async def _checked(session: AsyncSession, draft: Draft, own: UUID | None = None) -> dict[str, Any]:
    folio, text = strip_control(draft.folio).strip().upper(), strip_control(draft.text).strip()
    if not folio or len(folio) > 40:
        raise RequestRefused("Escriba el folio de la Plataforma Nacional (hasta 40 letras).", field="folio")
    if not text or len(text) > MOST_TEXT:
        raise RequestRefused("Escriba qué se solicita.", field="text")
    if draft.received_on > clock.local(clock.now()).date():
        raise RequestRefused("La fecha en que se recibió no puede ser futura.", field="received_on")
    taken = await session.scalar(select(InfoRequest.id).where(InfoRequest.folio == folio))
    if taken is not None and taken != own:
        raise RequestRefused("Ese folio ya está registrado.", field="folio")
    if draft.area_id is not None and await session.get(OfficeArea, draft.area_id) is None:
        raise RequestRefused("Elija el área de la lista.", field="area_id")
    if draft.user_id is not None:
        person = await session.get(User, draft.user_id)
        if person is None or not person.is_active or person.role not in DESK_ROLES:
            raise RequestRefused("Elija a una persona del equipo.", field="user_id")
    return {
        "folio": folio,
        "received_on": draft.received_on,
        "text": text,
        "area_id": draft.area_id,
        "user_id": draft.user_id,
    }


def _told(values: Mapping[str, Any]) -> dict[str, Any]:
    return {name: _word(value) for name, value in values.items()}


def _word(value: object) -> str:
    return "" if value is None else value.isoformat() if isinstance(value, date) else str(value)


async def get(session: AsyncSession, request_id: UUID, user: User, *, for_update: bool = False) -> InfoRequest:
    """A request that `user` may see: the head and an auditor any, others what they answer. Raises RequestNotFound."""
    one = await session.get(InfoRequest, request_id, with_for_update=for_update or None)
    if one is None or not (user.role in (Role.HEAD, Role.ADMIN, Role.AUDITOR) or one.user_id == user.id):
        raise RequestNotFound
    return one


async def edit(session: AsyncSession, one: InfoRequest, draft: Draft, *, by: User) -> None:
    """Correct a locked request, or pass it to somebody else; what it said is kept. Raises RequestRefused."""
    _require_open(one)
    checked = await _checked(session, draft, one.id)
    changed = {
        name: [_word(getattr(one, name)), _word(value)]
        for name, value in checked.items()
        if getattr(one, name) != value
    }
    if not changed:
        return
    for name, value in checked.items():
        setattr(one, name, value)
    if one.state is RequestState.RECEIVED and one.user_id is not None:
        one.state = RequestState.UNDER_WAY
    await session.flush()
    await terms.refresh(session, one)
    kind = EventKind.ASSIGNED if set(changed) <= {"user_id", "area_id"} else EventKind.EDITED
    await note(session, one, kind, by.id, detail=changed)


async def ask_clarification(session: AsyncSession, one: InfoRequest, text: str, asked_on: date, *, by: User) -> None:
    """Ask who asked to make it clearer: the clock of a locked request stands. Raises RequestRefused."""
    _require_open(one)
    told = _required(text, "Escriba qué se le pide aclarar.")
    if one.state is RequestState.CLARIFYING:
        raise RequestRefused("Ya se espera una aclaración.", field="text")
    earlier = await terms.clarifications(session, one)
    since = max((each.answered_on for each in earlier if each.answered_on is not None), default=one.received_on)
    _require_day(asked_on, since)
    if one.due_on is not None and asked_on > one.due_on:
        raise RequestRefused("El plazo ya había vencido ese día.", field="day")
    session.add(Clarification(request_id=one.id, asked_on=asked_on, text=told))
    one.state = RequestState.CLARIFYING
    await session.flush()
    await terms.refresh(session, one)
    await note(session, one, EventKind.CLARIFICATION_ASKED, by.id, told, {"day": asked_on.isoformat()})


async def receive_clarification(session: AsyncSession, one: InfoRequest, text: str, day: date, *, by: User) -> None:
    """Who asked answered: the clock of a locked request runs again. Raises RequestRefused."""
    _require_open(one)
    told = _required(text, "Escriba qué aclaró quien solicita.")
    waiting = next((each for each in await terms.clarifications(session, one) if each.answered_on is None), None)
    if waiting is None:
        raise RequestRefused("No se espera ninguna aclaración.", field="text")
    _require_day(day, waiting.asked_on)
    waiting.answered_on, waiting.answer = day, told
    one.state = RequestState.UNDER_WAY if one.user_id else RequestState.RECEIVED
    await session.flush()
    await terms.refresh(session, one)
    await note(session, one, EventKind.CLARIFICATION_GIVEN, by.id, told, {"day": day.isoformat()})


async def extend(session: AsyncSession, one: InfoRequest, reason: str, *, by: User) -> None:
    """Give a locked request the law's extension, once and before it is due. Raises RequestRefused."""
    _require_open(one)
    told = _required(reason, "Escriba las razones de la prórroga.")
    if len(told) > 1000:
        raise RequestRefused("Las razones llevan 1000 letras como máximo.", field="text")
    if one.extension_days:
        raise RequestRefused("La prórroga se da una sola vez.", field="text")
    if one.due_on is not None and one.due_on < clock.local(clock.now()).date():
        raise RequestRefused("El plazo ya venció: la prórroga se pide antes.", field="text")
    one.extension_days, one.extension_reason = (await terms.current(session)).extension_days, told
    found = await terms.refresh(session, one)
    await note(session, one, EventKind.EXTENDED, by.id, told, {"due_on": _word(found.due_on)})


async def add_note(session: AsyncSession, one: InfoRequest, text: str, *, by: User) -> None:
    """Keep a remark. Raises RequestRefused."""
    await note(session, one, EventKind.NOTE, by.id, _required(text, "Escriba la nota."))


async def add_files(session: AsyncSession, one: InfoRequest, files: list[StoredFile], *, by: User) -> None:
    """Files of a locked request: what was asked with, or what is answered with. Raises RequestClosed."""
    _require_open(one)
    for file in files:
        session.add(InfoFile(request_id=one.id, user_id=by.id, created_at=clock.now(), **asdict(file)))
        await note(session, one, EventKind.FILE, by.id, file.file_name, {"sha256": file.sha256})


async def quote(session: AsyncSession, one: InfoRequest, text: str, detail: Mapping[str, Any], *, by: User) -> None:
    """Keep a report's figure as it is now, and write it at the end of a locked request's draft answer."""
    _require_open(one)
    one.answer = f"{one.answer}\n{text}".strip()
    await note(session, one, EventKind.FIGURE, by.id, text, detail)


async def save_answer(session: AsyncSession, one: InfoRequest, text: str) -> None:
    """Keep a locked request's answer as a draft. Raises RequestRefused."""
    _require_open(one)
    if len(text) > MOST_TEXT:
        raise RequestRefused("La respuesta es demasiado larga.", field="answer")
    one.answer = strip_control(text).strip()
    await session.flush()


async def close(
    session: AsyncSession, one: InfoRequest, ending: RequestState, answer: str, day: date, *, by: User
) -> None:
    """End a locked request, answered on `day`; nothing of it changes after. Raises RequestRefused."""
    _require_open(one)
    if ending not in ENDINGS:
        raise RequestRefused("Elija cómo termina la solicitud.", field="ending")
    told = _required(answer, "Escriba la respuesta que se dio.")
    _require_day(day, one.received_on)
    if ending is RequestState.DISMISSED and one.state is not RequestState.CLARIFYING:
        raise RequestRefused("Solo se desecha la que espera una aclaración que no llegó.", field="ending")
    was_due = one.due_on
    one.answer, one.answered_on, one.state = told, day, ending
    await note(session, one, EventKind.CLOSED, by.id, told,
               {"ending": ending.value, "day": day.isoformat(), "due_on": _word(was_due)})  # fmt: skip


def _require_open(one: InfoRequest) -> None:
    if one.state not in OPEN:
        raise RequestClosed


def _required(text: str, problem: str) -> str:
    told = strip_control(text).strip()
    if not told or len(told) > MOST_TEXT:
        raise RequestRefused(problem, field="text")
    return told


def _require_day(day: date, since: date) -> None:
    if not since <= day <= clock.local(clock.now()).date():
        raise RequestRefused(f"El día va del {since:%d/%m/%Y} a hoy.", field="day")


async def note(
    session: AsyncSession,
    one: InfoRequest,
    kind: EventKind,
    user_id: UUID | None,
    text: str = "",
    detail: Mapping[str, Any] | None = None,
) -> None:
    """Keep what happened to a request."""
    session.add(
        InfoEvent(request_id=one.id, user_id=user_id, kind=kind, text=text, detail=dict(detail or {}), at=clock.now())
    )
    one.updated_at = clock.now()
    await session.flush()
