"""The figures' definitions as docs/reports.md holds them, made from the code that reckons them."""

from collections.abc import Iterator

from backend.reports import names
from backend.reports.definitions import REPORTS
from backend.reports.figures import Figure, Report
from backend.reports.measures import Count, Distinct, Mean, Measure, Quantile, Ratio, Share, Total

_MEASURES: dict[type[Measure], str] = {
    Count: "count",
    Distinct: "count of different ones",
    Share: "share",
    Total: "sum",
    Ratio: "ratio of sums",
    Mean: "mean",
}


def definitions_section() -> str:
    """Markdown: each report with its breakdowns, and a table of its figures."""
    return "\n".join(line for report in REPORTS.values() for line in _of_report(report)).strip()


def _of_report(report: Report) -> Iterator[str]:
    yield f"### {report.title} (`{report.key}`)"
    yield ""
    yield report.summary
    yield ""
    yield f"Por: {', '.join(names.BREAKDOWNS[by][0].lower() for by in report.by)}. " + (
        f"Se puede limitar a un valor de: {', '.join(names.BREAKDOWNS[by][0].lower() for by in report.filters)}."
    )
    yield ""
    yield "| figure | name | unit | of | definition |"
    yield "|---|---|---|---|---|"
    for figure in report.figures:
        yield _row(figure)
    yield ""


def _row(figure: Figure) -> str:
    unit = f"{_measure(figure.measure)}, {figure.unit.value}" if figure.measure != Count() else figure.unit.value
    of = f"{figure.source.name.lower()}, {figure.source.dated_by}"
    return f"| `{figure.key}` | {figure.name} | {unit} | {of} | {figure.definition} |"


def _measure(measure: Measure) -> str:
    if isinstance(measure, Quantile):
        return "median" if measure.at == 0.5 else f"percentile {measure.at * 100:.0f}"
    return _MEASURES[type(measure)]
