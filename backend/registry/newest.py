"""The newest of what words find, without reading all that they find. See docs/adr/0018.

An index of words tells where a petition lies, not when it was filed: to know the newest of 20,000, each is read, and
each lies on a page of its own; to walk back from the newest until enough have the words is as long when few have them.
How many will, nobody knows before: words go together, or exclude each other, as no statistics tell. So the newest
hundredth is looked through first, and tells how far to look back.
"""

from collections.abc import Sequence
from datetime import datetime
from math import ceil
from typing import Any
from uuid import UUID

from sqlalchemy import CTE, ColumnElement, Executable, ScalarSelect, Select, func, select, text, union_all
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.expression import ClauseElement

from backend.registry.models import Petition

#: Fewer petitions are looked through at once.
LEAST_ROWS = 50_000
#: So much further back than should be enough; and no further by date, where words alone find few.
_MARGIN, _FURTHEST = 1.5, 15
#: So many are read to be sorted: of more, the newest are sooner met by walking.
MOST_GATHERED = 20_000

#: Where each hundredth of the petitions ends and the next begins, as the last ANALYZE found; nothing of a small table.
_BOUNDS = text("""
    SELECT stats.histogram_bounds::text::timestamptz[]
      FROM pg_stats stats JOIN pg_class ON pg_class.oid = 'petition'::regclass AND pg_class.reltuples >= :least
     WHERE stats.schemaname = current_schema() AND stats.tablename = 'petition' AND stats.attname = 'created_at'
""")
_NEWEST = (Petition.created_at.desc(), Petition.number.desc())
Conditions = Sequence[ColumnElement[bool]]


class _Plan(Executable, ClauseElement):
    """How PostgreSQL would answer a query."""

    inherit_cache = False

    def __init__(self, query: Select[Any]) -> None:
        self.query = query


@compiles(_Plan)
def _explain(plan: _Plan, compiler: SQLCompiler, **kw: Any) -> str:
    return f"EXPLAIN (FORMAT JSON) {compiler.process(plan.query, **kw)}"


async def ids(session: AsyncSession, conditions: Conditions, hidden: Conditions, most: int) -> Sequence[UUID]:
    """The newest `most` petitions that meet `conditions`, the newest first.

    `hidden` are the same with words that the planner does not see. It knows how common one is; where it thinks that few
    have all of several, it reads those few, and they are many: so it reads none but those of the days that are asked.
    """
    begins = await _hundredths(session)
    if len(begins) <= _FURTHEST:
        return await _walked(session, conditions, most)
    asked = conditions if await expected(session, select(Petition.id).where(*conditions)) > MOST_GATHERED else hidden
    newest = _rows([*asked, Petition.created_at >= begins[0]]).order_by(*_NEWEST).limit(most)
    recent = newest.cte("recent").prefix_with("MATERIALIZED")
    few = ceil(_MARGIN * most / _FURTHEST)
    # Where the newest hundredth has so few, all others are read with it.
    older = _gathered([*hidden, Petition.created_at < begins[0], _count(recent) < few])
    found, (recents, gathered) = await _first(session, most, recent, older)
    if few <= recents < most:
        since = Petition.created_at >= begins[ceil(_MARGIN * most / recents) - 1]
        found, (gathered,) = await _first(session, most, _gathered([*hidden, since]))
        if len(found) < most:
            found, (gathered,) = await _first(session, most, _gathered(hidden))
    return found if gathered <= MOST_GATHERED else await _walked(session, conditions, most)


async def _hundredths(session: AsyncSession) -> Sequence[datetime]:
    """When the newest hundredth of a large registry begins, when the one before, and so on back to the first."""
    bounds: Sequence[datetime] | None = await session.scalar(_BOUNDS, {"least": LEAST_ROWS})
    return bounds[-2::-1] if bounds else ()


async def expected(session: AsyncSession, query: Select[Any]) -> int:
    """How many rows the planner takes a query to have."""
    connection = await session.connection()
    told: list[dict[str, Any]] = (await connection.execute(_Plan(query))).scalar_one()
    return int(told[0]["Plan"]["Plan Rows"])


async def _walked(session: AsyncSession, conditions: Conditions, most: int) -> Sequence[UUID]:
    """The newest, in whichever way the planner thinks best."""
    return (await session.scalars(select(Petition.id).where(*conditions).order_by(*_NEWEST).limit(most))).all()


def _rows(conditions: Conditions) -> Select[UUID, datetime, int]:
    return select(Petition.id, Petition.created_at, Petition.number).where(*conditions)


def _gathered(conditions: Conditions) -> CTE:
    """What meets the conditions, in no order; no more than it takes to see that it is too much."""
    return _rows(conditions).limit(MOST_GATHERED + 1).cte("gathered").prefix_with("MATERIALIZED")


def _count(rows: CTE) -> ScalarSelect[int]:
    return select(func.count()).select_from(rows).scalar_subquery()


async def _first(session: AsyncSession, most: int, *sets: CTE) -> tuple[Sequence[UUID], Sequence[int]]:
    """The newest of some sets, each read by itself, and how many each has."""
    every = union_all(*(select(one) for one in sets)).subquery()
    counts = [_count(one) for one in sets]
    newest = select(every.c.id, *counts).order_by(every.c.created_at.desc(), every.c.number.desc()).limit(most)
    rows = (await session.execute(newest)).all()
    return [row[0] for row in rows], rows[0][1:] if rows else [0] * len(sets)
