"""Exact data in a message, in their normal form."""

import csv
from collections import defaultdict

import pytest

from bot.components.data_in_text import Municipalities, find
from tests.bot import wording

PLACES = Municipalities.read()


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
        ("calle Nogales 15", set()),
    ],
)
def test_data_are_told_from_what_only_looks_like_them(text: str, data: set[tuple[str, str]]) -> None:
    assert _found(text) == data


def test_a_datum_says_where_it_stands() -> None:
    (datum,) = find("mi correo: Ana@Example.com.", PLACES)
    assert "mi correo: Ana@Example.com."[datum.start : datum.end] == "Ana@Example.com"
