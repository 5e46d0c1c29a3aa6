"""Which labelled messages become examples."""

from datetime import datetime

from sqlalchemy import BigInteger, cast, func, literal, select
from sqlalchemy.dialects.postgresql import distinct_on
from sqlalchemy.ext.asyncio import AsyncSession

from backend.learning.formats import TRAINING_PERCENT, Example, Split, plain, split_of
from backend.learning.models import LabelState, Understanding


async def examples(session: AsyncSession, since: datetime | None = None) -> list[Example]:
    """One example of each labelled text since then, by intent; of texts labelled twice, the latest label."""
    query = (
        select(Understanding.text_key, Understanding.label, Understanding.masked_text)
        .ext(distinct_on(Understanding.text_key))
        .where(Understanding.label_state == LabelState.LABELLED, Understanding.masked_text.is_not(None))
        .order_by(Understanding.text_key, Understanding.labelled_at.desc())
    )
    if since is not None:
        query = query.where(Understanding.labelled_at >= since)
    rows = await session.execute(query)
    found = [
        Example(intent, plain(text), split_of(key))
        for key, intent, text in rows
        if key is not None and intent is not None and text is not None
    ]
    return sorted((one for one in found if one.text), key=lambda one: (one.intent, one.text))


async def count_by_split(session: AsyncSession) -> dict[Split, int]:
    """How many labelled texts are learned from, and how many only measure: as `split_of`, without reading them."""
    digest = func.sha256(func.convert_to(func.concat("split:", Understanding.text_key), "UTF8"))
    number = sum(
        (cast(func.get_byte(digest, place), BigInteger) * 256 ** (3 - place) for place in range(4)), literal(0)
    )
    labelled = (
        select((number % 100 < TRAINING_PERCENT).label("is_learned"))
        .where(
            Understanding.label_state == LabelState.LABELLED,
            Understanding.text_key.is_not(None),
            Understanding.masked_text.regexp_match("[[:alnum:]]"),
        )
        .group_by(Understanding.text_key)
        .subquery()
    )
    counted = await session.execute(select(labelled.c.is_learned, func.count()).group_by(labelled.c.is_learned))
    return {Split.TRAINING if is_learned else Split.HELD_OUT: count for is_learned, count in counted}
