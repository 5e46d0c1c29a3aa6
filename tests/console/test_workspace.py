"""The folio's page as a workspace: who has it, its clock, its steps, its address, its history, and two people on it."""

import re

from sqlalchemy import select

from backend.catalog.models import Agency, Topic
from backend.db import Database
from backend.registry.models import PetitionEvent, PetitionEventKind, PetitionStatus
from tests.console import workspace
from tests.staff import Staff, sign_in


async def _text(staff: Staff, folio: str, part: str = "") -> str:
    answer = await staff.get(f"/consola/peticiones/{folio}")
    assert answer.status_code == 200
    page = answer.text.split(f'id="{part}"')[1].split("</section>")[0] if part else answer.text
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", page))


async def _version(staff: Staff, folio: str) -> str:
    found = re.search(r'name="version" value="([^"]+)"', (await staff.get(f"/consola/peticiones/{folio}")).text)
    assert found is not None
    return found[1]


async def test_a_folio_is_assigned_labelled_paused_placed_and_its_history_says_so_in_words(
    ana: Staff, database: Database
) -> None:
    folio = await workspace.file(database)
    other = await workspace.file(database, "La lámpara no prende")
    address = f"/consola/peticiones/{folio}"
    beto = str(await workspace.user_id(database, "beto"))
    assert (await ana.submit(f"{address}/asignar", assignee=beto)).status_code == 303
    assert (await ana.submit(f"{address}/asignar", assignee="no-es-nadie")).status_code == 422
    assert (await ana.submit(f"{address}/etiquetas", add="  Fuga   grande ")).status_code == 303
    assert (await ana.submit(f"{address}/etiquetas", add="FUGA grande")).status_code == 303
    assert (await ana.submit(f"{address}/etiquetas", add=" ")).status_code == 422
    data = {"narrative": workspace.NARRATIVE, "priority": "alta", "kind": "queja", "municipality": ""}
    place = {
        "postal_code": "85000",
        "colonia": "Centro",
        "street": "Calle 5 de Febrero 10",
        "place_reference": "Esquina",
    }
    assert (await ana.submit(f"{address}/datos", **data, **place)).status_code == 303
    assert (await workspace.get(database, folio)).municipality_id == "26018"  # Cajeme, from the code alone
    refused = await ana.submit(
        f"{address}/datos", **data | {"municipality": "26030"}, **place | {"postal_code": "85010"}
    )
    assert refused.status_code == 422
    assert "no es del municipio elegido" in refused.text
    assert 'value="85010"' in refused.text
    due = (await workspace.get(database, folio)).due_on
    assert due is not None
    assert (await ana.submit(f"{address}/plazo", action="detener", reason=" ")).status_code == 409
    assert (await ana.submit(f"{address}/plazo", action="detener", reason="Falta el dictamen")).status_code == 303
    assert (await workspace.get(database, folio)).due_on is None
    assert "Falta el dictamen" in await _text(ana, folio, "plazo")
    assert (await ana.submit(f"{address}/plazo", action="detener", reason="Otra vez")).status_code == 409
    assert (await ana.submit(f"{address}/plazo", action="reanudar")).status_code == 303
    assert (await workspace.get(database, folio)).due_on == due
    assert (await ana.submit(f"{address}/etiquetas", remove="Fuga grande")).status_code == 303
    history = await _text(ana, folio, "historial")
    for told in (
        "Responsable: — → «Beto»",
        "Prioridad: «Normal» → «Alta»",
        "Tipo: «Petición» → «Queja»",
        "Municipio: — → «Cajeme»",
        "Código postal: — → «85000»",
        "Se puso: Fuga grande",
        "Se quitó: Fuga grande",
        "Se detuvo el plazo",
        "Se reanudó el plazo",
    ):
        assert told in history, told
    assert history.count("Cambiaron las etiquetas") == 2
    assert "26018" not in history
    assert beto not in history
    assert other in await _text(ana, folio, "persona")


async def test_a_topic_and_an_agency_that_left_the_catalog_stay_on_the_petition(ana: Staff, database: Database) -> None:
    async with database.transaction() as session:
        topic = (await session.scalars(select(Topic).limit(1))).one()
        agency = (await session.scalars(select(Agency).limit(1))).one()
        topic.is_active = agency.is_active = False
    folio = await workspace.file(database, topic_id=topic.id, agency_id=agency.id)
    form = (await ana.get(f"/consola/peticiones/{folio}")).text
    assert f'<option value="{topic.id}" selected>{topic.name} (ya no se usa)' in form
    data = {"narrative": "Otra cosa", "priority": "normal", "kind": "peticion", "topic": str(topic.id)}
    answer = await ana.submit(f"/consola/peticiones/{folio}/datos", **data, agency=str(agency.id))
    assert answer.status_code == 303
    stored = await workspace.get(database, folio)
    assert (stored.narrative, stored.topic_id, stored.agency_id) == ("Otra cosa", topic.id, agency.id)


async def test_steps_say_beforehand_what_they_take_and_a_refusal_keeps_what_was_typed(
    app: object, ana: Staff, database: Database
) -> None:
    folio = await workspace.file(database)
    steps = await _text(ana, folio, "estado")
    assert "En análisis Requiere motivo." in steps
    assert "Todavía no: turnada. Primero túrnela a una dependencia." in steps
    assert "Concluida" not in steps
    address = f"/consola/peticiones/{folio}/estado"
    refused = await ana.submit(address, status="requiere_informacion", reason="Falta la calle")
    assert refused.status_code == 422
    assert "Escriba qué información se le pide" in refused.text
    assert "Falta la calle</textarea>" in refused.text
    assert re.search(r'value="requiere_informacion" required checked', refused.text)
    asked = await ana.submit(address, status="requiere_informacion", reason="Falta la calle", asked="¿En qué calle es?")
    assert asked.status_code == 303
    assert (await ana.submit(f"/consola/peticiones/{folio}/plazo", action="reanudar")).status_code == 409
    assert "Se le pidió: ¿En qué calle es?" in await _text(ana, folio, "historial")
    assert (await ana.submit(address, status="cancelada", reason="Desistió")).status_code == 303
    assert "solo la jefatura" in await _text(ana, folio, "estado")
    assert (await ana.submit(f"/consola/peticiones/{folio}/plazo", action="detener", reason="x")).status_code == 409
    hilda = await sign_in(app, "hilda")  # type: ignore[arg-type]
    assert "En análisis" in await _text(hilda, folio, "estado")


async def test_who_sends_a_page_that_others_changed_meanwhile_is_told_and_overwrites_nothing(
    ana: Staff, beto: Staff, database: Database
) -> None:
    folio = await workspace.file(database)
    address = f"/consola/peticiones/{folio}"
    seen = await _version(ana, folio)
    data = {"narrative": workspace.NARRATIVE, "priority": "normal", "kind": "peticion", "version": seen}
    assert (await beto.submit(f"{address}/datos", **data | {"priority": "urgente"})).status_code == 303
    late = await ana.submit(f"{address}/datos", **data | {"narrative": "No hay agua ni luz", "colonia": ""})
    assert late.status_code == 409
    assert "Beto: se corrigieron datos" in late.text
    assert "No hay agua ni luz</textarea>" in late.text
    form = late.text.split('id="datos"')[1].split("</details>")[0]
    assert re.search(r'value="urgente" selected', form)  # Ana had not touched the priority: Beto's stays
    stored = await workspace.get(database, folio)
    assert (stored.narrative, stored.priority.value) == (workspace.NARRATIVE, "urgente")
    again = data | {"narrative": "No hay agua ni luz", "priority": "urgente", "version": await _version(ana, folio)}
    assert (await ana.submit(f"{address}/datos", **again)).status_code == 303
    assert (await ana.submit(f"{address}/estado", status="cancelada", reason="x", version=seen)).status_code == 409
    assert (await ana.submit(f"{address}/estado", status="cancelada", reason="x", version="ayer")).status_code == 409
    stored = await workspace.get(database, folio)
    assert (stored.narrative, stored.status) == ("No hay agua ni luz", PetitionStatus.RECIBIDA)
    async with database.transaction() as session:
        kinds = (await session.scalars(select(PetitionEvent.kind).order_by(PetitionEvent.id))).all()
    assert kinds == [PetitionEventKind.FILED, PetitionEventKind.EDITED, PetitionEventKind.EDITED]


async def test_a_postal_code_knows_its_place(ana: Staff) -> None:
    found = (await ana.get("/api/console/places/postal/83000")).json()
    assert found["municipality_ids"] == ["26030"]
    assert "Hermosillo Centro" in found["colonias"]
    assert (await ana.get("/api/console/places/postal/01000")).status_code == 404
    assert (await ana.get("/api/console/places/postal/x'--")).status_code == 404
    colonias = (await ana.get("/api/console/places/municipalities/26030/colonias")).json()
    assert {"name": "Country Club", "postal_code": "83010"} in colonias
    assert (await ana.get("/api/console/places/municipalities/99999/colonias")).status_code == 404


async def test_a_text_that_no_column_can_hold_is_refused_within_json_too(ana: Staff, database: Database) -> None:
    folio = await workspace.file(database)
    address = f"/consola/peticiones/{folio}/estado"
    analysed = {"status": "en_analisis", "reason": "Se revisa"}
    assert (await ana.submit(address, **analysed)).status_code == 303
    asked = {"status": "requiere_informacion", "reason": "Falta la calle"}
    refused = await ana.submit(address, **asked, asked="¿Qué\0 calle?")
    assert refused.status_code == 422
    assert "Revise los datos e intente de nuevo." in refused.text
    assert (await workspace.get(database, folio)).status == "en_analisis"
    assert (await ana.submit(address, **asked, asked="¿Qué dice \\u0000?")).status_code == 303
