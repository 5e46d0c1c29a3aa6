"""Reckoning a report: one query for each kind of rows, both periods at once, with the database doing the sums."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

from sqlalchemy import Date, Select, String, cast, extract, func, literal_column, or_, select, text, tuple_
from sqlalchemy.ext.asyncio import AsyncSession

from backend import clock
from backend.registry import deadlines
from backend.reports import names
from backend.reports.figures import CALENDAR, TIMES, By, Expression, Figure, Filters, Report, Source
from backend.reports.measures import Count, Distinct, Quantile, Total, Value, kept
from backend.reports.periods import Period
from backend.reports.sources import DAYS_OFF, TODAY, day_of, local

#: The key of rows that do not say: no municipality, nobody's.
UNSAID = ""
_FIRST_DAY_OFF = date(2015, 1, 1)
_AHEAD = timedelta(days=366)
_FRIDAY = 4
#: A quarter's rows are sorted in memory; compiling a query takes longer than running it.
_SETTINGS = text("SELECT set_config('work_mem', '64MB', true), set_config('jit', 'off', true)")


@dataclass(frozen=True)
class Line:
    """A report's line: one value of what it is broken down by. Values by the figures' keys."""

    key: str
    name: str
    values: Mapping[str, Value]
    #: Of the period before; empty where its buckets are others, as of a breakdown by day.
    before: Mapping[str, Value] = field(default_factory=dict)


@dataclass(frozen=True)
class ReportTable:
    """A report, reckoned: its totals, those of the period before, and a line for each value of `by`."""

    report: Report
    period: Period
    filters: Filters
    by: By | None
    totals: Mapping[str, Value]
    before: Mapping[str, Value]
    lines: Sequence[Line]


class NotOfThisReport(ValueError):
    """A breakdown or a filter that some of the report's rows do not hold: a figure that left it out would lie."""


async def compute(
    session: AsyncSession,
    report: Report,
    period: Period,
    filters: Filters | None = None,
    by: By | None = None,
    *,
    is_compared: bool = True,
) -> ReportTable:
    """Reckon `report`, whole and broken down by `by`, and the period before if it `is_compared`.

    Raises NotOfThisReport.
    """
    filters = filters or Filters()
    _check(report, filters, by)
    totals: dict[bool, dict[str, Value]] = {False: {}, True: {}}
    lines: dict[bool, dict[str, dict[str, Value]]] = {False: {}, True: {}}
    parameters = await query_parameters(session)
    await session.execute(_SETTINGS)
    spans = (period.before, period) if is_compared else (period,)
    for source, figures in _parts(report):
        found = await session.execute(_reckoning(source, figures, spans, filters, by), parameters)
        for is_earlier, key, *values in found.all():
            into = totals[is_earlier] if key is None else lines[is_earlier].setdefault(key, {})
            into.update({one.key: kept(raw, one.unit) for one, raw in zip(figures, values, strict=True)})
    nothing = {figure.key: nothing_of(figure) for figure in report.figures}
    return ReportTable(
        report,
        period,
        filters,
        by,
        nothing | totals[False],
        nothing | totals[True],
        await _lines(session, by, period, nothing, lines) if by is not None else (),
    )


def _parts(report: Report) -> Iterator[tuple[Source, Sequence[Figure]]]:
    """What one query reckons each: figures of one kind of rows, those for which rows are sorted apart from the others.

    Sorting is most of the time, and sums need none.
    """
    for source in report.sources:
        own = [figure for figure in report.figures if figure.source.key == source.key]
        for are_sorted in (False, True):
            part = [figure for figure in own if isinstance(figure.measure, Quantile | Distinct) is are_sorted]
            if part:
                yield source, part


def nothing_of(figure: Figure) -> Value:
    """What a figure says of no rows at all."""
    return 0 if isinstance(figure.measure, Count | Distinct | Total) else None


def _check(report: Report, filters: Filters, by: By | None) -> None:
    wrong = set(filters.chosen) - set(report.filters)
    if by is not None and by not in report.by:
        wrong.add(by)
    if wrong:
        raise NotOfThisReport(f"{report.key}: {', '.join(sorted(wrong))}")


async def query_parameters(session: AsyncSession) -> dict[str, Any]:
    """What a query may name: today, and the days off that fall on a day on which one else works."""
    work = await deadlines.calendar(session)
    today = clock.local(clock.now()).date()
    official = deadlines.official_days(_FIRST_DAY_OFF, today + _AHEAD)
    days = {day for day, _ in official} | set(work.closed)
    return {TODAY: today, DAYS_OFF: sorted(day for day in days if day.weekday() <= _FRIDAY)}


def _reckoning(
    source: Source, figures: Sequence[Figure], spans: Sequence[Period], filters: Filters, by: By | None
) -> Select[Any]:
    """Rows `(is_earlier, group_key, *values)`; a null key is the total."""
    key = cast(None, String) if by is None else func.coalesce(cast(column_of(source, by), String), UNSAID)
    values = [figure.measure.sql(figure.where).label(f"value_{place}") for place, figure in enumerate(figures)]
    is_earlier = (source.moment < spans[-1].start).label("is_earlier")
    columns: list[Expression] = [is_earlier, key.label("group_key"), *values]
    needed = or_(*(figure.measure.needs(figure.where) for figure in figures))
    query = rows_of(source, spans, filters, *columns, by=by).where(needed)
    earlier: Expression = literal_column("is_earlier")
    group: Expression = literal_column("group_key")
    if by is None:
        return query.group_by(earlier)
    return query.group_by(func.grouping_sets(tuple_(earlier, group), tuple_(earlier)))


def rows_of(
    source: Source, spans: Sequence[Period], filters: Filters, *columns: Expression, by: By | None = None
) -> Select[Any]:
    """`columns` of the rows that fall into `spans`, which follow one another, with what `filters` and `by` join."""
    chosen = filters.chosen
    joins: dict[Any, Any] = dict(source.joins)
    for one in (*chosen, by):
        place = source.places.get(one) if one is not None else None
        if place is not None and place.join is not None:
            joins[place.join[0]] = place.join[1]
    query = select(*columns).select_from(source.table)
    for table, on in joins.items():
        query = query.outerjoin(table, on)
    return query.where(
        source.where,
        source.moment >= spans[0].start,
        source.moment < spans[-1].end,
        *(source.places[one].column == value for one, value in chosen.items()),
    )


def column_of(source: Source, by: By) -> Expression:
    """What the rows are told apart by; the parts of time are those of their moment. Raises KeyError."""
    match by:
        case By.MONTH:
            return func.to_char(local(source.moment), "YYYY-MM")
        case By.WEEK:
            return cast(func.date_trunc("week", local(source.moment)), Date)
        case By.DAY:
            return day_of(source.moment)
        case By.WEEKDAY:
            return extract("isodow", local(source.moment))
        case By.HOUR:
            return extract("hour", local(source.moment))
    return source.places[by].column


async def _lines(
    session: AsyncSession,
    by: By,
    period: Period,
    nothing: Mapping[str, Value],
    found: Mapping[bool, Mapping[str, Mapping[str, Value]]],
) -> Sequence[Line]:
    """The lines with their names: those of time in its order and without gaps, others by name, the unsaid last."""
    keys = set(found[False]) | set(found[True])
    named = names.of_times(by, period) if by in TIMES else await names.of(session, by, keys)
    ordered = [key for key in named if key in keys or by in TIMES]
    return [
        Line(
            key,
            named[key],
            {**nothing, **found[False].get(key, {})},
            {} if by in CALENDAR else {**nothing, **found[True].get(key, {})},
        )
        for key in ordered
    ]
