"""Conversations that have what staff typed, however many there are: see docs/adr/0018.

An index of words tells which messages have a word, not whose conversation is the newest: where few have it, all are
read; where many do, the newest conversations are walked through until enough have it. How many have two words together
no statistics tell: so what should be few is read up to a limit, and walked to beyond.
"""

from collections.abc import Callable, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, func, select, true, union
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased

from backend.conversations.models import PUBLIC_AUTHORS, Conversation, Message
from backend.registry import newest, paging, searching
from backend.registry.models import Person, Petition

#: So many messages are read whose conversations are then sorted; so many conversations are walked through.
MOST_GATHERED, MOST_WALKED = 4_000, 15_000
#: What more messages have is sooner met by walking than read from the index.
_COMMON = 0.01
Conditions = Sequence[ColumnElement[bool]]
#: Of the conversations of a view.
Ordering = Callable[[type[Conversation]], Sequence[ColumnElement[Any]]]


async def ids(
    session: AsyncSession, conditions: Conditions, ordering: Ordering, search: str, limit: int
) -> Sequence[UUID]:
    """The first conversations that have what was typed: their person, their petition or their messages; in no order.

    Each way by itself: asked for as one, an index would serve none of them, and every conversation would be read.
    """
    await paging.plan_for_search(session)
    told = (
        Conversation.person_id.in_(select(Person.id).where(searching.people(search))),
        Conversation.id.in_(
            select(Petition.conversation_id).where(Petition.conversation_id.is_not(None), searching.petitions(search))
        ),
    )
    ways = [
        select(Conversation.id).where(*conditions, way).order_by(*ordering(Conversation)).limit(limit).subquery()
        for way in told
    ]
    found = (await session.scalars(union(*(select(way.c.id) for way in ways)))).all()
    return [*found, *await _said(session, conditions, ordering, search, limit)]


async def _said(
    session: AsyncSession, conditions: Conditions, ordering: Ordering, search: str, limit: int
) -> Sequence[UUID]:
    """Those in which somebody said it."""
    said, in_two = searching.said(search), searching.said(search, is_in_two=True)
    if said is None or in_two is None:
        return []
    is_public = Message.author.in_(PUBLIC_AUTHORS)
    having, indexed = [is_public, said], [is_public, in_two]
    expected = await newest.expected(session, select(Message.id).where(*having))
    if expected <= _COMMON * await newest.expected(session, select(Message.id)):
        found = await _gathered(session, conditions, ordering, indexed, limit, MOST_GATHERED)
        if found is not None:
            return found
    walked = await _walked(session, conditions, ordering, [*having, *searching.looks_said(search)], limit)
    if len(walked) < limit:
        return await _gathered(session, conditions, ordering, indexed, limit, None) or []
    return walked


async def _gathered(
    session: AsyncSession, conditions: Conditions, ordering: Ordering, having: Conditions, limit: int, most: int | None
) -> Sequence[UUID] | None:
    """The first conversations of all such messages; None: there are more than `most`."""
    read = None if most is None else most + 1
    messages = select(Message.conversation_id).where(*having).limit(read).cte().prefix_with("MATERIALIZED")
    theirs = Conversation.id.in_(select(messages.c.conversation_id))
    is_all = true() if most is None else select(func.count() <= most).select_from(messages).scalar_subquery()
    first = select(Conversation.id).where(*conditions, theirs, is_all).order_by(*ordering(Conversation)).limit(limit)
    told = await session.execute(select(func.array(first.scalar_subquery()), is_all))
    found, is_whole = told.one()
    return found if is_whole else None


async def _walked(
    session: AsyncSession, conditions: Conditions, ordering: Ordering, having: Conditions, limit: int
) -> Sequence[UUID]:
    """Those of the first `MOST_WALKED` conversations that have such a message."""
    nearest = select(Conversation).where(*conditions).order_by(*ordering(Conversation)).limit(MOST_WALKED)
    near = aliased(Conversation, nearest.subquery())
    # One value, which the planner leaves to be asked of each conversation: an EXISTS it joins to all such messages.
    has = select(true()).where(Message.conversation_id == near.id, *having).limit(1).scalar_subquery()
    return (await session.scalars(select(near.id).where(has).order_by(*ordering(near)).limit(limit))).all()
