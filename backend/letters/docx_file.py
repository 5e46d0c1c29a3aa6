"""Letters as DOCX, with python-docx: the same content as the PDF, for whoever must edit or paste it."""

import io
from datetime import datetime

import docx
from docx.document import Document as Docx
from docx.enum.text import WD_ALIGN_PARAGRAPH
from docx.oxml import OxmlElement
from docx.oxml.ns import qn
from docx.oxml.xmlchemy import BaseOxmlElement
from docx.shared import Cm, Pt, RGBColor
from docx.text.paragraph import Paragraph

from backend.letters.document import FAREWELL, PRESENT, Document
from backend.letters.markup import Runs, Style, Table, Text

CONTENT_TYPE = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
_ACCENT, _MUTED = RGBColor(0x6F, 0x1D, 0x32), RGBColor(0x5F, 0x59, 0x53)


def render(document: Document, made_at: datetime) -> bytes:
    """The letter's DOCX."""
    made = docx.Document()
    _set_up(made, document, made_at)
    _line(made, document.dateline, WD_ALIGN_PARAGRAPH.RIGHT)
    for name, value in document.facts:
        paragraph = _line(made, "", WD_ALIGN_PARAGRAPH.RIGHT)
        paragraph.add_run(f"{name} ").bold = True
        paragraph.add_run(value)
    _line(made, "")
    for line in (*document.addressee, PRESENT):
        _line(made, line, is_bold=True)
    _line(made, "")
    for block in document.body:
        if isinstance(block, Table):
            _table(made, block)
        else:
            _text(made, block)
    _signature(made, document)
    for line in document.copies:
        run = _line(made, f"C.c.p. {line}").runs[0]
        run.font.size, run.font.color.rgb = Pt(8), _MUTED
    target = io.BytesIO()
    made.save(target)
    return target.getvalue()


def _set_up(made: Docx, document: Document, made_at: datetime) -> None:
    facts = made.core_properties
    facts.title, facts.author, facts.subject = (
        f"{document.label} {document.reference}",
        document.office,
        document.folio,
    )
    facts.created = facts.modified = made_at.replace(tzinfo=None)
    facts.language = "es-MX"
    facts.comments = ""
    section = made.sections[0]
    section.page_width, section.page_height = Cm(21.59), Cm(27.94)
    section.left_margin = section.right_margin = Cm(2.5)
    section.top_margin, section.bottom_margin = Cm(2.5), Cm(2.2)
    usual = made.styles["Normal"]
    usual.font.name, usual.font.size = "Arial", Pt(10.5)
    usual.element.get_or_add_rPr().append(element("w:lang", val="es-MX"))
    _head(section.header.paragraphs[0], document)
    foot = section.footer.paragraphs[0]
    small(foot, f"{document.address}    Página ")
    page_field(foot, "PAGE")
    small(foot, " de ")
    page_field(foot, "NUMPAGES")


def _head(paragraph: Paragraph, document: Document) -> None:
    run = paragraph.add_run(document.institution)
    run.bold, run.font.size, run.font.color.rgb = True, Pt(12), _ACCENT
    for line in document.heads:
        run.add_break()
        run = paragraph.add_run(line)
        run.font.size, run.font.color.rgb = Pt(9), _MUTED
    if document.is_draft:
        run.add_break()
        paragraph.add_run("BORRADOR").bold = True


def small(paragraph: Paragraph, text: str) -> None:
    """Add `text` as small print."""
    run = paragraph.add_run(text)
    run.font.size, run.font.color.rgb = Pt(8), _MUTED


def element(name: str, **values: str) -> BaseOxmlElement:
    """A WordprocessingML element with these attributes."""
    element = OxmlElement(name)
    for key, value in values.items():
        element.set(qn(f"w:{key}"), value)
    return element


def page_field(paragraph: Paragraph, instruction: str) -> None:
    """A number that the word processor keeps up to date."""
    run = paragraph.add_run()
    run.font.size, run.font.color.rgb = Pt(8), _MUTED
    text = element("w:instrText")
    text.text = instruction
    for part in (element("w:fldChar", fldCharType="begin"), text, element("w:fldChar", fldCharType="end")):
        run._r.append(part)


def _line(
    made: Docx, text: str, align: WD_ALIGN_PARAGRAPH = WD_ALIGN_PARAGRAPH.LEFT, *, is_bold: bool = False
) -> Paragraph:
    paragraph = made.add_paragraph()
    paragraph.alignment = align
    paragraph.paragraph_format.space_after = Pt(0)
    if text:
        paragraph.add_run(text).bold = is_bold
    return paragraph


def _text(made: Docx, block: Text) -> None:
    paragraph = made.add_paragraph()
    shape = paragraph.paragraph_format
    shape.space_after = Pt(8)
    if block.style is Style.HEADING:
        shape.keep_with_next = True
    else:
        paragraph.alignment = WD_ALIGN_PARAGRAPH.JUSTIFY
    if block.style is Style.QUOTE:
        shape.left_indent = shape.right_indent = Cm(0.7)
    if block.style is Style.ITEM:
        paragraph.alignment = WD_ALIGN_PARAGRAPH.LEFT
        shape.left_indent, shape.space_after = Cm(0.6 * block.depth), Pt(4)
        if block.marker:
            shape.first_line_indent = Cm(-0.6)
            shape.tab_stops.add_tab_stop(Cm(0.6 * block.depth))
            paragraph.add_run(f"{block.marker}\t")
    _runs(paragraph, block.runs, is_bold=block.style is Style.HEADING)


def _runs(paragraph: Paragraph, runs: Runs, *, is_bold: bool = False) -> None:
    for one in runs:
        run = paragraph.add_run(one.text)
        run.bold, run.italic = one.is_bold or is_bold, one.is_italic


def _table(made: Docx, table: Table) -> None:
    if not table.rows:
        return
    columns = max(len(row) for row in table.rows)
    grid = made.add_table(rows=0, cols=columns, style="Table Grid")
    for number, row in enumerate(table.rows):
        cells = grid.add_row().cells
        for cell, runs in zip(cells, row, strict=False):
            _runs(cell.paragraphs[0], runs, is_bold=table.has_head and number == 0)
    _line(made, "")


def _signature(made: Docx, document: Document) -> None:
    names = [name for name in (document.signer_name, document.signer_title) if name]
    for line in ("", FAREWELL, "", "", "", "_" * 38, *names):
        paragraph = _line(made, line, WD_ALIGN_PARAGRAPH.CENTER, is_bold=line in (FAREWELL, document.signer_name))
        paragraph.paragraph_format.keep_with_next = line != names[-1]
    _line(made, "")
