"""One petition as other systems see it, and its version."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from backend.agents.auth import Caller
from backend.agents.models import User
from backend.conversations.models import Attachment
from backend.integrations.errors import StaleVersion
from backend.integrations.listing import Row, rows
from backend.integrations.schemas import PetitionFull, full
from backend.privacy import reach
from backend.registry import petitions
from backend.registry.errors import PetitionNotFound
from backend.registry.models import Petition, PetitionEvent
from backend.registry.queries import EventRow
from backend.turns import service as turns

#: How many events a petition's own answer brings.
LATEST = 50


def etag(petition: Petition) -> str:
    """The version: every change of a petition has an event, and every event its moment."""
    return f'"{_micros(petition.updated_at):x}"'


def _micros(moment: datetime) -> int:
    return int(moment.timestamp()) * 1_000_000 + moment.microsecond


def matches(header: str, petition: Petition) -> bool:
    """Whether an If-Match or If-None-Match names the petition's version."""
    known = {part.strip().removeprefix("W/") for part in header.split(",")}
    return bool(known & {"*", etag(petition)})


def require_version(header: str | None, petition: Petition) -> None:
    """Refuse a change made upon an older version of a locked petition. Raises StaleVersion."""
    if header is not None and not matches(header, petition):
        raise StaleVersion


async def petition_of(session: AsyncSession, folio: str, *, for_update: bool = False) -> Petition:
    """The folio's petition. Raises PetitionNotFound, for one that is blocked too: a reason is given in the console."""
    petition = await petitions.get(session, folio, for_update=for_update)
    if petition.withheld_at is not None:
        raise PetitionNotFound
    return petition


async def petition_full(session: AsyncSession, petition: Petition, caller: Caller) -> PetitionFull:
    """Everything of a petition that `caller` may see."""
    await session.flush()
    row = (await session.execute(rows().where(Petition.id == petition.id))).one()
    files = await session.scalars(
        select(Attachment).where(Attachment.petition_id == petition.id).order_by(Attachment.created_at)
    )
    views = await turns.of_petition(session, petition.id)
    latest = await events_of(session, petition, limit=LATEST, is_newest_first=True)
    is_whole = caller.user.is_system or await reach.read_by_program(session, caller.user, petition)
    return full(Row(*row), views, latest, files.all(), sees_persons=caller.sees_persons, is_whole=is_whole)


async def events_of(
    session: AsyncSession, petition: Petition, *, after: int = 0, limit: int, is_newest_first: bool = False
) -> Sequence[EventRow]:
    """A petition's events after an event's id."""
    found = await session.execute(
        select(PetitionEvent, User.full_name)
        .outerjoin(User, User.id == PetitionEvent.user_id)
        .where(PetitionEvent.petition_id == petition.id, PetitionEvent.id > after)
        .order_by(PetitionEvent.id.desc() if is_newest_first else PetitionEvent.id)
        .limit(limit)
    )
    return [EventRow(event, name, event.at) for event, name in found]
