"""Turning petitions, and what agencies do with them. The petition's row is locked first, the turn's after."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import date
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from backend import clock
from backend.agents.models import Role, User
from backend.catalog.models import Agency
from backend.conversations.messages import StoredFile
from backend.notices import service as notices
from backend.registry import deadlines, petitions
from backend.registry.models import ActorKind, Petition, PetitionEvent, PetitionEventKind, PetitionStatus
from backend.turns import mailing
from backend.turns.errors import AlreadyTurned, TurnClosed, TurnNotFound, TurnRefused
from backend.turns.mailing import News
from backend.turns.models import NEVER, OPEN, Turn, TurnFile, TurnOutcome, TurnState

Kind = PetitionEventKind
S = PetitionStatus

#: Files that an agency may attach at a time.
MOST_FILES = 5
_MOST_INSTRUCTIONS = 2000


@dataclass(frozen=True)
class TurnOrder:
    """To whom, what for, and by when; without `due_on`, the agency's own term in working days.

    `replaces_id`: the returned turn of the same petition that this one follows.
    """

    agency_id: UUID
    instructions: str = ""
    due_on: date | None = None
    replaces_id: UUID | None = None


@dataclass(frozen=True)
class TurnView:
    turn: Turn
    agency: Agency


async def turn(
    session: AsyncSession, petition: Petition, orders: Sequence[TurnOrder], *, user_id: UUID, reason: str = ""
) -> list[Turn]:
    """Pass a locked petition to one or several agencies; it becomes «turnada» unless it is attended already.

    Each agency's liaison is told by e-mail where the catalog has an address.
    Raises TurnRefused, AlreadyTurned, and TransitionRefused for a petition that cannot be turned now.
    """
    if not orders:
        raise TurnRefused("Elija al menos una dependencia.", field="agency")
    is_under_way = petition.status in (S.TURNADA, S.EN_ATENCION)
    if not is_under_way:
        petitions.require_step(petition, S.TURNADA)
    made = [await _make(session, petition, order, user_id, is_told=is_under_way) for order in orders]
    petition.agency_id = made[0].agency_id
    if not is_under_way:
        names = [(await session.get_one(Agency, one.agency_id)).short_name for one in made]
        why = reason or f"A {', '.join(names)}"
        await petitions.change_status(session, petition, S.TURNADA, reason=why, user_id=user_id, agencies=names)
    return made


async def _make(session: AsyncSession, petition: Petition, order: TurnOrder, user_id: UUID, *, is_told: bool) -> Turn:
    """One turn. `is_told`: no change of status will tell the citizen, so that this must."""
    agency = await session.get(Agency, order.agency_id)
    if agency is None or not agency.is_active:
        raise TurnRefused("Esa dependencia no está en el catálogo.", field="agency")
    today = clock.local(clock.now()).date()
    if order.due_on is not None and order.due_on <= today:
        raise TurnRefused("La fecha límite debe ser posterior a hoy.", field="due_on")
    if len(order.instructions) > _MOST_INSTRUCTIONS:
        raise TurnRefused(f"Las instrucciones llevan {_MOST_INSTRUCTIONS:,} letras como máximo.", field="instructions")
    await _require_returned(session, petition, order.replaces_id)
    if await _open_at(session, petition, agency.id) is not None:
        raise AlreadyTurned(agency.short_name)
    due_on = order.due_on or (await deadlines.calendar(session)).add(today, agency.answer_days)
    made = Turn(
        petition_id=petition.id,
        agency_id=agency.id,
        instructions=order.instructions.strip(),
        due_on=due_on,
        replaces_id=order.replaces_id,
        created_by=user_id,
        created_at=clock.now(),
        state=TurnState.SENT,
        answer="",
    )
    session.add(made)
    await session.flush()
    event = await _tell(session, petition, made, Kind.TURNED, user_id, made.instructions, due_on=due_on.isoformat())
    await mailing.write(session, petition, made, News.TURNED)
    if is_told:
        await notices.announce(session, petition, event)
    return made


async def _require_returned(session: AsyncSession, petition: Petition, replaced_id: UUID | None) -> None:
    replaced = await session.get(Turn, replaced_id) if replaced_id else None
    if replaced is not None and (replaced.petition_id, replaced.state) == (petition.id, TurnState.RETURNED):
        return
    if replaced_id is not None:
        raise TurnRefused("El turno que quiere volver a turnar no es uno que se haya devuelto.", field="agency")


async def _open_at(session: AsyncSession, petition: Petition, agency_id: UUID) -> Turn | None:
    row: Turn | None = await session.scalar(
        select(Turn).where(Turn.petition_id == petition.id, Turn.agency_id == agency_id, Turn.state.in_(OPEN))
    )
    return row


async def _tell(
    session: AsyncSession,
    petition: Petition,
    one: Turn,
    kind: PetitionEventKind,
    user_id: UUID | None,
    text: str = "",
    **detail: str,
) -> PetitionEvent:
    agency = await session.get_one(Agency, one.agency_id)
    return await petitions.add_event(
        session,
        petition,
        kind,
        actor=ActorKind.STAFF if user_id else ActorKind.SYSTEM,
        user_id=user_id,
        text=text,
        turn_id=one.id,
        detail={"agency": agency.short_name, **detail},
    )


async def locked(session: AsyncSession, turn_id: UUID, *, agency_id: UUID | None = None) -> tuple[Petition, Turn]:
    """A turn and its petition, both locked; of `agency_id` alone where given. Raises TurnNotFound."""
    found = await session.get(Turn, turn_id)
    if found is None or (agency_id is not None and found.agency_id != agency_id):
        raise TurnNotFound
    petition = await session.get_one(Petition, found.petition_id, with_for_update=True, populate_existing=True)
    return petition, await session.get_one(Turn, turn_id, with_for_update=True, populate_existing=True)


async def acknowledge(session: AsyncSession, petition: Petition, one: Turn, *, user_id: UUID) -> None:
    """The agency has it; the petition is attended from here on. Twice is once."""
    _require_open(one)
    if one.state is TurnState.ACKNOWLEDGED:
        return
    one.state, one.acknowledged_at = TurnState.ACKNOWLEDGED, clock.now()
    await _tell(session, petition, one, Kind.TURN_ACKNOWLEDGED, user_id)
    if petition.status is S.TURNADA:
        agency = await session.get_one(Agency, one.agency_id)
        name = agency.short_name
        await _follow(session, petition, S.EN_ATENCION, f"{name} la recibió", user_id, agencies=[name])


async def answer(
    session: AsyncSession,
    petition: Petition,
    one: Turn,
    text: str,
    outcome: TurnOutcome,
    *,
    user_id: UUID,
    files: Sequence[StoredFile] = (),
) -> None:
    """The agency's answer closes its turn, with `files` as evidence. Concluding the petition is the office's to do."""
    _require_open(one)
    await _attach(session, one, files, user_id)
    await acknowledge(session, petition, one, user_id=user_id)
    _close(one, TurnState.ANSWERED, _said(text, "Escriba la respuesta de la dependencia."))
    one.outcome = outcome
    await _tell(session, petition, one, Kind.TURN_ANSWERED, user_id, one.answer, outcome=outcome.value)
    await _bring_news(session, one, user_id)


async def _bring_news(session: AsyncSession, one: Turn, user_id: UUID) -> None:
    """What the agency's own liaison tells is to be seen by the office; what staff register of it, they have seen."""
    user = await session.get(User, user_id)
    if user is not None and user.role is Role.LIAISON:
        one.news_at = clock.now()


async def _attach(session: AsyncSession, one: Turn, files: Sequence[StoredFile], user_id: UUID) -> None:
    if len(files) > MOST_FILES:
        raise TurnRefused(f"Adjunte {MOST_FILES} archivos como máximo.", field="files")
    for file in files:
        session.add(TurnFile(turn_id=one.id, user_id=user_id, created_at=clock.now(), **asdict(file)))
    await session.flush()


async def send_back(session: AsyncSession, petition: Petition, one: Turn, reason: str, *, user_id: UUID) -> None:
    """It is not the agency's; with nobody else at it, the petition is to be analysed again."""
    _require_open(one)
    _close(one, TurnState.RETURNED, _said(reason, "Escriba por qué no le corresponde."))
    await _tell(session, petition, one, Kind.TURN_RETURNED, user_id, one.answer)
    await _bring_news(session, one, user_id)
    await _analyse_again(session, petition, "La dependencia la devolvió", user_id)


async def withdraw(session: AsyncSession, petition: Petition, one: Turn, reason: str, *, user_id: UUID) -> None:
    """The office takes a turn back; with nobody else at it, the petition is to be analysed again."""
    _require_open(one)
    _close(one, TurnState.WITHDRAWN, _said(reason, "Escriba por qué se retira."))
    await _tell(session, petition, one, Kind.TURN_WITHDRAWN, user_id, one.answer)
    await mailing.write(session, petition, one, News.WITHDRAWN)
    await _analyse_again(session, petition, "Se retiró el turno", user_id)


async def add_note(
    session: AsyncSession,
    petition: Petition,
    one: Turn,
    text: str,
    *,
    user_id: UUID,
    files: Sequence[StoredFile] = (),
) -> None:
    """What an agency tells before it answers: an advance, a question to the office."""
    _require_open(one)
    said = _said(text, "Escriba la información.")
    await _attach(session, one, files, user_id)
    await _tell(session, petition, one, Kind.TURN_NOTE, user_id, said)
    await _bring_news(session, one, user_id)


async def write_to_agency(session: AsyncSession, petition: Petition, one: Turn, text: str, *, user_id: UUID) -> None:
    """A note of the office's that the agency's liaison reads."""
    _require_open(one)
    await _tell(session, petition, one, Kind.TURN_NOTE, user_id, _said(text, "Escriba la nota."))
    await mailing.write(session, petition, one, News.NOTE)


async def ask_extension(
    session: AsyncSession, petition: Petition, one: Turn, until: date, reason: str, *, user_id: UUID
) -> None:
    """The agency asks for time. Raises TurnRefused for a day not after the present due date."""
    _require_open(one)
    if until <= one.due_on:
        raise TurnRefused(f"Pida una fecha posterior al {one.due_on:%d/%m/%Y}.", field="until")
    one.extension_until, one.extension_reason = until, _said(reason, "Escriba por qué necesita más tiempo.", 600)
    detail = {"until": until.isoformat()}
    await _tell(session, petition, one, Kind.EXTENSION_ASKED, user_id, one.extension_reason, **detail)
    await _bring_news(session, one, user_id)


async def decide_extension(
    session: AsyncSession, petition: Petition, one: Turn, *, is_granted: bool, user_id: UUID, reason: str = ""
) -> None:
    """Grant or refuse the time that was asked for. Raises TurnRefused when none was."""
    _require_open(one)
    if one.extension_until is None:
        raise TurnRefused("La dependencia no ha pedido más tiempo.", field="until")
    detail = {"until": one.extension_until.isoformat()}
    kind = Kind.EXTENSION_GRANTED if is_granted else Kind.EXTENSION_REFUSED
    if is_granted:
        one.due_on = one.extension_until
        one.reminded_step = one.reminded_at = one.escalated_at = None
        one.looked_on = NEVER
    one.extension_until, one.extension_reason = None, ""
    await _tell(session, petition, one, kind, user_id, reason.strip(), **detail)
    await mailing.write(session, petition, one, News.EXTENSION_GRANTED if is_granted else News.EXTENSION_REFUSED)


def _require_open(one: Turn) -> None:
    if one.state not in OPEN:
        raise TurnClosed


def _said(text: str, problem: str, most: int = 4000) -> str:
    told = text.strip()
    if not told:
        raise TurnRefused(problem, field="text")
    if len(told) > most:
        raise TurnRefused(f"Es muy largo: escriba {most:,} letras como máximo.", field="text")
    return told


def _close(one: Turn, state: TurnState, text: str) -> None:
    one.state, one.answer, one.closed_at = state, text, clock.now()
    one.extension_until, one.extension_reason = None, ""


async def _analyse_again(session: AsyncSession, petition: Petition, reason: str, user_id: UUID) -> None:
    """Unless somebody is still at it or has answered."""
    live = await session.scalar(
        select(func.count())
        .select_from(Turn)
        .where(Turn.petition_id == petition.id, Turn.state.in_((*OPEN, TurnState.ANSWERED)))
    )
    if not live and petition.status in (S.TURNADA, S.EN_ATENCION):
        await _follow(session, petition, S.EN_ANALISIS, reason, user_id)


async def _follow(
    session: AsyncSession,
    petition: Petition,
    to: PetitionStatus,
    reason: str,
    user_id: UUID,
    agencies: Sequence[str] = (),
) -> None:
    """The change of status that a turn brings with it."""
    await petitions.change_status(
        session,
        petition,
        to,
        reason=reason,
        user_id=user_id,
        actor=ActorKind.SYSTEM,
        agencies=agencies,
        is_told=to is S.EN_ATENCION,
    )


async def of_petition(session: AsyncSession, petition_id: UUID) -> list[TurnView]:
    """A petition's turns with their agencies, the first one first."""
    rows = await session.execute(
        select(Turn, Agency)
        .join(Agency, Agency.id == Turn.agency_id)
        .where(Turn.petition_id == petition_id)
        .order_by(Turn.created_at, Agency.name)
    )
    return [TurnView(one, agency) for one, agency in rows]
