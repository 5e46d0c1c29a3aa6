"""Exact data in a message, in their normal form."""

import csv
from collections import defaultdict

import pytest
from rasa.shared.nlu.training_data.message import Message

from bot.components.catalogs import Catalogs
from bot.components.data_extractor import DataExtractor
from bot.components.data_in_text import Municipalities, find
from tests.bot import wording

PLACES = Municipalities.read()
CATALOGS = Catalogs.read()


def _found(text: str) -> set[tuple[str, str]]:
    return {(datum.entity, datum.value) for datum in find(text, PLACES)}


def test_the_development_split_is_read_almost_wholly() -> None:
    expected: dict[str, set[tuple[str, str]]] = defaultdict(set)
    with (wording.ROOT / "benchmarks/nlu/entities.tsv").open(encoding="utf-8", newline="") as source:
        for row in csv.DictReader(source, delimiter="\t", quoting=csv.QUOTE_NONE):
            expected[row["text"]] |= {(row["entity"], row["value"])} - {("-", "-")}
    wrong = [text for text, data in expected.items() if _found(text) != data]
    assert len(wrong) <= 0.02 * len(expected), wrong


@pytest.mark.parametrize(
    ("text", "data"),
    [
        ("AC-2026-000123-8", {("folio", "AC-2026-000123-8")}),
        ("AC-2026-000123-A", set()),
        ("", set()),
        ("me cobraron 1,250.00 pesos el 12/03/2024", set()),
        ("mi tarjeta es 4152 3136 0000 1111", set()),
        ("le hablo del 662 213 14 15", {("telefono", "+526622131415")}),
        ("BOXW310820HNERXN09", {("curp", "BOXW310820HNERXN09")}),
        ("BOXW310820HNERXN08", set()),
        ("en cd obregon y en slrc", {("municipio", "Cajeme"), ("municipio", "San Luis Río Colorado")}),
        ("la señora Magdalena", set()),
        ("vivo en Magdalena", {("municipio", "Magdalena")}),
        ("entre guaymas/navojoa", {("municipio", "Guaymas"), ("municipio", "Navojoa")}),
        ("vivo en her-mosillo", {("municipio", "Hermosillo")}),
        ("calle Nogales 15", set()),
        ("me quitó dinero en la salida a Nogales", set()),
        ("por la carretera que va a Hermosilo", set()),
        ("la salida a Nogales, en Hermosillo", {("municipio", "Hermosillo")}),
        ("voy a Nogales", {("municipio", "Nogales")}),
        ("me llamo juan carlos de la cruz y vivo lejos", {("nombre", "Juan Carlos de la Cruz")}),
        ("Mi nombre es María Soto López, de Navojoa", {("nombre", "María Soto López"), ("municipio", "Navojoa")}),
        ("Soy Ana Soto de Navojoa", {("nombre", "Ana Soto"), ("municipio", "Navojoa")}),
        ("me llamo Ana Hermosillo", {("nombre", "Ana Hermosillo")}),
        ("el recibo está a nombre de José Ma. Ruiz", {("nombre", "José Ma. Ruiz")}),
        ("soy vecina de la colonia", set()),
        ("SOY VECINO DE AQUI", set()),
        ("está a nombre de mi papá", set()),
    ],
)
def test_data_are_told_from_what_only_looks_like_them(text: str, data: set[tuple[str, str]]) -> None:
    assert _found(text) == data


def test_a_datum_says_where_it_stands() -> None:
    (datum,) = find("mi correo: Ana@Example.com.", PLACES)
    assert "mi correo: Ana@Example.com."[datum.start : datum.end] == "Ana@Example.com"


@pytest.mark.parametrize(
    ("text", "agency"),
    [
        ("quiero quejarme de la Secretaría de Salud", "Secretaría de Salud Pública"),
        (
            "en el ISSSTESON no hay medicina",
            "Instituto de Seguridad y Servicios Sociales",
        ),
        ("mi acta del registro civil", None),
        ("un transporte que no pasa", None),
    ],
)
def test_an_agency_is_told_by_any_of_its_names(text: str, agency: str | None) -> None:
    found = [datum.value for datum in CATALOGS.agencies(text)]
    assert (not found) if agency is None else [value.startswith(agency) for value in found] == [True]


@pytest.mark.parametrize(
    ("text", "topic"),
    [
        ("hay una fuga de agua", "Agua potable"),
        ("la luminaria no sirve", "Alumbrado público"),
        ("no hay agua y la luminaria no sirve", None),
        ("buenas tardes", None),
    ],
)
def test_a_topic_is_told_where_the_words_of_one_alone_are_there(text: str, topic: str | None) -> None:
    assert [datum.value for datum in CATALOGS.topic(text)] == ([topic] if topic else [])


@pytest.mark.parametrize(("intent", "topics"), [("registrar_peticion", 1), ("despedirse", 0), (None, 0)])
def test_only_a_message_that_tells_a_matter_has_a_topic(intent: str | None, topics: int) -> None:
    extractor = DataExtractor({"registrar_peticion"})
    message = Message({"text": "buenas, hay una fuga de agua", "intent": {"name": intent} if intent else None})
    (read,) = extractor.process([message])
    assert sum(found["entity"] == "tema" for found in read.get("entities", [])) == topics


def test_names_agencies_and_topics_are_read_as_before() -> None:
    """benchmarks/nlu/told.tsv: each row's one datum, or none."""
    with (wording.ROOT / "benchmarks/nlu/told.tsv").open(encoding="utf-8", newline="") as source:
        rows = list(csv.DictReader(source, delimiter="\t", quoting=csv.QUOTE_NONE))
    missed = [row["text"] for row in rows if _told(row) != {row["value"]} - {"-"}]
    assert len(missed) <= 0.1 * len(rows), missed


def _told(row: dict[str, str]) -> set[str]:
    readers = {
        "nombre": find(row["text"], PLACES),
        "dependencia": CATALOGS.agencies(row["text"]),
        "tema": CATALOGS.topic(row["text"]),
    }
    wanted = [row["entity"]] if row["entity"] in readers else ["nombre", "dependencia"]
    return {datum.value for name in wanted for datum in readers[name] if datum.entity == name}
