"""«Reportes» in the console: the page, its links and its files say the same; analysts see their own work alone."""

import csv
import io
import re
from html import unescape

import pytest
from fastapi import FastAPI
from pypdf import PdfReader
from sqlalchemy import func, select

from backend.agents.models import Role
from backend.app import create_app
from backend.audit.models import AdminEvent
from backend.db import Database
from backend.reports.definitions import REPORTS
from backend.settings import Settings
from tests.reports.case import Case, fill
from tests.staff import add_staff, sign_in

QUARTER = "periodo=2026-T3"


@pytest.fixture
async def app(database: Database, settings: Settings) -> FastAPI:
    await add_staff(database, "ana")
    await add_staff(database, "luz")
    await add_staff(database, "hilda", Role.HEAD)
    return create_app(settings)


@pytest.fixture
async def case(app: FastAPI, database: Database) -> Case:
    async with database.transaction() as session:
        return await fill(session)


def _words(page: str) -> str:
    return re.sub(r"\s+", " ", unescape(re.sub(r"<[^>]+>", " ", page)))


async def test_the_page_its_rows_and_its_files_say_the_same(app: FastAPI, case: Case, database: Database) -> None:
    head = await sign_in(app, "hilda")
    page = (await head.get(f"/consola/reportes/llamadas?{QUARTER}")).text
    assert "<script>" not in page and "style=" not in page
    assert page.count("<svg") == 2
    words = _words(page)
    assert "Recibidas 6 +500 % antes 1" in words
    assert "Espera mediana 20 s −33 % antes 30 s" in words
    link = unescape(re.findall(r'href="(/consola/reportes/llamadas/filas\?cifra=recibidas[^"]*)"', page)[0])
    shown = (await head.get(link)).text
    assert "6 filas" in shown and shown.count("Llamada recibida") == 6
    table = (await head.get(link.replace("/filas?", "/filas.csv?"))).text
    lines = list(csv.reader(io.StringIO(table.removeprefix("\ufeff"))))
    assert [line[1] for line in lines[1:]] == ["Llamada recibida"] * 6
    for line in ("valor=felicitacion&por=motivo&cifra=realizadas", "valor=&por=motivo&cifra=buzon"):
        assert "1 fila," in (await head.get(f"/consola/reportes/llamadas/filas?{QUARTER}&{line}")).text
    printed = (await head.get(f"/consola/reportes/llamadas/exportar.pdf?{QUARTER}")).content
    pages = " ".join(one.extract_text() for one in PdfReader(io.BytesIO(printed)).pages)
    assert "Tercer trimestre de 2026" in pages
    assert re.search(r"Recibidas\s+6\s+1\s+\+500 %", pages)
    assert (await head.get(f"/consola/reportes/llamadas/exportar.xlsx?{QUARTER}")).content[:2] == b"PK"
    async with database.transaction() as session:
        kinds = AdminEvent.kind.in_(("report_exported", "report_rows_exported"))
        assert await session.scalar(select(func.count()).where(kinds)) == 3


async def test_all_reports_are_shown_full_empty_and_narrowed(app: FastAPI, case: Case) -> None:
    head = await sign_in(app, "hilda")
    index = (await head.get("/consola/reportes")).text
    for key, report in REPORTS.items():
        assert report.title in index
        for query in (QUARTER, f"{QUARTER}&columnas=todas&por=dia", f"{QUARTER}&municipio=26030&area={case.area}"):
            answer = await head.get(f"/consola/reportes/{key}?{query}")
            assert answer.status_code == 200, f"{key} {query}"
            assert "No hay nada que contar" not in answer.text or "municipio" in query
        assert "No hay nada que contar" in (await head.get(f"/consola/reportes/{key}?periodo=2001-T1")).text
        assert (await head.get(f"/consola/reportes/{key}/filas?cifra=nada")).status_code == 404
    assert (await head.get("/consola/reportes/nada")).status_code == 404


async def test_an_analyst_sees_their_own_work_and_nobody_else_s(app: FastAPI, case: Case) -> None:
    luz = await sign_in(app, "luz")
    assert "Chats atendidos" not in (await luz.get("/consola/reportes")).text
    for path in ("llamadas", "llamadas/exportar.csv", "llamadas/filas?cifra=recibidas"):
        assert (await luz.get(f"/consola/reportes/{path}")).status_code == 403
    wanted = f"{QUARTER}&persona={case.ana}&por=persona"
    page = await luz.get(f"/consola/reportes/productividad?{wanted}")
    assert "Chats 1 antes 0" in _words(page.text)
    assert case.ana.hex not in page.text.replace("-", "") and ">Ana<" not in page.text
    table = (await luz.get(f"/consola/reportes/productividad/exportar.csv?{wanted}")).text
    assert next(csv.reader(table.splitlines()[1:2]))[1] == "1"
    rows = await luz.get(f"/consola/reportes/productividad/filas?{wanted}&cifra=chats&valor={case.ana}")
    assert "Ninguna fila" in rows.text
    assert ">Ana<" not in rows.text
