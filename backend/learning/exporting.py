"""Which labelled messages become examples."""

from collections import Counter
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import distinct_on
from sqlalchemy.ext.asyncio import AsyncSession

from backend.learning.formats import Example, Split, plain, split_of
from backend.learning.models import LabelState, Understanding
from backend.learning.service import key_of

#: Nobody counts further.
MOST_TEXTS = 2000


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
    """How many labelled texts are learned from, and how many only measure; the texts are not read.

    Of `MOST_TEXTS` at most: their keys say nothing of when they were told, so the two stand as among all.
    """
    keys = await session.scalars(
        select(Understanding.text_key)
        .where(
            Understanding.label_state == LabelState.LABELLED,
            Understanding.masked_text.is_not(None),
            Understanding.text_key != key_of(""),  # nothing but signs
        )
        .distinct()
        .order_by(Understanding.text_key)
        .limit(MOST_TEXTS)
    )
    return Counter(split_of(key) for key in keys if key is not None)
