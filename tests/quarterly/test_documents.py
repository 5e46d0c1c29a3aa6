"""The Informe's PDF and DOCX tell what the edition tells; schedules send a period once, whoever looks."""

import asyncio
import io
import itertools
import zipfile
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import docx
import pypdfium2
import pytest
from fastapi import FastAPI
from sqlalchemy import select

from backend import clock
from backend.agents import service as agents
from backend.agents.models import Role
from backend.app import create_app
from backend.conversations.files import FileStore
from backend.db import Database
from backend.mail import jobs as mail_jobs
from backend.mail.smtp import SmtpMailer
from backend.quarterly import content, jobs, schedules
from backend.quarterly.models import Dispatch, Frequency
from backend.quarterly.schedules import Wanted
from backend.reports.periods import Period
from backend.settings import Settings
from tests.mail.server import mail_server
from tests.quarterly.calls import add_quarter
from tests.staff import Staff, add_staff, sign_in

PAGE = "/consola/informe/2026-T3"
MONDAY = datetime(2026, 11, 16, 15, 30, tzinfo=UTC)  # 8:30 in Hermosillo


async def _head(database: Database, settings: Settings) -> tuple[FastAPI, Staff]:
    await add_staff(database, "ana")
    await add_staff(database, "hilda", Role.HEAD)
    async with database.transaction() as session:
        await add_quarter(session)
    app = create_app(settings)
    return app, await sign_in(app, "hilda")


async def test_the_head_sets_goals_writes_closes_and_takes_the_documents(
    database: Database, settings: Settings
) -> None:
    app, hilda = await _head(database, settings)
    assert (await (await sign_in(app, "ana")).get(PAGE)).status_code == 403
    refused = await hilda.submit(f"{PAGE}/metas", **{"llamadas.recibidas": "doce"})
    assert refused.status_code == 422
    assert 'value="doce"' in refused.text
    await hilda.submit(f"{PAGE}/metas", **{"llamadas.recibidas": "12"})
    texts = {"achievements": "Se contestó <más> & mejor.\n\nSegundo párrafo.", "prepared_name": "Hilda Soto"}
    await hilda.submit(f"{PAGE}/textos", **texts)
    assert "BORRADOR" in _text_of((await hilda.get(f"{PAGE}/documento.pdf")).content)
    assert (await hilda.submit(f"{PAGE}/cerrar")).status_code == 303
    assert (await hilda.submit(f"{PAGE}/cerrar")).status_code == 409
    page = (await hilda.get(PAGE)).text
    assert "−2" in page
    assert "83.3 %" in page
    printed = _text_of((await hilda.get(f"{PAGE}/documento.pdf")).content)
    made = docx.Document(io.BytesIO((await hilda.get(f"{PAGE}/documento.docx")).content))
    written = "\n".join(one.text for one in made.paragraphs)
    cells = [[cell.text for cell in row.cells] for table in made.tables for row in table.rows]
    assert ["Recibidas", "0", "10", "12", "−2", "83.3 %"] in cells
    assert len(made.inline_shapes) >= 1, "charts"
    sha256 = (await hilda.get(f"{PAGE}/huella")).text.split("Huella guardada</dt><dd><code>")[1][:64]
    for told in ("Se contestó <más> & mejor.", "Segundo párrafo.", sha256):
        assert told in written
        assert told in printed.replace("\r\n", " ") or told == sha256
    assert "Hilda Soto" in printed
    assert sha256[:16] in printed
    assert "BORRADOR" not in printed
    rows = await hilda.get(f"{PAGE}/filas?cifra=llamadas.abandonadas")
    assert "2 registros" in rows.text
    assert "Nada se ha corregido" in (await hilda.get(f"{PAGE}/correcciones")).text


async def test_a_quarter_that_has_not_begun_is_no_draft(database: Database, settings: Settings) -> None:
    _, hilda = await _head(database, settings)
    today = clock.local(clock.now()).date()
    now = Period.quarter(today.year, (today.month + 2) // 3)
    assert (await hilda.get(f"/consola/informe/{now.key}")).status_code == 200
    for path in ("", "/documento.pdf", "/huella"):
        refused = await hilda.get(f"/consola/informe/{now.after.key}{path}")
        assert refused.status_code == 404
        assert "Ese trimestre todavía no empieza." in refused.text
    typed = {"achievements": "Se contestará más."}
    assert (await hilda.submit(f"/consola/informe/{now.after.key}/textos", **typed)).status_code == 404


def _text_of(content: bytes) -> str:
    document = pypdfium2.PdfDocument(content)
    return "\n".join(page.get_textpage().get_text_range() for page in document)


def test_the_canonical_form_is_the_same_however_often_it_is_read_and_written() -> None:
    line = content.Line("a.b", "Año", "Qué", content.Unit.SHARE, True, 0.5, None, 0.9, 3, "0" * 64)
    made = content.Informe(
        2026, 3, 1, "", "Gobierno", "CEAC", "", "", {"achievements": "Sí"}, (content.Section("S", (line,)),),
        datetime(2026, 10, 2, tzinfo=UTC), "Hilda",
    )  # fmt: skip
    form = content.written(made)
    again = content.read(form, content.hash_of(form))
    assert content.written(again) == form
    assert '"value":"0.5000"' in form
    assert again.sections == made.sections


async def test_a_report_that_fells_the_worker_is_given_up_until_the_head_asks_again(
    database: Database, settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    await _head(database, settings)
    files = FileStore(tmp_path / "files", max_bytes=10**7)
    async with database.transaction() as session:
        head = await agents.find_user(session, "hilda")
        with clock.pinned(MONDAY - timedelta(days=3)):
            await schedules.add(session, Wanted("llamadas", Frequency.WEEKLY, ["xlsx"], [head.id]), by=head)
    make = jobs._make
    monkeypatch.setattr(jobs, "_make", _killed)
    with clock.pinned(MONDAY):
        for _ in range(jobs.MOST_ATTEMPTS):
            with pytest.raises(_Killed):
                await jobs.send_due(database, files)
        assert await jobs.send_due(database, files) == 0, "the worker lives"
        monkeypatch.setattr(jobs, "_make", make)
        assert await jobs.send_due(database, files) == 0
        async with database.transaction() as session:
            dispatch = (await session.scalars(select(Dispatch))).one()
            await schedules.retry(session, dispatch.id)
        assert await jobs.send_due(database, files) == 1


class _Killed(BaseException):
    """As if the process had ended here."""


async def _killed(*_: object) -> None:
    raise _Killed


async def test_a_report_is_made_though_another_worker_looks_at_it_in_between(
    database: Database, settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    await _head(database, settings)
    async with database.transaction() as session:
        head = await agents.find_user(session, "hilda")
        with clock.pinned(MONDAY - timedelta(days=3)):
            await schedules.add(session, Wanted("llamadas", Frequency.WEEKLY, ["xlsx"], [head.id]), by=head)
    is_looking, free, locks = asyncio.Event(), jobs._free, itertools.count(1)

    async def look() -> None:
        async with database.transaction() as session:
            await session.execute(select(Dispatch).with_for_update())
            is_looking.set()
            await asyncio.sleep(0.3)

    async def looked_at(*given: Any, **options: Any) -> Dispatch | None:
        if next(locks) == 2:
            looking.append(asyncio.create_task(look()))
            await is_looking.wait()
        return await free(*given, **options)

    looking: list[asyncio.Task[None]] = []
    monkeypatch.setattr(jobs, "_free", looked_at)
    with clock.pinned(MONDAY):
        assert await jobs.send_due(database, FileStore(tmp_path / "files", max_bytes=10**7)) == 1
    await asyncio.gather(*looking)


async def test_a_scheduled_report_goes_out_once_a_period_with_its_files_and_failures_are_seen(
    database: Database, settings: Settings, tmp_path: Path
) -> None:
    _, hilda = await _head(database, settings)
    files = FileStore(tmp_path / "files", max_bytes=10**7)
    async with database.transaction() as session:
        head, ana = await agents.find_user(session, "hilda"), await agents.find_user(session, "ana")
        head.email = "hilda@sonora.example"
        with clock.pinned(MONDAY - timedelta(days=3)):
            wanted = Wanted("llamadas", Frequency.WEEKLY, ["pdf", "xlsx"], [head.id, ana.id])
            await schedules.add(session, wanted, by=head)
    with clock.pinned(MONDAY - timedelta(hours=1)):
        assert await jobs.send_due(database, files) == 0, "it is not yet eight"
    with clock.pinned(MONDAY):
        made = await asyncio.gather(*(jobs.send_due(database, files) for _ in range(3)))
        assert sum(made) == 1
        assert await jobs.send_due(database, files) == 0
    async with database.transaction() as session:
        (dispatch,) = (await session.scalars(select(Dispatch))).all()
    assert dispatch.period == "2026-S46"
    async with mail_server() as server:
        server.rcpt_answer = "550 No such user"
        mailer = SmtpMailer(server.url, "avisos@sonora.example")
        await mail_jobs.send_due(database, mailer, files, "https://chat.example")
        page = (await hilda.get("/consola/informe/envios")).text
        assert "No salió" in page
        assert "Sin correo" in page, "ana has no address"
        server.rcpt_answer = None
        retried = await hilda.submit(f"/consola/informe/envios/hechos/{dispatch.id}/reintentar")
        assert retried.status_code == 303
        await mail_jobs.send_due(database, mailer, files, "https://chat.example")
        (mail,) = server.received
    pdf, xlsx = mail.iter_attachments()
    assert (pdf.get_filename(), xlsx.get_filename()) == (
        "reporte-llamadas-2026-S46.pdf",
        "reporte-llamadas-2026-S46.xlsx",
    )
    assert "Llamadas" in _text_of(pdf.get_content())
    assert zipfile.ZipFile(io.BytesIO(xlsx.get_content())).testzip() is None
    assert "Enviado" in (await hilda.get("/consola/informe/envios")).text
    with clock.pinned(MONDAY + timedelta(days=7)):
        assert await jobs.send_due(database, files) == 1, "the next week's"
