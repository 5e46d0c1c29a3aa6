"""What agencies told that nobody of the office has seen yet: whoever is responsible sees it, and says so."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import ColumnElement, and_, func, or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased

from backend.agents.models import Role, User
from backend.catalog.models import Agency
from backend.registry.lifecycle import CLOSED
from backend.registry.models import Petition, PetitionEvent, PetitionEventKind
from backend.turns.models import Turn

#: What an agency tells; its acknowledgement asks nothing of anybody.
_TOLD = (
    PetitionEventKind.TURN_ANSWERED,
    PetitionEventKind.TURN_RETURNED,
    PetitionEventKind.TURN_NOTE,
    PetitionEventKind.EXTENSION_ASKED,
)
MOST = 200


@dataclass(frozen=True)
class News:
    """The latest that an agency told of a turn."""

    turn: Turn
    folio: str
    agency: str
    assignee: str | None
    event: PetitionEvent


def _unseen(user_id: UUID | None) -> ColumnElement[bool]:
    """Of petitions that `user_id` or nobody is responsible for, of all for None; of closed ones there is no more."""
    is_news = and_(Turn.news_at.is_not(None), Petition.status.not_in(CLOSED))
    if user_id is None:
        return is_news
    return and_(is_news, or_(Petition.assignee_id.is_(None), Petition.assignee_id == user_id))


async def count(session: AsyncSession, user_id: UUID) -> int:
    """How many turns have news for somebody."""
    return (await counts(session, [user_id]))[user_id]


async def counts(session: AsyncSession, user_ids: Collection[UUID]) -> dict[UUID, int]:
    """The same for several: what nobody is responsible for is news for each."""
    rows = await session.execute(
        select(Petition.assignee_id, func.count())
        .join(Turn, Turn.petition_id == Petition.id)
        .where(_unseen(None), or_(Petition.assignee_id.is_(None), Petition.assignee_id.in_(user_ids)))
        .group_by(Petition.assignee_id)
    )
    told = dict(rows.all())
    return {user_id: told.get(None, 0) + told.get(user_id, 0) for user_id in user_ids}


async def unseen(session: AsyncSession, user_id: UUID | None) -> list[News]:
    """The news for somebody, or for the whole office for None: what waits longest comes first."""
    liaison, assignee = aliased(User), aliased(User)
    told = (
        select(PetitionEvent)
        .join(liaison, liaison.id == PetitionEvent.user_id)
        .where(PetitionEvent.turn_id == Turn.id, PetitionEvent.kind.in_(_TOLD), liaison.role == Role.LIAISON)
        .order_by(PetitionEvent.id.desc())
        .limit(1)
        .lateral()
    )
    latest = aliased(PetitionEvent, told)
    rows = await session.execute(
        select(Turn, Petition.folio, Agency.short_name, assignee.full_name, latest)
        .join(Petition, Petition.id == Turn.petition_id)
        .join(Agency, Agency.id == Turn.agency_id)
        .join(latest, latest.turn_id == Turn.id)
        .outerjoin(assignee, assignee.id == Petition.assignee_id)
        .where(_unseen(user_id))
        .order_by(Turn.news_at)
        .limit(MOST)
    )
    return [News(*row) for row in rows]


async def seen(session: AsyncSession, shown: Mapping[UUID, datetime]) -> int:
    """Take away the news that was shown, by turn; what came after stays. How many were there."""
    done: Sequence[UUID] = [
        turn_id
        for turn_id, at in shown.items()
        if await session.scalar(
            update(Turn).where(Turn.id == turn_id, Turn.news_at <= at).values(news_at=None).returning(Turn.id)
        )
    ]
    return len(done)
