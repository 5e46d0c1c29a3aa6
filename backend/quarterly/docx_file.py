"""The Informe as DOCX, with python-docx: the same content as the PDF, for whoever must edit or paste it."""

import io
from collections.abc import Sequence
from datetime import datetime
from typing import Any

import docx
from docx.document import Document as Docx
from docx.enum.text import WD_ALIGN_PARAGRAPH
from docx.oxml.ns import qn
from docx.shared import Cm, Pt, RGBColor
from docx.table import _Cell

from backend.letters.docx_file import CONTENT_TYPE, element, page_field, small
from backend.quarterly import chart, layout
from backend.quarterly.content import Informe, Section

__all__ = ["CONTENT_TYPE", "render"]

_ACCENT, _MUTED = RGBColor(0x6F, 0x1D, 0x32), RGBColor(0x5F, 0x59, 0x53)
_GOOD, _BAD = RGBColor(0x1C, 0x64, 0x40), RGBColor(0xA3, 0x16, 0x1F)
_COLUMNS = (5.4, 2.4, 2.4, 2.6, 2.4, 2.4)
_WIDTH = Cm(16.6)


def render(informe: Informe, made_at: datetime) -> bytes:
    """The Informe's DOCX."""
    made = docx.Document()
    _set_up(made, informe, made_at)
    _heading(made, informe.title, 1)
    made.add_paragraph(layout.subtitle(informe))
    made.add_paragraph(informe.edition_text).runs[0].bold = True
    if informe.reason:
        made.add_paragraph("Motivo de la corrección: ").add_run(informe.reason)
    _narrative(made, informe, layout.BEFORE)
    made.add_paragraph(layout.goals_told(informe))
    for section in informe.sections:
        _section(made, section)
    _narrative(made, informe, layout.AFTER)
    _signatures(made, informe)
    for line in layout.proof(informe):
        small(made.add_paragraph(), line)
    target = io.BytesIO()
    made.save(target)
    return target.getvalue()


def _set_up(made: Docx, informe: Informe, made_at: datetime) -> None:
    facts = made.core_properties
    facts.title, facts.author = f"{informe.title}, {informe.period.name}", informe.office
    facts.created = facts.modified = made_at.replace(tzinfo=None)
    facts.language, facts.comments = "es-MX", ""
    section = made.sections[0]
    section.page_width, section.page_height = Cm(21.59), Cm(27.94)
    section.left_margin = section.right_margin = Cm(2.2)
    section.top_margin, section.bottom_margin = Cm(3.2), Cm(2.0)
    usual = made.styles["Normal"]
    usual.font.name, usual.font.size = "Arial", Pt(10)
    usual.paragraph_format.space_after = Pt(6)
    usual.element.get_or_add_rPr().append(element("w:lang", val="es-MX"))
    head = section.header.paragraphs[0]
    run = head.add_run(informe.institution)
    run.bold, run.font.size, run.font.color.rgb = True, Pt(11), _ACCENT
    for line in (informe.office, informe.department):
        if line:
            run.add_break()
            run = head.add_run(line)
            run.font.size, run.font.color.rgb = Pt(8.5), _MUTED
    foot = section.footer.paragraphs[0]
    small(foot, f"{layout.foot(informe)}    Página ")
    page_field(foot, "PAGE")
    small(foot, " de ")
    page_field(foot, "NUMPAGES")


def _heading(made: Docx, text: str, level: int) -> None:
    heading = made.add_heading(text, level)
    heading.paragraph_format.space_before, heading.paragraph_format.space_after = Pt(10), Pt(4)
    for run in heading.runs:
        run.font.name, run.font.color.rgb, run.font.size = "Arial", _ACCENT, Pt(17 if level == 1 else 12)
        run._r.get_or_add_rPr().get_or_add_rFonts().set(qn("w:asciiTheme"), "")


def _narrative(made: Docx, informe: Informe, names: Sequence[str]) -> None:
    for title, paragraphs in layout.narrative(informe, names):
        _heading(made, title, 2)
        for one in paragraphs:
            made.add_paragraph(one).alignment = WD_ALIGN_PARAGRAPH.JUSTIFY


def _section(made: Docx, section: Section) -> None:
    _heading(made, section.title, 2)
    shapes = chart.of(section)
    if shapes is not None:
        picture = made.add_picture(io.BytesIO(chart.png(shapes)), width=_WIDTH)
        # What a screen reader says of it.
        picture._inline.docPr.set("descr", shapes.told)
        made.paragraphs[-1].paragraph_format.keep_with_next = True
    table = made.add_table(rows=0, cols=len(layout.COLUMNS), style="Table Grid")
    table.autofit = False
    for column, width in zip(table.columns, _COLUMNS, strict=True):
        column.width = Cm(width)
    _row(table, layout.COLUMNS, is_head=True)
    for line in section.lines:
        cells = _row(table, layout.cells(line))
        if line.is_met is not None:
            cells[-1].paragraphs[0].runs[0].font.color.rgb = _GOOD if line.is_met else _BAD
    made.add_paragraph().paragraph_format.space_after = Pt(0)


def _row(table: Any, texts: Sequence[str], *, is_head: bool = False) -> tuple[_Cell, ...]:
    row = table.add_row()
    row._tr.get_or_add_trPr().append(element("w:cantSplit"))
    if is_head:
        row._tr.get_or_add_trPr().append(element("w:tblHeader"))
    for place, (cell, text, width) in enumerate(zip(row.cells, texts, _COLUMNS, strict=True)):
        cell.width = Cm(width)
        paragraph = cell.paragraphs[0]
        paragraph.paragraph_format.space_after = Pt(1)
        run = paragraph.add_run(text)
        run.font.size, run.bold = Pt(8.5), is_head
        if place:
            paragraph.alignment = WD_ALIGN_PARAGRAPH.RIGHT
        if is_head:
            cell._tc.get_or_add_tcPr().append(element("w:shd", val="clear", color="auto", fill="F2EFEC"))
    return tuple(row.cells)


def _signatures(made: Docx, informe: Informe) -> None:
    signed = layout.signatures(informe)
    made.add_paragraph().paragraph_format.space_after = Pt(24)
    table = made.add_table(rows=1, cols=len(signed))
    for cell, (role, name, title) in zip(table.rows[0].cells, signed, strict=True):
        for place, text in enumerate(("_" * 26, name, title, role)):
            paragraph = cell.paragraphs[0] if not place else cell.add_paragraph()
            paragraph.alignment = WD_ALIGN_PARAGRAPH.CENTER
            paragraph.paragraph_format.space_after = Pt(0)
            run = paragraph.add_run(text)
            run.font.size, run.bold = Pt(9), place == 1
    table.rows[0]._tr.get_or_add_trPr().append(element("w:cantSplit"))
    made.add_paragraph()
