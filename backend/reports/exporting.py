"""A reckoned report to take away: as a table of raw numbers, and as a PDF to be read and printed."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

from backend.reports import names
from backend.reports.computing import ReportTable
from backend.reports.figures import Figure
from backend.reports.measures import Unit, Value
from backend.spreadsheets import Cell

TOTAL = "Total"
_UNITS = {
    Unit.COUNT: "",
    Unit.SHARE: " (de 1)",
    Unit.SECONDS: " (segundos)",
    Unit.DAYS: " (días)",
    Unit.SCORE: " (1 a 5)",
}


def heading(figure: Figure) -> str:
    """A figure's column: its name, with the unit of its raw numbers."""
    return f"{figure.name}{_UNITS[figure.unit]}"


def headings(table: ReportTable) -> Sequence[str]:
    first = names.BREAKDOWNS[table.by][0] if table.by is not None else "Periodo"
    return (first, *(heading(figure) for figure in table.report.figures))


def widths(table: ReportTable) -> Sequence[int]:
    return (34, *(16 for _ in table.report.figures))


def lines(table: ReportTable) -> Sequence[Sequence[Cell]]:
    """The total, that of the period before, and each line; all figures, as they are kept."""

    def cells(name: str, values: Mapping[str, Value]) -> Sequence[Cell]:
        return (name, *(values.get(figure.key) for figure in table.report.figures))

    return [
        cells(f"{TOTAL}: {table.period.name}", table.totals),
        cells(f"{TOTAL}: {table.period.before.name}", table.before),
        *(cells(line.name, line.values) for line in table.lines),
    ]


def file_name(table: ReportTable, suffix: str) -> str:
    """`reporte-llamadas-2026-T3.xlsx`."""
    return f"reporte-{table.report.key}-{table.period.key.replace('..', '_a_')}.{suffix}"


def told_filters(chosen: Iterable[tuple[str, str]]) -> str:
    """`Canal: WhatsApp. Municipio: Guaymas.`; that there are none where there are none."""
    told = " ".join(f"{name}: {value}." for name, value in chosen)
    return told or "Sin filtros."


def made_text(moment: datetime) -> str:
    """When the numbers were reckoned: they go on changing while the period lasts."""
    return f"Cifras al {moment:%d/%m/%Y}, {moment:%H:%M} horas."
