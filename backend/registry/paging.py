"""A page of a list out of millions: its matches are read in the list's own order, up to a limit. See docs/adr/0018."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from backend.registry import newest
from backend.registry.models import Petition

#: Nobody counts further, nor turns pages beyond; of what words find, one adds a word instead.
MOST_COUNTED, MOST_FOUND = 1_000, 250

#: For the rest of the transaction. A plan made for any word would be a bad one for most; what an index finds of a
#: common word must be kept row by row, or each row is compared again; and rows are in memory, not on a turning disk.
_SETTINGS = {"plan_cache_mode": "force_custom_plan", "work_mem": "64MB", "random_page_cost": "1.1"}


@dataclass(frozen=True)
class Page:
    """When `is_capped` there are more than `total`."""

    ids: Sequence[UUID]
    total: int
    is_capped: bool
    number: int
    pages: int


async def plan_for_search(session: AsyncSession) -> None:
    """Have what this transaction asks from now on planned for its own words."""
    await session.execute(select(*(func.set_config(name, value, True) for name, value in _SETTINGS.items())))


async def page(
    session: AsyncSession,
    conditions: Sequence[ColumnElement[bool]],
    ordering: Sequence[ColumnElement[Any]],
    *,
    number: int,
    size: int,
    most: int,
    hidden: Sequence[ColumnElement[bool]] | None = None,
) -> Page:
    """The `number`-th page of the first `most` petitions that meet `conditions`.

    `hidden`: of the newest of what words find, the same without the words for the planner to see (see `newest`).
    """
    await plan_for_search(session)
    if hidden is not None:
        found = await newest.ids(session, conditions, hidden, most + 1)
    else:
        query = select(Petition.id).where(*conditions).order_by(*ordering).limit(most + 1)
        found = (await session.scalars(query)).all()
    total, is_capped = min(len(found), most), len(found) > most
    pages = max(1, -(-total // size))
    number = max(1, min(number, pages) if is_capped else number)
    return Page(found[(number - 1) * size : number * size], total, is_capped, number, pages)
