"""«Súmame»: who tells what a neighbour told already is offered to join, instead of a folio of their own.

The offer says the topic, the colonia they named themselves, a date and a count: nothing of who told it first, nor
their words. What is offered is kept here by draft, so that nothing a citizen sends can choose another petition.
"""

from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import false, func, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from backend import clock
from backend.catalog.models import Topic
from backend.conversations.models import Conversation
from backend.registry import drafts, intake, lifecycle, petitions
from backend.registry.models import (
    ActorKind,
    EntryChannel,
    Person,
    Petition,
    PetitionDraft,
    PetitionEventKind,
    PetitionKind,
)
from backend.related.candidates import Candidate, Wanted, candidates
from backend.related.errors import AlreadyJoined, OfferGone
from backend.related.models import Merge, Supporter, SupporterNotice, SupportOffer

#: What a neighbourhood shares. Whatever is somebody's own, or could tell on them, is never offered.
KINDS = frozenset({PetitionKind.PETICION, PetitionKind.QUEJA})
TOPICS = frozenset(
    {"agua", "drenaje", "alumbrado", "electricidad", "pavimentacion", "carreteras", "basura", "parques", "animales",
     "infraestructura-escolar", "transporte", "medio-ambiente", "proteccion-civil"}
)  # fmt: skip
#: Likelier than what staff are shown: here nobody looks before it is offered.
STRONG = 52.0


@dataclass(frozen=True)
class Offer:
    """What a citizen may know of the petition that they may join."""

    topic: str
    colonia: str
    since: str
    people: int


@dataclass(frozen=True)
class Joined:
    folio: str
    people: int


async def offer(session: AsyncSession, conversation_id: UUID) -> Offer | None:
    """The open petition that the complete draft of a conversation repeats; None where there is none to offer.

    Once the citizen has said no, nothing is offered for that draft again.
    """
    draft = await drafts.complete_draft(session, conversation_id)
    if draft is None or draft.kind not in KINDS:
        return None
    made = await session.get(SupportOffer, draft.id)
    if made is not None and made.is_joined is not None:
        return None
    found = await _match(session, draft)
    if found is None:
        return None
    petition, topic = found
    if made is None:
        made = SupportOffer(draft_id=draft.id, petition_id=petition.id, created_at=clock.now())
        session.add(made)
    made.petition_id = petition.id
    await session.flush()
    return Offer(
        topic=topic,
        colonia=draft.fields["colonia"],
        since=f"{clock.local(petition.created_at):%d/%m/%Y}",
        people=await people_of(session, petition.id),
    )


async def _match(session: AsyncSession, draft: PetitionDraft) -> tuple[Petition, str] | None:
    told = {name: value for name, value in draft.fields.items() if value != intake.SKIPPED}
    if "colonia" not in told or "municipio" not in told or "narrativa" not in told:
        return None
    new = drafts.new_petition(draft, await session.get_one(Conversation, draft.conversation_id))
    wanted = Wanted(
        kind=draft.kind,
        narrative=told["narrativa"],
        municipality_id=told["municipio"],
        colonia=told["colonia"],
        name=new.name,
        phone=new.phone,
        email=new.email,
    )
    for one in await candidates(session, wanted, least=STRONG, limit=20):
        topic = await _joinable(session, one, draft.conversation_id, new)
        if topic is not None:
            return one.petition, topic
    return None


async def _joinable(
    session: AsyncSession, one: Candidate, conversation_id: UUID, new: petitions.NewPetition
) -> str | None:
    """The topic of a petition that this citizen may join, None otherwise: theirs already, private, or closed."""
    petition = one.petition
    if petition.kind not in KINDS or petition.status in lifecycle.CLOSED or petition.topic_id is None:
        return None
    if not (one.score.is_same_matter and one.score.is_same_colonia):
        return None
    topic = await session.get_one(Topic, petition.topic_id)
    if topic.key not in TOPICS or await _is_theirs(session, petition, one.person, conversation_id, new):
        return None
    return topic.name


async def _is_theirs(
    session: AsyncSession,
    petition: Petition,
    person: Person | None,
    conversation_id: UUID,
    new: petitions.NewPetition,
) -> bool:
    """Whether the one who tells it now filed it, or joined it, as far as anything says so."""
    if person is not None and new.name is not None:
        if petitions.is_same_name(person.full_name, new.name):
            return True
        if (new.phone and new.phone == person.phone) or (new.email and new.email == person.email):
            return True
    theirs = select(Conversation.id).where(
        or_(
            Conversation.contact_id
            == select(Conversation.contact_id).where(Conversation.id == conversation_id).scalar_subquery(),
            Conversation.identity_id
            == select(Conversation.identity_id).where(Conversation.id == conversation_id).scalar_subquery(),
        )
    )
    if new.phone or new.email:
        known = (
            select(Supporter.id)
            .join(Person, Person.id == Supporter.person_id)
            .where(
                Supporter.petition_id == petition.id,
                or_(
                    Person.phone == new.phone if new.phone else false(),
                    Person.email == new.email if new.email else false(),
                ),
            )
        )
        if await session.scalar(known.limit(1)) is not None:
            return True
    own = select(Petition.id).where(Petition.id == petition.id, Petition.conversation_id.in_(theirs))
    joined = select(Supporter.id).where(Supporter.petition_id == petition.id, Supporter.conversation_id.in_(theirs))
    return await session.scalar(own) is not None or await session.scalar(joined) is not None


async def people_of(session: AsyncSession, petition_id: UUID) -> int:
    """How many told it: who filed it, those whose own was merged into it, and those who joined."""
    joined = await session.scalar(
        select(func.count()).select_from(Supporter).where(Supporter.petition_id == petition_id)
    )
    merged = await session.scalar(
        select(func.count()).select_from(Merge).where(Merge.root_id == petition_id, Merge.undone_at.is_(None))
    )
    return 1 + (joined or 0) + (merged or 0)


async def decline(session: AsyncSession, conversation_id: UUID) -> None:
    """They want their own; nothing is offered for this draft again."""
    draft = await drafts.complete_draft(session, conversation_id)
    made = await session.get(SupportOffer, draft.id) if draft else None
    if made is not None:
        made.is_joined = False
        await session.flush()


async def join(session: AsyncSession, conversation_id: UUID) -> Joined:
    """Join what was offered, with the person as they told it and the draft's files. No folio of their own is made.

    Raises OfferGone where nothing was offered, or it was closed meanwhile.
    """
    draft = await drafts.complete_draft(session, conversation_id)
    made = await session.get(SupportOffer, draft.id) if draft else None
    if draft is None or made is None or made.is_joined is not None:
        raise OfferGone
    # The draft's row came first; a petition is never locked by who then waits for a draft.
    petition = await session.get_one(Petition, made.petition_id, with_for_update=True, populate_existing=True)
    if petition.status in lifecycle.CLOSED:
        raise OfferGone
    conversation = await session.get_one(Conversation, conversation_id)
    await _support(session, petition, drafts.new_petition(draft, conversation), actor=ActorKind.BOT)
    made.is_joined = True
    await drafts.join_draft(session, draft, petition)
    return Joined(petition.folio, await people_of(session, petition.id))


async def join_by_staff(session: AsyncSession, folio: str, new: petitions.NewPetition, *, user_id: UUID) -> Joined:
    """Add somebody who told the same in person, by telephone, or in the chat that staff have open.

    Raises PetitionNotFound, OfferGone for a closed petition, AlreadyJoined.
    """
    draft = await drafts.open_draft_of(session, new.conversation_id) if new.conversation_id else None
    petition = await petitions.get(session, folio, for_update=True)
    if petition.status in lifecycle.CLOSED:
        raise OfferGone
    if new.conversation_id is not None and await _has_joined(session, petition, new.conversation_id):
        raise AlreadyJoined
    await _support(session, petition, new, actor=ActorKind.STAFF, user_id=user_id)
    if draft is not None:
        await drafts.join_draft(session, draft, petition)
    return Joined(petition.folio, await people_of(session, petition.id))


async def _has_joined(session: AsyncSession, petition: Petition, conversation_id: UUID) -> bool:
    found = await session.scalar(
        select(Supporter.id).where(Supporter.petition_id == petition.id, Supporter.conversation_id == conversation_id)
    )
    return found is not None or petition.conversation_id == conversation_id


async def _support(
    session: AsyncSession,
    petition: Petition,
    new: petitions.NewPetition,
    *,
    actor: ActorKind,
    user_id: UUID | None = None,
) -> None:
    person = await petitions.person_of(session, new) if new.name else None
    if person is not None:
        known = select(Supporter.id).where(Supporter.petition_id == petition.id, Supporter.person_id == person.id)
        if person.id == petition.person_id or await session.scalar(known) is not None:
            raise AlreadyJoined
    event = await petitions.add_event(
        session,
        petition,
        PetitionEventKind.SUPPORTED,
        actor=actor,
        user_id=user_id,
        detail={"channel": new.channel.value},
    )
    session.add(
        Supporter(
            petition_id=petition.id,
            conversation_id=new.conversation_id,
            person_id=person.id if person else None,
            narrative=new.narrative,
            told_through=event.id,
            created_at=clock.now(),
        )
    )
    if person is not None and new.conversation_id is not None:
        (await session.get_one(Conversation, new.conversation_id)).person_id = person.id
    await session.flush()


@dataclass(frozen=True)
class SupporterView:
    """`channel` is None for somebody whom staff added; `problem` why they could not be told last."""

    supporter: Supporter
    person: Person | None
    channel: EntryChannel | None
    problem: str | None


async def of_petition(session: AsyncSession, petition_id: UUID) -> list[SupporterView]:
    """Who joined a petition, the first one first."""
    last = (
        select(SupporterNotice.problem)
        .where(SupporterNotice.supporter_id == Supporter.id)
        .order_by(SupporterNotice.event_id.desc())
        .limit(1)
        .scalar_subquery()
    )
    rows = await session.execute(
        select(Supporter, Person, Conversation.channel, last)
        .outerjoin(Person, Person.id == Supporter.person_id)
        .outerjoin(Conversation, Conversation.id == Supporter.conversation_id)
        .where(Supporter.petition_id == petition_id)
        .order_by(Supporter.created_at)
    )
    return [
        SupporterView(one, person, intake.entry_channel(channel) if channel else None, problem)
        for one, person, channel, problem in rows
    ]
