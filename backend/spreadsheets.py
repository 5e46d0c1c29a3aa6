"""Tables to take away as CSV and XLSX, row by row: however long, they never stand in memory whole.

What people typed must not become a formula: in CSV a cell that a spreadsheet would take for one begins with an
apostrophe; in XLSX every cell is written as text, a number or a date, never as a formula (OWASP, «CSV Injection»).
"""

import asyncio
import csv
import io
import tempfile
from collections.abc import AsyncIterator, Iterable, Sequence
from datetime import date, datetime
from pathlib import Path

import xlsxwriter

from backend import clock

Cell = str | int | float | date | datetime | None

#: What a spreadsheet may take for the beginning of a formula.
_RISKY = ("=", "+", "-", "@", "\t", "\r", "\n")
#: Excel's last row, less the headings.
MOST_ROWS = 1_048_575
#: Excel's longest text in a cell.
_LONGEST = 32_767
CSV_TYPE = "text/csv; charset=utf-8"
XLSX_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


def inert(text: str) -> str:
    """`text` as a CSV's cell that no spreadsheet runs."""
    return f"'{text}" if text.startswith(_RISKY) else text


def _plain(cell: Cell) -> str:
    if cell is None:
        return ""
    if isinstance(cell, datetime):
        return f"{clock.local(cell):%Y-%m-%d %H:%M}"
    return cell.isoformat() if isinstance(cell, date) else inert(str(cell)) if isinstance(cell, str) else str(cell)


def csv_text(rows: Iterable[Sequence[Cell]]) -> str:
    """Lines of CSV."""
    target = io.StringIO()
    csv.writer(target).writerows([_plain(cell) for cell in row] for row in rows)
    return target.getvalue()


async def csv_stream(headings: Sequence[str], chunks: AsyncIterator[Sequence[Sequence[Cell]]]) -> AsyncIterator[bytes]:
    """A CSV as it is made, a piece a chunk of rows; with the mark by which Excel knows UTF-8."""
    yield csv_text([headings]).encode("utf-8-sig")
    async for rows in chunks:
        yield csv_text(rows).encode()


async def xlsx_file(
    title: str, headings: Sequence[str], chunks: AsyncIterator[Sequence[Sequence[Cell]]], widths: Sequence[int] = ()
) -> Path:
    """An XLSX of one sheet in a temporary file, which is the caller's to delete."""
    with tempfile.NamedTemporaryFile(suffix=".xlsx", delete=False) as made:
        path = Path(made.name)
    sheet = _Sheet(path, title, headings, widths)
    is_whole = False
    try:
        async for rows in chunks:
            # Minutes of work for a long list: the server has other people to answer.
            if not await asyncio.to_thread(sheet.write, rows):
                break
        is_whole = True
    finally:
        # Closed in any case: until then the rows stand in temporary files of the library's own.
        await asyncio.to_thread(sheet.close)
        if not is_whole:
            path.unlink()
    return path


class _Sheet:
    """A workbook being written: rows in order, each flushed before the next."""

    def __init__(self, path: Path, title: str, headings: Sequence[str], widths: Sequence[int]) -> None:
        self._book = xlsxwriter.Workbook(str(path), {"constant_memory": True})
        self._day = self._book.add_format({"num_format": "dd/mm/yyyy"})
        self._moment = self._book.add_format({"num_format": "dd/mm/yyyy hh:mm"})
        self._sheet = self._book.add_worksheet(title[:31])
        for column, width in enumerate(widths):
            self._sheet.set_column(column, column, width)
        self._sheet.freeze_panes(1, 0)
        bold = self._book.add_format({"bold": True})
        for column, heading in enumerate(headings):
            self._sheet.write_string(0, column, heading, bold)
        self._row = 0

    def write(self, rows: Sequence[Sequence[Cell]]) -> bool:
        """Add rows; False once the sheet is full."""
        for row in rows:
            if self._row >= MOST_ROWS:
                return False
            self._row += 1
            for column, cell in enumerate(row):
                self._write_cell(column, cell)
        return True

    def _write_cell(self, column: int, cell: Cell) -> None:
        if isinstance(cell, datetime):
            self._sheet.write_datetime(self._row, column, clock.local(cell).replace(tzinfo=None), self._moment)
        elif isinstance(cell, date):
            self._sheet.write_datetime(self._row, column, datetime(cell.year, cell.month, cell.day), self._day)  # noqa: DTZ001 - a day has no zone
        elif isinstance(cell, int | float):
            self._sheet.write_number(self._row, column, cell)
        elif cell:
            self._sheet.write_string(self._row, column, cell[:_LONGEST])

    def close(self) -> None:
        self._book.close()
