"""Reading for the console: messages to label, progress, and models side by side."""

import enum
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import (
    ColumnElement,
    ScalarSelect,
    SQLColumnExpression,
    and_,
    bindparam,
    case,
    distinct,
    func,
    or_,
    select,
    text,
)
from sqlalchemy.dialects.postgresql import distinct_on
from sqlalchemy.ext.asyncio import AsyncSession

from backend import clock
from backend.agents.models import User
from backend.assistant.port import Outcome
from backend.conversations.models import Rating
from backend.learning.models import FollowUp, LabelState, Understanding
from backend.learning.service import LOW_CONFIDENCE
from backend.learning.statistics import Share

PAGE_SIZE = 25
#: So many messages are looked through, the newest; and nobody counts further than so many of a kind.
MOST_LISTED, MOST_COUNTED = 2000, 10_000


class Band(enum.StrEnum):
    """How sure the bot was."""

    UNDER_50 = "0-50"
    UNDER_70 = "50-70"
    UNDER_90 = "70-90"
    FROM_90 = "90-100"

    @property
    def bounds(self) -> tuple[float, float]:
        low, high = (int(part) / 100 for part in self.value.split("-"))
        return low, high if high < 1 else 1.01


class Period(enum.StrEnum):
    DAY = "1"
    WEEK = "7"
    MONTH = "30"
    QUARTER = "90"


@dataclass(frozen=True)
class Filter:
    """Which messages; None is any."""

    state: LabelState | None = LabelState.PENDING
    period: Period | None = None
    intent: str | None = None
    band: Band | None = None
    page: int = 1


@dataclass(frozen=True)
class Group:
    """Messages that read alike; `latest` stands for them."""

    latest: Understanding
    count: int
    labelled_by: str | None

    @property
    def reasons(self) -> list[str]:
        """Why it is worth a look, as codes that `console/texts.py` puts in words."""
        row = self.latest
        found = [row.outcome.value] if row.outcome is not Outcome.ANSWERED else []
        if row.follow_up not in (None, FollowUp.CONFIRMED):
            found.append(row.follow_up.value)
        if row.is_handed_over:
            found.append("handed_over")
        return found or ["low_confidence"]


@dataclass(frozen=True)
class GroupPage:
    """When `is_capped` there are older messages that were not looked through."""

    groups: Sequence[Group]
    total: int
    page: int
    pages: int
    is_capped: bool


@dataclass(frozen=True)
class IntentProgress:
    intent: str
    labelled: int


@dataclass(frozen=True)
class Progress:
    """Messages, not groups, of each at most `MOST_COUNTED`.

    `without_text`: worth a look, but they tell of a danger or of somebody's data.
    """

    pending: int
    labelled_today: int
    labelled: int
    discarded: int
    without_text: int
    by_intent: Sequence[IntentProgress]


@dataclass(frozen=True)
class ModelFigures:
    """What one version did. Shares are of typed messages outside forms; handed over and rated, of conversations."""

    model: str
    first_at: datetime
    last_at: datetime
    messages: int
    conversations: int
    understood: Share
    asked: Share
    handed_over: Share
    satisfied: Share


def _conditions(wanted: Filter) -> list[ColumnElement[bool]]:
    conditions: list[ColumnElement[bool]] = [
        and_(Understanding.is_worth_a_look),
        Understanding.text_key.is_not(None),
    ]
    if wanted.state is not None:
        conditions.append(_is_in(wanted.state))
    if wanted.period is not None:
        conditions.append(Understanding.created_at > clock.now() - timedelta(days=int(wanted.period.value)))
    if wanted.intent:
        said = Understanding.label if wanted.state is LabelState.LABELLED else Understanding.intent
        conditions.append(said == wanted.intent)
    if wanted.band is not None:
        low, high = wanted.band.bounds
        conditions.append(and_(Understanding.confidence >= low, Understanding.confidence < high))
    return conditions


def _is_in(state: LabelState) -> ColumnElement[bool]:
    """Written out, not bound: an index over it must be recognised in every plan."""
    return Understanding.label_state == bindparam(None, state, literal_execute=True)


async def groups(session: AsyncSession, wanted: Filter) -> GroupPage:
    """A page of messages to look at, newest first, those that read alike together. Of the newest `MOST_LISTED`."""
    newest = (
        select(Understanding.message_id, Understanding.created_at, Understanding.text_key, Understanding.label_state)
        .where(*_conditions(wanted))
        .order_by(Understanding.created_at.desc())
        .limit(MOST_LISTED)
        .subquery()
    )
    same = (newest.c.text_key, newest.c.label_state)
    alike = select(
        newest.c.message_id,
        func.count().over(partition_by=same).label("count"),
        func.row_number()
        .over(partition_by=same, order_by=(newest.c.created_at.desc(), newest.c.message_id))
        .label("place"),
    ).subquery()
    counted = await session.execute(select(func.count(), func.count().filter(alike.c.place == 1)).select_from(alike))
    messages, total = counted.one()
    pages = max(1, -(-total // PAGE_SIZE))
    page = min(max(1, wanted.page), pages)
    rows = await session.execute(
        select(Understanding, alike.c.count, User.full_name)
        .join(alike, alike.c.message_id == Understanding.message_id)
        .outerjoin(User, User.id == Understanding.labelled_by)
        .where(alike.c.place == 1)
        .order_by(Understanding.created_at.desc(), Understanding.message_id)
        .limit(PAGE_SIZE)
        .offset((page - 1) * PAGE_SIZE)
    )
    groups = [Group(row, count, name) for row, count, name in rows]
    return GroupPage(groups, total, page, pages, messages == MOST_LISTED)


async def progress(session: AsyncSession) -> Progress:
    """How far labelling is."""
    today = clock.local(clock.now()).replace(hour=0, minute=0, second=0, microsecond=0)
    has_text = (Understanding.is_worth_a_look, Understanding.text_key.is_not(None))

    def in_state(state: LabelState) -> ScalarSelect[int]:
        return _up_to_most(*has_text, _is_in(state))

    figures = await session.execute(
        select(
            in_state(LabelState.PENDING),
            _up_to_most(Understanding.labelled_at >= today),
            in_state(LabelState.LABELLED),
            in_state(LabelState.DISCARDED),
            _up_to_most(Understanding.is_worth_a_look, Understanding.text_key.is_(None)),
        )
    )
    pending, labelled_today, labelled, discarded, without_text = figures.one()
    return Progress(pending, labelled_today, labelled, discarded, without_text, await _by_intent(session))


def _up_to_most(*conditions: SQLColumnExpression[bool]) -> ScalarSelect[int]:
    found = select(Understanding.message_id).where(*conditions).limit(MOST_COUNTED).subquery()
    return select(func.count()).select_from(found).scalar_subquery()


async def _by_intent(session: AsyncSession) -> list[IntentProgress]:
    """Each label with its messages, most first. The labels are read by their index, one after another."""
    least = select(func.min(Understanding.label).label("label")).where(Understanding.label.is_not(None))
    first = least.cte("label", recursive=True)
    later = select(func.min(Understanding.label)).where(Understanding.label > first.c.label).scalar_subquery()
    labels = first.union_all(select(later).where(first.c.label.is_not(None)))
    named = select(Understanding.message_id).where(Understanding.label == labels.c.label).correlate(labels)
    count = select(func.count()).select_from(named.limit(MOST_COUNTED).subquery()).scalar_subquery()
    rows = await session.execute(
        select(labels.c.label, count.label("count"))
        .where(labels.c.label.is_not(None))
        .order_by(text("count DESC"), labels.c.label)
    )
    return [IntentProgress(intent, number) for intent, number in rows]


async def models(session: AsyncSession, since: datetime) -> list[ModelFigures]:
    """What each model version did since then, the latest in use first."""
    is_free = and_(Understanding.is_typed, Understanding.in_form.is_(False))
    is_asked = Understanding.outcome == Outcome.ASKED
    is_clear = and_(
        Understanding.outcome == Outcome.ANSWERED,
        Understanding.confidence >= LOW_CONFIDENCE,
        or_(Understanding.follow_up.is_(None), Understanding.follow_up == FollowUp.CONFIRMED),
    )
    gave_up = or_(
        Understanding.is_handed_over,
        and_(Understanding.outcome != Outcome.ANSWERED, Understanding.follow_up == FollowUp.ASKED_FOR_PERSON),
    )
    handed_over = func.count(distinct(case((gave_up, Understanding.conversation_id))))
    rows = await session.execute(
        select(
            Understanding.model,
            func.min(Understanding.created_at),
            func.max(Understanding.created_at).label("last"),
            func.count(),
            func.count(distinct(Understanding.conversation_id)),
            func.count().filter(is_free),
            func.count().filter(is_free, is_clear),
            func.count().filter(is_free, is_asked),
            handed_over,
        )
        .where(Understanding.created_at >= since)
        .group_by(Understanding.model)
        .order_by(func.max(Understanding.created_at).desc())
    )
    ratings = await _ratings(session, since)
    return [
        ModelFigures(
            model,
            first,
            last,
            messages,
            talks,
            Share(clear, free),
            Share(asked, free),
            Share(gone, talks),
            ratings.get(model, Share(0, 0)),
        )
        for model, first, last, messages, talks, free, clear, asked, gone in rows
    ]


async def _ratings(session: AsyncSession, since: datetime) -> dict[str, Share]:
    """Of the rated conversations that one model alone had, those rated 4 or 5."""
    alone = (
        select(Understanding.conversation_id, func.min(Understanding.model).label("model"))
        .where(Understanding.created_at >= since)
        .group_by(Understanding.conversation_id)
        .having(func.count(distinct(Understanding.model)) == 1)
        .subquery()
    )
    last_score = (
        select(Rating.conversation_id, Rating.score)
        .ext(distinct_on(Rating.conversation_id))
        .where(Rating.created_at >= since)
        .order_by(Rating.conversation_id, Rating.created_at.desc())
        .subquery()
    )
    rows = await session.execute(
        select(alone.c.model, func.count().filter(last_score.c.score >= 4), func.count())
        .join(last_score, last_score.c.conversation_id == alone.c.conversation_id)
        .group_by(alone.c.model)
    )
    return {model: Share(good, rated) for model, good, rated in rows}
