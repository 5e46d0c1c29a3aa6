"""What staff do with a petition, and the history that keeps all of it."""

from uuid import UUID

import pytest
from sqlalchemy import select

from backend.db import Database
from backend.registry import petitions, queries
from backend.registry.errors import PetitionNotFound, TransitionRefused
from backend.registry.models import Person, PetitionEventKind, PetitionStatus
from tests.conversations.conftest import add_agent
from tests.registry.conftest import ANSWERS, Counter
from tests.registry.turned import with_turns_for


@pytest.fixture
async def analyst(database: Database) -> UUID:
    return await add_agent(database, "Ana")


async def _move(database: Database, folio: str, to: PetitionStatus, user_id: UUID) -> None:
    async with database.transaction() as session:
        petition = await petitions.get(session, folio, for_update=True)
        await with_turns_for(session, petition, to, user_id)
        await petitions.change_status(session, petition, to, user_id=user_id, reason="Se revisó")


@pytest.mark.parametrize("end", [PetitionStatus.CONCLUIDA_SATISFACTORIA, PetitionStatus.CONCLUIDA_NO_SATISFACTORIA])
async def test_a_petition_just_received_cannot_be_concluded_unattended(
    counter: Counter, analyst: UUID, end: PetitionStatus
) -> None:
    filed = await counter.tell()
    with pytest.raises(TransitionRefused):
        await _move(counter.database, filed.folio, end, analyst)


async def test_the_history_tells_who_did_what_and_why_newest_first(counter: Counter, analyst: UUID) -> None:
    filed = await counter.tell()
    for status in (PetitionStatus.EN_ANALISIS, PetitionStatus.TURNADA):
        await _move(counter.database, filed.folio, status, analyst)
    async with counter.database.transaction() as session:
        petition = await petitions.get(session, filed.folio)
        rows = (await queries.details(session, petition)).events
    assert [(row.event.kind, row.event.to_status, row.user_name) for row in rows] == [
        (PetitionEventKind.STATUS_CHANGED, PetitionStatus.TURNADA, "Ana"),
        (PetitionEventKind.STATUS_CHANGED, PetitionStatus.EN_ANALISIS, "Ana"),
        (PetitionEventKind.FILED, PetitionStatus.RECIBIDA, None),
    ]
    assert rows[0].event.text == "Se revisó"
    assert petition.updated_at == rows[0].at


async def test_an_edit_keeps_what_was_and_what_is_and_none_is_no_event(counter: Counter, analyst: UUID) -> None:
    filed = await counter.tell()
    changes = {"colonia": "Sahuaro", "narrative": ANSWERS["narrativa"]}
    async with counter.database.transaction() as session:
        petition = await petitions.get(session, filed.folio, for_update=True)
        await petitions.edit(session, petition, changes, user_id=analyst)
        await petitions.edit(session, petition, changes, user_id=analyst)
        events = (await queries.details(session, petition)).events
    assert [row.event.kind for row in events] == [PetitionEventKind.EDITED, PetitionEventKind.FILED]
    assert events[0].event.detail == {"colonia": {"from": "Centro", "to": "Sahuaro"}}


async def test_an_edited_petition_is_found_by_its_new_words_only(counter: Counter, analyst: UUID) -> None:
    filed = await counter.tell()
    async with counter.database.transaction() as session:
        petition = await petitions.get(session, filed.folio, for_update=True)
        await petitions.edit(session, petition, {"colonia": "Pitic"}, user_id=analyst)
    async with counter.database.transaction() as session:
        found = {
            word: (await queries.search(session, queries.PetitionFilter(word))).total
            for word in (
                "pitic",
                "Centro",
                "ana luz sóto",
                "6621234567",
                "662 123 4567",
                filed.folio.lower(),
                "hermosillo",
            )
        }
    assert found == {
        "pitic": 1,
        "Centro": 0,
        "ana luz sóto": 1,
        "6621234567": 1,
        "662 123 4567": 1,
        filed.folio.lower(): 1,
        "hermosillo": 1,
    }


@pytest.mark.parametrize("typed", ["%", "_", "'", '"', "\\", "a & | !", "(" * 50, "\U0001f926"])
async def test_a_search_takes_every_character_for_itself(counter: Counter, typed: str) -> None:
    await counter.tell()
    async with counter.database.transaction() as session:
        assert (await queries.search(session, queries.PetitionFilter(typed))).total == 0


async def test_the_same_phone_and_name_are_one_person_and_another_name_is_another(
    counter: Counter, stranger: Counter
) -> None:
    await counter.tell()
    await stranger.tell(nombre="ana luz soto")
    await stranger.tell(narrativa="Hay un bache enorme en mi calle", nombre="Beto Ríos")
    async with counter.database.transaction() as session:
        names = (await session.scalars(select(Person.full_name).order_by(Person.full_name))).all()
    assert names == ["Ana Luz Soto", "Beto Ríos"]


async def test_a_person_known_without_contact_by_name_only_is_never_assumed(
    counter: Counter, stranger: Counter
) -> None:
    await counter.tell(contacto="no tengo")
    await stranger.tell(contacto="no tengo")
    async with counter.database.transaction() as session:
        assert len((await session.scalars(select(Person))).all()) == 2


async def test_a_folio_nobody_has_is_not_found(counter: Counter) -> None:
    async with counter.database.transaction() as session:
        for typed in ("AC-2026-000001-S", "nada", ""):
            with pytest.raises(PetitionNotFound):
                await petitions.get(session, typed)
