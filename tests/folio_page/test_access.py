"""How little somebody learns who guesses."""

import random

import pytest

from backend.errors import TooManyRequests
from backend.folio_page import access
from backend.limits import RateLimiter
from backend.registry import folios
from backend.registry.guessing import PER_FOLIO
from tests.folio_page.conftest import Page

GUESSES = 4000


async def test_thousands_of_guesses_disclose_nothing_and_end_refused(page: Page) -> None:
    folio, right = await page.keys()
    limiter, dice = RateLimiter(), random.Random(4)
    looked_at = 0
    async with page.desk.database.transaction() as session:

        async def guess(address: str, code: str, at: str = folio) -> bool:
            nonlocal looked_at
            try:
                found = await access.open_folio(
                    session, limiter, address=address, folio=at, code=code, secret=page.secret
                )
            except TooManyRequests:
                return False
            looked_at += 1
            return found is not None

        for number in range(GUESSES):  # one folio, from as many addresses
            code = "".join(dice.choices(folios.CODE_ALPHABET, k=folios.CODE_LENGTH))
            assert not await guess(f"10.0.{number // 250}.{number % 250}", code)
        assert looked_at == PER_FOLIO
        assert not await guess("10.9.9.9", right), "while a folio is under attack not even the code opens it"

        looked_at = 0
        for number in range(GUESSES):  # one address, at as many folios
            assert not await guess("192.0.2.1", right, folios.make(2026, 1000 + number))
        assert looked_at == access.PER_ADDRESS


async def test_the_right_code_forgets_the_slips_before_it(page: Page) -> None:
    folio, right = await page.keys()
    limiter = RateLimiter()
    async with page.desk.database.transaction() as session:
        for _ in range(3):
            for code in ["ZZZZZZZZ"] * (PER_FOLIO - 1) + [right]:
                found = await access.open_folio(
                    session, limiter, address="192.0.2.1", folio=folio, code=code, secret=page.secret
                )
            assert found is not None


async def test_a_ticket_opens_its_petition_until_its_time_is_over(page: Page) -> None:
    given = access.ticket(page.secret, page.petition_id)
    assert access.read_ticket(page.secret, given) == page.petition_id
    name, expires, signature = given.split(".")
    for wrong in ("", "a.b.c", f"{name}.{int(expires) + 60}.{signature}", f"{name}.{expires}.{'0' * 64}"):
        assert access.read_ticket(page.secret, wrong) is None
    assert access.read_ticket(b"another", given) is None
    assert access.read_ticket(page.secret, access.ticket(page.secret, page.petition_id, now=0)) is None


@pytest.mark.parametrize("typed", ["", "x", "AC-2026-1", "\0", "AC-2026-000001-0"])
async def test_what_is_no_folio_is_told_so_and_kept(page: Page, typed: str) -> None:
    answer = await page.client.post("/folio", data={"folio": typed, "clave": "x"})
    assert answer.status_code == 422
    assert "no está completo o tiene un error" in answer.text
