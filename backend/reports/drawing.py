"""The pictures of a reckoned report."""

from collections.abc import Sequence
from dataclasses import replace

from sqlalchemy.ext.asyncio import AsyncSession

from backend.reports import charts, names
from backend.reports.charts import Drawing, Picture, Series
from backend.reports.computing import ReportTable, compute
from backend.reports.figures import By, Chart
from backend.reports.measures import Unit
from backend.reports.periods import Period

#: From so many days on, time goes by weeks, and from so many by months.
_WEEKS_FROM, _MONTHS_FROM = 63, 200


def time_of(period: Period) -> By:
    """In which buckets a period is drawn over time."""
    days = (period.last - period.first).days + 1
    if days >= _MONTHS_FROM:
        return By.MONTH
    if days >= _WEEKS_FROM:
        return By.WEEK
    return By.DAY if days > 1 else By.HOUR


async def drawings(session: AsyncSession, table: ReportTable) -> Sequence[Drawing]:
    """The report's charts, of the period and the filters of `table`; empty ones are left out."""
    drawn = [await _drawing(session, chart, table) for chart in table.report.charts]
    return [one for one in drawn if not one.picture.is_empty]


async def _drawing(session: AsyncSession, chart: Chart, whole: ReportTable) -> Drawing:
    """A chart of figures reckoned for it alone: the others would be reckoned for nothing."""
    figures = tuple(whole.report.figure(key) for key in chart.figures)
    by = chart.by or time_of(whole.period)
    table = await compute(
        session, replace(whole.report, figures=figures), whole.period, whole.filters, by, is_compared=False
    )
    labels = [line.name.removeprefix(names.WEEK_OF) for line in table.lines]
    series = [Series(one.name, [line.values[one.key] for line in table.lines]) for one in figures]
    picture = Picture(chart.title, labels, series, figures[0].unit if figures else Unit.COUNT)
    return charts.over_time(picture) if chart.by is None else charts.bars(picture)
