"""ARCO requests: taken up, identified, completed, extended, answered, carried out. Each step is kept for ever."""

import enum
from collections.abc import Mapping
from dataclasses import asdict
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import exists, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from backend import clock
from backend.agents.models import DESK_ROLES, Role, User
from backend.arco import leading, terms
from backend.arco.errors import ArcoClosed, ArcoNotFound, ArcoRefused, NotProved, NotTheirs
from backend.arco.models import (
    OPEN,
    UNANSWERED,
    ArcoClarification,
    ArcoEvent,
    ArcoEventKind,
    ArcoFile,
    ArcoRequest,
    ArcoState,
    Identity,
    Refusal,
    Right,
)
from backend.conversations.messages import StoredFile
from backend.registry import deadlines
from backend.registry.models import Person, Petition, PetitionKind, PetitionStatus
from backend.text import strip_control

MOST_TEXT = 20_000
MOST_FILES = 10
#: Taken up at once; the others at the next look.
MOST_ADOPTED = 200
S = PetitionStatus


class Act(enum.StrEnum):
    """What is done with a request; `MAY` says by whom."""

    SEE = "ver"
    ASSIGN = "asignar"
    IDENTIFY = "identificar"
    CLARIFY = "prevenir"
    EXTEND = "ampliar"
    DISCLOSE = "entregar_copia"
    ANSWER = "responder"
    CARRY_OUT = "cumplir"
    UNBLOCK = "levantar_el_bloqueo"
    NOTE = "anotar"


_HEAD, _BOTH = "jefatura", "jefatura o responsable"
#: The head (or an administrator) does everything; whoever has the request, what is marked.
MAY = {
    Act.SEE: _BOTH,
    Act.ASSIGN: _HEAD,
    Act.IDENTIFY: _BOTH,
    Act.CLARIFY: _BOTH,
    Act.EXTEND: _HEAD,
    Act.DISCLOSE: _BOTH,
    Act.ANSWER: _HEAD,
    Act.CARRY_OUT: _BOTH,
    Act.UNBLOCK: _HEAD,
    Act.NOTE: _BOTH,
}


def may(one: ArcoRequest, user: User, act: Act) -> bool:
    if user.role in (Role.HEAD, Role.ADMIN):
        return True
    return user.role is Role.ANALYST and one.user_id == user.id and MAY[act] == _BOTH


def require(one: ArcoRequest, user: User, act: Act) -> None:
    """Raises NotTheirs."""
    if not may(one, user, act):
        raise NotTheirs


async def adopt(session: AsyncSession) -> int:
    """Open a request for each ARCO petition that has none, wherever it was filed; how many."""
    unopened = (
        select(Petition.id)
        .where(Petition.kind == PetitionKind.DERECHOS_ARCO, ~exists().where(ArcoRequest.petition_id == Petition.id))
        .order_by(Petition.created_at)
    )
    # Without a LIMIT both indexes are read once: for the first few the planner asks of each petition.
    found = (await session.scalars(unopened)).all()[:MOST_ADOPTED]
    return len([one for one in found if await open_for(session, await session.get_one(Petition, one))])


async def open_for(
    session: AsyncSession, petition: Petition, right: Right | None = None, received_on: date | None = None
) -> ArcoRequest | None:
    """The request of an ARCO petition, received on its day or before; None where somebody else opened it meanwhile."""
    made = insert(ArcoRequest).values(
        petition_id=petition.id, person_id=petition.person_id, right=right, state=ArcoState.RECEIVED,
        received_on=received_on or clock.local(petition.created_at).date(), extension_reason="",
        identity_note="", answer="",
        created_at=clock.now(), updated_at=clock.now(),
    )  # fmt: skip
    found = await session.execute(made.on_conflict_do_nothing().returning(ArcoRequest.id))
    request_id = found.scalar()
    if request_id is None:
        return None
    one = await session.get_one(ArcoRequest, request_id, with_for_update=True)
    await terms.refresh(session, one)
    await note(session, one, ArcoEventKind.RECEIVED, None, detail={"folio": petition.folio})
    return one


async def get(session: AsyncSession, request_id: UUID, user: User, *, for_update: bool = False) -> ArcoRequest:
    """A request that `user` may see. Raises ArcoNotFound."""
    one = await session.get(ArcoRequest, request_id, with_for_update=for_update or None)
    if one is None or not may(one, user, Act.SEE):
        raise ArcoNotFound
    return one


async def assign(
    session: AsyncSession,
    one: ArcoRequest,
    right: Right | None,
    person_id: UUID | None,
    user_id: UUID | None,
    *,
    by: User,
) -> None:
    """Say which right it is, whose data, and who has a locked request. Raises ArcoRefused."""
    require(one, by, Act.ASSIGN)
    _require_state(one, UNANSWERED)
    if person_id is not None and await session.get(Person, person_id) is None:
        raise ArcoRefused("Elija a la persona de la lista.", field="person_id")
    if user_id is not None:
        staff = await session.get(User, user_id)
        if staff is None or not staff.is_active or staff.role not in DESK_ROLES:
            raise ArcoRefused("Elija a una persona del equipo.", field="user_id")
    if person_id != one.person_id and one.identity is not None:
        raise ArcoRefused("La identidad ya se acreditó para esa persona: no se puede cambiar.", field="person_id")
    if (right, person_id) != (one.right, one.person_id):
        one.right, one.person_id = right, person_id
        detail = {"right": right.value if right else "", "person_id": str(person_id or "")}
        await note(session, one, ArcoEventKind.CLASSIFIED, by.id, detail=detail)
    if user_id != one.user_id:
        one.user_id = user_id
        await note(session, one, ArcoEventKind.ASSIGNED, by.id, detail={"user_id": str(user_id or "")})
    if one.state is ArcoState.RECEIVED:
        one.state = ArcoState.UNDER_WAY
        await leading.lead(session, one, S.EN_ANALISIS, by, "Se revisa la solicitud de derechos ARCO.")
    await session.flush()


async def identify(session: AsyncSession, one: ArcoRequest, how: Identity, text: str, *, by: User) -> None:
    """Write down by which document somebody proved a locked request to be theirs. Raises ArcoRefused."""
    require(one, by, Act.IDENTIFY)
    _require_state(one, OPEN)
    if one.person_id is None:
        raise ArcoRefused("Primero diga de quién son los datos.", field="person_id")
    told = strip_control(text).strip()
    if len(told) > 300:
        raise ArcoRefused("La nota lleva 300 letras como máximo.", field="text")
    if how is Identity.REPRESENTATIVE and not told:
        raise ArcoRefused("Escriba quién representa a la persona y con qué documento.", field="text")
    one.identity, one.identity_note, one.identity_by, one.identity_at = how, told, by.id, clock.now()
    await note(session, one, ArcoEventKind.IDENTITY, by.id, told, {"how": how.value})


def require_identity(one: ArcoRequest) -> None:
    """Nothing is disclosed before. Raises NotProved."""
    if one.identity is None:
        raise NotProved


async def ask(session: AsyncSession, one: ArcoRequest, text: str, day: date, *, by: User) -> None:
    """Ask the person for what is missing: the clock of a locked request stands. Raises ArcoRefused."""
    require(one, by, Act.CLARIFY)
    _require_state(one, (ArcoState.RECEIVED, ArcoState.UNDER_WAY))
    told = required(text, "Escriba qué se le pide completar.")
    if await terms.clarifications(session, one):
        raise ArcoRefused("La prevención se hace una sola vez.", field="text")
    require_day(day, one.received_on)
    last = terms.last_day_to_ask(one, await deadlines.calendar(session))
    if day > last:
        raise ArcoRefused(f"La prevención se podía hacer hasta el {last:%d/%m/%Y}.", field="day")
    session.add(ArcoClarification(request_id=one.id, asked_on=day, text=told))
    one.state = ArcoState.CLARIFYING
    await session.flush()
    await terms.refresh(session, one)
    await note(session, one, ArcoEventKind.CLARIFICATION_ASKED, by.id, told, {"day": day.isoformat()})
    await leading.lead(session, one, S.REQUIERE_INFORMACION, by, "Se pidió completar la solicitud.", asked=told)


async def receive(session: AsyncSession, one: ArcoRequest, text: str, day: date, *, by: User) -> None:
    """The person completed it: the clock of a locked request runs again. Raises ArcoRefused."""
    require(one, by, Act.CLARIFY)
    _require_state(one, (ArcoState.CLARIFYING,))
    told = required(text, "Escriba qué contestó la persona.")
    waiting = next(each for each in await terms.clarifications(session, one) if each.answered_on is None)
    require_day(day, waiting.asked_on)
    waiting.answered_on, waiting.answer = day, told
    one.state = ArcoState.UNDER_WAY
    await session.flush()
    await terms.refresh(session, one)
    await note(session, one, ArcoEventKind.CLARIFICATION_GIVEN, by.id, told, {"day": day.isoformat()})
    await leading.lead(session, one, S.EN_ANALISIS, by, "La persona completó su solicitud.")


async def extend(session: AsyncSession, one: ArcoRequest, reason: str, *, by: User) -> None:
    """Give a locked request the law's extension, once and before it is due. Raises ArcoRefused."""
    require(one, by, Act.EXTEND)
    _require_state(one, UNANSWERED)
    told = required(reason, "Escriba las razones de la ampliación.")
    if len(told) > 1000:
        raise ArcoRefused("Las razones llevan 1000 letras como máximo.", field="text")
    if one.extension_reason:
        raise ArcoRefused("La ampliación se da una sola vez.", field="text")
    if one.due_on is not None and one.due_on < today():
        raise ArcoRefused("El plazo ya venció: la ampliación se da antes.", field="text")
    one.extension_reason = told
    await terms.refresh(session, one)
    due_on = one.due_on.isoformat() if one.due_on else ""
    await note(session, one, ArcoEventKind.EXTENDED, by.id, told, {"due_on": due_on})


async def save_answer(session: AsyncSession, one: ArcoRequest, text: str, *, by: User) -> None:
    """Keep the answer as a draft. Raises ArcoRefused."""
    require(one, by, Act.CARRY_OUT)
    _require_state(one, UNANSWERED)
    if len(text) > MOST_TEXT:
        raise ArcoRefused("La respuesta es demasiado larga.", field="answer")
    one.answer = strip_control(text).strip()
    await session.flush()


async def grant(session: AsyncSession, one: ArcoRequest, answer: str, day: date, *, by: User) -> None:
    """Tell the person that it proceeds: a locked request must now be carried out. Raises NotProved, ArcoRefused."""
    require(one, by, Act.ANSWER)
    _require_state(one, (ArcoState.RECEIVED, ArcoState.UNDER_WAY))
    require_identity(one)
    if one.right is None:
        raise ArcoRefused("Primero diga qué derecho se ejerce.", field="right")
    told = required(answer, "Escriba la respuesta que se dio.", "answer")
    require_day(day, one.received_on)
    one.state, one.answer, one.answered_on = ArcoState.GRANTED, told, day
    await session.flush()
    await terms.refresh(session, one)
    await note(session, one, ArcoEventKind.GRANTED, by.id, told, {"day": day.isoformat()})
    await leading.lead(session, one, S.EN_ATENCION, by, "La solicitud procede: se está cumpliendo.")


async def refuse(session: AsyncSession, one: ArcoRequest, why: Refusal, answer: str, day: date, *, by: User) -> None:
    """End a locked request with one of the law's reasons, told to the person. Raises ArcoRefused."""
    require(one, by, Act.ANSWER)
    _require_state(one, UNANSWERED)
    told = required(answer, "Escriba la respuesta que se dio, con sus razones.", "answer")
    require_day(day, one.received_on)
    one.state, one.refusal, one.answer, one.answered_on = ArcoState.REFUSED, why, told, day
    await session.flush()
    await terms.refresh(session, one)
    await note(session, one, ArcoEventKind.REFUSED, by.id, told, {"day": day.isoformat(), "why": why.value})
    await leading.lead(session, one, S.IMPROCEDENTE, by, "La solicitud de derechos ARCO no procede.", told=told)


async def dismiss(session: AsyncSession, one: ArcoRequest, *, by: User) -> None:
    """End a locked request whose person did not complete it in time. Raises ArcoRefused."""
    require(one, by, Act.ANSWER)
    _require_state(one, (ArcoState.CLARIFYING,))
    asked = await terms.clarifications(session, one)
    last = terms.last_day_to_clarify(asked, await deadlines.calendar(session))
    if last is not None and today() <= last:
        raise ArcoRefused(f"La persona puede contestar hasta el {last:%d/%m/%Y}.", field="text")
    one.state = ArcoState.NOT_FILED
    await session.flush()
    await terms.refresh(session, one)
    await note(session, one, ArcoEventKind.NOT_FILED, by.id)
    told = "No se recibió lo que pedimos para completar su solicitud. Puede presentarla de nuevo."
    await leading.lead(session, one, S.IMPROCEDENTE, by, "No se contestó la prevención.", told=told)


async def add_note(session: AsyncSession, one: ArcoRequest, text: str, *, by: User) -> None:
    """Keep a remark. Raises ArcoRefused."""
    require(one, by, Act.NOTE)
    await note(session, one, ArcoEventKind.NOTE, by.id, required(text, "Escriba la nota."))


async def add_files(session: AsyncSession, one: ArcoRequest, files: list[StoredFile], *, by: User) -> None:
    """Files of a locked request: what was shown, and what is answered with."""
    require(one, by, Act.NOTE)
    for file in files:
        await keep_file(session, one, file, by=by)


async def keep_file(session: AsyncSession, one: ArcoRequest, file: StoredFile, *, by: User) -> ArcoFile:
    """A file of the store as one of a request's."""
    kept = ArcoFile(request_id=one.id, user_id=by.id, created_at=clock.now(), **asdict(file))
    session.add(kept)
    await note(session, one, ArcoEventKind.FILE, by.id, file.file_name, {"sha256": file.sha256})
    return kept


def today() -> date:
    return clock.local(clock.now()).date()


def _require_state(one: ArcoRequest, states: tuple[ArcoState, ...]) -> None:
    if one.state not in states:
        raise ArcoClosed


def required(text: str, problem: str, field: str = "text") -> str:
    """What was written, clean. Raises ArcoRefused saying `problem`."""
    told = strip_control(text).strip()
    if not told or len(told) > MOST_TEXT:
        raise ArcoRefused(problem, field=field)
    return told


def require_day(day: date, since: date) -> None:
    """Raises ArcoRefused for a day before `since` or yet to come."""
    if not since <= day <= today():
        raise ArcoRefused(f"El día va del {since:%d/%m/%Y} a hoy.", field="day")


async def note(
    session: AsyncSession,
    one: ArcoRequest,
    kind: ArcoEventKind,
    user_id: UUID | None,
    text: str = "",
    detail: Mapping[str, Any] | None = None,
) -> None:
    """Keep what happened to a request."""
    session.add(
        ArcoEvent(request_id=one.id, user_id=user_id, kind=kind, text=text, detail=dict(detail or {}), at=clock.now())
    )
    one.updated_at = clock.now()
    await session.flush()
