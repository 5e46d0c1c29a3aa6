"""Tables to take away: nothing that people typed runs, and every kind of cell reads back."""

import csv
import io
from collections.abc import AsyncIterator, Sequence
from datetime import UTC, date, datetime
from pathlib import Path

import openpyxl
import pytest

from backend import spreadsheets
from backend.spreadsheets import Cell

RISKY = ("=1+1", "+521", "-2", "@SUM(A1)", "\t=1", "\r=1", "\n=1", '=HYPERLINK("http://malo.example")')
MOMENT = datetime(2026, 11, 21, 2, 30, tzinfo=UTC)  # the day before, in Hermosillo


async def _chunks(*chunks: Sequence[Sequence[Cell]]) -> AsyncIterator[Sequence[Sequence[Cell]]]:
    for chunk in chunks:
        yield chunk


@pytest.mark.parametrize("text", RISKY)
async def test_what_a_spreadsheet_would_run_is_told_as_text(text: str) -> None:
    assert spreadsheets.inert(text) == f"'{text}"
    path = await spreadsheets.xlsx_file("Hoja", ["Asunto"], _chunks([[text]]))
    cell = openpyxl.load_workbook(path).active["A2"]
    path.unlink()
    assert cell.data_type == "s"
    assert cell.value.endswith(text.strip())  # openpyxl leaves XLSX's escape of a carriage return


async def test_every_kind_of_cell_reads_back_and_chunks_follow_one_another() -> None:
    rows: tuple[Sequence[Sequence[Cell]], ...] = (
        [["Ñoño, «sí»", 3, date(2026, 11, 20), MOMENT, None]],
        [["a\nb", -1, None, None, ""]],
    )
    text = b"".join([piece async for piece in spreadsheets.csv_stream("ABCDE", _chunks(*rows))])
    assert text.startswith(b"\xef\xbb\xbf")
    assert list(csv.reader(io.StringIO(text.decode("utf-8-sig"), newline="")))[1:] == [
        ["Ñoño, «sí»", "3", "2026-11-20", "2026-11-20 19:30", ""],
        ["a\nb", "-1", "", "", ""],
    ]
    path = await spreadsheets.xlsx_file("Hoja", "ABCDE", _chunks(*rows), [10])
    sheet = openpyxl.load_workbook(path).active
    path.unlink()
    assert [tuple(str(cell.value) for cell in row) for row in sheet.iter_rows(min_row=2)] == [
        ("Ñoño, «sí»", "3", "2026-11-20 00:00:00", "2026-11-20 19:30:00", "None"),
        ("a\nb", "-1", "None", "None", "None"),
    ]


async def test_a_table_that_breaks_off_leaves_no_file(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))

    async def broken() -> AsyncIterator[Sequence[Sequence[Cell]]]:
        yield [["uno"]]
        raise RuntimeError

    with pytest.raises(RuntimeError):
        await spreadsheets.xlsx_file("Hoja", ["A"], broken())
    assert list(tmp_path.iterdir()) == []
