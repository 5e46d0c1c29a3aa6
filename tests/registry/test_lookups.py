"""What a citizen may learn of a petition, and how little somebody who guesses may."""

from datetime import timedelta

import pytest
from sqlalchemy import func, select, text, update

from backend import clock
from backend.models import metadata
from backend.registry import folios, petitions
from backend.registry import service as registry
from backend.registry.lookups import MAX_ATTEMPTS, WINDOW, LookupResult
from backend.registry.models import ActorKind, FolioAttempt, PetitionEvent, PetitionEventKind, PetitionStatus
from tests.registry.conftest import ANSWERS, Counter

UNKNOWN = folios.make(2026, 999_999)
WRONG = "ZZZZZZZZ"


async def _history(counter: Counter, folio: str) -> list[PetitionEvent]:
    async with counter.database.transaction() as session:
        petition = await petitions.get(session, folio)
        rows = await session.scalars(
            select(PetitionEvent).where(PetitionEvent.petition_id == petition.id).order_by(PetitionEvent.id)
        )
        return list(rows)


async def test_the_code_opens_the_petition_from_any_conversation(counter: Counter, stranger: Counter) -> None:
    filed = await counter.tell()
    found = await stranger.look_up(filed.folio.lower(), f" {filed.access_code.lower()} ")
    assert found.result is LookupResult.FOUND
    assert found.petition is not None
    assert found.petition.folio == filed.folio


async def test_ones_own_conversation_needs_no_code(counter: Counter) -> None:
    filed = await counter.tell()
    assert (await counter.look_up(filed.folio)).result is LookupResult.FOUND
    assert (await counter.look_up(filed.folio, WRONG)).result is LookupResult.FOUND


async def test_another_conversation_is_asked_for_the_code_whether_the_folio_exists_or_not(
    counter: Counter, stranger: Counter
) -> None:
    filed = await counter.tell()
    for code in (None, "", "  "):
        known, unknown = await stranger.look_up(filed.folio, code), await stranger.look_up(UNKNOWN, code)
        assert known == unknown
        assert known.result is LookupResult.NEEDS_CODE


async def test_a_wrong_code_and_an_unknown_folio_are_told_alike(counter: Counter, stranger: Counter) -> None:
    filed = await counter.tell()
    wrong, unknown = await stranger.look_up(filed.folio, WRONG), await stranger.look_up(UNKNOWN, filed.access_code)
    assert wrong == unknown
    assert (wrong.result, wrong.petition) == (LookupResult.NOT_FOUND, None)
    async with counter.database.transaction() as session:
        assert await session.scalar(select(func.count()).select_from(FolioAttempt)) == 2


async def test_the_code_of_one_petition_does_not_open_another(counter: Counter, stranger: Counter) -> None:
    first = await counter.tell()
    second = await counter.tell(narrativa="También hay un bache enorme en mi calle")
    assert (await stranger.look_up(second.folio, first.access_code)).result is LookupResult.NOT_FOUND


async def test_what_is_no_folio_is_said_to_be_none_and_is_no_attempt(stranger: Counter) -> None:
    assert (await stranger.look_up("mi folio", WRONG)).result is LookupResult.MALFORMED
    async with stranger.database.transaction() as session:
        assert await session.scalar(select(func.count()).select_from(FolioAttempt)) == 0


@pytest.mark.parametrize("exists", [True, False])
async def test_after_five_wrong_attempts_not_even_the_right_code_opens(
    counter: Counter, stranger: Counter, exists: bool
) -> None:
    filed = await counter.tell()
    target = filed.folio if exists else UNKNOWN
    results = [(await stranger.look_up(target, WRONG)).result for _ in range(MAX_ATTEMPTS + 1)]
    assert results == [LookupResult.NOT_FOUND] * MAX_ATTEMPTS + [LookupResult.BLOCKED]
    assert (await stranger.look_up(filed.folio, filed.access_code)).result is LookupResult.BLOCKED


async def test_a_block_ends_and_touches_nobody_else(counter: Counter, stranger: Counter) -> None:
    filed = await counter.tell()
    for _ in range(MAX_ATTEMPTS):
        await stranger.look_up(filed.folio, WRONG)
    assert (await counter.look_up(filed.folio)).result is LookupResult.FOUND
    async with stranger.database.transaction() as session:
        await session.execute(update(FolioAttempt).values(at=clock.now() - WINDOW - timedelta(seconds=1)))
    assert (await stranger.look_up(filed.folio, filed.access_code)).result is LookupResult.FOUND


async def test_somebody_blocked_still_reads_what_they_filed_themselves(counter: Counter) -> None:
    filed = await counter.tell()
    for _ in range(MAX_ATTEMPTS):
        await counter.look_up(UNKNOWN, WRONG)
    assert (await counter.look_up(UNKNOWN, WRONG)).result is LookupResult.BLOCKED
    assert (await counter.look_up(filed.folio)).result is LookupResult.FOUND


async def test_the_status_is_told_in_words_and_holds_nothing_personal(counter: Counter) -> None:
    filed = await counter.tell()
    found = await counter.look_up(filed.folio)
    assert found.petition is not None
    async with counter.database.transaction() as session:
        view = await registry.status_view(session, await petitions.get(session, filed.folio))
    assert (view.folio, view.status, view.status_text) == (filed.folio, "recibida", "Recibida")
    for secret in ("Ana", "662", "agua", "Centro", "Hermosillo", filed.access_code):
        assert secret not in str(view)


async def test_every_status_has_words_for_the_citizen() -> None:
    assert set(petitions.STATUS_TEXTS) == set(PetitionStatus)
    assert all(title and explanation for title, explanation in petitions.STATUS_TEXTS.values())


async def test_added_information_goes_into_the_history_with_the_code(counter: Counter, stranger: Counter) -> None:
    filed = await counter.tell()
    added = await stranger.add_information(filed.folio, filed.access_code, "La calle es Juárez 5")
    assert added.result is LookupResult.FOUND
    last = (await _history(counter, filed.folio))[-1]
    assert (last.kind, last.actor, last.text) == (
        PetitionEventKind.INFORMATION_ADDED,
        ActorKind.CITIZEN,
        "La calle es Juárez 5",
    )


async def test_ones_own_petition_takes_information_without_a_code(counter: Counter) -> None:
    filed = await counter.tell()
    await counter.add_information(filed.folio, None, "Ya van cinco días")
    assert [event.kind for event in await _history(counter, filed.folio)] == [
        PetitionEventKind.FILED,
        PetitionEventKind.INFORMATION_ADDED,
    ]


@pytest.mark.parametrize("code", [None, WRONG])
async def test_nobody_else_adds_anything(counter: Counter, stranger: Counter, code: str | None) -> None:
    filed = await counter.tell()
    assert (await stranger.add_information(filed.folio, code, ANSWERS["narrativa"])).petition is None
    assert [event.kind for event in await _history(counter, filed.folio)] == [PetitionEventKind.FILED]


async def test_an_access_code_is_in_no_table(counter: Counter) -> None:
    filed = await counter.tell()
    async with counter.database.transaction() as session:
        holders = {
            (table.name, sought)
            for sought in (filed.access_code, filed.folio)
            for table in metadata.sorted_tables
            if await session.scalar(
                text(f"SELECT count(*) FROM {table.name} AS kept WHERE to_jsonb(kept)::text LIKE :pattern"),
                {"pattern": f"%{sought}%"},
            )
        }
    assert ("petition", filed.folio) in holders, "the search must find what is there"
    assert [table for table, sought in holders if sought == filed.access_code] == []
