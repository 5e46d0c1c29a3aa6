"""Petitions: finding, changing, and their history; `filing` makes them."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession

from backend import clock
from backend.agents.models import Role, User
from backend.catalog.models import Agency, Municipality, Topic
from backend.db import Base
from backend.notices import service as notices
from backend.registry import deadlines, filing, folios, lifecycle
from backend.registry.errors import (
    AnswerRefused,
    PetitionNotFound,
    RequirementMissing,
    TransitionForbidden,
    TransitionRefused,
)
from backend.registry.filing import NewPetition, file, is_same_name, person_of
from backend.registry.lifecycle import Requirement, Who
from backend.registry.models import (
    ActorKind,
    Person,
    Petition,
    PetitionEvent,
    PetitionEventKind,
    PetitionStatus,
)
from backend.turns.models import OPEN, Turn

__all__ = ["NewPetition", "file", "is_same_name", "person_of"]

S = PetitionStatus

STATUS_TEXTS: dict[PetitionStatus, tuple[str, str]] = {
    S.RECIBIDA: ("Recibida", "La recibimos y está por revisarse."),
    S.EN_ANALISIS: ("En análisis", "La estamos revisando para saber quién debe atenderla."),
    S.TURNADA: ("Turnada", "La enviamos a la dependencia que debe atenderla."),
    S.EN_ATENCION: ("En atención", "La dependencia la está atendiendo."),
    S.REQUIERE_INFORMACION: ("Requiere información", "Necesitamos que nos comparta más información para continuar."),
    S.CONCLUIDA_SATISFACTORIA: ("Concluida satisfactoriamente", "La dependencia informó que ya se atendió."),
    S.CONCLUIDA_NO_SATISFACTORIA: ("Concluida no satisfactoriamente", "La dependencia informó que no fue posible."),
    S.IMPROCEDENTE: ("Improcedente", "Se revisó y no procede. Puede pedir que una persona le explique."),
    S.CANCELADA: ("Cancelada", "Se canceló a petición suya o por duplicada."),
}


REQUIREMENT_TEXTS: dict[Requirement, str] = {
    Requirement.REASON: "Escriba el motivo del cambio.",
    Requirement.ASKED: "Escriba qué información se le pide a la persona.",
    Requirement.OPEN_TURN: "Primero túrnela a una dependencia.",
    Requirement.NO_OPEN_TURN: "Falta la respuesta de una dependencia. Si ya no se espera, retire ese turno.",
}

_NEVER_EMPTY = ("narrative", "priority")
_CATALOGS: dict[str, type[Base]] = {
    "municipality_id": Municipality,
    "topic_id": Topic,
    "agency_id": Agency,
    "assignee_id": User,
}


def code_of(petition: Petition, secret: bytes) -> str:
    return folios.access_code(secret, petition.folio, petition.access_nonce)


async def refresh_search_text(session: AsyncSession, petition: Petition, person: Person | None) -> None:
    """Rewrite what a search looks at, after a change of person, place or words."""
    place = await session.get(Municipality, petition.municipality_id) if petition.municipality_id else None
    petition.search_text = filing.search_text(petition, person, place.name if place else None)


async def add_event(
    session: AsyncSession,
    petition: Petition,
    kind: PetitionEventKind,
    *,
    actor: ActorKind,
    user_id: UUID | None = None,
    text: str = "",
    from_status: PetitionStatus | None = None,
    to_status: PetitionStatus | None = None,
    turn_id: UUID | None = None,
    detail: dict[str, Any] | None = None,
) -> PetitionEvent:
    """Write what happened into the petition's history."""
    event = PetitionEvent(
        petition_id=petition.id,
        kind=kind,
        from_status=from_status,
        to_status=to_status,
        actor=actor,
        user_id=user_id,
        turn_id=turn_id,
        text=text,
        detail=detail or {},
        at=clock.now(),
    )
    session.add(event)
    petition.updated_at = event.at
    await session.flush()
    return event


async def get(session: AsyncSession, folio: str, *, for_update: bool = False) -> Petition:
    """The petition of a folio, however it is typed. Raises PetitionNotFound."""
    parsed = folios.parse(folio)
    if parsed is None:
        raise PetitionNotFound
    query = select(Petition).where(Petition.folio == parsed)
    petition = await session.scalar(query.with_for_update() if for_update else query)
    if petition is None:
        raise PetitionNotFound
    return petition


def require_step(petition: Petition, to: PetitionStatus) -> lifecycle.Transition:
    """The table's row from the petition's status to `to`. Raises TransitionRefused."""
    step = lifecycle.transition(petition.status, to)
    if step is None:
        raise TransitionRefused(
            f"De «{STATUS_TEXTS[petition.status][0]}» no se puede pasar a «{STATUS_TEXTS[to][0]}».",
            allowed=[row.to.value for row in lifecycle.TABLE if row.before is petition.status],
        )
    return step


async def change_status(
    session: AsyncSession,
    petition: Petition,
    to: PetitionStatus,
    *,
    reason: str,
    user_id: UUID | None = None,
    actor: ActorKind = ActorKind.STAFF,
    asked: str = "",
    told: str = "",
    agencies: Sequence[str] = (),
    is_told: bool = True,
) -> None:
    """Move a locked petition to another status, and tell its citizen where it matters to them.

    In words for the citizen: `asked`, what they are asked for, and `told`, what staff say of an end. `agencies`:
    the names of those that it is with now. `is_told` False: the citizen knows already. Raises TransitionRefused,
    TransitionForbidden or RequirementMissing, as `lifecycle.TABLE` has it.
    """
    step = require_step(petition, to)
    if not step.who & await _hats(session, actor, user_id):
        raise TransitionForbidden
    await _require(session, petition, step, reason, asked)
    before, petition.status = petition.status, to
    event = await add_event(
        session,
        petition,
        PetitionEventKind.STATUS_CHANGED,
        actor=actor,
        user_id=user_id,
        text=reason,
        from_status=before,
        to_status=to,
        detail=_for_citizen(asked, told if to in lifecycle.CLOSED else "", agencies),
    )
    await _follow_clock(session, petition, before)
    if is_told:
        await notices.announce(session, petition, event)


def _for_citizen(asked: str, told: str, agencies: Sequence[str]) -> dict[str, Any]:
    """What an event keeps for the citizen's eyes, besides its text, which is for staff."""
    words = {"asked": asked.strip(), "told": told.strip(), "agencies": list(agencies)}
    return {name: value for name, value in words.items() if value}


async def _hats(session: AsyncSession, actor: ActorKind, user_id: UUID | None) -> frozenset[Who]:
    if actor is ActorKind.SYSTEM:
        return frozenset({Who.SYSTEM})
    if actor in (ActorKind.CITIZEN, ActorKind.BOT):
        return frozenset({Who.CITIZEN})
    user = await session.get(User, user_id) if user_id else None
    is_head = user is not None and user.role in (Role.HEAD, Role.ADMIN)
    return frozenset({Who.STAFF, Who.HEAD}) if is_head else frozenset({Who.STAFF})


def unmet(step: lifecycle.Transition, *, has_open_turns: bool, reason: str, asked: str) -> list[Requirement]:
    """What a step still lacks, in the vocabulary's order."""
    is_met = {
        Requirement.REASON: bool(reason.strip()),
        Requirement.ASKED: bool(asked.strip()),
        Requirement.OPEN_TURN: has_open_turns,
        Requirement.NO_OPEN_TURN: not has_open_turns,
    }
    return [one for one in Requirement if one in step.requires and not is_met[one]]


async def has_open_turns(session: AsyncSession, petition: Petition) -> bool:
    """Whether some agency still owes an answer."""
    found = await session.scalar(select(Turn.id).where(Turn.petition_id == petition.id, Turn.state.in_(OPEN)).limit(1))
    return found is not None


async def _require(
    session: AsyncSession, petition: Petition, step: lifecycle.Transition, reason: str, asked: str
) -> None:
    is_owed = await has_open_turns(session, petition)
    missing = unmet(step, has_open_turns=is_owed, reason=reason, asked=asked)
    if missing:
        raise RequirementMissing(REQUIREMENT_TEXTS[missing[0]], missing=[one.value for one in missing])


async def _follow_clock(session: AsyncSession, petition: Petition, before: PetitionStatus) -> None:
    """The clock of the due date stands while the citizen is waited for; a conclusion has its moment."""
    petition.concluded_at = clock.now() if petition.status in lifecycle.CLOSED else None
    if petition.concluded_at is None and petition.withheld_at is not None:
        await _unblock(session, petition)
    if petition.status is S.REQUIERE_INFORMACION:
        await deadlines.suspend(session, petition, "Se espera información de la persona")
    elif before is S.REQUIERE_INFORMACION:
        await deadlines.resume(session, petition)


async def _unblock(session: AsyncSession, petition: Petition) -> None:
    """What is under way is in the lists again, and so is its person, unless they had their data cancelled."""
    petition.withheld_at = None
    await session.execute(
        update(Person).where(Person.id == petition.person_id, Person.wipe_on.is_(None)).values(withheld_at=None)
    )


async def edit(session: AsyncSession, petition: Petition, changes: dict[str, Any], *, user_id: UUID) -> None:
    """Change a locked petition's data; the history keeps what was and what is.

    Raises AnswerRefused with the `field` that names what no catalog has, or that may not be empty.
    """
    await _require_known(session, changes)
    altered = {
        name: {"from": _plain(getattr(petition, name)), "to": _plain(value)}
        for name, value in changes.items()
        if getattr(petition, name) != value
    }
    if not altered:
        return
    for name in altered:
        setattr(petition, name, changes[name])
    if {"kind", "priority"} & set(altered):
        await deadlines.refresh(session, petition)
    person = await session.get(Person, petition.person_id) if petition.person_id else None
    await refresh_search_text(session, petition, person)
    kind = PetitionEventKind.ASSIGNED if set(altered) == {"assignee_id"} else PetitionEventKind.EDITED
    await add_event(session, petition, kind, actor=ActorKind.STAFF, user_id=user_id, detail=altered)


async def _require_known(session: AsyncSession, changes: dict[str, Any]) -> None:
    for name in _NEVER_EMPTY:
        if name in changes and changes[name] is None:
            raise AnswerRefused("Este dato no puede quedar vacío.", field=name)
    for name, model in _CATALOGS.items():
        if changes.get(name) is not None and await session.get(model, changes[name]) is None:
            raise AnswerRefused("Eso no está en el catálogo.", field=name)


def _plain(value: Any) -> Any:
    return str(value) if isinstance(value, UUID) else value
