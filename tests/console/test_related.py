"""Duplicates, merges, groups and joining, as staff do them in the console."""

import pytest
from sqlalchemy import select

from backend.db import Database
from backend.registry import petitions
from backend.registry.models import Petition, PetitionStatus
from backend.related.models import Group, Supporter
from tests.related.conftest import Street, street
from tests.staff import Staff

__all__ = ["street"]

FORM = {
    "kind": "peticion",
    "channel": "call_center",
    "narrativa": "llevamos tres días sin agua en la colonia",
    "municipio": "Hermosillo",
    "colonia": "El Sahuaro",
    "nombre": "Rosa Elena Félix",
    "telefono": "662 555 1234",
}


async def _status(database: Database, petition: Petition) -> PetitionStatus:
    async with database.transaction() as session:
        return (await petitions.get(session, petition.folio)).status


async def test_what_is_typed_finds_its_like_and_the_person_is_added_to_it(
    ana: Staff, street: Street, database: Database
) -> None:
    first = await street.told()
    ended = await street.told()
    await street.move(ended, PetitionStatus.IMPROCEDENTE)
    short = await ana.post("/api/console/related/candidates", {"fields": {"narrativa": "agua"}})
    assert short.json() == {"petitions": []}
    answer = await ana.post("/api/console/related/candidates", {"fields": FORM | {"telefono": "66"}})
    found = {one["folio"]: one for one in answer.json()["petitions"]}
    assert found[first.folio]["reasons"] == ["misma colonia", "se parece: sin agua"]
    assert (found[first.folio]["is_open"], found[ended.folio]["is_open"]) == (True, False)
    refused = await ana.submit(f"/consola/peticiones/{first.folio}/sumar", **(FORM | {"nombre": "", "telefono": "66"}))
    assert refused.status_code == 422
    assert "Escriba el nombre de la persona que se suma." in refused.text
    assert "llevamos tres días sin agua" in refused.text, "what was typed is kept"
    assert "Escriba un teléfono de 10 dígitos o un correo." in refused.text
    done = await ana.submit(f"/consola/peticiones/{first.folio}/sumar", **FORM)
    assert done.status_code == 303, done.text
    again = await ana.submit(f"/consola/peticiones/{first.folio}/sumar", **FORM)
    assert again.status_code == 422 and "ya está sumada" in again.text
    page = (await ana.get(f"/consola/peticiones/{first.folio}")).text
    assert "Personas que se sumaron (1)" in page and "Rosa Elena Félix" in page
    async with database.transaction() as session:
        assert len((await session.scalars(select(Supporter))).all()) == 1
        assert len((await session.scalars(select(Petition))).all()) == 2


async def test_a_folio_is_merged_undone_related_and_grouped(ana: Staff, street: Street, database: Database) -> None:
    kept, merged, third = await street.told(), await street.told(), await street.told()
    base = f"/consola/peticiones/{kept.folio}"
    page = (await ana.get(base)).text
    assert "Podrían ser la misma (2)" in page and "misma colonia" in page
    refused = await ana.submit(f"{base}/unir", other=merged.folio, keep="this", reason=" ")
    assert refused.status_code == 422 and "Escriba por qué son la misma petición." in refused.text
    assert (await ana.submit(f"{base}/unir", other="nada", keep="this", reason="x")).status_code == 404
    done = await ana.submit(f"{base}/unir", other=merged.folio, keep="this", reason="Mismo reporte")
    assert done.headers["location"].startswith(f"{base}?aviso=unida")
    assert await _status(database, merged) is PetitionStatus.CANCELADA
    assert "Unidas a esta (1)" in (await ana.get(base)).text
    assert "Se unió con" in (await ana.get(f"/consola/peticiones/{merged.folio}")).text
    await ana.submit(f"/consola/peticiones/{merged.folio}/separar", reason="Son dos")
    assert await _status(database, merged) is PetitionStatus.EN_ANALISIS
    await ana.submit(f"{base}/relacionar", other=third.folio)
    assert "Quitar la relación" in (await ana.get(base)).text
    await ana.submit(f"{base}/desrelacionar", other=third.folio)
    assert "Quitar la relación" not in (await ana.get(base)).text
    made = await ana.submit(f"{base}/grupo", title="Sin agua", folios=merged.folio)
    group = made.headers["location"].split("?")[0]
    assert "2 peticiones" in (await ana.get(group)).text
    listed = (await ana.get("/consola/grupos")).text
    assert "Sin agua" in listed
    wrong = await ana.submit(f"{group}/agregar", folios=f"{third.folio}, AC-0")
    assert wrong.status_code == 422 and "No existe el folio AC-0." in wrong.text
    await ana.submit(f"{group}/agregar", folios=f"{third.folio}\n")
    await street.move(third, PetitionStatus.CANCELADA)
    unchosen = await ana.submit(f"{group}/turno", agency="", instructions="Revisen la red")
    assert unchosen.status_code == 422 and "Revisen la red" in unchosen.text
    acted = await ana.submit(f"{group}/estado", status="requiere_informacion", reason="Falta", asked="¿Qué calle?")
    assert "2 de 3 quedaron; 1 no:" in acted.text
    assert "De «Cancelada» no se puede pasar" in acted.text
    told = await ana.submit(f"{group}/aviso", text="Mañana llega la pipa.")
    assert "3 de 3 quedaron." in told.text
    for one in (kept, merged, third):
        await ana.submit(f"{group}/quitar", folio=one.folio)
    async with database.transaction() as session:
        assert (await session.scalars(select(Group))).all() == []
    assert "Aún no hay grupos" in (await ana.get("/consola/grupos")).text


@pytest.mark.parametrize("where", ["unir", "separar", "relacionar", "sumar"])
async def test_a_folio_that_does_not_exist_is_not_found(ana: Staff, where: str) -> None:
    answer = await ana.submit(f"/consola/peticiones/AC-2026-000001-S/{where}", other="x", reason="y", nombre="Ana Soto")
    assert answer.status_code in (404, 422)
