"""Letters to draw without a database, and what a reader sees of them."""

import io
from datetime import UTC, datetime

import docx
import pypdfium2

from backend.letters import docx_file, fields, pdf, service, templates
from backend.letters.document import Document
from backend.letters.kinds import KINDS, Side
from backend.letters.models import Letterhead, LetterKind

LETTERHEAD = Letterhead(
    id=1,
    institution="Gobierno del Estado de Sonora",
    office="Coordinación Ejecutiva de Atención Ciudadana",
    department="Departamento de Correspondencia y Seguimiento",
    address="Palacio de Gobierno, Hermosillo, Sonora",
    place="Hermosillo, Sonora",
    signer_name="Lic. Ana Sofía Ibarra Córdova",
    signer_title="Coordinadora Ejecutiva de Atención Ciudadana",
    copies="Archivo.\nMinutario.",
)
MADE = datetime(2026, 11, 21, 15, tzinfo=UTC)


def document(kind: LetterKind = LetterKind.OFICIO, body: str = "", *, is_draft: bool = False, **told: str) -> Document:
    """A letter of the brought template, or of `body`, filled with the examples and what is `told`."""
    side = KINDS[kind].side
    known = fields.examples(side) | told
    subject, brought = templates.brought(kind)
    to = (known["enlace"], known["cargo_enlace"]) if side is Side.AGENCY else (known["persona"],)
    return service.compose(kind, subject, body or brought, LETTERHEAD, known, to, is_draft=is_draft)


def pages_of(content: bytes) -> list[str]:
    """The text of each page, its lines joined."""
    opened = pypdfium2.PdfDocument(content)
    return [" ".join(page.get_textpage().get_text_range().split()) for page in opened]


def right_edge(content: bytes) -> float:
    """How far to the right the text goes, in points."""
    pages = [page.get_textpage() for page in pypdfium2.PdfDocument(content)]
    return max(page.get_charbox(number)[2] for page in pages for number in range(page.count_chars()))


def pdf_text(made: Document) -> str:
    return " ".join(pages_of(pdf.render(made)))


def docx_text(content: bytes) -> str:
    """Every paragraph of the body, those in tables too, and of the header."""
    opened = docx.Document(io.BytesIO(content))
    cells = [cell.text for table in opened.tables for row in table.rows for cell in row.cells]
    heads = [one.text for one in opened.sections[0].header.paragraphs]
    return "\n".join([*heads, *(one.text for one in opened.paragraphs), *cells])


def both_texts(made: Document) -> tuple[str, str]:
    return pdf_text(made), docx_text(docx_file.render(made, MADE))
