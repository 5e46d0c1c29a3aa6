"""Likely duplicates as they are found in the database."""

from backend.registry.models import PetitionKind, PetitionStatus
from backend.related.candidates import Wanted, candidates
from tests.related.conftest import HERMOSILLO, Street

LEAK = "Fuga de agua en la calle Tehuantepec frente al 45"


async def test_each_way_finds_its_own_and_what_is_cancelled_or_elsewhere_is_left_out(street: Street) -> None:
    same = await street.told("tubo roto tirando agua en la Tehuantepec")
    unplaced = await street.told("hay una fuga de agua en calle Tehuantepec por el 45", colonia=None)
    mine = await street.told("mucha agua tirada en calle tehuantepec, es fuga", colonia="Pitic", phone="+526629999999")
    elsewhere = await street.told(LEAK, municipality_id="26018")
    gone = await street.told(LEAK)
    await street.told("no hay maestros en la primaria")
    async with street.database.transaction() as session:
        (await session.merge(gone)).status = PetitionStatus.CANCELADA
    wanted = Wanted(
        PetitionKind.PETICION, LEAK, HERMOSILLO, "Sahuaro", phone="+526629999999", name="Carla SotoSotoSoto"
    )
    async with street.database.transaction() as session:
        found = await candidates(session, wanted)
    assert {one.petition.folio for one in found} == {same.folio, unplaced.folio, mine.folio}
    assert elsewhere.folio not in {one.petition.folio for one in found}
    by_folio = {one.petition.folio: one for one in found}
    assert "misma persona" in by_folio[mine.folio].score.reasons
    assert "misma colonia" in by_folio[same.folio].score.reasons
    assert by_folio[same.folio].municipality == "Hermosillo"
    assert [one.score.points for one in found] == sorted((one.score.points for one in found), reverse=True)


async def test_a_colonia_with_accents_and_other_case_is_the_same_place(street: Street) -> None:
    petition = await street.told("llevamos días sin agua", colonia="VILLA DEL PALMAR PEÑÍSCOLA")
    wanted = Wanted(PetitionKind.PETICION, "no cae agua", HERMOSILLO, "villa del palmar peniscola")
    async with street.database.transaction() as session:
        assert [one.petition.id for one in await candidates(session, wanted)] == [petition.id]


async def test_nothing_told_finds_nothing(street: Street) -> None:
    await street.told()
    async with street.database.transaction() as session:
        for narrative in ("", "de la que", "'; drop table petition; --", "((("):
            assert await candidates(session, Wanted(PetitionKind.PETICION, narrative)) == []
