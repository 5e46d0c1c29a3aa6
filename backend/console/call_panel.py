"""The calls of a folio, and of its person, on the folio's page."""

from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from backend.agents.models import User
from backend.calls import queries
from backend.registry.models import Person, Petition


async def context(session: AsyncSession, petition: Petition, user: User) -> dict[str, Any]:
    of_petition = await queries.of_petition(session, petition.id)
    person = await session.get(Person, petition.person_id) if petition.person_id else None
    theirs = await queries.of_person(session, person.id, person.phone) if person else []
    return {
        "petition_calls": of_petition,
        "person_calls": [row for row in theirs if row.call.petition_id != petition.id],
    }
