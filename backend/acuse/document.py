"""The acuse as a PDF: what was received, when, and a QR to its public page."""

import io
from collections.abc import Sequence
from dataclasses import dataclass
from xml.sax.saxutils import escape

import segno
from reportlab.lib.colors import HexColor, white
from reportlab.lib.enums import TA_CENTER
from reportlab.lib.pagesizes import LETTER
from reportlab.lib.styles import ParagraphStyle
from reportlab.lib.units import cm
from reportlab.pdfgen.canvas import Canvas
from reportlab.platypus import Flowable, Frame, PageTemplate, Paragraph, SimpleDocTemplate, Spacer, Table

_WINE, _INK, _LINE, _SOFT = HexColor("#7a1737"), HexColor("#1d1d1f"), HexColor("#d9d2d5"), HexColor("#f6f2f3")
_MARGIN, _BAND = 2 * cm, 2.2 * cm

_TEXT = ParagraphStyle("text", fontName="Helvetica", fontSize=10.5, leading=14.5, textColor=_INK)
_SMALL = ParagraphStyle("small", parent=_TEXT, fontSize=9, leading=12)
_LABEL = ParagraphStyle("label", parent=_TEXT, fontName="Helvetica-Bold")
_TITLE = ParagraphStyle("title", parent=_TEXT, fontName="Times-Bold", fontSize=20, leading=24, textColor=_WINE)
_FOLIO = ParagraphStyle("folio", parent=_TEXT, fontName="Courier-Bold", fontSize=18, leading=24)
_UNDER = ParagraphStyle("under", parent=_SMALL, alignment=TA_CENTER)


@dataclass(frozen=True)
class Acuse:
    """What the page says; nothing personal. `code`: only on the copy for a person who has just filed."""

    folio: str
    kind: str
    received: str
    municipality: str | None
    topic: str | None
    url: str
    ways: Sequence[str]
    code: str | None = None


class _Qr(Flowable):  # type: ignore[misc]
    """A QR code `size` points wide, its quiet zone included."""

    def __init__(self, content: str, size: float) -> None:
        super().__init__()
        self._code = segno.make(content, error="m", micro=False)
        self.width = self.height = size

    def draw(self) -> None:
        rows = [bytes(row) for row in self._code.matrix_iter(border=4)]
        side = self.width / len(rows)
        self.canv.setFillColor(_INK)
        for place, row in enumerate(rows):
            for column, is_dark in enumerate(row):
                if is_dark:
                    # A hair wider than its cell, so that printers leave no white line between two.
                    self.canv.rect(column * side, self.height - (place + 1) * side, side * 1.02, side * 1.02, 0, 1)


def render(acuse: Acuse) -> bytes:
    """The acuse on one letter-size page; the same facts always give the same bytes."""
    target = io.BytesIO()
    document = SimpleDocTemplate(
        target,
        pagesize=LETTER,
        title=f"Acuse de recibo {acuse.folio}",
        author="Coordinación Ejecutiva de Atención Ciudadana",
        lang="es-MX",
        invariant=1,
    )
    width, height = LETTER
    frame = Frame(_MARGIN, _MARGIN, width - 2 * _MARGIN, height - _MARGIN - _BAND - 0.8 * cm, 0, 0, 0, 0)
    document.addPageTemplates(PageTemplate(frames=[frame], onPage=_band))
    document.build(_story(acuse, width - 2 * _MARGIN))
    return target.getvalue()


def _band(canvas: Canvas, _: SimpleDocTemplate) -> None:
    width, height = LETTER
    canvas.setFillColor(_WINE)
    canvas.rect(0, height - _BAND, width, _BAND, 0, 1)
    canvas.setFillColor(white)
    canvas.setFont("Times-Bold", 16)
    canvas.drawString(_MARGIN, height - 1.1 * cm, "Gobierno del Estado de Sonora")
    canvas.setFont("Helvetica", 10)
    canvas.drawString(_MARGIN, height - 1.65 * cm, "Coordinación Ejecutiva de Atención Ciudadana")


def _story(acuse: Acuse, width: float) -> list[Flowable]:
    qr = 4.6 * cm
    left = [
        Paragraph("Acuse de recibo", _TITLE),
        Spacer(1, 0.3 * cm),
        Paragraph("Recibimos su petición. Este es su folio:", _TEXT),
        Paragraph(acuse.folio, _FOLIO),
        Spacer(1, 0.3 * cm),
        _facts(acuse, width - qr - 0.6 * cm),
    ]
    right = [_Qr(acuse.url, qr), Paragraph("Escanee para ver<br/>cómo va su petición", _UNDER)]
    head = Table([[left, right]], colWidths=[width - qr - 0.6 * cm, qr + 0.6 * cm])
    head.setStyle([("VALIGN", (0, 0), (-1, -1), "TOP"), *_flush((0, 0)), ("ALIGN", (1, 0), (1, 0), "RIGHT")])
    return [head, Spacer(1, 0.6 * cm), *_code(acuse, width), *_follow_up(acuse)]


def _flush(cell: tuple[int, int]) -> list[tuple[object, ...]]:
    return [("LEFTPADDING", cell, cell, 0), ("RIGHTPADDING", cell, cell, 0)]


def _facts(acuse: Acuse, width: float) -> Table:
    told = [
        ("Tipo", acuse.kind),
        ("Recibida", acuse.received),
        ("Municipio", acuse.municipality or "No se indicó"),
        ("Tema", acuse.topic or "Por clasificar"),
    ]
    rows = [[Paragraph(name, _LABEL), Paragraph(escape(value), _TEXT)] for name, value in told]
    table = Table(rows, colWidths=[2.6 * cm, width - 2.6 * cm])
    table.setStyle([("LINEBELOW", (0, 0), (-1, -1), 0.5, _LINE), ("VALIGN", (0, 0), (-1, -1), "TOP")])
    return table


def _code(acuse: Acuse, width: float) -> list[Flowable]:
    if acuse.code is None:
        return []
    words = "Clave de acceso. Guárdela: con ella y el folio se consulta la petición. No la comparta."
    box = Table([[[Paragraph(words, _TEXT), Paragraph(acuse.code, _FOLIO)]]], colWidths=[width])
    box.setStyle([("BACKGROUND", (0, 0), (-1, -1), _SOFT), ("BOX", (0, 0), (-1, -1), 1, _WINE)])
    return [box, Spacer(1, 0.6 * cm)]


def _follow_up(acuse: Acuse) -> list[Flowable]:
    steps = [Paragraph(f"• {escape(way)}", _TEXT) for way in acuse.ways]
    closing = "Este acuse comprueba que se recibió su petición; no es una respuesta. El trámite no tiene costo."
    title = Paragraph("Cómo darle seguimiento", _LABEL)
    return [title, Spacer(1, 0.15 * cm), *steps, Spacer(1, 0.5 * cm), Paragraph(closing, _SMALL)]
