"""What a report is made of: figures, the rows that they count, the ways to break them down and to narrow them."""

import enum
from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, FromClause, SQLColumnExpression, true

from backend.reports.measures import Count, Measure, Unit

#: A column or what is reckoned of columns; a table or its model.
Expression = SQLColumnExpression[Any]
Table = FromClause | type[Any]

#: All rows of a source, and how many they are: what a figure says that says nothing else.
ALL, COUNT = true(), Count()


class By(enum.StrEnum):
    """What a report may be broken down by; the first six may also narrow it."""

    CHANNEL = "canal"
    AREA = "area"
    AGENT = "persona"
    MUNICIPALITY = "municipio"
    TOPIC = "tema"
    AGENCY = "dependencia"
    PURPOSE = "motivo"
    OUTCOME = "resultado"
    HANDOFF = "razon"
    STATUS = "estado"
    KIND = "tipo"
    SCORE = "calificacion"
    MONTH = "mes"
    WEEK = "semana"
    DAY = "dia"
    WEEKDAY = "dia_semana"
    HOUR = "hora"


#: Breakdowns by time, in order: they are reckoned from the rows' moment, whatever the rows are.
TIMES = (By.MONTH, By.WEEK, By.DAY, By.WEEKDAY, By.HOUR)
#: Of them, those whose every bucket belongs to one period: the one before has others, so nothing is compared.
CALENDAR = frozenset({By.MONTH, By.WEEK, By.DAY})


@dataclass(frozen=True)
class Filters:
    """To which rows a report is narrowed; None is any. `channel` is an EntryChannel's value, of chats and calls too."""

    channel: str | None = None
    area_id: UUID | None = None
    agent_id: UUID | None = None
    municipality_id: str | None = None
    topic_id: UUID | None = None
    agency_id: UUID | None = None

    @property
    def chosen(self) -> dict[By, Any]:
        """What is narrowed by, and to what."""
        values = {by: getattr(self, field.name) for by, field in zip(By, fields(self), strict=False)}
        return {by: value for by, value in values.items() if value is not None}


@dataclass(frozen=True)
class Place:
    """Where rows hold what they are broken down by; `join` is what must be joined, and on what, to read it."""

    column: Expression
    join: tuple[Table, ColumnElement[bool]] | None = None


@dataclass(frozen=True)
class Source:
    """Rows of one kind: which they are, by which moment they fall into a period, and where their dimensions stand."""

    key: str
    name: str
    table: Table
    id: Expression
    moment: Expression
    #: What the reader is told of the moment: «según cuándo empezó».
    dated_by: str
    where: ColumnElement[bool]
    places: Mapping[By, Place]
    #: What is always joined, and on what; figures may name its columns.
    joins: tuple[tuple[Table, ColumnElement[bool]], ...] = ()


@dataclass(frozen=True)
class Figure:
    """A number of a report. `where` says which rows of its source it counts, `measure` what it says of them.

    `definition` is what the department means by it, in a sentence for whoever reads the report.
    """

    key: str
    name: str
    definition: str
    source: Source
    where: ColumnElement[bool] = ALL
    measure: Measure = COUNT
    unit: Unit = Unit.COUNT
    #: Whether more is better (True), worse (False), or neither: how a comparison is coloured.
    more_is_better: bool | None = None


@dataclass(frozen=True)
class Chart:
    """A drawing of figures: by time as lines or columns, or the shares of one whole as bars."""

    title: str
    figures: tuple[str, ...]
    #: None: by time.
    by: By | None = None


@dataclass(frozen=True)
class Report:
    """Figures that are read together. `by` are its breakdowns, the usual one first."""

    key: str
    title: str
    summary: str
    figures: tuple[Figure, ...]
    by: tuple[By, ...]
    #: The figures that a breakdown shows where there is no room for all.
    columns: tuple[str, ...]
    charts: tuple[Chart, ...] = ()
    #: Whether an analyst may see it, of themselves alone.
    is_personal: bool = False

    def figure(self, key: str) -> Figure:
        """Raises KeyError."""
        return next_of(self.figures, key)

    @property
    def sources(self) -> tuple[Source, ...]:
        """Of what its figures are reckoned, each once."""
        return tuple({figure.source.key: figure.source for figure in self.figures}.values())

    @property
    def filters(self) -> tuple[By, ...]:
        """What it can be narrowed by: what all its rows hold."""
        return tuple(by for by in tuple(By)[:6] if all(by in source.places for source in self.sources))


def next_of(figures: tuple[Figure, ...], key: str) -> Figure:
    """The figure of that key. Raises KeyError."""
    for figure in figures:
        if figure.key == key:
            return figure
    raise KeyError(key)
