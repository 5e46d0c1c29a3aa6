"""The catalogs that ship: complete, consistent, and never laid over what staff changed."""

from datetime import date, time

import pytest
from sqlalchemy import func, select, update

from backend.catalog import postal
from backend.catalog import service as catalog
from backend.catalog.localities import localities
from backend.catalog.models import Agency, BusinessHours, CannedReply, Holiday, Municipality, Topic
from backend.db import Database
from backend.text import fold


async def _all(database: Database, model: type) -> list:
    async with database.transaction() as session:
        return list(await session.scalars(select(model)))


async def test_sonora_has_its_72_municipalities_by_their_inegi_keys(database: Database) -> None:
    places = await _all(database, Municipality)
    assert sorted(place.id for place in places) == [f"26{number:03d}" for number in range(1, 73)]
    assert len({fold(place.name) for place in places}) == 72
    assert all(place.seat and place.population_2020 > 0 for place in places)
    by_key = {place.id: place.name for place in places}
    assert (by_key["26018"], by_key["26030"], by_key["26055"]) == ("Cajeme", "Hermosillo", "San Luis Río Colorado")


async def test_no_nickname_leads_to_two_municipalities(database: Database) -> None:
    owners: dict[str, set[str]] = {}
    for place in await _all(database, Municipality):
        for name in (place.name, *place.aliases):
            owners.setdefault(fold(name), set()).add(place.id)
    assert {name: keys for name, keys in owners.items() if len(keys) > 1} == {}


async def test_every_locality_is_of_a_municipality_and_called_like_none_of_another(database: Database) -> None:
    places = await _all(database, Municipality)
    names = {fold(name): place.name for place in places for name in (place.name, place.seat, *place.aliases)}
    towns = {name: town.municipality for name, town in localities().items()}
    assert set(towns.values()) <= {place.name for place in places}
    assert {name for name, owner in towns.items() if names.get(name, owner) != owner} == set()


@pytest.mark.parametrize(
    ("typed", "municipality", "colonia"),
    [
        ("bacobampo", "Etchojoa", "Bacobampo"),
        ("aquí en Bahía de Kino", "Hermosillo", "Bahía de Kino"),
        ("la doce", "Hermosillo", "Poblado Miguel Alemán"),
        ("vicam pueblo", "Guaymas", "Vícam Pueblo"),
        ("pueblo yaqui, por la plaza", "Cajeme", "Pueblo Yaqui"),
        ("esperanza", "Cajeme", "Esperanza"),
        ("Huatabampito", "Huatabampo", "Huatabampito"),
        ("estacion llano", "Santa Ana", "Estación Llano"),
        ("hermosillo", "Hermosillo", None),
    ],
)
async def test_a_town_is_its_municipality_and_the_colonia(
    database: Database, typed: str, municipality: str, colonia: str | None
) -> None:
    async with database.transaction() as session:
        found = (await catalog.match_municipality(session, typed)).municipality
        assert found is not None and found.name == municipality
        assert postal.colonia_in(typed, found) == colonia


async def test_every_agency_has_names_and_the_state_its_key_ones(database: Database) -> None:
    agencies = await _all(database, Agency)
    assert len({fold(agency.name) for agency in agencies}) == len(agencies)
    assert all(agency.name and agency.short_name and agency.is_active for agency in agencies)
    keys = {agency.key for agency in agencies}
    assert {"salud", "educacion", "dif", "registro-civil", "cfe", "ayuntamiento", "oficina-ejecutivo"} <= keys


async def test_every_topic_has_an_agency_that_exists_and_words_as_they_are_compared(database: Database) -> None:
    agencies = {agency.id for agency in await _all(database, Agency)}
    topics = await _all(database, Topic)
    assert len(topics) > 30
    assert {topic.key for topic in topics if topic.default_agency_id not in agencies} == set()
    folded = {topic.key: [word for word in topic.keywords if word != fold(word)] for topic in topics}
    assert {key: words for key, words in folded.items() if words} == {}, "words are compared without accents"


@pytest.mark.parametrize(
    ("narrative", "topic"),
    [
        ("Hay una FUGA de agua en mi calle", "agua"),
        ("Necesito una silla de ruedas y medicinas", "medicinas"),
        ("La luminaria y la lámpara no prenden", "alumbrado"),
        ("Quiero una beca", "becas"),
        ("Zzz qqq www", None),
    ],
)
async def test_a_narrative_suggests_its_topic(database: Database, narrative: str, topic: str | None) -> None:
    async with database.transaction() as session:
        found = await catalog.suggest_topic(session, narrative)
    assert (found.key if found else None) == topic


async def test_a_topic_out_of_use_is_not_suggested(database: Database) -> None:
    async with database.transaction() as session:
        await session.execute(update(Topic).where(Topic.key == "becas").values(is_active=False))
        found = await catalog.suggest_topic(session, "Quiero una beca")
    assert found is None or found.key != "becas"


async def test_the_office_opens_on_weekdays_and_keeps_the_holidays_of_the_law(database: Database) -> None:
    spans = await _all(database, BusinessHours)
    assert sorted((span.weekday, span.opens, span.closes) for span in spans) == [
        (weekday, time(8), time(15)) for weekday in range(5)
    ]
    days = {holiday.day for holiday in await _all(database, Holiday)}
    assert {date(2026, 11, 16), date(2027, 1, 1), date(2027, 5, 1), date(2027, 9, 16)} <= days


async def test_every_canned_reply_has_a_shortcut_that_can_be_typed(database: Database) -> None:
    replies = await _all(database, CannedReply)
    assert replies
    assert all(reply.shortcut.replace("-", "").isalnum() and reply.title and reply.text for reply in replies)


async def test_seeding_again_changes_nothing_that_staff_changed(database: Database) -> None:
    async with database.transaction() as session:
        await session.execute(update(Municipality).where(Municipality.id == "26018").values(name="Ciudad Obregón"))
        await session.execute(update(CannedReply).values(text="Otro texto", is_active=False))
        await catalog.replace_hours(session, [catalog.HoursSpan(5, time(9), time(12))])
    before = [len(await _all(database, model)) for model in (Municipality, Agency, Topic, Holiday, CannedReply)]
    async with database.transaction() as session:
        await catalog.seed(session)
    after = [len(await _all(database, model)) for model in (Municipality, Agency, Topic, Holiday, CannedReply)]
    assert after == before
    async with database.transaction() as session:
        assert (await session.get_one(Municipality, "26018")).name == "Ciudad Obregón"
        assert await session.scalar(select(func.count()).where(CannedReply.is_active)) == 0
        assert await catalog.hours(session) == [catalog.HoursSpan(5, time(9), time(12))]
