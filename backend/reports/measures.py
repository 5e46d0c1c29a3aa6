"""What a figure says of the rows it counts: how many, how long, what share; as SQL, and in which unit."""

import enum
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Numeric, SQLColumnExpression, and_, cast, distinct, func

#: A figure's value: None where there is nothing to say, as the median of no calls.
Value = int | float | None


class Unit(enum.StrEnum):
    COUNT = "cantidad"
    #: Of one: 0.25 is 25 %.
    SHARE = "proporción"
    SECONDS = "segundos"
    DAYS = "días"
    #: 1 to 5.
    SCORE = "calificación"


#: With how many decimals a value is kept, shown and taken away alike.
DECIMALS = {Unit.COUNT: 0, Unit.SHARE: 4, Unit.SECONDS: 0, Unit.DAYS: 1, Unit.SCORE: 2}


def kept(raw: Any, unit: Unit) -> Value:
    """What the database said, as a report keeps it: a whole number, or one with its unit's decimals."""
    if raw is None:
        return None
    decimals = DECIMALS[unit]
    return round(float(raw), decimals) if decimals else round(raw)


@dataclass(frozen=True)
class Count:
    """How many rows."""

    def sql(self, where: ColumnElement[bool]) -> ColumnElement[Any]:
        return func.count().filter(where)

    def needs(self, where: ColumnElement[bool]) -> ColumnElement[bool]:
        """The rows without which it cannot be reckoned."""
        return where

    def behind(self, where: ColumnElement[bool]) -> ColumnElement[bool]:
        """The rows that a reader who asks «which?» is shown."""
        return where


@dataclass(frozen=True)
class Distinct:
    """How many different values a column has in the rows."""

    column: SQLColumnExpression[Any]

    def sql(self, where: ColumnElement[bool]) -> ColumnElement[Any]:
        return func.count(distinct(self.column)).filter(where)

    def needs(self, where: ColumnElement[bool]) -> ColumnElement[bool]:
        return self.behind(where)

    def behind(self, where: ColumnElement[bool]) -> ColumnElement[bool]:
        return and_(where, self.column.is_not(None))


@dataclass(frozen=True)
class Share:
    """Which part of the rows `of` are the figure's; None where there are none."""

    of: ColumnElement[bool]

    def sql(self, where: ColumnElement[bool]) -> ColumnElement[Any]:
        part = func.count().filter(and_(where, self.of))
        return cast(part, Numeric) / func.nullif(func.count().filter(self.of), 0)

    def needs(self, where: ColumnElement[bool]) -> ColumnElement[bool]:  # noqa: ARG002
        return self.of

    def behind(self, where: ColumnElement[bool]) -> ColumnElement[bool]:
        return and_(where, self.of)


@dataclass(frozen=True)
class Total:
    """The sum of a column over the rows."""

    column: SQLColumnExpression[Any]

    def sql(self, where: ColumnElement[bool]) -> ColumnElement[Any]:
        return func.coalesce(func.sum(self.column).filter(where), 0)

    def needs(self, where: ColumnElement[bool]) -> ColumnElement[bool]:
        return where

    def behind(self, where: ColumnElement[bool]) -> ColumnElement[bool]:
        return and_(where, self.column > 0)


@dataclass(frozen=True)
class Ratio:
    """The sum of one column over the sum of another."""

    part: SQLColumnExpression[Any]
    whole: SQLColumnExpression[Any]

    def sql(self, where: ColumnElement[bool]) -> ColumnElement[Any]:
        whole = func.sum(self.whole).filter(where)
        return cast(func.sum(self.part).filter(where), Numeric) / func.nullif(whole, 0)

    def needs(self, where: ColumnElement[bool]) -> ColumnElement[bool]:
        return where

    def behind(self, where: ColumnElement[bool]) -> ColumnElement[bool]:
        return and_(where, self.whole > 0)


@dataclass(frozen=True)
class Mean:
    """The mean of a column over the rows that have it."""

    column: SQLColumnExpression[Any]

    def sql(self, where: ColumnElement[bool]) -> ColumnElement[Any]:
        return func.avg(self.column).filter(where)

    def needs(self, where: ColumnElement[bool]) -> ColumnElement[bool]:
        return self.behind(where)

    def behind(self, where: ColumnElement[bool]) -> ColumnElement[bool]:
        return and_(where, self.column.is_not(None))


@dataclass(frozen=True)
class Quantile:
    """The value under which `at` of the rows that have the column lie; between two rows, in proportion."""

    column: SQLColumnExpression[Any]
    at: float = 0.5

    def sql(self, where: ColumnElement[bool]) -> ColumnElement[Any]:
        return func.percentile_cont(self.at).within_group(self.column).filter(where)

    def needs(self, where: ColumnElement[bool]) -> ColumnElement[bool]:
        return self.behind(where)

    def behind(self, where: ColumnElement[bool]) -> ColumnElement[bool]:
        return and_(where, self.column.is_not(None))


Measure = Count | Distinct | Share | Total | Ratio | Mean | Quantile
