"""Days told in words."""

import csv
from datetime import date
from pathlib import Path

import pytest

from backend.dates import one_past_day, told_days

TODAY = date(2026, 11, 21)  # a Saturday
ROWS = Path(__file__).parents[1] / "benchmarks/nlu/dates.tsv"


def days(text: str, today: date = TODAY) -> list[str]:
    return [told.day.isoformat() for told in told_days(text, today)]


def test_the_development_file_is_read_wholly() -> None:
    with ROWS.open(encoding="utf-8", newline="") as source:
        rows = list(csv.DictReader(source, delimiter="\t", quoting=csv.QUOTE_NONE))
    wrong = [row["text"] for row in rows if days(row["text"])[:1] != [row["date"]][: bool(row["date"])]]
    assert wrong == []


def test_a_day_says_where_it_stands() -> None:
    text = "Señor: el  MARTES pasado se cayó"
    (told,) = told_days(text, TODAY)
    assert text[told.start : told.end] == "MARTES pasado"


@pytest.mark.parametrize(
    ("text", "today", "expected"),
    [
        ("hace un mes", date(2026, 3, 31), "2026-02-28"),
        ("hace un año", date(2028, 2, 29), "2027-02-28"),
        ("el 29 de febrero", date(2026, 11, 21), "2024-02-29"),
        ("el lunes", date(2026, 11, 23), "2026-11-16"),
        ("ayer", date(2026, 1, 1), "2025-12-31"),
        ("el 5 del mes pasado", date(2026, 1, 10), "2025-12-05"),
    ],
)
def test_ends_of_months_and_years_are_met(text: str, today: date, expected: str) -> None:
    assert days(text, today) == [expected]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("ayer se cayó y ayer avisé", date(2026, 11, 20)),
        ("ayer se cayó y antier avisé", None),
        ("me citaron para el 10 de diciembre", None),
        ("ayer me citaron para el 10 de diciembre", date(2026, 11, 20)),
        ("hay un bache", None),
    ],
)
def test_what_happened_has_one_day_that_is_not_to_come(text: str, expected: date | None) -> None:
    assert one_past_day(text, TODAY) == expected
