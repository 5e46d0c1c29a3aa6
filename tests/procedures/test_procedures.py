"""Special procedures on a folio's page, each from its form to its last step, with their documents."""

import io
import re

import pytest
from fastapi import FastAPI
from PIL import Image
from sqlalchemy import select

from backend.agents.models import Role
from backend.app import create_app
from backend.db import Database
from backend.dossier.service import KIND_TEXTS
from backend.procedures import forms
from backend.procedures.definitions import APOYO_SOCIAL, PROCEDURES
from backend.registry import petitions
from backend.registry.models import ActorKind, EntryChannel, Petition, PetitionEvent, PetitionEventKind, PetitionKind
from backend.settings import Settings
from tests.staff import BASE, Staff, add_staff, sign_in


@pytest.fixture
async def app(database: Database, settings: Settings) -> FastAPI:
    await add_staff(database, "ana")
    await add_staff(database, "hilda", Role.HEAD)
    return create_app(settings)


async def _petition(database: Database, kind: PetitionKind, **details: str) -> str:
    async with database.transaction() as session:
        new = petitions.NewPetition(
            kind=kind,
            channel=EntryChannel.PRESENCIAL,
            narrative="Solicita apoyo para su caso",
            name="Rosa Félix",
            details=details,
        )
        return (await petitions.file(session, new, actor=ActorKind.STAFF)).folio


async def _events(database: Database, folio: str, kind: PetitionEventKind) -> list[PetitionEvent]:
    async with database.transaction() as session:
        query = select(PetitionEvent).join(Petition).where(Petition.folio == folio, PetitionEvent.kind == kind)
        return list(await session.scalars(query.order_by(PetitionEvent.id)))


async def test_a_social_support_goes_through_visit_committee_and_delivery(app: FastAPI, database: Database) -> None:
    ana = await sign_in(app, "ana")
    folio = await _petition(database, PetitionKind.APOYO_SOCIAL)
    at = f"/consola/peticiones/{folio}/tramite"
    refused = await ana.submit(at, tipo_apoyo="medicamento", ingreso="mucho", situacion="Vive sola")
    assert refused.status_code == 422
    assert "Escriba una cantidad en pesos" in refused.text
    assert "Falta este dato." in refused.text
    assert "Vive sola" in refused.text  # what was typed stays
    saved = await ana.submit(at, tipo_apoyo="medicamento", beneficiario="Rosa Félix", ingreso="$4,500.50")
    assert saved.status_code == 303
    await ana.submit(at, tipo_apoyo="medicamento", beneficiario="Rosa Félix", ingreso="4500.50")  # the same again
    page = (await ana.get(f"/consola/peticiones/{folio}")).text
    assert "$4,500.50" in page
    assert "Receta o constancia médica" in page
    assert "Faltan 7" in page
    assert "por confirmar por la oficina" in page
    assert "Registrar: entrega" not in page
    early = await ana.submit(f"{at}/pasos/entrega", fecha="2026-11-20", apoyo="Insulina", recibe="Rosa")
    assert "Antes falta: Decisión del comité." in early.text
    visit = {"fecha": "20/11/2026", "visitador": "Beto", "hallazgos": "Casa de lámina", "recomendacion": "otorgar"}
    assert (await ana.submit(f"{at}/pasos/visita", **visit)).status_code == 303
    denied = {"fecha": "2026-11-20", "minuta": "12/2026", "decision": "negado", "motivo": "Falta la receta"}
    assert (await ana.submit(f"{at}/pasos/comite", **denied)).status_code == 303
    page = (await ana.get(f"/consola/peticiones/{folio}")).text
    assert "Registrar: entrega" not in page  # no delivery without the committee's word
    approved = {
        "fecha": "2026-11-21",
        "minuta": "13/2026",
        "decision": "aprobado",
        "apoyo": "Insulina",
        "monto": "1200",
    }
    assert (await ana.submit(f"{at}/pasos/comite", **approved)).status_code == 303
    assert (
        await ana.submit(f"{at}/pasos/entrega", fecha="2026-11-21", apoyo="Insulina", recibe="Rosa Félix")
    ).status_code == 303
    events = await _events(database, folio, PetitionEventKind.PROCEDURE_STEP)
    assert [one.detail["step"] for one in events] == ["datos", "visita", "comite", "comite", "entrega"]
    assert "Decisión: Aprobado" in events[3].text
    assert "Monto aprobado: $1,200.00" in events[3].text


async def test_required_documents_are_checked_off_by_the_expediente_or_by_eye(app: FastAPI, database: Database) -> None:
    ana = await sign_in(app, "ana")
    folio = await _petition(database, PetitionKind.CARTA_NO_ANTECEDENTES)
    page = f"/consola/peticiones/{folio}"
    assert "Faltan 3" in (await ana.get(page)).text
    picture = io.BytesIO()
    Image.new("RGB", (20, 20)).save(picture, "PNG")
    content = picture.getvalue()
    sent = await ana.client.post(
        f"{page}/expediente",
        data={"csrf_token": ana.csrf},
        files=[("files", ("INE.png", content)), ("files", ("recibo cfe.pdf", b"%PDF-1.4\n%%EOF"))],
        headers={"Origin": BASE},
    )
    assert sent.status_code == 303
    assert (await ana.submit(f"{page}/tramite/documentos/curp", visto="si")).status_code == 303
    shown = (await ana.get(page)).text
    assert "Completos" in shown
    assert (await ana.submit(f"{page}/tramite/documentos/curp", visto="")).status_code == 303
    assert "Falta 1" in (await ana.get(page)).text
    assert (await ana.submit(f"{page}/tramite/documentos/curp", visto="si")).status_code == 303
    links = re.findall(rf"{page}/expediente/([0-9a-f-]{{36}})\" target", shown)
    picture_id, pdf_id = links
    assert (await ana.get(f"{page}/expediente/{picture_id}")).content == content
    pdf = await ana.get(f"{page}/expediente/{pdf_id}")
    assert pdf.headers["content-disposition"].startswith("inline")
    await _naming_and_withdrawing(ana, page, picture_id)
    shown = (await ana.get(page)).text
    assert "Falta 1" in shown
    assert "Retirado: Es de otra persona" in shown
    assert (await ana.get(f"{page}/expediente/{picture_id}")).content == content  # nothing is deleted
    edits = await _events(database, folio, PetitionEventKind.EDITED)
    assert edits[-1].text == "Se retiró «INE de Rosa»: Es de otra persona"
    other = await _petition(database, PetitionKind.QUEJA)
    assert (await ana.get(f"/consola/peticiones/{other}/expediente/{picture_id}")).status_code == 404


async def _naming_and_withdrawing(ana: Staff, page: str, document: str) -> None:
    at = f"{page}/expediente/{document}"
    assert (await ana.submit(at, kind="identificacion", title="INE de Rosa")).status_code == 303
    assert "Escriba por qué se retira" in (await ana.submit(f"{at}/retirar", reason=" ")).text
    assert (await ana.submit(f"{at}/retirar", reason="Es de otra persona")).status_code == 303


async def test_what_the_bot_asked_begins_the_form(app: FastAPI, database: Database) -> None:
    ana = await sign_in(app, "ana")
    folio = await _petition(database, PetitionKind.REGISTRO_CIVIL, tipo_acta="defuncion")
    assert '<option value="defuncion" selected>' in (await ana.get(f"/consola/peticiones/{folio}")).text
    answer = await ana.submit(
        f"/consola/peticiones/{folio}/tramite",
        servicio="correccion",
        tipo_acta="defuncion",
        registrado="Luis Félix",
        dice="Luiz",
        debe_decir="Luis",
    )
    assert answer.status_code == 303
    assert "Acta que se corrige" in (await ana.get(f"/consola/peticiones/{folio}")).text


@pytest.mark.parametrize("kind", PROCEDURES)
def test_every_definition_holds_together(kind: PetitionKind) -> None:
    procedure = PROCEDURES[kind]
    assert procedure.kind is kind
    assert procedure.source
    keys = [step.key for step in procedure.steps]
    assert len(set(keys)) == len(keys)
    names = {field.name for field in procedure.fields}
    for one in (*procedure.fields, *procedure.requirements):
        assert one.only_if is None or one.only_if[0] in names
    assert all(one.document in KIND_TEXTS for one in procedure.requirements)
    for step in procedure.steps:
        assert all(one.only_if is None or one.only_if[0] in {each.name for each in step.fields} for one in step.fields)
        if step.after is not None:
            before, field, values = step.after
            asked = next(one for one in procedure.steps[: keys.index(step.key)] if one.key == before)
            options = next((dict(one.options) for one in asked.fields if one.name == field), {})
            assert field is None or set(values) <= set(options)


def test_answers_are_checked_and_kept_in_normal_form() -> None:
    committee = APOYO_SOCIAL.step("comite")
    assert committee is not None
    data, problems = forms.check(committee.fields, {"fecha": "1/2/2026", "minuta": " 4 ", "decision": "negado"})
    assert (data, problems) == ({}, {"motivo": forms.MISSING})
    typed = {"fecha": "1/2/2026", "minuta": " 4 ", "decision": "negado", "motivo": "No procede", "monto": "x"}
    data, problems = forms.check(committee.fields, typed)  # an amount is not asked of what was denied
    assert problems == {}
    assert data == {"fecha": "2026-02-01", "minuta": "4", "decision": "negado", "motivo": "No procede"}
    assert forms.check(committee.fields, {"fecha": "31/02/2026"})[1]["fecha"] == "Escriba una fecha, como 21/11/2026."
