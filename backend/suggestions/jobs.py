"""The worker's part: learning, and reading petitions soon after they are filed."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import structlog
from sqlalchemy import func, or_, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from backend import clock
from backend.catalog import service as catalog
from backend.catalog.models import Topic
from backend.db import Database
from backend.registry.models import Petition, PetitionEvent, PetitionEventKind, PetitionStatus
from backend.suggestions import examples
from backend.suggestions.apart import ClassifierLost, ClassifierProcess
from backend.suggestions.models import PetitionSuggestion
from backend.suggestions.service import SURE, text_key
from backend.suggestions.shapes import Guess
from backend.turns.models import Turn, TurnState

log = structlog.get_logger(__name__)

#: So many decisions more, and the classifier learns anew.
ENOUGH_NEW = 20
#: Read at once; the next ones at the next turn.
BATCH = 50
#: What changed is looked for; so often, everything that nobody has decided. What changed may be seen so much later.
_ALL_EVERY, _MARGIN = timedelta(hours=1), timedelta(minutes=5)
#: An agency is known for a topic from so many turns on, where most went to it.
_LEAST_TURNS, _LAST_TURNS = 5, 2000
#: A topic is only chosen before the petition is with an agency.
_UNDECIDED = (PetitionStatus.RECIBIDA, PetitionStatus.EN_ANALISIS)


@dataclass(frozen=True)
class Usual:
    """The agency that a topic's petitions go to: `turned` of the last `of`."""

    agency_id: UUID | None
    turned: int = 0
    of: int = 0


class Suggester:
    """Reads petitions with a classifier in a process of its own, which is there while there is something to read.

    It learns when it is started, and anew whenever staff decided enough.
    """

    def __init__(self, database: Database) -> None:
        self._database = database
        self._classifier: ClassifierProcess | None = None
        self._learned_at = clock.now()
        self._seen_at = self._seen_all_at = datetime.min.replace(tzinfo=UTC)

    async def suggest_pending(self) -> int:
        """Read what was filed or rewritten since; how many petitions."""
        moment = clock.now()
        is_of_all = moment - self._seen_all_at >= _ALL_EVERY
        async with self._database.transaction() as session:
            waiting = await pending(session, None if is_of_all else self._seen_at - _MARGIN)
        if waiting:
            await self._suggest(waiting)
        else:
            await self.rest()
        if len(waiting) < BATCH:
            self._seen_at, self._seen_all_at = moment, moment if is_of_all else self._seen_all_at
        return len(waiting)

    async def _suggest(self, waiting: Sequence[tuple[UUID, str]]) -> None:
        classifier = await self._up_to_date()
        try:
            guesses = await classifier.rank([told for _, told in waiting])
        except ClassifierLost:
            await self.rest()  # the next round begins with another
            raise
        async with self._database.transaction() as session:
            topics = {topic.key: topic for topic in await catalog.topics(session)}
            usual = await usual_agencies(session)
            for (petition_id, told), ranked in zip(waiting, guesses, strict=True):
                ranking = [
                    _entry(guess, topics[guess.topic], usual.get(topics[guess.topic].id))
                    for guess in ranked
                    if guess.topic in topics
                ]
                await _store(session, petition_id, told, ranking, classifier.version)

    async def rest(self) -> None:
        """End the classifier, and give back what it holds."""
        ending, self._classifier = self._classifier, None
        if ending is not None:
            await ending.end()

    async def _up_to_date(self) -> ClassifierProcess:
        async with self._database.transaction() as session:
            known = self._classifier
            if known is not None and not await are_enough(session, self._learned_at):
                return known
            moment, learned = clock.now(), await examples.all_of(session)
        await self.rest()
        self._classifier, self._learned_at = await ClassifierProcess.learned(learned), moment
        log.info("suggestions_trained", examples=len(learned), version=self._classifier.version)
        return self._classifier


async def pending(session: AsyncSession, since: datetime | None = None) -> Sequence[tuple[UUID, str]]:
    """Petitions not yet with an agency whose narrative nobody has read, the newest first; of what changed since."""
    rows = await session.execute(
        select(Petition.id, Petition.narrative)
        .outerjoin(PetitionSuggestion, PetitionSuggestion.petition_id == Petition.id)
        .where(
            Petition.status.in_(_UNDECIDED),
            *([] if since is None else [Petition.updated_at > since]),
            or_(
                PetitionSuggestion.petition_id.is_(None),
                (Petition.updated_at > PetitionSuggestion.created_at)
                & PetitionSuggestion.decision.is_(None)
                & (func.left(func.encode(func.sha256(_bytes(Petition.narrative)), "hex"), 32)
                   != PetitionSuggestion.text_key),
            ),
        )
        .order_by(Petition.created_at.desc())
        .limit(BATCH)
    )  # fmt: skip
    return [(petition_id, narrative) for petition_id, narrative in rows]


def _bytes(narrative: Any) -> Any:
    return func.convert_to(narrative, "UTF8")


async def are_enough(session: AsyncSession, since: datetime) -> bool:
    """Whether so much was decided since then that the classifier should learn anew."""
    by_button = select(PetitionSuggestion.petition_id).where(PetitionSuggestion.decided_at > since).limit(ENOUGH_NEW)
    latest = (
        select(PetitionEvent.at)
        .where(PetitionEvent.kind == PetitionEventKind.EDITED, PetitionEvent.detail.has_key("topic_id"))
        .order_by(PetitionEvent.id.desc())
        .limit(ENOUGH_NEW)
    )
    by_hand = [at for at in await session.scalars(latest) if at > since]
    return len((await session.scalars(by_button)).all()) + len(by_hand) >= ENOUGH_NEW


async def usual_agencies(session: AsyncSession) -> Mapping[UUID, Usual]:
    """By topic, where its latest petitions were turned; the catalog's agency where that tells too little."""
    latest = (
        select(Turn.petition_id, Turn.agency_id)
        .where(Turn.state.not_in((TurnState.RETURNED, TurnState.WITHDRAWN)))
        .order_by(Turn.created_at.desc())
        .limit(_LAST_TURNS)
        .subquery()
    )
    rows = await session.execute(
        select(Petition.topic_id, latest.c.agency_id, func.count())
        .join(latest, latest.c.petition_id == Petition.id)
        .where(Petition.topic_id.is_not(None))
        .group_by(Petition.topic_id, latest.c.agency_id)
    )
    turned: dict[UUID, Counter[UUID]] = {}
    for topic_id, agency_id, count in rows:
        turned.setdefault(topic_id, Counter())[agency_id] = count
    return {topic_id: usual for topic_id, counts in turned.items() if (usual := _usual(counts)) is not None}


def _usual(counts: Counter[UUID]) -> Usual | None:
    (agency_id, turned), of = counts.most_common(1)[0], counts.total()
    return Usual(agency_id, turned, of) if of >= _LEAST_TURNS and turned * 2 > of else None


def _entry(guess: Guess, topic: Topic, usual: Usual | None) -> dict[str, Any]:
    sent = usual or Usual(topic.default_agency_id)
    return {
        "topic_id": str(topic.id),
        "agency_id": str(sent.agency_id) if sent.agency_id else None,
        "confidence": round(guess.confidence, 3),
        "words": list(guess.words),
        "turned": sent.turned,
        "of": sent.of,
    }


async def _store(
    session: AsyncSession, petition_id: UUID, told: str, ranking: list[dict[str, Any]], version: str
) -> None:
    values = {
        "text_key": text_key(told),
        "ranking": ranking,
        "is_sure": bool(ranking) and ranking[0]["confidence"] >= SURE,
        "model": version,
        "created_at": clock.now(),
    }
    statement = insert(PetitionSuggestion).values(petition_id=petition_id, **values)
    await session.execute(
        statement.on_conflict_do_update(
            index_elements=[PetitionSuggestion.petition_id],
            set_=values,
            where=PetitionSuggestion.decision.is_(None),
        )
    )
