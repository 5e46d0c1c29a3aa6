"""The Informe as PDF, with reportlab, in the typeface and colours of the office's letters."""

import io
from collections.abc import Sequence
from typing import Any
from xml.sax.saxutils import escape

from reportlab.lib import colors
from reportlab.lib.enums import TA_CENTER, TA_JUSTIFY, TA_RIGHT
from reportlab.lib.pagesizes import letter
from reportlab.lib.styles import ParagraphStyle
from reportlab.lib.units import cm
from reportlab.pdfgen.canvas import Canvas
from reportlab.platypus import BaseDocTemplate, Flowable, Frame, KeepTogether, PageTemplate, Paragraph, Spacer, Table

from backend.letters.pdf import FONT, NumberedCanvas, drawing_lock, register_typeface
from backend.quarterly import chart, layout
from backend.quarterly.content import Informe, Line, Section

_WIDTH, _HEIGHT = letter
_SIDE = 2.0 * cm
_ACCENT, _MUTED, _LINE = colors.HexColor("#6f1d32"), colors.HexColor("#5f5953"), colors.HexColor("#b9b2a9")
_SHADE, _GOOD, _BAD = colors.HexColor("#f2efec"), colors.HexColor("#1c6440"), colors.HexColor("#a3161f")
#: Of a table's columns, the whole being 1.
_COLUMNS = (0.29, 0.13, 0.13, 0.16, 0.14, 0.15)


def _style(**changes: Any) -> ParagraphStyle:
    usual: dict[str, Any] = {"fontName": FONT, "fontSize": 9, "leading": 13, "spaceAfter": 6}
    return ParagraphStyle("informe", **(usual | changes))


_BODY = _style(alignment=TA_JUSTIFY)
_TITLE = _style(fontName=f"{FONT}-Bold", fontSize=16, leading=20, spaceAfter=2, textColor=_ACCENT)
_PERIOD = _style(fontSize=11, leading=15, spaceAfter=4)
_HEADING = _style(fontName=f"{FONT}-Bold", fontSize=11, leading=15, spaceBefore=10, spaceAfter=5, textColor=_ACCENT,
                  keepWithNext=1)  # fmt: skip
_CELL = _style(fontSize=8, leading=10.5, spaceAfter=0)
_NUMBER = ParagraphStyle("number", parent=_CELL, alignment=TA_RIGHT)
_HEAD = ParagraphStyle("head", parent=_CELL, fontName=f"{FONT}-Bold")
_HEAD_NUMBER = ParagraphStyle("head-number", parent=_HEAD, alignment=TA_RIGHT)
_SIGNED = _style(fontSize=8.5, leading=11.5, alignment=TA_CENTER, spaceAfter=0)
_SMALL = _style(fontSize=7.5, leading=10, textColor=_MUTED, spaceAfter=0)


def render(informe: Informe) -> bytes:
    """The Informe's PDF; the same content gives the same bytes."""
    with drawing_lock:
        register_typeface()
        target = io.BytesIO()
        template = BaseDocTemplate(
            target,
            pagesize=letter,
            title=f"{informe.title}, {informe.period.name}",
            author=informe.office,
            lang="es-MX",
            invariant=1,
        )
        frame = Frame(_SIDE, 2.0 * cm, _WIDTH - 2 * _SIDE, _HEIGHT - 5.4 * cm, 0, 0, 0, 0)
        around = _Around(informe)
        template.addPageTemplates([PageTemplate("page", [frame], onPage=around.draw)])
        template.build(_story(informe), canvasmaker=NumberedCanvas)
        return target.getvalue()


class _Around:
    """What stands around each page."""

    def __init__(self, informe: Informe) -> None:
        self._informe = informe

    def draw(self, canvas: Canvas, _: BaseDocTemplate) -> None:
        informe = self._informe
        canvas.saveState()
        canvas.setFillColor(_ACCENT)
        canvas.setFont(f"{FONT}-Bold", 11)
        canvas.drawString(_SIDE, _HEIGHT - 1.6 * cm, informe.institution)
        canvas.setFillColor(_MUTED)
        canvas.setFont(FONT, 8.5)
        for number, line in enumerate(one for one in (informe.office, informe.department) if one):
            canvas.drawString(_SIDE, _HEIGHT - 2.05 * cm - number * 11, line)
        canvas.drawRightString(_WIDTH - _SIDE, _HEIGHT - 1.6 * cm, informe.edition_text)
        canvas.setStrokeColor(_ACCENT)
        canvas.setLineWidth(1.2)
        canvas.line(_SIDE, _HEIGHT - 2.75 * cm, _WIDTH - _SIDE, _HEIGHT - 2.75 * cm)
        canvas.setFont(FONT, 7)
        canvas.drawString(_SIDE, 1.4 * cm, layout.foot(informe))
        if informe.closed_at is None:
            canvas.setFillColor(colors.Color(0.44, 0.11, 0.2, alpha=0.10))
            canvas.setFont(f"{FONT}-Bold", 84)
            canvas.translate(_WIDTH / 2, _HEIGHT / 2)
            canvas.rotate(45)
            canvas.drawCentredString(0, -30, "BORRADOR")
        canvas.restoreState()


def _story(informe: Informe) -> list[Flowable]:
    story: list[Flowable] = [
        Paragraph(informe.title, _TITLE),
        Paragraph(escape(layout.subtitle(informe)), _PERIOD),
    ]
    if informe.reason:
        story.append(Paragraph(f"<b>Motivo de la corrección:</b> {_escaped(informe.reason)}", _BODY))
    story += _narrative(informe, layout.BEFORE)
    story.append(Paragraph(escape(layout.goals_told(informe)), _BODY))
    for section in informe.sections:
        story += _section(section)
    story += _narrative(informe, layout.AFTER)
    story.append(KeepTogether([Spacer(1, 40), _signatures(informe), Spacer(1, 14), *_proof(informe)]))
    return story


def _narrative(informe: Informe, names: Sequence[str]) -> list[Flowable]:
    story: list[Flowable] = []
    for title, paragraphs in layout.narrative(informe, names):
        story.append(Paragraph(escape(title), _HEADING))
        story += [Paragraph(_escaped(one), _BODY) for one in paragraphs]
    return story


def _section(section: Section) -> list[Flowable]:
    shapes = chart.of(section)
    heading = Paragraph(escape(section.title), _HEADING)
    if shapes is None:
        return [heading, _table(section)]
    return [KeepTogether([heading, chart.drawing(shapes), Spacer(1, 4)]), _table(section)]


def _table(section: Section) -> Table:
    rows: list[list[Any]] = [
        [Paragraph(title, _HEAD_NUMBER if place else _HEAD) for place, title in enumerate(layout.COLUMNS)]
    ]
    rows += [_row(line) for line in section.lines]
    whole = _WIDTH - 2 * _SIDE
    style: list[Any] = [
        ("BACKGROUND", (0, 0), (-1, 0), _SHADE),
        ("VALIGN", (0, 0), (-1, -1), "TOP"),
        # A heading and a line or two at a page's end are not a table.
        ("NOSPLIT", (0, 0), (-1, 2)),
        ("NOSPLIT", (0, -2), (-1, -1)),
        ("LINEBELOW", (0, 0), (-1, -1), 0.4, _LINE),
        ("LEFTPADDING", (0, 0), (-1, -1), 4),
        ("RIGHTPADDING", (0, 0), (-1, -1), 4),
        ("TOPPADDING", (0, 0), (-1, -1), 2.5),
        ("BOTTOMPADDING", (0, 0), (-1, -1), 2.5),
    ]
    return Table(rows, colWidths=[whole * part for part in _COLUMNS], style=style, repeatRows=1)


def _row(line: Line) -> list[Paragraph]:
    name, *numbers, verdict = layout.cells(line)
    color = {True: _GOOD, False: _BAD}.get(line.is_met) if line.is_met is not None else None
    last = ParagraphStyle("verdict", parent=_NUMBER, textColor=color or _MUTED)
    return [
        Paragraph(escape(name), _CELL),
        *(Paragraph(escape(one), _NUMBER) for one in numbers),
        Paragraph(escape(verdict), last),
    ]


def _signatures(informe: Informe) -> Table:
    signed = layout.signatures(informe)
    cells = [
        [Paragraph("_" * 26, _SIGNED) for _ in signed],
        [Paragraph(f"<b>{_escaped(name)}</b>" if name else "&nbsp;", _SIGNED) for _, name, _ in signed],
        [Paragraph(_escaped(title) or "&nbsp;", _SIGNED) for _, _, title in signed],
        [Paragraph(role, _SIGNED) for role, _, _ in signed],
    ]
    return Table(
        cells, colWidths=[(_WIDTH - 2 * _SIDE) / len(signed)] * len(signed), style=[("VALIGN", (0, 0), (-1, -1), "TOP")]
    )


def _proof(informe: Informe) -> list[Flowable]:
    return [Paragraph(_escaped(line), _SMALL) for line in layout.proof(informe)]


def _escaped(text: str) -> str:
    return escape(text).replace("\n", "<br/>")
