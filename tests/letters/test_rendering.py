"""Letters as PDF and DOCX: the same words in both, whatever a citizen wrote."""

import io
import zipfile

import pytest

from backend.letters import docx_file, pdf
from backend.letters.models import LetterKind
from tests.letters.documents import MADE, both_texts, document, docx_text, pages_of, right_edge


@pytest.mark.parametrize("kind", LetterKind)
def test_every_kind_is_one_page_with_all_its_parts_in_both_files(kind: LetterKind) -> None:
    made = document(kind)
    (page,) = pages_of(pdf.render(made))
    for text in (page, " ".join(docx_text(docx_file.render(made, MADE)).split())):
        for part in (
            "Gobierno del Estado de Sonora",
            "Departamento de Correspondencia y Seguimiento",
            "Hermosillo, Sonora, a 21 de noviembre de 2026",
            f"{made.label} CEAC/DAG/0123/2026",
            "AC-2026-000123-K",
            "P R E S E N T E",
            "Núñez" if made.label == "Carta núm." else "Jesús Valenzuela Ibáñez",
            "A T E N T A M E N T E",
            "Lic. Ana Sofía Ibarra Córdova",
            "C.c.p. Minutario.",
        ):
            assert part in text, part
        assert "{" not in text
    assert "Página 1 de 1" in page


def test_what_a_citizen_wrote_breaks_nothing() -> None:
    told = (
        "<b>hola</b> {folio} & </para> <font size=90> ]]> ¿ñandú? n\u0303 \x00\x1b\ufffe "
        + "A" * 3000
        + " 😀👩‍👩‍👧 fin"
    )
    made = document(peticion=told, persona="Ángel <i>", telefono="&amp;")
    assert right_edge(pdf.render(made)) <= 612 - 70, "a word longer than a line stays within the margins"
    as_pdf, as_docx = both_texts(made)
    for text in (as_pdf, as_docx):
        assert "<b>hola</b> {folio} & </para> <font size=90> ]]> ¿ñandú? ñ" in text
        assert "Ángel <i>" in text
        assert "&amp;" in text
        assert "fin" in text
    assert "😀" in as_docx
    assert "😀" not in as_pdf


def test_ten_pages_of_one_persons_words_are_ten_pages_whole() -> None:
    told = "\n".join(f"Renglón {number}: " + "la calle está sin luz y sin agua. " * 14 for number in range(100))
    pages = pages_of(pdf.render(document(peticion=told)))
    assert len(pages) >= 10
    for number in (0, 50, 99):
        assert f"Renglón {number}:" in " ".join(pages)
    for number, page in enumerate(pages, 1):
        assert f"Página {number} de {len(pages)}" in page
        assert "Oficio núm. CEAC/DAG/0123/2026" in page
    assert "A T E N T A M E N T E" in pages[-1]
    assert "cordial saludo" in pages[-1], "the signature is never alone on its page"
    # In a table's cell too, which must then go over pages.
    in_table = pages_of(pdf.render(document(body="| a | b |\n|---|---|\n| x | {peticion} |", peticion=told)))
    assert "Renglón 99:" in " ".join(in_table)


def test_a_draft_says_so_and_the_same_content_is_the_same_pdf() -> None:
    draft, final = document(is_draft=True), document()
    assert "BORRADOR" in pages_of(pdf.render(draft))[0]
    assert "BORRADOR" not in pages_of(pdf.render(final))[0]
    assert pdf.render(final) == pdf.render(document())
    assert pdf.render(final).count(b"/FontFile2") >= 2, "the typeface travels with the letter"
    with zipfile.ZipFile(io.BytesIO(docx_file.render(draft, MADE))) as packed:
        assert b"BORRADOR" in packed.read("word/header1.xml")
