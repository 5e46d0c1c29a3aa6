"""A page of a list out of millions: how many there are is counted only so far, and no plan is left to luck.

Few matches are gathered by whatever index finds them and sorted; many are met soon when the list is walked in its
own order, so it is walked until the page is full. See docs/adr/0018.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased

from backend.registry.models import Petition

#: Nobody counts further, nor turns pages beyond.
MOST_COUNTED = 2_000

Ordering = Callable[[type[Petition]], Sequence[ColumnElement[Any]]]


@dataclass(frozen=True)
class Page:
    """`total` is MOST_COUNTED when `is_capped`: there are more."""

    ids: Sequence[UUID]
    total: int
    is_capped: bool
    number: int
    pages: int


async def page(
    session: AsyncSession, conditions: Sequence[ColumnElement[bool]], ordering: Ordering, *, number: int, size: int
) -> Page:
    """The `number`-th page of the petitions that meet `conditions`."""
    # A plan made for any word would be a bad one for most.
    await _set(session, "plan_cache_mode", "force_custom_plan")
    # What an index finds of a common word must be kept row by row, or each page's rows are read and compared again.
    await _set(session, "work_mem", "64MB")
    some = select(Petition.id).where(*conditions).limit(MOST_COUNTED + 1).subquery()
    counted = await session.scalar(select(func.count()).select_from(some)) or 0
    total, is_capped = min(counted, MOST_COUNTED), counted > MOST_COUNTED
    pages = max(1, -(-total // size))
    number = max(1, min(number, pages) if is_capped else number)
    read = _walk if is_capped else _gather
    ids = await read(session, conditions, ordering, size, (number - 1) * size) if total else []
    return Page(ids, total, is_capped, number, pages)


async def _gather(
    session: AsyncSession, conditions: Sequence[ColumnElement[bool]], ordering: Ordering, limit: int, offset: int
) -> Sequence[UUID]:
    columns = (
        Petition.id, Petition.created_at, Petition.number, Petition.updated_at, Petition.due_on, Petition.priority,
    )  # fmt: skip
    found = aliased(Petition, select(*columns).where(*conditions).cte("found").prefix_with("MATERIALIZED"))
    rows = await session.scalars(select(found.id).order_by(*ordering(found)).limit(limit).offset(offset))
    return rows.all()


async def _walk(
    session: AsyncSession, conditions: Sequence[ColumnElement[bool]], ordering: Ordering, limit: int, offset: int
) -> Sequence[UUID]:
    query = select(Petition.id).where(*conditions).order_by(*ordering(Petition)).limit(limit).offset(offset)
    for setting in _GATHERERS:
        await _set(session, setting, "off")
    rows = await session.scalars(query)
    for setting in _GATHERERS:
        await _set(session, setting, "on")
    return rows.all()


_GATHERERS = ("enable_bitmapscan", "enable_seqscan")


async def _set(session: AsyncSession, setting: str, value: str) -> None:
    """For the rest of the transaction."""
    await session.execute(select(func.set_config(setting, value, True)))
