"""The oracle on what goes out in several pieces: files, and texts that a channel takes in parts."""

import pytest

from tests.chaos.oracle import Stored, compare
from tests.chaos.traffic import piece_of

ACUSE, ANOTHER = "a" * 64, "b" * 64
FILE, FOLIO, QUESTION = piece_of(ACUSE), "Folio: AC-2026-1", "¿Qué más necesita?"
WHOLE = [(ACUSE, "", 1), ("", FOLIO, 0), ("", QUESTION, 0)]


def tally(seen: list[str], parts: list[tuple[str, str, int]], channel: str = "whatsapp") -> tuple[int, ...]:
    rows = [
        Stored("1", "citizen", "sí", is_handled=True, replies=1, files=(), parts=None),
        Stored("2", "bot", f"{FOLIO}\n\n{QUESTION}", is_handled=True, replies=0, files=(ACUSE,), parts=parts),
    ]
    found = compare(channel, ["sí"], rows, seen)
    return found.lost, found.disordered, found.twice, found.uncertain


@pytest.mark.parametrize(
    ("seen", "expected"),
    [
        ([FILE, FOLIO, QUESTION], (0, 0, 0, 0)),
        ([FOLIO, QUESTION], (1, 0, 0, 0)),
        ([piece_of(ANOTHER), FOLIO, QUESTION], (1, 0, 1, 0)),
        ([FILE, FILE, FOLIO, QUESTION], (0, 0, 1, 0)),
        ([FOLIO, FILE, QUESTION], (0, 1, 0, 0)),
        ([FILE, FOLIO, QUESTION, FOLIO], (0, 0, 1, 0)),
    ],
)
def test_a_file_is_counted_as_a_text_is(seen: list[str], expected: tuple[int, ...]) -> None:
    assert tally(seen, WHOLE) == expected


def test_an_attempt_of_unknown_end_excuses_its_own_piece_alone() -> None:
    assert tally([FILE, FILE, FOLIO, QUESTION], WHOLE, "telegram") == (0, 0, 0, 1)
    assert tally([FILE, FOLIO, FOLIO, QUESTION], WHOLE, "telegram") == (0, 0, 1, 0)


@pytest.mark.parametrize("left_out", range(3))
def test_parts_that_leave_something_out_are_no_excuse(left_out: int) -> None:
    """What the product sends of a message is taken for the message only if it is all of it."""
    parts = [part for place, part in enumerate(WHOLE) if place != left_out]
    seen = [piece_of(file) if file else text for file, text, _ in parts]
    assert tally(seen, parts)[0] > 0
