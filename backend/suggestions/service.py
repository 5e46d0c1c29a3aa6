"""Suggestions as staff see and decide them. Nothing here loads the classifier: the worker has it."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from backend import clock
from backend.catalog.models import Agency, Topic
from backend.errors import InvalidInput
from backend.registry import petitions
from backend.registry.models import Petition
from backend.suggestions.models import Decision, PetitionSuggestion

#: From this confidence on a suggestion is not a guess: it came true four times in five (`benchmarks.suggestions`).
SURE = 0.5


@dataclass(frozen=True)
class Choice:
    """One suggested topic. `turned` of the last `of` petitions on it went to `agency`; 0 of 0: nobody knows yet."""

    topic: Topic
    agency: Agency | None
    percent: int
    words: Sequence[str]
    turned: int
    of: int


@dataclass(frozen=True)
class Suggested:
    """A petition's suggestion. Without choices: none of the topics is in use any more."""

    choices: Sequence[Choice]
    is_sure: bool
    decision: Decision | None
    used: UUID | None


def text_key(narrative: str) -> str:
    """The same for the same narrative."""
    return hashlib.sha256(narrative.encode()).hexdigest()[:32]


async def of_petition(session: AsyncSession, petition: Petition) -> Suggested | None:
    """What was suggested of the narrative as it is now; None until the worker has read it."""
    row = await session.get(PetitionSuggestion, petition.id)
    if row is None or (row.text_key != text_key(petition.narrative) and row.decision is None):
        return None
    topics = {one.id: one for one in await session.scalars(select(Topic).where(Topic.is_active))}
    agencies = {one.id: one for one in await session.scalars(select(Agency).where(Agency.is_active))}
    choices = [
        Choice(
            topics[UUID(one["topic_id"])],
            agencies.get(UUID(one["agency_id"])) if one["agency_id"] else None,
            round(one["confidence"] * 100),
            one["words"],
            one["turned"],
            one["of"],
        )
        for one in row.ranking
        if UUID(one["topic_id"]) in topics
    ]
    return Suggested(choices, row.is_sure, row.decision, row.topic_id)


async def use(session: AsyncSession, petition: Petition, topic_id: UUID, *, user_id: UUID) -> None:
    """Give a locked petition a suggested topic and its agency. Raises InvalidInput for one not suggested."""
    suggested = await of_petition(session, petition)
    choice = next((one for one in suggested.choices if one.topic.id == topic_id), None) if suggested else None
    if choice is None:
        raise InvalidInput("Esa sugerencia ya cambió. Revise las que se muestran ahora.")
    changes = {"topic_id": topic_id}
    if choice.agency is not None:
        changes["agency_id"] = choice.agency.id
    await petitions.edit(session, petition, changes, user_id=user_id)
    await _decide(session, petition, Decision.USED, topic_id, user_id)


async def reject(session: AsyncSession, petition: Petition, *, user_id: UUID) -> None:
    """None of those suggested. Raises InvalidInput where nothing is suggested."""
    if await of_petition(session, petition) is None:
        raise InvalidInput("Todavía no hay una sugerencia para esta petición.")
    await _decide(session, petition, Decision.REJECTED, None, user_id)


async def _decide(
    session: AsyncSession, petition: Petition, decision: Decision, topic_id: UUID | None, user_id: UUID
) -> None:
    row = await session.get_one(PetitionSuggestion, petition.id)
    row.decision, row.topic_id = decision, topic_id
    row.decided_by, row.decided_at = user_id, clock.now()
    await session.flush()
