"""The report on a file that a person brings."""

from pathlib import Path

import pytest

from bot.nlu_eval import Row, read, report


def _file(folder: Path, content: str) -> Path:
    path = folder / "rows.tsv"
    path.write_text(content, encoding="utf-8")
    return path


def test_columns_are_found_by_their_names(tmp_path: Path) -> None:
    content = '\ufefftext\tsource\tintent\n"hola"\tx\tsaludar\n\nun "bache"\ty\tregistrar_peticion\n'
    assert read(_file(tmp_path, content)) == [("saludar", '"hola"'), ("registrar_peticion", 'un "bache"')]


@pytest.mark.parametrize(
    ("content", "told"), [("", "empty"), ("a\tb\nx\ty\n", "first line"), ("intent\ttext\nx\n", "line 2")]
)
def test_a_file_that_cannot_be_read_is_refused_in_words(tmp_path: Path, content: str, told: str) -> None:
    with pytest.raises(SystemExit, match=told):
        read(_file(tmp_path, content))


def test_the_report_begins_with_the_accuracy_and_ends_with_the_wrong_rows() -> None:
    lines = report(
        [
            Row("saludar", "saludar", 0.9, False, "hola"),
            Row("saludar", "ayuda", 0.4, True, "qué onda"),
            Row("ayuda", "ayuda", 0.8, False, "ayuda"),
            Row("ayuda", "ayuda", 0.8, False, "auxilio con esto"),
        ]
    ).splitlines()
    assert lines[0] == "accuracy: 0.750"
    assert lines[2] == "asked: 0.250"
    assert ["saludar", "1.000", "0.500", "0.667", "2"] in [line.split() for line in lines]
    assert ["ayuda", "0.667", "1.000", "0.800", "2"] in [line.split() for line in lines]
    assert "    1 saludar -> ayuda" in lines
    assert lines[-1] == "saludar\tayuda\t0.40\tqué onda"
