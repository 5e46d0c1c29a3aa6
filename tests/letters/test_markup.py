"""What of Markdown a template has, and what its fields may be."""

import pytest

from backend.letters import markup, templates
from backend.letters.markup import Run, Style, Table, Text
from backend.letters.models import LetterKind


def test_the_part_of_markdown_that_templates_have() -> None:
    blocks = markup.parse(
        "# Título\n\nUna **negrita** y *cursiva*\notra línea\n\n1. uno\n   - dentro\n2. dos\n\n> cita"
    )
    assert blocks == (
        Text(Style.HEADING, (Run("Título"),)),
        Text(
            Style.PARAGRAPH,
            (
                Run("Una "),
                Run("negrita", is_bold=True),
                Run(" y "),
                Run("cursiva", is_italic=True),
                Run("\notra línea"),
            ),
        ),
        Text(Style.ITEM, (Run("uno"),), "1.", 1),
        Text(Style.ITEM, (Run("dentro"),), "•", 2),
        Text(Style.ITEM, (Run("dos"),), "2.", 1),
        Text(Style.QUOTE, (Run("cita"),)),
    )
    (table,) = markup.parse("|  |  |\n|---|---|\n| Folio | **{folio}** |")
    assert table == Table((((Run("Folio"),), (Run("{folio}", is_bold=True),)),), has_head=False)


def test_everything_else_is_text_as_it_stands() -> None:
    body = '<b>x</b> [enlace](http://malo) ![foto](x) `code` &amp; ---\n\n    sangría <script>alert("1")</script>'
    texts = [run.text for run in markup._all_runs(markup.parse(body))]
    assert texts == [
        "<b>x</b> [enlace](http://malo) ![foto](x) `code` &amp; ---",
        'sangría <script>alert("1")</script>',
    ]


def test_what_a_citizen_wrote_is_neither_markup_nor_a_field() -> None:
    told = "# no es título\n\n**ni** {folio} ni <b>\x00\x07\ufffe\n| a | b |\n- nada"
    values = {"peticion": told, "folio": "AC-1"}
    filled = markup.fill(markup.parse("> {peticion}\n\nA: {peticion} ({folio})"), values)
    assert [block.runs[0].text for block in filled[:-1] if isinstance(block, Text)] == [
        "# no es título",
        "**ni** {folio} ni <b>",
        "| a | b |",
        "- nada",
    ]
    assert {block.style for block in filled[:-1] if isinstance(block, Text)} == {Style.QUOTE}
    last = filled[-1]
    assert isinstance(last, Text)
    assert last.runs[0].text.endswith("- nada (AC-1)")


def test_what_is_unknown_says_so_or_leaves_its_paragraph_out() -> None:
    blocks = markup.parse("{texto}\n\nTeléfono: {telefono}")
    assert markup.fill(blocks, {"texto": " ", "telefono": ""}) == (
        Text(Style.PARAGRAPH, (Run("Teléfono: (sin dato)"),)),
    )


@pytest.mark.parametrize(
    ("subject", "body", "problem"),
    [
        ("Asunto", "Folio {foliio}", "No existe el campo {foliio}. ¿Quiso decir {folio}?"),
        ("{asdfgh}", "Texto", "No existe el campo {asdfgh}."),
        ("Asunto", "Folio {fo**l**io}", "Hay una llave sin su pareja: los campos se escriben {así}, sin negritas"),
        ("Asunto", "Falta } una", "Hay una llave sin su pareja"),
        ("Asunto", "{{folio}}", "Hay una llave sin su pareja"),
        ("Asunto", "Antes del {fecha_limite}", "El campo {fecha_limite} no existe en este tipo de documento."),
        ("Asunto", "- {}", "No existe el campo {}."),
        (" ", "Texto", "Escriba el asunto."),
        ("Asunto", " ", "Escriba el texto del documento."),
        ("Asunto", "x" * 20_001, "El texto es muy largo"),
    ],
)
def test_a_text_that_cannot_be_filled_is_refused_with_its_reason(subject: str, body: str, problem: str) -> None:
    (found,) = templates.problems(LetterKind.ATTENTION, subject, body)
    assert found.startswith(problem)


@pytest.mark.parametrize("kind", LetterKind)
def test_the_templates_that_we_bring_have_no_problem(kind: LetterKind) -> None:
    assert templates.problems(kind, *templates.brought(kind)) == []
