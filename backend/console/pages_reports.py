"""«Reportes»: the department's figures on screen, the rows behind each, and files of them to take away."""

import asyncio
from collections.abc import Mapping
from dataclasses import replace
from datetime import date, datetime
from urllib.parse import urlencode
from uuid import UUID

from fastapi import APIRouter, Request, Response
from markupsafe import Markup
from sqlalchemy.ext.asyncio import AsyncSession

from backend import clock
from backend.agents.auth import CurrentUser
from backend.agents.models import Role, User
from backend.audit import service as audit
from backend.catalog import service as catalog
from backend.console import downloads, report_query
from backend.console.rendering import moment_text, staff_page
from backend.console.report_query import ReportQuery
from backend.db import Tx
from backend.errors import Forbidden, NotFound
from backend.reports import charts, exporting, names, pdf, wording
from backend.reports import rows as behind
from backend.reports.computing import ReportTable, compute
from backend.reports.definitions import REPORTS
from backend.reports.drawing import drawings
from backend.reports.figures import TIMES, By, Figure, Report
from backend.reports.rows import Row, Which
from backend.spreadsheets import Cell
from backend.text import strip_control
from backend.workspace import service as workspace

router = APIRouter(prefix="/consola/reportes", include_in_schema=False)

_HEADS = (Role.HEAD, Role.ADMIN)
#: What tells of several people of the staff.
_OF_OTHERS = (By.AGENT, By.AREA)


@router.get("")
async def index(request: Request, tx: Tx, user: CurrentUser) -> Response:
    """The reports that one may see."""
    shown = [report for report in REPORTS.values() if user.role in _HEADS or report.is_personal]
    return await staff_page(request, tx, user, "reports.html", {"active": "reports", "reports": shown})


def _asked(request: Request, user: User, key: str) -> ReportQuery:
    """What the address asks for, as this person may see it. Raises NotFound, Forbidden."""
    report = REPORTS.get(key)
    if report is None:
        raise NotFound("No existe ese reporte.")
    if user.role in _HEADS:
        return ReportQuery.of(report, request.query_params)
    if not report.is_personal:
        raise Forbidden("Ese reporte lo ve la jefatura.")
    # Of themselves alone, so that who else did what is nothing to break down by.
    by = tuple(one for one in report.by if one not in _OF_OTHERS)
    own = replace(report, by=by, charts=tuple(chart for chart in report.charts if chart.by not in _OF_OTHERS))
    return ReportQuery.of(own, {**request.query_params, By.AGENT.value: str(user.id)})


@router.get("/{key}")
async def show(request: Request, tx: Tx, user: CurrentUser, key: str) -> Response:
    asked = _asked(request, user, key)
    table = await compute(tx, asked.report, asked.period, asked.filters, asked.by)
    drawn = await drawings(tx, table)
    context = {
        "active": "reports",
        "asked": asked,
        "table": table,
        "figures": [asked.report.figure(one) for one in asked.columns],
        # Drawn by us, with every text in it escaped.
        "charts": [
            (one.picture, Markup(charts.svg(one, f"chart-{place}")))  # noqa: S704
            for place, one in enumerate(drawn)
        ],
        "breakdowns": [(by, names.BREAKDOWNS[by][0]) for by in asked.report.by],
        "periods": report_query.periods_to_choose(),
        "options": await _options(tx, asked.report, user),
        "narrowed_to": await _told(tx, asked),
        "is_empty": not any(table.totals.values()) and not any(table.before.values()),
        "TIMES": TIMES,
        "wording": wording,
        "made": exporting.made_text(clock.local(clock.now())),
    }
    return await staff_page(request, tx, user, "report.html", context)


async def _options(session: AsyncSession, report: Report, user: User) -> list[tuple[By, str, list[tuple[str, str]]]]:
    """What one may narrow the report to: each filter with its values."""
    values: Mapping[By, list[tuple[str, str]]] = {
        By.CHANNEL: [(one.value, name) for one, name in names.CHANNELS.items()],
        By.AREA: [(str(one.id), one.short_name) for one in await catalog.areas(session)],
        By.AGENT: [(str(one.id), one.full_name) for one in await workspace.colleagues(session)],
        By.MUNICIPALITY: [(one.id, one.name) for one in await catalog.municipalities(session)],
        By.TOPIC: [(str(one.id), one.name) for one in await catalog.topics(session)],
        By.AGENCY: [(str(one.id), one.short_name) for one in await catalog.agencies(session)],
    }
    hidden = () if user.role in _HEADS else _OF_OTHERS
    return [(by, names.BREAKDOWNS[by][0], values[by]) for by in report.filters if by not in hidden]


async def _told(session: AsyncSession, asked: ReportQuery) -> str:
    """What the report is narrowed to, in words."""
    told = []
    for by, value in asked.narrowed.items():
        named = await names.of(session, by, {value})
        told.append((names.BREAKDOWNS[by][0], named[value]))
    return exporting.told_filters(told)


async def _table(request: Request, session: AsyncSession, user: User, key: str, form: str) -> ReportTable:
    """The report as asked for, for a file; that it was taken stands on the trail."""
    asked = _asked(request, user, key)
    await audit.record(session, user, "report_exported", user.id, report=key, form=form, query=asked.query)
    return await compute(session, asked.report, asked.period, asked.filters, asked.by)


@router.get("/{key}/exportar.csv")
async def export_csv(request: Request, tx: Tx, user: CurrentUser, key: str) -> Response:
    table = await _table(request, tx, user, key, "csv")
    return downloads.csv(_sheet(table), downloads.at_once(exporting.lines(table)), exporting.file_name(table, "csv"))


@router.get("/{key}/exportar.xlsx")
async def export_xlsx(request: Request, tx: Tx, user: CurrentUser, key: str) -> Response:
    table = await _table(request, tx, user, key, "xlsx")
    rows = downloads.at_once(exporting.lines(table))
    return await downloads.xlsx(_sheet(table), rows, exporting.file_name(table, "xlsx"))


def _sheet(table: ReportTable) -> downloads.Sheet:
    report = table.report
    return downloads.Sheet(report.key, report.title, exporting.headings(table), exporting.widths(table))


@router.get("/{key}/exportar.pdf")
async def export_pdf(request: Request, tx: Tx, user: CurrentUser, key: str) -> Response:
    asked = _asked(request, user, key)
    table = await _table(request, tx, user, key, "pdf")
    columns = [asked.report.figure(one) for one in asked.report.columns]
    made_at: datetime = clock.local(clock.now())
    printed = pdf.Printed(table, await drawings(tx, table), columns, await _told(tx, asked), made_at)
    content = await asyncio.to_thread(pdf.render, printed)
    return Response(
        content,
        media_type="application/pdf",
        headers={"Content-Disposition": f'attachment; filename="{exporting.file_name(table, "pdf")}"'},
    )


def _which(request: Request, user: User, key: str) -> tuple[ReportQuery, Which]:
    """Whose rows the address asks for. Raises NotFound."""
    asked = _asked(request, user, key)
    figure: Figure | None = next(
        (one for one in asked.report.figures if one.key == request.query_params.get("cifra")), None
    )
    if figure is None:
        raise NotFound("No existe esa cifra.")
    line = request.query_params.get("valor")
    return asked, Which(figure, asked.period, asked.filters, asked.by, line and strip_control(line))


@router.get("/{key}/filas")
async def rows(request: Request, tx: Tx, user: CurrentUser, key: str) -> Response:
    """The rows behind a figure, a page of them."""
    asked, which = _which(request, user, key)
    page = await behind.rows(tx, which, after=_place(request.query_params.get("despues", "")))
    line = None
    if which.key is not None and which.by is not None:
        named = (
            names.of_times(which.by, which.period) if which.by in TIMES else await names.of(tx, which.by, {which.key})
        )
        line = (names.BREAKDOWNS[which.by][0], named.get(which.key, which.key))
    context = {
        "active": "reports",
        "asked": asked,
        "which": which,
        "line": line,
        "page": page,
        "narrowed_to": await _told(tx, asked),
        "query": urlencode({name: value for name, value in request.query_params.items() if name != "despues"}),
        "next": f"{page.next[0].isoformat()}~{page.next[1]}" if page.next else None,
        "link": link_to,
        "shown": shown_cell,
    }
    return await staff_page(request, tx, user, "report_rows.html", context)


async def _rows_for_file(
    request: Request, session: AsyncSession, user: User, key: str, form: str
) -> tuple[downloads.Sheet, downloads.Rows, str]:
    """The rows as a sheet and the file's name; that they were taken stands on the trail."""
    asked, which = _which(request, user, key)
    figure = which.figure.key
    await audit.record(session, user, "report_rows_exported", user.id, report=key, figure=figure, query=asked.query)
    listing = behind.listing_of(which.figure.source)
    sheet = downloads.Sheet(f"{key}-{figure}", which.figure.name, listing.headings, listing.widths)
    rows = downloads.read(request.app.state.database, lambda reading: _cells(reading, which))
    return sheet, rows, f"{sheet.name}-{asked.period.key.replace('..', '_a_')}.{form}"


async def _cells(session: AsyncSession, which: Which) -> downloads.Rows:
    async for found in behind.chunks(session, which):
        yield [row.cells for row in found]


@router.get("/{key}/filas.csv")
async def rows_csv(request: Request, tx: Tx, user: CurrentUser, key: str) -> Response:
    """All the rows behind a figure."""
    return downloads.csv(*await _rows_for_file(request, tx, user, key, "csv"))


@router.get("/{key}/filas.xlsx")
async def rows_xlsx(request: Request, tx: Tx, user: CurrentUser, key: str) -> Response:
    """The same as a workbook."""
    return await downloads.xlsx(*await _rows_for_file(request, tx, user, key, "xlsx"))


def _place(raw: str) -> behind.Place | None:
    """Where a page begins, as the link to it says; None for any other word."""
    moment, _, one = raw.partition("~")
    try:
        return datetime.fromisoformat(moment), int(one) if one.isdigit() else UUID(one)
    except ValueError:
        return None


def link_to(row: Row) -> str | None:
    """Where what a row is of can be read."""
    if row.folio is not None:
        return f"/consola/peticiones/{row.folio}"
    return f"/consola?conversacion={row.conversation_id}" if row.conversation_id else None


def shown_cell(cell: Cell) -> str:
    """A cell as a page shows it."""
    if isinstance(cell, datetime):
        return moment_text(cell)
    if isinstance(cell, date):
        return names.short(cell)
    return wording.NOTHING if cell is None or cell == "" else str(cell)
