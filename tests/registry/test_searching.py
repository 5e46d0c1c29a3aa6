"""What a search box finds, and lists too long to count."""

from uuid import UUID

import pytest
from sqlalchemy import select, text

from backend.db import Database
from backend.registry import newest, paging, petitions, queries
from backend.registry.models import ActorKind, EntryChannel, Person, Petition, PetitionKind
from backend.registry.queries import Order, PetitionFilter

PHONE = "+526621234567"


async def _file(database: Database, narrative: str, name: str | None = None, **more: str) -> str:
    async with database.transaction() as session:
        new = petitions.NewPetition(
            kind=PetitionKind.PETICION, channel=EntryChannel.PRESENCIAL, narrative=narrative, name=name, **more
        )  # type: ignore[arg-type]
        return (await petitions.file(session, new, actor=ActorKind.STAFF)).folio


async def test_parts_of_names_phones_and_folios_and_other_forms_of_words_find_a_petition(database: Database) -> None:
    folio = await _file(
        database, "Los baches de la calle/avenida: ¡arréglenlos!", "María José De la Cruz Yocupicio",
        phone=PHONE, email="mj.cruz@correo.mx", colonia="San Benito",
    )  # fmt: skip
    await _file(database, "No hay luz en el ejido", "Pedro Soto", phone="+526449998877")
    typed_for = {
        "one": ["bache", "BACHES", "yocup", "maría cruz", "Cruz, María", "de la cruz", "san beni", "avenida",
                "662 123 4567", "+52 662-123-4567", "044 662 123 4567", "4567", "123 4567", "cruz 4567",
                "mj.cruz@correo.mx", "MJ.Cruz@Correo.mx bache", "arreglen", folio,
                folio.lower().replace("-", " "), "1", "0001", f"{folio} urgente", "bache calle benito"],
        "none": ["ocupicio", "bache soto", "123456", "345", "6621", "34567", "mj.cruz", "cruz@correo.mx",
                 "yocupx", "999", "a", "% _"],
    }  # fmt: skip
    async with database.transaction() as session:
        found = {
            typed: [row.petition.folio for row in (await queries.search(session, PetitionFilter(typed))).rows]
            for typed in (*typed_for["one"], *typed_for["none"])
        }
        people = {
            typed: [one.full_name for one in await queries.people(session, typed)]
            for typed in ("yocup", "4567", "maria de la cruz", "mj.cruz@correo.mx", "ocupicio")
        }
    assert {typed: found[typed] for typed in typed_for["one"]} == {key: [folio] for key in typed_for["one"]}
    assert {typed: found[typed] for typed in typed_for["none"]} == {key: [] for key in typed_for["none"]}
    cruz = "María José De la Cruz Yocupicio"
    whole = "mj.cruz@correo.mx"
    assert people == {"yocup": [cruz], "4567": [cruz], "maria de la cruz": [cruz], whole: [cruz], "ocupicio": []}


async def test_a_person_who_gets_a_phone_is_found_by_its_end(database: Database) -> None:
    await _file(database, "No hay agua en la colonia", "Ana Soto", email="ana@correo.mx")
    await _file(database, "Sigue sin haber agua", "Ana Soto", email="ana@correo.mx", phone=PHONE)
    async with database.transaction() as session:
        (ana,) = await queries.people(session, "4567")
        assert isinstance(ana, Person)
        assert ana.phone == PHONE


@pytest.mark.parametrize("order", list(Order))
async def test_a_list_too_long_to_count_says_so_and_is_the_same_list(
    database: Database, order: Order, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(5):
        await _file(database, f"Hay un bache número {number} en mi calle")
    monkeypatch.setattr(queries, "PAGE_SIZE", 2)
    pages = []
    for most in (10, 3):
        monkeypatch.setattr(paging, "MOST_FOUND", most)
        async with database.transaction() as session:
            pages.append(
                [await queries.search(session, PetitionFilter("bache", order=order, page=number)) for number in (1, 2)]
            )
    whole, capped = pages
    assert [page.is_capped for page in whole] == [False, False]
    assert (whole[0].total, whole[0].pages) == (5, 3)
    assert [page.is_capped for page in capped] == [True, True]
    assert (capped[0].total, capped[0].pages) == (3, 2)
    for one, other in zip(whole, capped, strict=True):
        assert [row.petition.folio for row in one.rows] == [row.petition.folio for row in other.rows]


_REGISTRY = """
    INSERT INTO petition (id, folio, year, number, access_nonce, kind, status, priority, channel, narrative, details,
                          search_text, created_at, updated_at)
    SELECT gen_random_uuid(), 'AC-' || i, 2026, i, '', 'peticion', 'recibida', 'normal', 'presencial', '', '{}',
           concat_ws(' ', 'calle', CASE WHEN i % 8 = 0 THEN 'bache' END, CASE WHEN i % 90 = 0 THEN 'poda' END,
                     CASE WHEN i % 2 = 0 AND i < 700 THEN 'drenaje' END, CASE WHEN i IN (3, 500, 999) THEN 'rabia' END),
           now() - (1000 - i / 3) * interval '1 hour', now()
      FROM generate_series(1, 1000) i
"""


@pytest.mark.parametrize("most_gathered", [1000, 10])
async def test_the_newest_are_found_however_many_words_find_and_whenever_they_were_filed(
    database: Database, monkeypatch: pytest.MonkeyPatch, most_gathered: int
) -> None:
    monkeypatch.setattr(newest, "LEAST_ROWS", 1)
    monkeypatch.setattr(newest, "MOST_GATHERED", most_gathered)
    async with database.transaction() as session:
        await session.execute(text(_REGISTRY))
        await session.execute(text("ANALYZE petition"))
        assert len(await newest._hundredths(session)) == 100
        for typed in ("calle", "bache", "poda", "drenaje", "rabia", "bache drenaje", "dren", "nada"):
            wanted, hidden = (
                queries._conditions(PetitionFilter(typed), whole=typed != "dren", is_hidden=is_hidden)
                for is_hidden in (False, True)
            )
            every = select(Petition.id).where(*wanted).order_by(Petition.created_at.desc(), Petition.number.desc())
            for most in (1, 20, 300):
                expected = (await session.scalars(every.limit(most))).all()
                assert (typed, await newest.ids(session, wanted, hidden, most)) == (typed, expected)


_NOTICES = """
    INSERT INTO notice (id, petition_id, event_id, text, created_at, template_purpose, template_values, round_start,
                        arrived_at)
    SELECT gen_random_uuid(), id, number * 10 + again, '', created_at + (number % 7 + 1) * again * interval '1 hour',
           'status_notice', '[]', 0, CASE WHEN (number + again) % 3 = 0 THEN now() END
      FROM petition, generate_series(1, 2) again
     WHERE number % 5 <> 0
"""


@pytest.mark.parametrize("most", [25, 250, 1000])
async def test_the_newest_whose_citizens_were_not_told_are_found_however_many_they_are(
    database: Database, monkeypatch: pytest.MonkeyPatch, most: int
) -> None:
    monkeypatch.setattr(paging, "MOST_FOUND", most)
    async with database.transaction() as session:
        await session.execute(text("SET LOCAL session_replication_role = replica"))
        await session.execute(text(_REGISTRY))
        await session.execute(text(_NOTICES))
        every = select(Petition.number).where(Petition.number % 5 != 0, (Petition.number + 2) % 3 != 0)
        newest_first = every.order_by(Petition.created_at.desc(), Petition.number.desc())
        expected = (await session.scalars(newest_first)).all()
        for page in (1, 2, 9):
            found = await queries.search(session, PetitionFilter(is_untold=True, page=page))
            counted = expected[:most][(found.page - 1) * 25 : found.page * 25]
            assert [row.petition.number for row in found.rows] == counted
            assert (found.total, found.is_capped) == (min(most, len(expected)), most < len(expected))


@pytest.mark.parametrize(
    ("wanted", "is_asked"),
    [
        (PetitionFilter("bache"), True),
        (PetitionFilter("bache", page=2), True),
        (PetitionFilter("bache", kind=PetitionKind.PETICION), False),
        (PetitionFilter("bache", order=Order.OLDEST), False),
    ],
)
async def test_the_newest_hundredth_is_for_words_alone(
    database: Database, wanted: PetitionFilter, is_asked: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another filter has an index that leads to the newest: so does another order."""
    await _file(database, "Hay un bache en mi calle")
    asked = []

    async def ids(*_: object) -> list[UUID]:
        asked.append(wanted)
        return []

    monkeypatch.setattr(newest, "ids", ids)
    async with database.transaction() as session:
        await queries.search(session, wanted)
    assert bool(asked) is is_asked
