"""Petitions about one problem: put together, and acted on all at once, each with its own outcome."""

from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass
from uuid import UUID, uuid4

from sqlalchemy import delete, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from backend import clock
from backend.conversations import service as conversations
from backend.errors import ChatSonoraError, InvalidInput
from backend.notices import service as notices
from backend.notices import texts
from backend.notices.staff import MAX_TOLD
from backend.registry import lifecycle, petitions
from backend.registry.models import ActorKind, Person, Petition, PetitionEventKind, PetitionStatus
from backend.related import roots
from backend.related.errors import AlreadyGrouped, GroupNotFound
from backend.related.models import Group, GroupMember, Supporter
from backend.turns import service as turns
from backend.turns.service import TurnOrder

MAX_TITLE = 160
#: No more than this at once: a group's petitions are locked together.
MAX_MEMBERS = 500
#: A notice of this detail is for those who joined too, not only for who told the petition.
TO_ALL = "to_all"


@dataclass(frozen=True)
class GroupRow:
    group: Group
    petitions: int
    open: int
    supporters: int


@dataclass(frozen=True)
class MemberRow:
    petition: Petition
    person: Person | None


@dataclass(frozen=True)
class Outcome:
    """What an action on all did to one of them; no `problem`: it was done."""

    folio: str
    problem: str | None


async def get(session: AsyncSession, group_id: UUID) -> Group:
    """Raises GroupNotFound."""
    found = await session.get(Group, group_id)
    if found is None:
        raise GroupNotFound
    return found


async def make(session: AsyncSession, title: str, petition_ids: Iterable[UUID], *, user_id: UUID) -> Group:
    """A group of these petitions. Raises InvalidInput without a title or without any, AlreadyGrouped."""
    group = Group(id=uuid4(), title=_titled(title), created_by=user_id, created_at=clock.now())
    fresh = await _fresh(session, group, petition_ids)
    if not fresh:
        raise InvalidInput("Elija al menos una petición.", field="folios")
    session.add(group)
    await session.flush()
    await _put(session, group, fresh, user_id)
    return group


def _titled(title: str) -> str:
    clean = " ".join(title.split())
    if not clean:
        raise InvalidInput("Escriba un nombre para el grupo, por ejemplo «Fuga en calle Reforma».", field="title")
    if len(clean) > MAX_TITLE:
        raise InvalidInput(f"El nombre del grupo puede tener {MAX_TITLE} letras.", field="title")
    return clean


async def rename(session: AsyncSession, group: Group, title: str) -> None:
    """Raises InvalidInput."""
    group.title = _titled(title)
    await session.flush()


async def add(session: AsyncSession, group: Group, petition_ids: Iterable[UUID], *, user_id: UUID) -> int:
    """Put petitions into a group; how many were not in it. Raises AlreadyGrouped for one of another group."""
    fresh = await _fresh(session, group, petition_ids)
    await _put(session, group, fresh, user_id)
    return len(fresh)


async def _fresh(session: AsyncSession, group: Group, petition_ids: Iterable[UUID]) -> list[Petition]:
    """Those of the petitions, locked, that are not in the group yet. Nothing is changed."""
    locked = await roots.lock(session, petition_ids)
    known = {
        member.petition_id: member.group_id
        for member in await session.scalars(select(GroupMember).where(GroupMember.petition_id.in_(locked)))
    }
    elsewhere = next((group_id for group_id in known.values() if group_id != group.id), None)
    if elsewhere is not None:
        raise AlreadyGrouped((await get(session, elsewhere)).title)
    fresh = [petition for petition in locked.values() if petition.id not in known]
    if await count(session, group.id) + len(fresh) > MAX_MEMBERS:
        raise InvalidInput(f"Un grupo tiene {MAX_MEMBERS} peticiones como máximo.")
    return fresh


async def _put(session: AsyncSession, group: Group, fresh: Iterable[Petition], user_id: UUID) -> None:
    for petition in fresh:
        session.add(GroupMember(group_id=group.id, petition_id=petition.id, created_at=clock.now()))
        await _tell(session, petition, group, PetitionEventKind.GROUPED, user_id)


async def remove(session: AsyncSession, group: Group, petition_id: UUID, *, user_id: UUID) -> bool:
    """Take a petition out of its group; False when it was not in it. A group left empty goes away."""
    locked = await roots.lock(session, (petition_id,))
    gone = await session.scalar(
        delete(GroupMember)
        .where(GroupMember.group_id == group.id, GroupMember.petition_id == petition_id)
        .returning(GroupMember.petition_id)
    )
    if gone is None:
        return False
    await _tell(session, locked[petition_id], group, PetitionEventKind.UNGROUPED, user_id)
    if not await count(session, group.id):
        await session.delete(group)
        await session.flush()
    return True


async def _tell(
    session: AsyncSession, petition: Petition, group: Group, kind: PetitionEventKind, user_id: UUID
) -> None:
    await petitions.add_event(
        session,
        petition,
        kind,
        actor=ActorKind.STAFF,
        user_id=user_id,
        text=group.title,
        detail={"group_id": str(group.id)},
    )


async def count(session: AsyncSession, group_id: UUID) -> int:
    found = await session.scalar(select(func.count()).select_from(GroupMember).where(GroupMember.group_id == group_id))
    return found or 0


async def of_petition(session: AsyncSession, petition_id: UUID) -> Group | None:
    """The group that a petition is in."""
    return await session.scalar(
        select(Group).join(GroupMember, GroupMember.group_id == Group.id).where(GroupMember.petition_id == petition_id)
    )


async def members(session: AsyncSession, group_id: UUID) -> list[MemberRow]:
    """A group's petitions, the first one first."""
    rows = await session.execute(
        select(Petition, Person)
        .join(GroupMember, GroupMember.petition_id == Petition.id)
        .outerjoin(Person, Person.id == Petition.person_id)
        .where(GroupMember.group_id == group_id)
        .order_by(Petition.created_at, Petition.number)
    )
    return [MemberRow(petition, person) for petition, person in rows]


async def listed(session: AsyncSession, *, limit: int = 200) -> Sequence[GroupRow]:
    """The groups with their counts, newest first."""
    supporters = (
        select(func.count())
        .select_from(Supporter)
        .join(GroupMember, GroupMember.petition_id == Supporter.petition_id)
        .where(GroupMember.group_id == Group.id)
        .correlate(Group)
        .scalar_subquery()
    )
    is_open = Petition.status.not_in(lifecycle.CLOSED)
    rows = await session.execute(
        select(Group, func.count(Petition.id), func.count(Petition.id).filter(is_open), supporters)
        .outerjoin(GroupMember, GroupMember.group_id == Group.id)
        .outerjoin(Petition, Petition.id == GroupMember.petition_id)
        .group_by(Group.id)
        .order_by(Group.created_at.desc())
        .limit(limit)
    )
    return [GroupRow(*row) for row in rows]


Act = Callable[[Petition], Awaitable[object]]


async def _each(session: AsyncSession, group: Group, act: Act) -> list[Outcome]:
    """Do the same to every petition of a group; what is refused for one leaves no trace, and the others be."""
    ids = [row.petition.id for row in await members(session, group.id)]
    # All are locked before any is touched: a notice locks a conversation, which comes after petitions.
    locked = await roots.lock(session, ids)
    outcomes = []
    for petition in (locked[one] for one in ids):
        folio = petition.folio
        try:
            async with session.begin_nested():
                await act(petition)
        except ChatSonoraError as refused:
            await session.refresh(petition)
            outcomes.append(Outcome(folio, refused.text))
        else:
            outcomes.append(Outcome(folio, None))
    return outcomes


async def change_status(
    session: AsyncSession, group: Group, to: PetitionStatus, *, reason: str, asked: str = "", user_id: UUID
) -> list[Outcome]:
    """Move every petition of a group to a status, as far as the lifecycle's table lets each."""
    if not reason.strip():
        raise InvalidInput("Escriba el motivo del cambio.")

    async def act(petition: Petition) -> None:
        await petitions.change_status(
            session, petition, to, reason=reason.strip(), asked=asked.strip(), user_id=user_id
        )

    return await _each(session, group, act)


async def tell(session: AsyncSession, group: Group, said: str, *, user_id: UUID) -> list[Outcome]:
    """Tell the citizens of all a group's petitions, and those who joined them, the same."""
    clean = conversations.clean_text(said)
    if len(clean) > MAX_TOLD:
        raise InvalidInput(f"El aviso tiene {len(clean)} caracteres y el máximo es {MAX_TOLD}.")

    async def act(petition: Petition) -> None:
        event = await petitions.add_event(
            session,
            petition,
            PetitionEventKind.NOTICE,
            actor=ActorKind.STAFF,
            user_id=user_id,
            text=clean,
            detail={TO_ALL: True},
        )
        await notices.send(session, petition, event, texts.of_staff(petition.folio, clean))

    return await _each(session, group, act)


async def turn(session: AsyncSession, group: Group, orders: Sequence[TurnOrder], *, user_id: UUID) -> list[Outcome]:
    """Pass every petition of a group to the same agencies."""

    async def act(petition: Petition) -> None:
        await turns.turn(session, petition, orders, user_id=user_id)

    return await _each(session, group, act)
