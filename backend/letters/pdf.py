"""Letters as PDF, with reportlab: the same content gives the same bytes.

The typeface is the one that reportlab brings, embedded, so that a letter looks alike everywhere and needs nothing
of the machine. It has the letters of western and central Europe; what it lacks (emoji) is drawn as a middle dot.
"""

import io
import threading
from functools import cache
from typing import Any
from xml.sax.saxutils import escape

from reportlab.lib import colors
from reportlab.lib.enums import TA_CENTER, TA_JUSTIFY, TA_RIGHT
from reportlab.lib.pagesizes import letter
from reportlab.lib.styles import ParagraphStyle
from reportlab.lib.units import cm
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.ttfonts import TTFont
from reportlab.pdfgen.canvas import Canvas
from reportlab.platypus import (
    BaseDocTemplate,
    Flowable,
    Frame,
    KeepTogether,
    NextPageTemplate,
    PageTemplate,
    Paragraph,
    Spacer,
)
from reportlab.platypus import Table as Grid

from backend.letters.document import FAREWELL, PRESENT, Document
from backend.letters.markup import Runs, Style, Table, Text

FONT = "Letter"
_FACES = {"": "Vera.ttf", "-Bold": "VeraBd.ttf", "-Italic": "VeraIt.ttf", "-BoldItalic": "VeraBI.ttf"}
_WIDTH, _HEIGHT = letter
_SIDE = 2.5 * cm
_ACCENT, _MUTED, _LINE = colors.HexColor("#6f1d32"), colors.HexColor("#5f5953"), colors.HexColor("#b9b2a9")
_SHADE = colors.HexColor("#f2efec")
_MISSING = "·"
#: A last paragraph of so many letters goes with the signature.
_SHORT = 900
#: reportlab keeps fonts and their subsets in module state.
drawing_lock = threading.Lock()


@cache
def register_typeface() -> frozenset[int]:
    """Make the typeface known; the characters that it has."""
    for suffix, file in _FACES.items():
        pdfmetrics.registerFont(TTFont(FONT + suffix, file))
    pdfmetrics.registerFontFamily(
        FONT, normal=FONT, bold=f"{FONT}-Bold", italic=f"{FONT}-Italic", boldItalic=f"{FONT}-BoldItalic"
    )
    return frozenset(pdfmetrics.getFont(FONT).face.charToGlyph)


def _style(**changes: Any) -> ParagraphStyle:
    usual: dict[str, Any] = {"fontName": FONT, "fontSize": 9.5, "leading": 14, "spaceAfter": 8, "splitLongWords": 1}
    return ParagraphStyle("letter", **(usual | changes))


_BODY = _style(alignment=TA_JUSTIFY, allowWidows=0, allowOrphans=0)
_HEADING = _style(fontName=f"{FONT}-Bold", fontSize=10.5, spaceBefore=6, keepWithNext=1)
_QUOTE = _style(alignment=TA_JUSTIFY, leftIndent=18, rightIndent=18, allowWidows=0, allowOrphans=0)
_CELL = _style(fontSize=9, leading=12.5, spaceAfter=0)
_HEAD = ParagraphStyle("head", parent=_CELL, fontName=f"{FONT}-Bold")
_RIGHT = _style(alignment=TA_RIGHT, spaceAfter=1)
_ADDRESSEE = _style(fontName=f"{FONT}-Bold", spaceAfter=0)
_CENTRE = _style(alignment=TA_CENTER, spaceAfter=0)
_SMALL = _style(fontSize=7.5, leading=10, spaceAfter=0, textColor=_MUTED)


def render(document: Document) -> bytes:
    """The letter's PDF."""
    with drawing_lock:
        return _Drawing(document).bytes()


class _Drawing:
    def __init__(self, document: Document) -> None:
        self._document = document
        self._known = register_typeface()

    def bytes(self) -> bytes:
        target = io.BytesIO()
        template = BaseDocTemplate(
            target,
            pagesize=letter,
            title=f"{self._document.label} {self._document.reference}",
            author=self._document.office,
            subject=self._document.folio,
            lang="es-MX",
            invariant=1,
        )
        first = Frame(_SIDE, 2.0 * cm, _WIDTH - 2 * _SIDE, _HEIGHT - 5.8 * cm, 0, 0, 0, 0)
        later = Frame(_SIDE, 2.0 * cm, _WIDTH - 2 * _SIDE, _HEIGHT - 4.6 * cm, 0, 0, 0, 0)
        template.addPageTemplates(
            [
                PageTemplate("first", [first], onPage=self._first_page),
                PageTemplate("later", [later], onPage=self._later_page),
            ]
        )
        template.build(self._story(), canvasmaker=NumberedCanvas)
        return target.getvalue()

    def _story(self) -> list[Flowable]:
        document = self._document
        story: list[Flowable] = [NextPageTemplate("later"), self._line(document.dateline, _RIGHT), Spacer(1, 6)]
        story += [
            Paragraph(f"<b>{self._escaped(name)}</b> {self._escaped(value)}", _RIGHT) for name, value in document.facts
        ]
        story.append(Spacer(1, 12))
        story += [self._line(line, _ADDRESSEE) for line in (*document.addressee, PRESENT)]
        story.append(Spacer(1, 12))
        blocks = [flowable for block in document.body for flowable in self._block(block)]
        # The signature never stands alone on a page, nor do the copies.
        last = [one for one in blocks[-1:] if isinstance(one, Paragraph) and len(one.text) < _SHORT]
        copies = [self._line(f"C.c.p. {line}", _SMALL) for line in document.copies]
        story += blocks[: len(blocks) - len(last)]
        story.append(KeepTogether([*last, *self._signature(), Spacer(1, 10), *copies]))
        return story

    def _signature(self) -> list[Flowable]:
        document = self._document
        rule = Grid([[""]], colWidths=[7.5 * cm], rowHeights=[1], style=[("LINEBELOW", (0, 0), (-1, -1), 0.6, _MUTED)])
        bold = ParagraphStyle("bold", parent=_CENTRE, fontName=f"{FONT}-Bold")
        named = [self._line(document.signer_name, bold)] if document.signer_name else []
        return [
            Spacer(1, 12),
            self._line(FAREWELL, bold),
            Spacer(1, 38),
            rule,
            Spacer(1, 4),
            *named,
            self._line(document.signer_title, _CENTRE),
        ]

    def _block(self, block: Text | Table) -> list[Flowable]:
        if isinstance(block, Table):
            return [Spacer(1, 2), self._grid(block), Spacer(1, 12)] if block.rows else []
        markup = self._marked(block.runs)
        if block.style is Style.ITEM:
            indent = 16 * block.depth
            style = ParagraphStyle(
                "item", parent=_BODY, leftIndent=indent, bulletIndent=indent - 13, bulletFontName=FONT, spaceAfter=4
            )
            return [Paragraph(markup, style, bulletText=block.marker or None)]
        return [Paragraph(markup, {Style.HEADING: _HEADING, Style.QUOTE: _QUOTE}.get(block.style, _BODY))]

    def _grid(self, table: Table) -> Grid:
        columns = max(len(row) for row in table.rows)
        cells = [
            [Paragraph(self._marked(cell), _HEAD if table.has_head and not number else _CELL) for cell in row]
            + [""] * (columns - len(row))
            for number, row in enumerate(table.rows)
        ]
        whole = _WIDTH - 2 * _SIDE
        widths = [whole * 0.28, whole * 0.72] if columns == 2 else [whole / columns] * columns
        style: list[Any] = [
            *([("BACKGROUND", (0, 0), (-1, 0), _SHADE)] if table.has_head else []),
            ("VALIGN", (0, 0), (-1, -1), "TOP"),
            ("LINEBELOW", (0, 0), (-1, -1), 0.4, _LINE),
            ("LEFTPADDING", (0, 0), (-1, -1), 4),
            ("RIGHTPADDING", (0, 0), (-1, -1), 4),
            ("TOPPADDING", (0, 0), (-1, -1), 3),
            ("BOTTOMPADDING", (0, 0), (-1, -1), 3),
        ]
        # A row may be taller than a page: somebody's ten pages in a cell.
        return Grid(cells, colWidths=widths, style=style, repeatRows=int(table.has_head), splitInRow=1)

    def _line(self, text: str, style: ParagraphStyle) -> Paragraph:
        return Paragraph(self._escaped(text), style)

    def _marked(self, runs: Runs) -> str:
        parts = []
        for run in runs:
            marked = self._escaped(run.text)
            marked = f"<i>{marked}</i>" if run.is_italic else marked
            parts.append(f"<b>{marked}</b>" if run.is_bold else marked)
        return "".join(parts)

    def _escaped(self, text: str) -> str:
        """`text` for reportlab's own markup: data stays data, line breaks are kept."""
        return escape(self._drawable(text)).replace("\n", "<br/>")

    def _drawable(self, text: str) -> str:
        plain = text.replace("\t", " ").replace("\u00ad", "")
        joiners = ("\u200b", "\u200d", "\ufe0e", "\ufe0f")
        return "".join(
            char if ord(char) in self._known or char.isspace() else _MISSING for char in plain if char not in joiners
        )

    def _first_page(self, canvas: Canvas, _: BaseDocTemplate) -> None:
        document = self._document
        canvas.saveState()
        canvas.setFillColor(_ACCENT)
        canvas.setFont(f"{FONT}-Bold", 12)
        canvas.drawString(_SIDE, _HEIGHT - 1.9 * cm, self._drawable(document.institution))
        canvas.setFillColor(_MUTED)
        for number, line in enumerate(document.heads):
            canvas.setFont(FONT, 9)
            canvas.drawString(_SIDE, _HEIGHT - 2.4 * cm - number * 12, self._drawable(line))
        canvas.setStrokeColor(_ACCENT)
        canvas.setLineWidth(1.4)
        canvas.line(_SIDE, _HEIGHT - 3.2 * cm, _WIDTH - _SIDE, _HEIGHT - 3.2 * cm)
        canvas.restoreState()
        self._around(canvas)

    def _later_page(self, canvas: Canvas, _: BaseDocTemplate) -> None:
        document = self._document
        canvas.saveState()
        canvas.setFillColor(_MUTED)
        canvas.setFont(FONT, 8)
        canvas.drawString(_SIDE, _HEIGHT - 1.7 * cm, self._drawable(document.office))
        canvas.drawRightString(_WIDTH - _SIDE, _HEIGHT - 1.7 * cm, f"{document.label} {document.reference}")
        canvas.setStrokeColor(_ACCENT)
        canvas.setLineWidth(0.8)
        canvas.line(_SIDE, _HEIGHT - 1.9 * cm, _WIDTH - _SIDE, _HEIGHT - 1.9 * cm)
        canvas.restoreState()
        self._around(canvas)

    def _around(self, canvas: Canvas) -> None:
        """The foot, and across a draft what it is."""
        canvas.saveState()
        canvas.setFillColor(_MUTED)
        canvas.setFont(FONT, 7.5)
        canvas.drawString(_SIDE, 1.4 * cm, self._drawable(self._document.address))
        if self._document.is_draft:
            canvas.setFillColor(colors.Color(0.44, 0.11, 0.2, alpha=0.12))
            canvas.setFont(f"{FONT}-Bold", 84)
            canvas.translate(_WIDTH / 2, _HEIGHT / 2)
            canvas.rotate(45)
            canvas.drawCentredString(0, -30, "BORRADOR")
        canvas.restoreState()


class NumberedCanvas(Canvas):  # type: ignore[misc]
    """Writes «Página 1 de 3», for which the last page must be known."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._pages: list[dict[str, Any]] = []

    def showPage(self) -> None:  # noqa: N802
        self._pages.append(dict(self.__dict__))
        self._startPage()

    def save(self) -> None:
        for number, page in enumerate(self._pages, 1):
            self.__dict__.update(page)
            self.setFillColor(_MUTED)
            self.setFont(FONT, 7.5)
            self.drawRightString(_WIDTH - _SIDE, 1.4 * cm, f"Página {number} de {len(self._pages)}")
            super().showPage()
        super().save()
