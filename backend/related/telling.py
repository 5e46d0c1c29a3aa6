"""The worker's part: those who follow another's petition are told when its status changes, or when all are told.

A loop of its own, so that a change of status locks no stranger's conversation, and forty neighbours hold nobody up.
"""

from uuid import UUID

import structlog
from sqlalchemy import Select, and_, func, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from backend import clock
from backend.conversations import service as conversations
from backend.conversations.messages import NewMessage
from backend.conversations.models import Author, Conversation
from backend.db import Database
from backend.notices import service as notices
from backend.notices import ways
from backend.notices.texts import Wording
from backend.outreach import asking
from backend.outreach.asking import Ask
from backend.outreach.models import ReasonKind
from backend.registry import lifecycle, petitions
from backend.registry.models import ActorKind, Person, Petition, PetitionEvent, PetitionEventKind
from backend.related import texts
from backend.related.groups import TO_ALL
from backend.related.models import Merge, Supporter, SupporterNotice

log = structlog.get_logger(__name__)

#: A supporter whom staff added has no conversation to write to.
NO_CHAT = "no_chat"
_AT_ONCE = 200
_IS_STATUS = PetitionEvent.kind == PetitionEventKind.STATUS_CHANGED
_IS_FOR_ALL = and_(PetitionEvent.kind == PetitionEventKind.NOTICE, PetitionEvent.detail.has_key(TO_ALL))


async def tell_followers(database: Database) -> int:
    """Tell everybody what they do not know yet, one transaction each; how many were told. Any number may do so."""
    async with database.transaction() as session:
        merged = (await session.scalars(_merges_behind().limit(_AT_ONCE))).all()
        supporters = (await session.scalars(_supporters_behind().limit(_AT_ONCE))).all()
    told = 0
    for merge_id in merged:
        async with database.transaction() as session:
            told += await _tell_merged(session, merge_id)
    for supporter_id in supporters:
        async with database.transaction() as session:
            told += await _tell_supporter(session, supporter_id)
    return told


def _merges_behind() -> Select[UUID]:
    is_behind = (
        select(PetitionEvent.id)
        .where(PetitionEvent.petition_id == Merge.root_id, PetitionEvent.id > Merge.told_through, _IS_STATUS)
        .exists()
    )
    return select(Merge.id).where(Merge.undone_at.is_(None), is_behind)


def _supporters_behind() -> Select[UUID]:
    return (
        select(Supporter.id)
        .outerjoin(Merge, and_(Merge.merged_id == Supporter.petition_id, Merge.undone_at.is_(None)))
        .where(
            select(PetitionEvent.id)
            .where(
                PetitionEvent.petition_id == func.coalesce(Merge.root_id, Supporter.petition_id),
                PetitionEvent.id > Supporter.told_through,
                or_(_IS_STATUS, _IS_FOR_ALL),
            )
            .exists()
        )
    )


async def _tell_merged(session: AsyncSession, merge_id: UUID) -> int:
    """The latest status of the petition that a merged one follows, by the notices' own ways and with their proof."""
    merge = await session.get_one(Merge, merge_id)
    petition = await session.scalar(
        select(Petition).where(Petition.id == merge.merged_id).with_for_update(skip_locked=True)
    )
    if petition is None:
        return 0
    await session.refresh(merge, with_for_update=True)
    latest = await session.scalar(
        select(PetitionEvent)
        .where(PetitionEvent.petition_id == merge.root_id, PetitionEvent.id > merge.told_through, _IS_STATUS)
        .order_by(PetitionEvent.id.desc())
        .limit(1)
    )
    if merge.undone_at is not None or latest is None or latest.to_status is None:
        return 0
    merge.told_through = latest.id
    wording = texts.of_merged(petition.folio, latest.to_status)
    if wording is None:
        return 0
    kept = await session.get_one(Petition, merge.root_id)
    event = await petitions.add_event(
        session,
        petition,
        PetitionEventKind.NOTICE,
        actor=ActorKind.SYSTEM,
        text=f"Se le avisó cómo va {kept.folio}, con la que se atiende.",
        detail={"kept": kept.folio, "status": latest.to_status.value},
    )
    await notices.send(session, petition, event, wording)
    return 1


async def _tell_supporter(session: AsyncSession, supporter_id: UUID) -> int:
    """What happened to the petition that they joined, in the conversation from which they did."""
    supporter = await session.scalar(
        select(Supporter).where(Supporter.id == supporter_id).with_for_update(skip_locked=True)
    )
    if supporter is None:
        return 0
    merge = await session.scalar(
        select(Merge).where(Merge.merged_id == supporter.petition_id, Merge.undone_at.is_(None))
    )
    root_id = merge.root_id if merge else supporter.petition_id
    events = await _untold(session, root_id, supporter.told_through)
    if not events:
        return 0
    supporter.told_through = events[-1].id
    own = await session.get_one(Petition, supporter.petition_id)
    told = 0
    for event in events:
        wording = _wording(own.folio, event)
        if wording is not None:
            await _tell_of(session, supporter, event, wording)
            told += 1
    return told


async def _untold(session: AsyncSession, petition_id: UUID, after: int) -> list[PetitionEvent]:
    """What is to be told, the first one first; a status that a later one overtook is not."""
    rows = await session.scalars(
        select(PetitionEvent)
        .where(PetitionEvent.petition_id == petition_id, PetitionEvent.id > after, or_(_IS_STATUS, _IS_FOR_ALL))
        .order_by(PetitionEvent.id)
    )
    events = rows.all()
    statuses = [event for event in events if event.kind is PetitionEventKind.STATUS_CHANGED]
    return [event for event in events if event not in statuses[:-1]]


async def _tell_of(session: AsyncSession, supporter: Supporter, event: PetitionEvent, wording: Wording) -> None:
    message_id, problem = await _write(session, supporter.conversation_id, wording)
    if problem is not None and event.to_status in lifecycle.CLOSED:
        await _ask_for_call(session, supporter, wording)
    session.add(
        SupporterNotice(
            supporter_id=supporter.id,
            event_id=event.id,
            message_id=message_id,
            problem=problem,
            created_at=clock.now(),
        )
    )
    log.info("supporter_told", supporter_id=str(supporter.id), problem=problem)


async def _ask_for_call(session: AsyncSession, supporter: Supporter, wording: Wording) -> None:
    """Nobody is called for each step, but how it ended is told by somebody where it could not be written."""
    person = await session.get(Person, supporter.person_id) if supporter.person_id else None
    if person is None or person.phone is None:
        return
    wanted = Ask(
        ReasonKind.CONCLUSION,
        person.phone,
        name=person.full_name,
        note=wording.text,
        conversation_id=supporter.conversation_id,
        petition_id=supporter.petition_id,
        person_id=person.id,
    )
    await asking.ask(session, wanted)


def _wording(folio: str, event: PetitionEvent) -> Wording | None:
    if event.kind is PetitionEventKind.NOTICE:
        return texts.said_to_supporter(folio, event.text)
    return texts.of_supported(folio, event.to_status) if event.to_status is not None else None


async def _write(
    session: AsyncSession, conversation_id: UUID | None, wording: Wording
) -> tuple[UUID | None, str | None]:
    """The message that was sent, or why none could be."""
    if conversation_id is None:
        return None, NO_CHAT
    conversation: Conversation = await conversations.lock(session, conversation_id)
    step = await ways.in_writing(session, conversation, wording.purpose.value)
    if step.problem is not None:
        return None, step.problem.value
    message = await conversations.append(
        session,
        conversation,
        NewMessage(
            Author.SYSTEM,
            text=wording.text,
            template_purpose=wording.purpose.value,
            template_values=list(wording.values),
        ),
    )
    return message.id, None
