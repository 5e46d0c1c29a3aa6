"""The Informe's figures as the tables say them now, and the rows behind each packed into bytes.

A row is its id and what it brings to its figure (a wait, one or nothing of a share), so that a correction that moves
no row in or out still shows which row it was, and a frozen figure can be reckoned again from its own rows.
"""

import hashlib
import math
import struct
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Double, LargeBinary, ScalarSelect, case, cast, func, literal_column, select
from sqlalchemy.dialects.postgresql import aggregate_order_by
from sqlalchemy.ext.asyncio import AsyncSession

from backend.quarterly.plan import SECTIONS
from backend.registry.models import PetitionEvent
from backend.reports.computing import compute, query_parameters, rows_of
from backend.reports.figures import Expression, Figure, Filters, Source
from backend.reports.measures import Count, Distinct, Mean, Quantile, Ratio, Share, Total, Value, kept
from backend.reports.periods import Period

#: A packed row: its id in 16 bytes, what it brings as a double (NaN: nothing), both big-endian.
_ROW = struct.Struct(">16sd")
_ID = 16
_EMPTY = literal_column("''::bytea", LargeBinary)
_NOTHING = literal_column("'NaN'::float8", Double)
_ONE, _NONE = literal_column("1::float8", Double), literal_column("0::float8", Double)


@dataclass(frozen=True)
class Reckoned:
    value: Value
    before: Value


@dataclass(frozen=True)
class Packed:
    """The rows behind a figure, sorted by id."""

    rows: bytes

    @property
    def count(self) -> int:
        return len(self.rows) // _ROW.size

    @property
    def sha256(self) -> str:
        return hashlib.sha256(self.rows).hexdigest()

    def ids(self) -> list[UUID]:
        """The rows' ids; a number's id is a UUID of that number."""
        return [UUID(bytes=raw) for raw, _ in _ROW.iter_unpack(self.rows)]

    def brought(self) -> list[float]:
        """What the rows bring, of those that bring something, the least first."""
        return sorted(told for _, told in _ROW.iter_unpack(self.rows) if not math.isnan(told))

    def split(self) -> set[bytes]:
        """The packed rows one by one."""
        return {self.rows[place : place + _ROW.size] for place in range(0, len(self.rows), _ROW.size)}


async def values(session: AsyncSession, period: Period) -> Mapping[str, Reckoned]:
    """Every figure of the Informe, in `period` and in the one before, by its key."""
    found: dict[str, Reckoned] = {}
    for section in SECTIONS:
        report = section.entries[0].report
        table = await compute(session, replace(report, figures=tuple(one.figure for one in section.entries)), period)
        for one in section.entries:
            found[one.key] = Reckoned(table.totals[one.figure.key], table.before[one.figure.key])
    return found


@dataclass(frozen=True)
class Difference:
    """What two packings of one figure's rows differ in."""

    added: list[UUID]
    removed: list[UUID]
    changed: list[UUID]


def differing(then: Packed, now: Packed) -> Difference:
    """Which rows came, went, or bring something else."""
    before, after = then.split(), now.split()
    left = {row[:_ID] for row in before - after}
    come = {row[:_ID] for row in after - before}
    told = ([UUID(bytes=raw) for raw in sorted(some)] for some in (come - left, left - come, left & come))
    return Difference(*told)


async def hash_behind(session: AsyncSession, figure: Figure, period: Period) -> str:
    """The hash over the rows behind a figure, without fetching them."""
    found = await session.scalar(select(func.sha256(func.coalesce(_packing(figure, period), _EMPTY))),
                                 await query_parameters(session))  # fmt: skip
    return bytes(found or b"").hex()


async def rows_behind(session: AsyncSession, figure: Figure, period: Period) -> Packed:
    """The rows behind a figure, packed by the database itself."""
    found = await session.scalar(select(_packing(figure, period)), await query_parameters(session))
    return Packed(found or b"")


def _packing(figure: Figure, period: Period) -> ScalarSelect[Any]:
    where, told = _told(figure)
    source = figure.source
    row = rows_of(source, (period,), Filters(), _id_of(source).label("row_id"), told.label("told"))
    found = row.where(where).subquery()
    packed = found.c.row_id.op("||", return_type=LargeBinary)(func.float8send(func.coalesce(found.c.told, _NOTHING)))
    ordered = aggregate_order_by(_EMPTY, found.c.row_id)
    return select(func.string_agg(packed, ordered, type_=LargeBinary)).scalar_subquery()


def _id_of(source: Source) -> Expression:
    """A row's id as 16 bytes."""
    if source.table is PetitionEvent:
        return literal_column("'\\x0000000000000000'::bytea", LargeBinary).op("||")(func.int8send(source.id))
    return func.uuid_send(source.id, type_=LargeBinary)


def _told(figure: Figure) -> tuple[ColumnElement[bool], Expression]:
    """Which rows a figure is reckoned from, and what each brings."""
    measure = figure.measure
    match measure:
        case Count() | Distinct():
            return measure.behind(figure.where), _NOTHING
        case Share():
            return measure.of, case(
                (figure.where, literal_column("1::float8", Double)), else_=literal_column("0::float8", Double)
            )
        case Ratio():
            return measure.behind(figure.where), cast(measure.part, Double)
        case Total() | Mean() | Quantile():
            return measure.behind(figure.where), cast(measure.column, Double)


def again(figure: Figure, packed: Packed) -> tuple[bool, Value]:
    """The figure reckoned from its packed rows alone; False where they do not say enough to."""
    measure = figure.measure
    if isinstance(measure, Count):
        return True, packed.count
    brought = packed.brought()
    raw: float | None
    match measure:
        case Share() | Mean():
            raw = sum(brought) / len(brought) if brought else None
        case Total():
            raw = sum(brought)
        case Quantile():
            raw = _quantile(brought, measure.at)
        case _:
            return False, None
    return True, kept(raw, figure.unit)


def _quantile(brought: list[float], at: float) -> float | None:
    """As PostgreSQL's `percentile_cont`: between two rows, in proportion."""
    if not brought:
        return None
    place = at * (len(brought) - 1)
    low, high = math.floor(place), math.ceil(place)
    return brought[low] + (place - low) * (brought[high] - brought[low])
