"""The worker's part: whoever must be called is found by itself, and who need not be any more is let go."""

from datetime import datetime, timedelta
from typing import Any

import structlog
from sqlalchemy import Row, Select, and_, exists, func, or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased

from backend import clock
from backend.conversations.models import Conversation
from backend.db import Database
from backend.ledger.models import Direction, Interaction, InteractionKind, Outcome, Source
from backend.outreach import asking, settings, tasks
from backend.outreach.asking import Ask
from backend.outreach.models import CallReason, ReasonKind, ReasonState
from backend.registry import deadlines
from backend.registry.models import Person, Petition, PetitionEvent, PetitionEventKind, PetitionStatus

log = structlog.get_logger(__name__)

#: Contacts that were missed earlier are nobody's surprise any more.
MISSED_WITHIN = timedelta(days=3)
#: A citizen who left may come back by themselves: so long they are let.
COME_BACK = timedelta(minutes=15)
_AT_ONCE = 200
_ANSWERED_SINCE = "Ya nos dio la información; no hizo falta llamar."


async def gather(database: Database) -> int:
    """Ask for the calls that are owed by now; how many. What two workers find at once is asked for once."""
    found = 0
    async with database.transaction() as session:
        await _settle_answered(session)
        await tasks.close_needless(session)
        missed = (await session.execute(_missed())).all()
        waiting = (await session.execute(await _waiting(session))).all()
    for row in missed:
        async with database.transaction() as session:
            found += await _ask_for_missed(session, row)
    for row in waiting:
        async with database.transaction() as session:
            found += await _ask_for_information(session, row)
    if found:
        log.info("calls_asked_for", count=found)
    return found


def _missed() -> Select[*tuple[Any, ...]]:
    """Contacts that ended before anybody attended, and messages left, by people who have not come again since."""
    moment = clock.now()
    phone = func.coalesce(Interaction.phone, Conversation.verified_phone, Person.phone)
    later = aliased(Interaction)
    came_again = exists().where(
        later.started_at > Interaction.started_at,
        or_(
            and_(later.conversation_id.is_not(None), later.conversation_id == Interaction.conversation_id),
            and_(later.phone.is_not(None), later.phone == phone),
            and_(later.person_id.is_not(None), later.person_id == Interaction.person_id),
        ),
        or_(later.ended_at.is_(None), later.outcome == Outcome.ATTENDED),
    )
    return (
        select(
            Interaction.id,
            Interaction.kind,
            Interaction.outcome,
            # Each is opened by its own column's name: of the three, the first that there is.
            Interaction.phone.label("called_from"),
            Conversation.verified_phone,
            Person.phone.label("persons_phone"),
            func.coalesce(Interaction.caller_name, Person.full_name).label("name"),
            func.coalesce(Interaction.person_id, Conversation.person_id).label("person_id"),
            Interaction.conversation_id,
            Interaction.started_at,
        )
        .outerjoin(Conversation, Conversation.id == Interaction.conversation_id)
        .outerjoin(Person, Person.id == func.coalesce(Interaction.person_id, Conversation.person_id))
        .where(
            Interaction.direction == Direction.INBOUND,
            Interaction.outcome.in_((Outcome.ABANDONED, Outcome.VOICEMAIL)),
            # Who left a message at our own telephone was put down with it (`telephony.messages`).
            or_(Interaction.source != Source.TWILIO, Interaction.outcome != Outcome.VOICEMAIL),
            Interaction.ended_at.between(moment - MISSED_WITHIN, moment - COME_BACK),
            phone.is_not(None),
            ~exists().where(CallReason.origin == func.concat("contacto:", Interaction.id)),
            ~came_again,
        )
        .order_by(Interaction.ended_at)
        .limit(_AT_ONCE)
    )


async def _ask_for_missed(session: AsyncSession, row: Row[Any]) -> bool:
    is_message = row.outcome is Outcome.VOICEMAIL
    when = f"{clock.local(row.started_at):%d/%m/%Y a las %H:%M}"
    way = "Llamó" if row.kind is InteractionKind.CALL else "Escribió por chat"
    told = "dejó un mensaje en el buzón" if is_message else "se fue antes de que se le atendiera"
    wanted = Ask(
        ReasonKind.ASKED if is_message else ReasonKind.ABANDONED,
        row.called_from or row.verified_phone or row.persons_phone,
        name=row.name,
        note=f"{way} el {when} y {told}.",
        conversation_id=row.conversation_id,
        person_id=row.person_id,
        origin=f"contacto:{row.id}",
    )
    return await asking.ask(session, wanted) is not None


async def _waiting(session: AsyncSession) -> Select[*tuple[Any, ...]]:
    """Petitions that have waited for information too long, of people with whom there is no chat."""
    rules, work = await settings.rules(session), await deadlines.calendar(session)
    today = clock.local(clock.now()).date()
    day = today
    while work.between(day, today) < rules.information_days:
        day -= timedelta(days=1)
    before = datetime.combine(day + timedelta(days=1), datetime.min.time(), tzinfo=clock.HERMOSILLO)
    asked = (
        select(func.max(PetitionEvent.id))
        .where(
            PetitionEvent.petition_id == Petition.id,
            PetitionEvent.kind == PetitionEventKind.STATUS_CHANGED,
            PetitionEvent.to_status == PetitionStatus.REQUIERE_INFORMACION,
        )
        .correlate(Petition)
        .scalar_subquery()
    )
    return (
        select(
            Petition.id,
            Petition.person_id,
            PetitionEvent.id.label("event_id"),
            PetitionEvent.detail["asked"].astext.label("asked"),
            Person.phone,
            Person.full_name,
        )
        .join(PetitionEvent, PetitionEvent.id == asked)
        .join(Person, Person.id == Petition.person_id)
        .where(
            Petition.status == PetitionStatus.REQUIERE_INFORMACION,
            Petition.conversation_id.is_(None),
            Person.phone.is_not(None),
            PetitionEvent.at < before,
            ~exists().where(CallReason.origin == func.concat("informacion:", PetitionEvent.id)),
        )
        .order_by(PetitionEvent.id)
        .limit(_AT_ONCE)
    )


async def _ask_for_information(session: AsyncSession, row: Row[Any]) -> bool:
    wanted = Ask(
        ReasonKind.INFORMATION,
        row.phone,
        name=row.full_name,
        note=row.asked or "Falta información para seguir con su petición.",
        petition_id=row.id,
        person_id=row.person_id,
        origin=f"informacion:{row.event_id}",
    )
    return await asking.ask(session, wanted) is not None


async def _settle_answered(session: AsyncSession) -> None:
    """A petition that got what it waited for, by whatever way, needs no call for it."""
    moves_on = select(Petition.id).where(
        Petition.id == CallReason.petition_id, Petition.status != PetitionStatus.REQUIERE_INFORMACION
    )
    await session.execute(
        update(CallReason)
        .where(
            CallReason.kind == ReasonKind.INFORMATION,
            CallReason.state == ReasonState.PENDING,
            moves_on.exists(),
        )
        .values(state=ReasonState.DONE, done_at=clock.now(), outcome=_ANSWERED_SINCE)
        .execution_options(synchronize_session=False)
    )
