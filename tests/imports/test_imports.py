"""A spreadsheet from its upload to its undoing, through a worker killed in the middle."""

import csv
import io
import re
import threading
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from fastapi import FastAPI
from sqlalchemy import func, select

from backend.agents.models import Role
from backend.app import create_app
from backend.db import Database
from backend.imports import jobs, reading
from backend.imports.models import BatchState, ImportBatch, ImportRow, RowState
from backend.registry import filing, petitions
from backend.registry.models import ActorKind, Petition, PetitionEvent, PetitionEventKind, PetitionStatus
from backend.settings import Settings
from tests.staff import BASE, Staff, add_staff, sign_in

HEADERS = ["No.", "Nombre del ciudadano", "Celular", "Asunto", "Municipio", "Colonia", "Quién capturó"]
ROWS = 200
#: Rows of `_rows` that are wrong, and that repeat another.
WRONG, REPEATED = 19, 10


def _rows() -> list[list[str]]:
    """Every tenth is wrong; the last ten say what the first ten good ones said."""
    made = []
    for number in range(ROWS - REPEATED):
        phone = f"662{1000000 + number}"
        place = "Narnia" if number % 10 == 3 else ("Hmo", "Cd. Obregón", "Nogales")[number % 3]
        said = f"Pide que le arreglen {_word(number)}"
        made.append([str(number), f"Persona {_word(number)} Ruiz", phone, said, place, "Centro", "x"])
    good = [row for row in made if row[4] != "Narnia"]
    return made + good[:REPEATED]


def _word(number: int) -> str:
    return "".join("abcdefghij"[int(digit)] for digit in f"{number:04}")


def _xlsx() -> bytes:
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.append(HEADERS)
    for row in _rows():
        sheet.append([int(cell) if cell.isdigit() else cell for cell in row])
    target = io.BytesIO()
    book.save(target)
    return target.getvalue()


@pytest.fixture
async def app(database: Database, settings: Settings) -> FastAPI:
    await add_staff(database, "ana")
    await add_staff(database, "hilda", Role.HEAD)
    return create_app(settings)


async def _upload(staff: Staff, name: str, content: bytes, **fields: str) -> tuple[int, str]:
    """The answer's status, and the batch's address or the page."""
    answer = await staff.client.post(
        "/consola/importaciones",
        data={"csrf_token": staff.csrf, **fields},
        files={"file": (name, content)},
        headers={"Origin": BASE},
    )
    return answer.status_code, answer.headers.get("location", answer.text)


async def _folios(database: Database, status: PetitionStatus) -> int:
    async with database.transaction() as session:
        wanted = select(func.count()).select_from(Petition).where(Petition.status == status)
        return await session.scalar(wanted) or 0


def _chosen(page: str) -> dict[str, str]:
    """The form's columns as the page proposes them."""
    selects = re.findall(r'<select name="(columna_\d+)">(.*?)</select>', page, re.S)
    return {
        name: (re.search(r'value="(\w*)" selected', options) or re.match("()", options))[1]  # type: ignore[index]
        for name, options in selects
    }


async def test_a_spreadsheet_is_mapped_checked_filed_and_undone(
    app: FastAPI, database: Database, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    hilda = await sign_in(app, "hilda")
    folder = jobs.folder_of(settings.var_dir)
    status, batch = await _upload(hilda, "gira.xlsx", _xlsx())
    assert status == 303, batch
    chosen = _chosen((await hilda.get(batch)).text)
    assert list(chosen.values()) == ["referencia_externa", "", "telefono", "narrativa", "municipio", "colonia", ""]
    twice = {"columna_0": "telefono", "columna_2": "telefono"}
    refused = await hilda.submit(f"{batch}/columnas", tipo="queja", medio="gira", **twice)
    assert "Dos columnas no pueden ser el mismo dato." in refused.text
    chosen["columna_1"], chosen["columna_0"] = "nombre", ""
    assert (await hilda.submit(f"{batch}/columnas", tipo="queja", medio="gira", **chosen)).status_code == 303
    await _killed_once(database, folder, monkeypatch, jobs.RowChecker, "check", after=2)
    await jobs.advance_due(database, folder)
    page = (await hilda.get(batch)).text
    assert re.search(rf"Con errores</dt><dd>{WRONG}<", page)
    assert re.search(rf"Parece repetida</dt><dd>{REPEATED}<", page)
    assert "No encontré ese municipio de Sonora." in page
    assert await _folios(database, PetitionStatus.RECIBIDA) == 0  # nothing before it is confirmed
    good = ROWS - REPEATED - WRONG
    assert (await hilda.submit(f"{batch}/registrar")).status_code == 303
    await _killed_once(database, folder, monkeypatch, filing, "file_all", after=2)
    assert 0 < await _folios(database, PetitionStatus.RECIBIDA) < good
    await jobs.advance_due(database, folder)
    assert await _folios(database, PetitionStatus.RECIBIDA) == good
    assert "Deshacer la importación" in (await hilda.get(batch)).text
    await _reported(hilda, batch, good)
    await _same_again(hilda)
    touched = await _touch_one(database)
    await _repeated_on_purpose(hilda, database, folder)
    assert (await hilda.submit(f"{batch}/deshacer")).status_code == 303
    await jobs.advance_due(database, folder)
    assert await _folios(database, PetitionStatus.CANCELADA) == good - 1
    async with database.transaction() as session:
        assert (await petitions.get(session, touched)).status is PetitionStatus.RECIBIDA
        why = select(PetitionEvent.text).where(PetitionEvent.kind == PetitionEventKind.STATUS_CHANGED).distinct()
        assert list(await session.scalars(why)) == ["Se deshizo la importación de «gira.xlsx»."]


async def _killed_once(
    database: Database, folder: Path, monkeypatch: pytest.MonkeyPatch, target: object, name: str, *, after: int
) -> None:
    """The worker dies in its work after so many calls of `name`; its open transaction goes with it."""

    class Killed(BaseException):
        pass

    original = getattr(target, name)
    left = after

    async def dying(*args: object, **options: object) -> object:
        nonlocal left
        left -= 1
        if left < 0:
            raise Killed
        return await original(*args, **options)

    with monkeypatch.context() as patch:
        patch.setattr(jobs, "READ_CHUNK", 35)
        patch.setattr(jobs, "FILE_CHUNK", 30)
        patch.setattr(target, name, dying)
        with pytest.raises(Killed):
            await jobs.advance_due(database, folder)


async def test_two_workers_read_a_file_together_and_neither_stands_still_for_it(
    app: FastAPI, database: Database, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One opens the file, the other reads on in it, and the first goes on where it thinks it is."""
    hilda = await sign_in(app, "hilda")
    folder = jobs.folder_of(settings.var_dir)
    _, batch = await _upload(hilda, "gira.xlsx", _xlsx())
    await hilda.submit(f"{batch}/columnas", tipo="queja", medio="gira", **_chosen((await hilda.get(batch)).text))
    monkeypatch.setattr(jobs, "READ_CHUNK", 50)
    threads = set[int]()
    whole = reading.rows

    def noted(path: Path) -> Iterator[tuple[int, list[str]]]:
        for row in whole(path):
            threads.add(threading.get_ident())
            yield row

    monkeypatch.setattr(reading, "rows", noted)
    claim = jobs._claim

    async def after_the_other(*what: Any) -> ImportBatch | None:
        """At the first look the other worker comes by, and has one chunk."""
        monkeypatch.setattr(jobs, "_claim", once)
        await jobs.advance_due(database, folder)
        monkeypatch.setattr(jobs, "_claim", claim)
        return await claim(*what)

    looks = iter((True, False))

    async def once(*what: Any) -> ImportBatch | None:
        return await claim(*what) if next(looks) else None

    monkeypatch.setattr(jobs, "_claim", after_the_other)
    await jobs.advance_due(database, folder)
    async with database.transaction() as session:
        made = (await session.scalars(select(ImportBatch))).one()
        rows = await session.scalar(select(func.count()).select_from(ImportRow))
    assert (made.state, made.total, rows) == (BatchState.READY, ROWS, ROWS)
    assert threading.get_ident() not in threads, "the worker's loop stood still while it read"


async def _reported(hilda: Staff, batch: str, good: int) -> None:
    lines = list(csv.reader(io.StringIO((await hilda.get(f"{batch}/informe.csv")).text.removeprefix("\ufeff"))))
    assert len(lines) == ROWS + 1
    assert sum(line[1] == "Registrada" and line[2].startswith("AC-") for line in lines) == good
    wrong = next(line for line in lines if line[1] == "Con errores")
    assert wrong[4] == "Municipio: No encontré ese municipio de Sonora."


async def _same_again(hilda: Staff) -> None:
    """The same bytes warn; asked for again, every row of theirs is known."""
    content = await _bytes_of_last(hilda)
    status, page = await _upload(hilda, "otra vez.xlsx", content)
    assert status == 422
    assert "Ese mismo archivo ya se importó" in page
    status, batch = await _upload(hilda, "otra vez.xlsx", content, again="si")
    assert status == 303
    chosen = _chosen((await hilda.get(batch)).text)
    assert chosen["columna_1"] == "nombre"  # as it was said the last time
    assert chosen["columna_0"] == ""
    assert (await hilda.submit(f"{batch}/descartar")).status_code == 303


async def _repeated_on_purpose(hilda: Staff, database: Database, folder: Path) -> None:
    """The same person with nearly the same words: said to repeat a folio, and filed only when asked to be."""
    _, name, phone, said, place, *_ = _rows()[0]
    content = f"Nombre,Celular,Asunto,Municipio\n{name},{phone},{said} pronto,{place}\n"
    _, batch = await _upload(hilda, "una.csv", content.encode())
    chosen = _chosen((await hilda.get(batch)).text)
    await hilda.submit(f"{batch}/columnas", tipo="queja", medio="gira", **chosen)
    await jobs.advance_due(database, folder)
    assert re.search(r"Parece repetida</dt><dd>1<", (await hilda.get(batch)).text)
    assert (await hilda.submit(f"{batch}/registrar")).status_code == 422
    await hilda.submit(f"{batch}/registrar", repetidas="si")
    await jobs.advance_due(database, folder)
    assert re.search(r"Registrada</dt><dd>1<", (await hilda.get(batch)).text)


async def _bytes_of_last(hilda: Staff) -> bytes:
    settings: Settings = hilda.client._transport.app.state.settings  # type: ignore[attr-defined]
    (only,) = jobs.folder_of(settings.var_dir).iterdir()
    return only.read_bytes()


async def _touch_one(database: Database) -> str:
    async with database.transaction() as session:
        row = (await session.scalars(select(ImportRow).where(ImportRow.state == RowState.FILED).limit(1))).one()
        petition = await session.get_one(Petition, row.petition_id)
        await petitions.add_event(session, petition, PetitionEventKind.NOTE, actor=ActorKind.STAFF, text="Se le llamó")
        return petition.folio


async def test_only_the_head_imports(app: FastAPI) -> None:
    ana = await sign_in(app, "ana")
    assert (await ana.get("/consola/importaciones")).status_code == 403
    assert (await _upload(ana, "a.csv", b"Asunto\nx"))[0] == 403


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "latin-1"])
@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_a_csv_is_read_whatever_wrote_it(tmp_path: Path, encoding: str, delimiter: str) -> None:
    path = tmp_path / "a.csv"
    rows = [["Petición", "Niño"], ["", ""], ["Año «nuevo»", "sí\nno"]]
    with path.open("w", encoding=encoding, newline="") as target:
        csv.writer(target, delimiter=delimiter).writerows(rows)
    assert list(reading.rows(path)) == [(1, rows[0]), (3, rows[2])]


def _damaged(part: str) -> bytes:
    """A spreadsheet of which one part is cut off in its middle."""
    target = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(_xlsx())) as whole, zipfile.ZipFile(target, "w") as cut:
        for name in whole.namelist():
            content = whole.read(name)
            cut.writestr(name, content[: len(content) // 2] if name == part else content)
    return target.getvalue()


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"Asunto\n",
        b"\x00\x01\x02\n\x00",
        b"PK\x05\x06" + b"\0" * 18,
        _damaged("xl/workbook.xml"),
        _damaged("xl/styles.xml"),
    ],
)
def test_what_is_no_spreadsheet_is_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "a"
    path.write_bytes(content)
    with pytest.raises(reading.UnreadableFile):
        reading.headers(path)
