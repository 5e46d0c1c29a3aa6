"""The list: filters, views, one change on many, and the tables to take away."""

import csv
import io
import re
from datetime import timedelta
from typing import Any

import openpyxl
import pytest
from fastapi import FastAPI
from sqlalchemy import select

from backend import clock
from backend.audit.models import AdminEvent
from backend.console.petition_filters import Listing
from backend.db import Database
from backend.registry.models import EntryChannel, PetitionEvent, PetitionEventKind, PetitionStatus, Priority
from backend.workspace import bulk
from tests.console import workspace
from tests.registry.turned import agency
from tests.staff import Staff, sign_in

LIST = "/consola/peticiones"
S = PetitionStatus


@pytest.fixture
async def hilda(app: FastAPI) -> Staff:
    return await sign_in(app, "hilda")


async def _found(staff: Staff, query: str) -> list[str]:
    answer = await staff.get(f"{LIST}?{query}")
    assert answer.status_code == 200, answer.text
    return re.findall(r'class="folio" href="/consola/peticiones/([^"]+)" data-open', answer.text)


async def _cases(database: Database) -> dict[str, str]:
    """Folios by what is particular to them."""
    ana = await workspace.user_id(database, "ana")
    async with database.transaction() as session:
        cea = await agency(session)
    long_ago = clock.now() - timedelta(days=60)
    values: dict[str, dict[str, Any]] = {
        "late": {"due_on": workspace.day(-3), "assignee_id": ana, "created_at": long_ago},
        "late_but_done": {"due_on": workspace.day(-3), "status": S.CONCLUIDA_SATISFACTORIA},
        "soon": {"due_on": workspace.day(0), "priority": Priority.URGENT},
        "far": {"due_on": workspace.day(90), "agency_id": cea, "municipality_id": "26018"},
        "waiting": {"due_on": None, "status": S.REQUIERE_INFORMACION, "channel": EntryChannel.CORREO},
        "without": {"due_on": None},
    }
    return {name: await workspace.file(database, f"Asunto {name}", **one) for name, one in values.items()}


async def test_each_filter_finds_its_own_and_together_they_narrow(ana: Staff, database: Database) -> None:
    folios = await _cases(database)
    names = {folio: name for name, folio in folios.items()}
    open_ones = ["without", "waiting", "far", "soon", "late"]
    await ana.submit(f"{LIST}/{folios['far']}/etiquetas", add="Obra")
    label = re.search(r'<option value="([^"]+)" >Obra', (await ana.get(LIST)).text)
    assert label is not None
    async with database.transaction() as session:
        cea = await agency(session)
    expected = {
        "": ["without", "waiting", "far", "soon", "late_but_done", "late"],
        "estado=abiertas": open_ones,
        "estado=requiere_informacion&estado=concluida_satisfactoria": ["waiting", "late_but_done"],
        "plazo=vencida": ["late"],
        "plazo=por_vencer": ["soon"],
        "plazo=semana": ["soon"],
        "plazo=en_tiempo": ["far"],
        "plazo=en_pausa": ["waiting"],
        "plazo=sin_plazo": ["without"],
        "responsable=yo": ["late"],
        "responsable=nadie&estado=abiertas": ["without", "waiting", "far", "soon"],
        "municipio=26018": ["far"],
        f"dependencia={cea}": ["far"],
        f"etiqueta={label[1]}": ["far"],
        "medio=correo": ["waiting"],
        "prioridad=urgente": ["soon"],
        "registro=hoy": ["without", "waiting", "far", "soon", "late_but_done"],
        f"hasta={workspace.day(-59)}": ["late"],
        f"desde={workspace.day(-61)}&hasta={workspace.day(-59)}&plazo=vencida": ["late"],
        "orden=vencimiento&estado=abiertas": ["late", "soon", "far", "without", "waiting"],
        "orden=antiguas&plazo=vencida": ["late"],
        "orden=prioridad&estado=abiertas": ["soon", "late", "far", "without", "waiting"],
        "plazo=nunca&estado=x&etiqueta=x&desde=x&pagina=x": [
            "without",
            "waiting",
            "far",
            "soon",
            "late_but_done",
            "late",
        ],
    }
    for query, wanted in expected.items():
        assert [names[folio] for folio in await _found(ana, query)] == wanted, query
    page = (await ana.get(f"{LIST}?columna=tema&columna=medio")).text
    assert "<th>Tema</th><th>Medio</th>" in page
    assert "<th>Persona</th>" not in page


def test_an_address_is_canonical_whatever_the_order_of_its_parts() -> None:
    one = Listing.parse("?pagina=3&estado=turnada&x=1&buscar=agua&estado=recibida&tipo=")
    other = Listing.parse("buscar=+agua+&estado=recibida&estado=turnada&estado=turnada")
    assert one.query == other.query == "buscar=agua&estado=recibida&estado=turnada"
    assert one.page == 3


async def test_views_are_kept_shared_renamed_and_deleted_by_whoever_may(ana: Staff, beto: Staff, hilda: Staff) -> None:
    filters = "plazo=vencida&municipio=26030&basura=1"
    assert (await ana.submit(f"{LIST}/vistas", nombre="  Hermosillo  ", filtro=filters)).status_code == 303
    page = (await ana.get(f"{LIST}?municipio=26030&plazo=vencida")).text
    assert re.search(
        r'href="/consola/peticiones\?municipio=26030&amp;plazo=vencida" aria-current="page">Hermosillo', page
    )
    assert "Hermosillo</a>" not in (await beto.get(LIST)).text.split("</nav>")[1]
    view = re.search(r"vistas/([0-9a-f-]{36})", page)
    assert view is not None
    own = f"{LIST}/vistas/{view[1]}"
    assert (await ana.submit(f"{LIST}/vistas", nombre=" ", filtro=filters)).status_code == 422
    assert (await ana.submit(f"{LIST}/vistas", nombre="De todos", filtro="", compartir="si")).status_code == 403
    assert (await ana.submit(own, accion="compartir")).status_code == 403
    assert (await beto.submit(own, accion="eliminar")).status_code == 404
    assert (await hilda.submit(own, accion="eliminar")).status_code == 404
    for _ in range(2):  # the same name again replaces what it had
        assert (await ana.submit(f"{LIST}/vistas", nombre="Otra", filtro="")).status_code == 303
    assert len(re.findall(r'action="/consola/peticiones/vistas/', (await ana.get(LIST)).text)) == 2
    assert (await ana.submit(own, accion="renombrar", nombre="Otra")).status_code == 422
    assert (await ana.submit(own, accion="renombrar", nombre="Capital")).status_code == 303
    assert (await ana.submit(own, accion="eliminar")).status_code == 303
    assert "Capital" not in (await ana.get(LIST)).text
    shared = await hilda.submit(f"{LIST}/vistas", nombre="Urgentes", filtro="prioridad=urgente", compartir="si")
    assert shared.status_code == 303
    assert "Urgentes" in (await beto.get(LIST)).text


async def test_a_change_on_many_is_whole_or_absent_on_each_and_says_so(ana: Staff, database: Database) -> None:
    folios = await _cases(database)
    marked = [folios["late"], folios["late_but_done"], folios["far"], "AC-2026-999999-X"]

    async def change(**fields: Any) -> Any:
        body = {"csrf_token": ana.csrf, "folio": marked, "filtro": "plazo=vencida", **fields}
        return await ana.client.post(f"{LIST}/lote", data=body, headers={"Origin": "https://testserver"})

    answer = await change(accion="estado", estado="en_analisis", motivo="Se revisan juntas")
    assert answer.status_code == 200
    assert "2 peticiones cambiaron, 2 no se pudieron cambiar" in answer.text
    assert "No existe una petición con ese folio." in answer.text
    assert "De «Concluida satisfactoriamente» no se puede pasar" in answer.text
    assert "/consola/peticiones?plazo=vencida" in answer.text
    assert (await workspace.get(database, folios["far"])).status is S.EN_ANALISIS
    assert (await workspace.get(database, folios["late_but_done"])).status is S.CONCLUIDA_SATISFACTORIA
    assert "1 ya estaba así" in (await change(accion="asignar", responsable="yo")).text
    assert "3 peticiones cambiaron" in (await change(accion="etiquetar", etiqueta="Obra")).text
    assert "3 peticiones cambiaron" in (await change(accion="quitar", etiqueta="obra")).text
    assert "3 peticiones cambiaron" in (await change(accion="prioridad", prioridad="alta")).text
    for wrong in (
        {"accion": "estado", "estado": "turnada", "motivo": " "},
        {"accion": "asignar", "responsable": "quien sea"},
        {"accion": "etiquetar", "etiqueta": ""},
        {"accion": "borrar"},
        {"accion": "prioridad", "prioridad": "alta", "folio": []},
        {"accion": "prioridad", "prioridad": "alta", "folio": [f"AC-{n}" for n in range(bulk.MOST + 1)]},
    ):
        assert (await change(**wrong)).status_code == 422, wrong
    kept = (await change(accion="estado", estado="turnada", motivo="")).text
    assert re.search(rf'value="{folios["late"]}" checked', kept)
    async with database.transaction() as session:
        moved = await session.scalars(
            select(PetitionEvent.text).where(PetitionEvent.kind == PetitionEventKind.STATUS_CHANGED)
        )
        assert moved.all() == ["Se revisan juntas"] * 2


async def test_the_list_is_taken_away_as_it_is_filtered_and_nothing_in_it_runs(ana: Staff, database: Database) -> None:
    folio = await workspace.file(database, '=HYPERLINK("http://malo.example")', priority=Priority.URGENT)
    await workspace.file(database, "Otra cosa", name=None)
    await ana.submit(f"{LIST}/{folio}/etiquetas", add="+Obra")
    answer = await ana.get(f"{LIST}/exportar.csv?prioridad=urgente&buscar=Rosaura")
    assert answer.headers["content-type"].startswith("text/csv")
    (row,) = csv.DictReader(io.StringIO(answer.content.decode("utf-8-sig")))
    assert (row["Folio"], row["Persona"], row["Teléfono"]) == (folio, "Rosaura Félix", "662 *** ** 67")
    assert (row["Asunto"], row["Etiquetas"]) == ('\'=HYPERLINK("http://malo.example")', "'+Obra")
    answer = await ana.get(f"{LIST}/exportar.xlsx")
    assert answer.headers["content-disposition"].endswith('.xlsx"')
    sheet = openpyxl.load_workbook(io.BytesIO(answer.content)).active
    rows = {line[0].value: line for line in sheet.iter_rows(min_row=2)}
    assert len(rows) == 2
    assert rows[folio][16].data_type == "s"
    assert rows[folio][18].is_date
    async with database.transaction() as session:
        trail = (await session.scalars(select(AdminEvent).where(AdminEvent.kind == "petitions_exported"))).all()
    assert [one.detail["filters"] for one in trail] == [["buscar", "prioridad"], []]
    assert "Rosaura" not in str([one.detail for one in trail])


async def test_the_head_sets_terms_and_closed_days_and_due_dates_follow(
    ana: Staff, hilda: Staff, database: Database
) -> None:
    folio = await workspace.file(database)
    closed = await workspace.file(database, status=S.CANCELADA, due_on=workspace.day(5))
    before = (await workspace.get(database, folio)).updated_at
    assert (await ana.get("/consola/plazos")).status_code == 403
    page = (await hilda.get("/consola/plazos")).text
    fields = dict(re.findall(r'name="((?:urgent_)?days_[a-z_]+)" value="(\d*)"', page))
    assert len(fields) == 20
    wrong = await hilda.submit("/consola/plazos", **fields | {"days_peticion": "3", "urgent_days_peticion": "5"})
    assert wrong.status_code == 422
    assert 'name="days_peticion" value="3"' in wrong.text
    assert (await hilda.submit("/consola/plazos", **fields | {"days_peticion": "x"})).status_code == 422
    changed = fields | {"days_peticion": "1", "urgent_days_peticion": "1", "days_queja": "", "urgent_days_queja": ""}
    assert (await hilda.submit("/consola/plazos", **changed)).status_code == 303
    first = (await workspace.get(database, folio)).due_on
    assert first is not None
    assert 'name="days_queja" value=""' in (await hilda.get("/consola/plazos")).text
    days = {"day": first.isoformat(), "name": "Fumigación de la oficina"}
    assert (await hilda.submit("/consola/plazos/dias", action="agregar", **days | {"name": ""})).status_code == 422
    assert (await hilda.submit("/consola/plazos/dias", action="agregar", **days)).status_code == 303
    moved = await workspace.get(database, folio)
    assert moved.due_on is not None
    assert moved.due_on > first
    assert moved.updated_at == before  # nobody did anything to it
    assert "Fumigación de la oficina" in (await ana.get(f"{LIST}/{folio}")).text
    assert (await hilda.submit("/consola/plazos/dias", action="quitar", **days)).status_code == 303
    assert (await workspace.get(database, folio)).due_on == first
    assert (await workspace.get(database, closed)).due_on == workspace.day(5)
