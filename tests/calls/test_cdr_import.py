"""A file of call records from its upload to its second coming, over HTTP, by the worker and by the command."""

import csv
import io
import re
from datetime import timedelta
from pathlib import Path

import openpyxl
import pytest
from fastapi import FastAPI
from sqlalchemy import select
from typer.testing import CliRunner

from backend.__main__ import app as commands
from backend.agents.models import User
from backend.app import create_app
from backend.calls.cdr import jobs
from backend.calls.cdr.models import CdrLeg, CdrMapping
from backend.catalog import service as catalog
from backend.db import Database
from backend.imports.jobs import folder_of
from backend.ledger import service as ledger
from backend.ledger.models import Interaction, InteractionChange, InteractionKind, Outcome, Purpose, Source
from backend.registry.models import Person
from backend.settings import Settings
from tests.calls.test_cdr_reading import START, row
from tests.capture.conftest import people
from tests.serving import in_database
from tests.staff import BASE, Staff, sign_in

ROSA = "6621112233"


def _file(talk: int = 60) -> bytes:
    """Six calls in nine rows: two received (one rung at two extensions, one passed on), one made, one that Ana wrote
    down, one between us, one to the mailbox; and a row that is none. `talk` is how long Rosa's took."""
    lines = [
        row(ROSA, "600", "SIP/102-1", disposition="NO ANSWER", ring=8, uid="1.1"),
        row(ROSA, "600", "SIP/101-1", talk=talk, uid="1.1"),
        row("6623334455", "600", "SIP/101-2", at=300, uid="1.2"),
        row("6623334455", "250", "SIP/250-2", at=370, uid="1.2"),
        row("101", "6624445566", "SIP/telmex-3", channel="SIP/101-3", at=900, disposition="BUSY", uid="1.3"),
        row("6625556677", "600", "SIP/101-4", at=1800, uid="1.4"),
        row("101", "102", "SIP/102-5", channel="SIP/101-5", at=2400, uid="1.5"),
        row("101", "*97", channel="SIP/101-6", at=2500, app="VoiceMailMain", uid="1.6"),
        ["", "x", "y", "", "", "", "", "", "", "nunca", "", "", "", "", "ANSWERED", "", "1.7", ""],
    ]
    target = io.StringIO()
    csv.writer(target, quoting=csv.QUOTE_ALL).writerows(lines)
    return target.getvalue().encode()


async def _office(database: Database) -> None:
    """Extensions, and the call that Ana wrote down herself."""
    await people(database)
    async with database.transaction() as session:
        areas = {area.short_name: area for area in await catalog.areas(session)}
        areas["Correspondencia"].extension = "250"
        ana = (await session.scalars(select(User).where(User.username == "ana"))).one()
        ana.extension, ana.area_id = "101", areas["Call Center y Chat"].id
        begun = START + timedelta(seconds=1790)
        await ledger.add(
            session,
            Interaction(
                kind=InteractionKind.CALL,
                direction="recibida",
                channel="telefono",
                source=Source.CONSOLE,
                started_at=begun,
                ended_at=begun + timedelta(seconds=90),
                agent_id=ana.id,
                purpose=Purpose.INFORMATION,
                outcome=Outcome.ATTENDED,
                notes="",
            ),
        )


@pytest.fixture
async def app(database: Database, settings: Settings) -> FastAPI:
    await _office(database)
    return create_app(settings)


async def _upload(staff: Staff, name: str, content: bytes, forma: str = "") -> str:
    """The import's address."""
    answer = await staff.client.post(
        "/consola/llamadas/importar",
        data={"csrf_token": staff.csrf, "forma": forma},
        files={"file": (name, content)},
        headers={"Origin": BASE},
    )
    assert answer.status_code == 303, answer.text
    return answer.headers["location"]


def _chosen(page: str) -> dict[str, str]:
    """The form's columns as the page proposes them."""
    selects = re.findall(r'<select name="(columna_\d+)">(.*?)</select>', page, re.S)
    found = {name: re.search(r'value="(\w+)" selected', options) for name, options in selects}
    return {name: match[1] for name, match in found.items() if match}


async def _imported(database: Database) -> dict[str, Interaction]:
    async with database.transaction() as session:
        rows = await session.scalars(select(Interaction).where(Interaction.source == Source.CDR))
        return {row.external_id or "": row for row in rows}


async def test_a_file_is_reviewed_written_once_and_never_over_what_staff_corrected(
    app: FastAPI, database: Database, settings: Settings
) -> None:
    hilda, folder = await sign_in(app, "hilda"), folder_of(settings.var_dir)
    address = await _upload(hilda, "Master.csv", _file())
    page = (await hilda.get(address)).text
    assert "Reconocimos un Master.csv de Asterisk" in page
    form = {**_chosen(page), "zona": "America/Hermosillo", "prefijo": "9", "nombre": "Conmutador"}
    refused = await hilda.submit(f"{address}/columnas", **{**form, "columna_0": "origen"})
    assert (refused.status_code, "Dos columnas no pueden ser el mismo dato." in refused.text) == (422, True)
    assert (await hilda.submit(f"{address}/columnas", **form)).status_code == 303
    await jobs.advance_due(database, folder)
    page = (await hilda.get(address)).text
    for told in (
        r"Nuevas</dt><dd>3 ",
        r"personal</dt><dd>1 ",
        r"registran</dt><dd>1 llamada",
        r"No se entiende la fecha",
    ):
        assert re.search(told, page), told
    assert await _imported(database) == {}  # nothing before it is confirmed
    assert (await hilda.submit(f"{address}/registrar")).status_code == 303
    await jobs.advance_due(database, folder)
    first = await _imported(database)
    assert set(first) == {"1.1", "1.2", "1.3"}
    rosa, passed, busy = first["1.1"], first["1.2"], first["1.3"]
    assert (rosa.started_at, rosa.queue_seconds, rosa.person_seconds, rosa.outcome) == (START, 10, 60, Outcome.ATTENDED)
    async with database.transaction() as session:
        ana = (await session.scalars(select(User).where(User.username == "ana"))).one()
        person = (await session.scalars(select(Person))).one()
        assert not any(leg.fields for leg in await session.scalars(select(CdrLeg)))  # what it said goes with its end
    assert (rosa.agent_id, rosa.area_id, rosa.person_id) == (ana.id, ana.area_id, person.id)
    assert (passed.outcome, passed.transfer_to, passed.purpose) == (Outcome.TRANSFERRED, "Extensión 250", None)
    assert (busy.direction, busy.outcome, busy.person_seconds) == ("realizada", Outcome.BUSY, 0)
    report = (await hilda.get(f"{address}/informe.csv")).text
    assert report.count("\r\n") == 10
    await _corrected(hilda, database, str(rosa.id))
    again = await _upload(hilda, "Master.csv", _file(talk=90), "Conmutador")
    await jobs.advance_due(database, folder)
    page = (await hilda.get(again)).text
    assert re.search(r"con otros datos</dt><dd>1 llamada", page)
    assert re.search(r"Ya estaban</dt><dd>2 llamadas", page)
    await hilda.submit(f"{again}/registrar")
    await jobs.advance_due(database, folder)
    second = await _imported(database)
    assert {key: row.id for key, row in second.items()} == {key: row.id for key, row in first.items()}
    assert (second["1.1"].person_seconds, second["1.1"].purpose) == (90, Purpose.COMPLAINT)
    assert (second["1.1"].outcome, second["1.1"].phone) == (Outcome.VOICEMAIL, "+526620000000")
    async with database.transaction() as session:
        told = (await session.scalars(select(InteractionChange).order_by(InteractionChange.id))).all()
    assert [change.user_id is None for change in told] == [False, True]
    assert set(told[1].fields) == {"ended_at", "person_seconds", "person_office_seconds"}


async def _corrected(hilda: Staff, database: Database, call_id: str) -> None:
    """The head says that it was a complaint, of another number, left in the mailbox."""
    form = {"proposito": "queja", "resultado": "buzon", "telefono": "6620000000", "direccion": "recibida"}
    page = (await hilda.get(f"/consola/llamadas/{call_id}")).text
    for name in ("agente", "persona", "nombre"):
        found = re.search(rf'name="{name}" value="([^"]*)"', page)
        form[name] = found[1] if found else ""
    async with database.transaction() as session:
        form["agente"] = str((await session.scalars(select(User.id).where(User.username == "ana"))).one())
    answer = await hilda.submit(f"/consola/llamadas/{call_id}/corregir", **form, motivo="La oyó la jefa")
    assert answer.status_code == 303, answer.text


async def test_only_the_head_imports_and_a_wrong_file_says_so(app: FastAPI) -> None:
    ana, hilda = await sign_in(app, "ana"), await sign_in(app, "hilda")
    assert (await ana.get("/consola/llamadas/importar")).status_code == 403
    answer = await hilda.client.post(
        "/consola/llamadas/importar",
        data={"csrf_token": hilda.csrf, "forma": "No existe"},
        files={"file": ("a.csv", _file())},
        headers={"Origin": BASE},
    )
    assert (answer.status_code, "No hay una forma de lectura llamada «No existe»." in answer.text) == (422, True)


def _workbook() -> bytes:
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.append(["Fecha y hora", "Origen", "Destino", "Duración", "Espera", "Estado"])
    for minute in range(30):
        when = START.replace(tzinfo=None, hour=9, minute=minute, second=7)
        sheet.append([when, ROSA if minute % 2 else f"66250000{minute:02}", "101", "0:01:35", 5, "Contestada"])
    target = io.BytesIO()
    book.save(target)
    return target.getvalue()


def test_the_command_imports_by_a_mappings_name_and_twice_is_once(
    settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    in_database(settings, _office)
    file = tmp_path / "noviembre.xlsx"
    file.write_bytes(_workbook())
    for name, value in (("DATABASE_URL", settings.database_url), ("VAR_DIR", str(settings.var_dir))):
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(jobs, "CALLS_CHUNK", 7)
    arguments = ["calls", "import", str(file), "--mapping", "Otro conmutador"]
    unknown = CliRunner().invoke(commands, arguments)
    assert (unknown.exit_code, "No hay una forma de lectura" in unknown.output) == (1, True)
    in_database(settings, _keep_mapping)
    for told in ("Llamadas nuevas: 30", "Llamadas ya estaban: 30"):
        result = CliRunner().invoke(commands, arguments)
        assert (result.exit_code, told in result.output) == (0, True), result.output
    rows = in_database(settings, _imported)
    assert len(rows) == 30
    assert {(row.queue_seconds, row.person_seconds) for row in rows.values()} == {(5, 90)}
    assert all(key.startswith("sha256:") for key in rows)
    assert {row.started_at.second for row in rows.values()} == {7}


async def _keep_mapping(database: Database) -> None:
    columns = {"inicio": "fecha y hora", "origen": "origen", "destino": "destino", "duracion": "duracion",
               "espera": "espera", "resultado": "estado"}  # fmt: skip
    async with database.transaction() as session:
        session.add(CdrMapping(name="Otro conmutador", columns=columns, options={}))
