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

from sqlalchemy import ColumnElement, Double, LargeBinary, case, cast, func, literal, literal_column, select
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

    def unpacked(self) -> dict[UUID, float | None]:
        """What each row brings, by its id; a number's id is a UUID of that number."""
        return {UUID(bytes=raw): None if math.isnan(told) else told for raw, told in _ROW.iter_unpack(self.rows)}


async def values(session: AsyncSession, period: Period) -> Mapping[str, Reckoned]:
    """Every figure of the Informe, in `period` and in the one before, by its key."""
    found: dict[str, Reckoned] = {}
    for section in SECTIONS:
        report = section.entries[0].report
        table = await compute(session, replace(report, figures=tuple(one.figure for one in section.entries)), period)
        for one in section.entries:
            found[one.key] = Reckoned(table.totals[one.figure.key], table.before[one.figure.key])
    return found


async def rows_behind(session: AsyncSession, figure: Figure, period: Period) -> Packed:
    """The rows behind a figure, packed by the database itself."""
    where, told = _told(figure)
    source = figure.source
    row = rows_of(source, (period,), Filters(), _id_of(source).label("row_id"), told.label("told"))
    found = row.where(where).subquery()
    packed = found.c.row_id.op("||", return_type=LargeBinary)(func.float8send(func.coalesce(found.c.told, _NOTHING)))
    nothing = literal(b"", LargeBinary)
    query = select(func.string_agg(packed, aggregate_order_by(nothing, found.c.row_id)))
    return Packed(await session.scalar(query, await query_parameters(session)) or b"")


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
    told = packed.unpacked()
    brought = sorted(one for one in told.values() if one is not None)
    measure = figure.measure
    raw: Any
    match measure:
        case Count():
            raw = len(told)
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
