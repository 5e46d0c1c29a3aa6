"""What is exported of labelled messages, read by Rasa's own loader and by `make nlu-eval`."""

from pathlib import Path

from rasa.shared.nlu.training_data.loading import load_data

from backend.learning.formats import Example, Split, plain, write
from bot.nlu_eval import read

#: What citizens write, with what could mean something to the files.
TEXTS = [
    "no me atienden: llevo 3 meses # y nada",
    '[agua](folio) sucia {"entity": "x"}',
    "- intent: saludar",
    "tab\taquí y línea\nnueva\u2028otra\x85más",
    "«comillas» \"dobles\" 'simples' \\ y 🙏🏽",
    "me llamo Rosa Ibarra, cel 662 123 4567",
]


def examples(split: Split) -> list[Example]:
    return [Example("registrar_queja", plain(text), split) for text in TEXTS]


def test_the_yaml_is_loaded_as_it_was_written(tmp_path: Path) -> None:
    found = examples(Split.TRAINING)
    write([*found, Example("saludar", "qué onda", Split.TRAINING)], tmp_path)
    loaded = load_data(str(tmp_path / "aprendizaje.yml")).intent_examples
    assert {(one.get("intent"), one.get("text")) for one in loaded} == {
        ("saludar", "qué onda"),
        *(("registrar_queja", one.text) for one in found),
    }
    assert all(not one.get("entities") for one in loaded)


def test_the_held_out_rows_are_read_as_they_were_written(tmp_path: Path) -> None:
    found = examples(Split.HELD_OUT)
    write(found, tmp_path)
    assert read(tmp_path / "held_out.tsv") == [(one.intent, one.text) for one in found]
    assert read(tmp_path / "training.tsv") == []


def test_nobodys_data_are_exported(tmp_path: Path) -> None:
    write(examples(Split.TRAINING), tmp_path)
    assert "Rosa" not in (tmp_path / "aprendizaje.yml").read_text("utf-8")
    assert "662 123 4567" not in (tmp_path / "aprendizaje.yml").read_text("utf-8")


def test_an_export_without_labels_loads_too(tmp_path: Path) -> None:
    write([], tmp_path)
    assert load_data(str(tmp_path / "aprendizaje.yml")).intent_examples == []
