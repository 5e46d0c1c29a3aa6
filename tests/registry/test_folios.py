"""Folios catch slips of the hand; access codes are hard to guess and easy to type."""

import random
from itertools import pairwise

import pytest

from backend.registry import folios

ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
LOOKALIKES = set("0O1IL5S8B")
SECRET = b"a-secret"

_chance = random.Random(20261121)
FOLIOS = [
    *(folios.make(2026, number) for number in range(1, 200)),
    *(folios.make(_chance.randint(2026, 2035), _chance.randint(1, 999_999)) for _ in range(200)),
]


def _with_one_changed(folio: str) -> list[str]:
    return [
        folio[:place] + other + folio[place + 1 :]
        for place, char in enumerate(folio)
        for other in ALPHABET
        if char not in {other, "-"}
    ]


def _swapped(folio: str) -> list[tuple[str, str, str]]:
    """Each pair of different neighbours, and the folio with them swapped."""
    bare = folio.replace("-", "")
    return [
        (first, second, bare[:place] + second + first + bare[place + 2 :])
        for place, (first, second) in enumerate(pairwise(bare))
        if first != second
    ]


def test_a_folio_has_its_year_its_number_and_a_check_character() -> None:
    folio = folios.make(2026, 47)
    assert folio.startswith("AC-2026-000047-")
    assert len(folio) == len("AC-2026-000047-K")
    assert folios.is_valid(folio)
    assert folios.parse(folio) == folio


def test_every_changed_character_is_caught_by_the_check() -> None:
    assert [changed for folio in FOLIOS for changed in _with_one_changed(folio) if folios.is_valid(changed)] == []


def test_every_swap_of_neighbours_is_caught_except_a_few_of_digits_that_differ_by_one() -> None:
    """The few are ISO 7064's own (mod 37,36 promises «nearly all»); `folios.parse` tells of them."""
    swaps = [swap for folio in FOLIOS for swap in _swapped(folio)]
    missed = [swap for swap in swaps if folios.is_valid(swap[2])]
    assert len(missed) < len(swaps) / 200
    assert all(first.isdigit() and second.isdigit() for first, second, _ in missed)
    assert {abs(int(first) - int(second)) for first, second, _ in missed} <= {1}


def test_a_slip_never_reads_as_another_folio_unless_the_check_character_has_a_look_alike() -> None:
    strict = [folio for folio in FOLIOS if folio[-1] not in LOOKALIKES]
    assert len(strict) > 200
    misread = [
        (folio, changed)
        for folio in strict
        for changed in _with_one_changed(folio)
        if folios.parse(changed) not in {None, folio}
    ]
    assert misread == []


def test_with_a_look_alike_check_character_hardly_any_slip_passes() -> None:
    lenient = [folio for folio in FOLIOS if folio[-1] in LOOKALIKES]
    tried = [(folio, changed) for folio in lenient for changed in _with_one_changed(folio)]
    passed = [changed for folio, changed in tried if folios.parse(changed) not in {None, folio}]
    assert len(passed) < len(tried) / 50


@pytest.mark.parametrize("moved", ["AC-2026-00015-02", "AC-20267000010-Q", "AC-2026-00000U-S"])
def test_a_folio_is_not_found_in_part_of_what_was_typed(moved: str) -> None:
    assert folios.parse(moved) is None


@pytest.mark.parametrize(
    "shape",
    [
        "{prefix}-{year}-{number}-{check}",
        "{prefix}{year}{number}{check}",
        "{prefix} {year} {number} {check}",
        "{prefix}–{year}–{number}–{check}",
        "{prefix}.{year}.{number}.{check}",
        "mi folio es {prefix}-{year}-{number}-{check}, gracias",
        "Folio: {prefix}: {year} - {number} - {check}.",
        "a c {year} {number} {check}",
    ],
)
@pytest.mark.parametrize("number", [7, 123_456])
def test_a_folio_is_read_however_it_is_written(shape: str, number: int) -> None:
    folio = folios.make(2026, number)
    prefix, year, digits, check = folio.split("-")
    typed = shape.format(prefix=prefix, year=year, number=digits, check=check)
    assert folios.parse(typed) == folio
    assert folios.parse(typed.lower()) == folio


def test_leading_zeros_may_be_left_out() -> None:
    folio = folios.make(2026, 7)
    assert folios.parse(f"AC-2026-7-{folio[-1]}") == folio


@pytest.mark.parametrize(("typed", "meant"), [("O", "0"), ("I", "1"), ("l", "1"), ("S", "5"), ("b", "8")])
def test_a_letter_that_looks_like_a_digit_is_read_as_the_digit(typed: str, meant: str) -> None:
    folio = folios.make(2026, int(f"1{meant}2345"))
    place = len("AC-2026-1")
    assert folio[place] == meant
    assert folios.parse(folio[:place] + typed + folio[place + 1 :]) == folio


def test_a_check_character_may_be_typed_as_its_look_alike() -> None:
    for shown, typed in (("O", "0"), ("0", "O"), ("S", "5"), ("5", "S"), ("B", "8"), ("L", "1"), ("I", "1")):
        folio = next(folio for folio in (folios.make(2026, n) for n in range(1, 500)) if folio[-1] == shown)
        assert folios.parse(folio[:-1] + typed) == folio


@pytest.mark.parametrize(
    "typed", ["", "hola", "AC", "AC-2026", "2026-000001", "AC-2026-1234567-X", "AC-٢٠٢٦-000001-S", "AC-2026-000001-"]
)
def test_what_is_no_folio_is_not_taken_for_one(typed: str) -> None:
    assert folios.parse(typed) is None


def test_an_access_code_is_eight_characters_without_look_alikes() -> None:
    codes = [folios.access_code(SECRET, folio, folios.new_nonce()) for folio in FOLIOS]
    assert {len(code) for code in codes} == {folios.CODE_LENGTH}
    assert not set("".join(codes)) & set("01ILOU")
    assert len(set(codes)) == len(codes)


def test_an_access_code_needs_the_folio_the_nonce_and_the_key() -> None:
    folio, nonce = folios.make(2026, 1), folios.new_nonce()
    code = folios.access_code(SECRET, folio, nonce)
    assert folios.is_access_code(SECRET, folio, nonce, code)
    assert not folios.is_access_code(b"another", folio, nonce, code)
    assert not folios.is_access_code(SECRET, folios.make(2026, 2), nonce, code)
    assert not folios.is_access_code(SECRET, folio, folios.new_nonce(), code)


def test_an_access_code_may_be_typed_in_groups_and_in_lower_case() -> None:
    folio, nonce = folios.make(2026, 1), folios.new_nonce()
    code = folios.access_code(SECRET, folio, nonce)
    for typed in (code.lower(), f"{code[:4]}-{code[4:]}", f" {code[:4]} {code[4:]}. "):
        assert folios.is_access_code(SECRET, folio, nonce, typed)


@pytest.mark.parametrize("typed", ["", "        ", "ñandú", "AAAAAAAA", "A" * 10_000])
def test_a_wrong_access_code_is_refused_whatever_it_is(typed: str) -> None:
    assert not folios.is_access_code(SECRET, folios.make(2026, 1), "0" * 32, typed)
