"""A report's figure cited in the answer to a request for information: what it says, of when, and what it means."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from backend import clock
from backend.reports.computing import compute
from backend.reports.definitions import REPORTS
from backend.reports.periods import Period
from backend.reports.wording import value_text
from backend.transparency.errors import RequestRefused


def choices() -> list[tuple[str, list[tuple[str, str]]]]:
    """Every figure, under its report."""
    return [
        (report.title, [(f"{report.key}.{figure.key}", figure.name) for figure in report.figures])
        for report in REPORTS.values()
    ]


async def quoted(session: AsyncSession, key: str, first: date, last: date) -> tuple[str, Mapping[str, Any]]:
    """A sentence that cites a figure, and what the history keeps of it. Raises RequestRefused."""
    report = REPORTS.get(key.partition(".")[0])
    figure = next((one for one in report.figures if one.key == key.partition(".")[2]), None) if report else None
    if report is None or figure is None:
        raise RequestRefused("Elija la cifra de la lista.", field="figure")
    if last < first:
        raise RequestRefused("El último día no puede ser antes del primero.", field="last")
    period = Period.days(first, last)
    table = await compute(session, replace(report, figures=(figure,)), period)
    value = table.totals[figure.key]
    days = f"del {first:%d/%m/%Y} al {last:%d/%m/%Y}"
    told = value_text(value, figure.unit)
    today = clock.local(clock.now())
    text = f"{report.title}, {figure.name.lower()}, {days}: {told} (cifra al {today:%d/%m/%Y}). {figure.definition}"
    return text, {"figure": key, "first": first.isoformat(), "last": last.isoformat(), "value": value}
