"""A reckoned report as a PDF, with reportlab: figures, charts and the breakdown, on letter-size pages."""

import io
import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from xml.sax.saxutils import escape

from reportlab.graphics import shapes
from reportlab.lib import colors
from reportlab.lib.enums import TA_RIGHT
from reportlab.lib.pagesizes import letter
from reportlab.lib.styles import ParagraphStyle
from reportlab.lib.units import cm
from reportlab.pdfgen.canvas import Canvas
from reportlab.platypus import Flowable, KeepTogether, Paragraph, SimpleDocTemplate, Spacer, Table

from backend.reports import names
from backend.reports.charts import WIDTH, Box, Drawing, Path
from backend.reports.computing import ReportTable
from backend.reports.exporting import TOTAL, made_text
from backend.reports.figures import Figure
from backend.reports.wording import change_text, value_text

OFFICE = "Coordinación Ejecutiva de Atención Ciudadana"
DEPARTMENT = "Departamento de Call Center y Chat Sonora"
_ACCENT, _INK, _MUTED = colors.HexColor("#6f1d32"), colors.HexColor("#211d1b"), colors.HexColor("#5f5953")
_LINE, _SHADE = colors.HexColor("#dedad4"), colors.HexColor("#f5f4f2")
#: As `--chart-1` and on in the console's styles.
SERIES = tuple(map(colors.HexColor, ("#6f1d32", "#234a7d", "#8a6420", "#1c6440")))
_DASHES: tuple[Sequence[int] | None, ...] = (None, (6, 3), (2, 2), (8, 3, 2, 3))
_MARGIN = 2 * cm
_PAGE_WIDTH = letter[0] - 2 * _MARGIN
_TEXT = ParagraphStyle("text", fontName="Helvetica", fontSize=9.5, leading=13, textColor=_INK)
_SMALL = ParagraphStyle("small", parent=_TEXT, fontSize=8, leading=10.5, textColor=_MUTED)
_CELL = ParagraphStyle("cell", parent=_TEXT, fontSize=8.5, leading=11)
_NUMBER = ParagraphStyle("number", parent=_CELL, alignment=TA_RIGHT)
_TITLE = ParagraphStyle("title", parent=_TEXT, fontName="Times-Bold", fontSize=19, leading=23, textColor=_ACCENT)
_HEAD = ParagraphStyle(
    "head", parent=_TEXT, fontName="Helvetica-Bold", fontSize=11, leading=15, spaceBefore=10, spaceAfter=4
)
#: As many figures as a letter-size page is wide enough for.
MOST_COLUMNS = 6
#: reportlab keeps fonts in module state.
_drawing = threading.Lock()


@dataclass(frozen=True)
class Printed:
    """What goes on paper: a report, its pictures, what it was narrowed to, in words, and when it was made."""

    table: ReportTable
    drawings: Sequence[Drawing]
    columns: Sequence[Figure]
    narrowed_to: str
    made_at: datetime


def render(printed: Printed) -> bytes:
    """The report's PDF; the same facts always give the same bytes."""
    target = io.BytesIO()
    report, period = printed.table.report, printed.table.period
    with _drawing:
        document = SimpleDocTemplate(
            target,
            pagesize=letter,
            leftMargin=_MARGIN,
            rightMargin=_MARGIN,
            topMargin=_MARGIN,
            bottomMargin=_MARGIN,
            title=f"{report.title}. {period.name}",
            author=OFFICE,
            lang="es-MX",
            invariant=1,
        )
        document.build(list(_story(printed)), onFirstPage=_foot, onLaterPages=_foot)
    return target.getvalue()


def _foot(canvas: Canvas, document: SimpleDocTemplate) -> None:
    canvas.saveState()
    canvas.setFont("Helvetica", 8)
    canvas.setFillColor(_MUTED)
    canvas.drawString(_MARGIN, 1.2 * cm, f"{OFFICE} · {DEPARTMENT}")
    canvas.drawRightString(letter[0] - _MARGIN, 1.2 * cm, f"Página {document.page}")
    canvas.restoreState()


def _story(printed: Printed) -> Iterator[Flowable]:
    table = printed.table
    yield Paragraph(escape(table.report.title), _TITLE)
    yield Paragraph(f"<b>{escape(table.period.name)}</b>, comparado con: {escape(table.period.before.name)}.", _TEXT)
    yield Paragraph(escape(f"{printed.narrowed_to} {made_text(printed.made_at)}"), _SMALL)
    yield Spacer(1, 8)
    yield _figures(table)
    for drawing in printed.drawings:
        yield KeepTogether([Paragraph(escape(drawing.picture.title), _HEAD), flowable(drawing)])
    if table.by is not None and table.lines:
        yield Paragraph(f"Por {names.BREAKDOWNS[table.by][0].lower()}", _HEAD)
        yield _breakdown(table, printed.columns[:MOST_COLUMNS])
    yield Paragraph("Qué cuenta cada cifra", _HEAD)
    for figure in table.report.figures:
        yield Paragraph(f"<b>{escape(figure.name)}.</b> {escape(figure.definition)}", _SMALL)


def _figures(table: ReportTable) -> Table:
    headings = ("En el periodo", "Antes", "Cambio")
    rows = [[_cell("Cifra"), *(_cell(one, is_number=True) for one in headings)]]
    for figure in table.report.figures:
        value, before, unit = table.totals[figure.key], table.before[figure.key], figure.unit
        told = (value_text(value, unit), value_text(before, unit), change_text(value, before, unit))
        rows.append([_cell(figure.name), *(_cell(one, is_number=True) for one in told)])
    return _grid(rows, [_PAGE_WIDTH - 9 * cm, 3.2 * cm, 3.2 * cm, 2.6 * cm])


def _breakdown(table: ReportTable, figures: Sequence[Figure]) -> Table:
    assert table.by is not None
    named = [(line.name, line.values) for line in table.lines]
    rows = [[_cell(names.BREAKDOWNS[table.by][0]), *(_cell(figure.name, is_number=True) for figure in figures)]]
    for name, values in [*named, (TOTAL, table.totals)]:
        told = (value_text(values[figure.key], figure.unit) for figure in figures)
        rows.append([_cell(name), *(_cell(one, is_number=True) for one in told)])
    width = (_PAGE_WIDTH - 4.6 * cm) / len(figures)
    return _grid(rows, [4.6 * cm, *(width for _ in figures)])


def _cell(text: str, *, is_number: bool = False) -> Paragraph:
    return Paragraph(escape(text), _NUMBER if is_number else _CELL)


def _grid(rows: list[list[Paragraph]], column_widths: Sequence[float]) -> Table:
    style = [
        ("BACKGROUND", (0, 0), (-1, 0), _SHADE),
        ("LINEBELOW", (0, 0), (-1, -1), 0.5, _LINE),
        ("VALIGN", (0, 0), (-1, -1), "TOP"),
        ("TOPPADDING", (0, 0), (-1, -1), 2.5),
        ("BOTTOMPADDING", (0, 0), (-1, -1), 2.5),
    ]
    return Table(rows, colWidths=column_widths, repeatRows=1, style=style)


def flowable(drawing: Drawing, width: float = 0.8 * _PAGE_WIDTH) -> shapes.Drawing:
    """A chart as reportlab draws it: its origin is the lower left corner."""
    scale = width / WIDTH
    target = shapes.Drawing(width, drawing.height * scale)
    group = shapes.Group(transform=(scale, 0, 0, scale, 0, 0))
    for shape in drawing.shapes:
        if isinstance(shape, Box):
            colour = SERIES[_series(shape.kind)]
            y = drawing.height - shape.y - shape.height
            group.add(shapes.Rect(shape.x, y, shape.width, shape.height, fillColor=colour, strokeColor=None))
        elif isinstance(shape, Path):
            group.add(_path(shape, drawing.height))
        else:
            words = shapes.String(shape.x, drawing.height - shape.y, shape.text, textAnchor=shape.anchor)
            words.fontName, words.fontSize, words.fillColor = "Helvetica", 12, _INK
            group.add(words)
    target.add(group)
    return target


def _path(shape: Path, height: float) -> shapes.PolyLine:
    line = shapes.PolyLine([one for x, y in shape.points for one in (x, height - y)])
    if shape.kind == "grid":
        line.strokeColor, line.strokeWidth = _LINE, 0.7
    else:
        number = _series(shape.kind)
        line.strokeColor, line.strokeWidth, line.strokeDashArray = SERIES[number], 2, _DASHES[number]
    return line


def _series(kind: str) -> int:
    """Which series `series-2` is, from 0."""
    return int(kind.rpartition("-")[2]) - 1
