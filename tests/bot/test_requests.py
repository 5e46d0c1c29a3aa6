"""Several requests in one message are told apart; one request is never made two."""

import csv
from collections.abc import Mapping, Sequence

import pytest

from bot.components.requests import requests_in

SURE = 0.99


def read(texts: Sequence[str], carefully: bool) -> list[Mapping[str, float]]:
    """A model that knows a few words."""
    words = {
        "bache": "registrar_peticion", "folio": "consultar_folio", "acta": "tramite_registro_civil",
        "gobernador": "solicitar_audiencia", "golpeando": "emergencia", "buenas": "saludar",
        "despensa": "solicitar_apoyo_social", "director": "registrar_queja",
    }  # fmt: skip
    return [
        {intent: SURE if intent == next((i for w, i in words.items() if w in text), "saludar") else 0.2}
        | {other: 0.001 for other in words.values() if other != intent}
        for text in texts
        for intent in [next((i for w, i in words.items() if w in text), "saludar")]
    ]


def intents(text: str, **whole: float) -> list[str]:
    return [request.intent for request in requests_in(text, whole or read([text], True)[0], read)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("quiero reportar un bache y también saber de mi folio", ["registrar_peticion", "consultar_folio"]),
        ("buenas, una cita con el gobernador y aparte un acta", ["solicitar_audiencia", "tramite_registro_civil"]),
        ("necesito un acta, además quiero saber de mi folio", ["tramite_registro_civil", "consultar_folio"]),
        ("buenas, quiero reportar un bache", []),
        ("quiero reportar un bache y también otro bache", []),
        ("un acta", []),
        ("fui por mi acta y quiero ver al gobernador", []),
    ],
)
def test_requests_are_told_apart_where_the_sentence_parts_them(text: str, expected: list[str]) -> None:
    whole = {"solicitar_audiencia": 0.9, "registrar_peticion": 0.08} if "fui" in text else {"registrar_peticion": 0.5}
    assert intents(text, **whole) == expected


def test_a_danger_comes_first_wherever_it_stands() -> None:
    text = "quiero reportar un bache y también me están golpeando"
    assert intents(text, emergencia=0.5, registrar_peticion=0.4) == ["emergencia", "registrar_peticion"]


def test_a_danger_that_the_whole_message_denies_is_none() -> None:
    assert intents("me están golpeando los precios y quiero una despensa", solicitar_apoyo_social=1.0) == []


def test_one_story_is_not_two_requests() -> None:
    text = "hay un bache y el director no hace nada"
    assert intents(text, registrar_peticion=0.995, registrar_queja=0.005) == []


def test_each_request_keeps_its_own_words() -> None:
    text = "quiero reportar un bache y también saber de mi folio"
    first, second = requests_in(text, {"registrar_peticion": 0.5}, read)
    assert text[first.start : first.end] == "quiero reportar un bache"
    assert text[second.start : second.end].strip() == "saber de mi folio"


def test_the_measure_is_no_training() -> None:
    from tests.bot import wording

    with (wording.ROOT / "benchmarks/nlu/multi.tsv").open(encoding="utf-8", newline="") as source:
        measured = {row["text"] for row in csv.DictReader(source, delimiter="\t", quoting=csv.QUOTE_NONE)}
    assert measured & {text for _, text in wording.examples()} == set()
