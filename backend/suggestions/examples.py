"""What the classifier learns from: the catalog's words, written examples, and what staff decided."""

from collections.abc import Iterable, Sequence
from functools import lru_cache
from pathlib import Path

import yaml
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from backend.catalog import service as catalog
from backend.catalog.models import Topic
from backend.registry.models import Petition, PetitionEvent, PetitionEventKind
from backend.suggestions.models import Decision, PetitionSuggestion
from backend.suggestions.shapes import Example

SEED = Path(__file__).parent / "seed" / "examples.yml"
#: The latest decisions that are learned from; each counts as much as this many written examples.
MOST_DECIDED, DECIDED_WEIGHT = 5000, 2.0
#: A keyword says less than a sentence.
KEYWORD_WEIGHT = 0.5


@lru_cache(maxsize=1)
def written() -> Sequence[Example]:
    """The sentences of the seed file."""
    told: dict[str, str] = yaml.safe_load(SEED.read_text(encoding="utf-8"))
    return [Example(topic, line) for topic, lines in told.items() for line in lines.strip().splitlines()]


def of_catalog(topics: Iterable[Topic]) -> list[Example]:
    """Each topic's name and keywords, and the written examples of the topics that are in use."""
    named = list(topics)
    known = {topic.key for topic in named}
    words = [
        Example(topic.key, text, KEYWORD_WEIGHT) for topic in named for text in (topic.name, *topic.keywords)
    ]  # fmt: skip
    return [*words, *(one for one in written() if one.topic in known)]


async def all_of(session: AsyncSession) -> list[Example]:
    """Everything there is to learn from now."""
    return [*of_catalog(await catalog.topics(session)), *await decided(session)]


async def decided(session: AsyncSession) -> list[Example]:
    """Narratives whose topic a person chose: from those suggested, or by correcting the petition's."""
    by_button = (
        select(Petition.narrative, Topic.key)
        .join(PetitionSuggestion, PetitionSuggestion.petition_id == Petition.id)
        .join(Topic, Topic.id == PetitionSuggestion.topic_id)
        .where(PetitionSuggestion.decision == Decision.USED, Topic.is_active)
        .order_by(PetitionSuggestion.decided_at.desc())
        .limit(MOST_DECIDED)
    )
    corrected = (
        select(PetitionEvent.petition_id)
        .where(PetitionEvent.kind == PetitionEventKind.EDITED, PetitionEvent.detail.has_key("topic_id"))
        .order_by(PetitionEvent.id.desc())
        .limit(MOST_DECIDED)
        .subquery()
    )
    by_hand = (
        select(Petition.narrative, Topic.key)
        .join(Topic, Topic.id == Petition.topic_id)
        .where(Petition.id.in_(select(corrected.c.petition_id)), Topic.is_active)
    )
    told: dict[tuple[str, str], None] = {}
    for query in (by_button, by_hand):
        told |= dict.fromkeys((narrative, key) for narrative, key in (await session.execute(query)).all())
    return [Example(key, narrative, DECIDED_WEIGHT) for narrative, key in told]
