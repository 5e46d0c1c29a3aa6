"""A list as a file, to be opened in Excel: CSV sent as it is read, or a workbook."""

from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import TypeVar

from fastapi.responses import FileResponse, StreamingResponse
from sqlalchemy.ext.asyncio import AsyncSession
from starlette.background import BackgroundTask

from backend import clock, spreadsheets
from backend.db import Database
from backend.spreadsheets import Cell

T = TypeVar("T")
#: A handful of rows at a time, however many there are.
Rows = AsyncIterator[Sequence[Sequence[Cell]]]


@dataclass(frozen=True)
class Sheet:
    """What a list is called as a file (without its day) and as a sheet, its columns and how wide they are."""

    name: str
    title: str
    headings: Sequence[str]
    widths: Sequence[int]


async def read(database: Database, chunks: Callable[[AsyncSession], Rows]) -> Rows:
    """The rows of one moment, read after the page's own transaction has ended."""
    async with database.snapshot() as session:
        async for rows in chunks(session):
            yield rows


async def by_pages(fetch: Callable[[int], Awaitable[tuple[Sequence[T], int]]]) -> AsyncIterator[Sequence[T]]:
    """The whole of a list that `fetch` gives by pages, from the first, each with how many rows there are in all."""
    number = 1
    while (found := await fetch(number))[0]:
        yield found[0]
        number += 1


async def at_once(rows: Sequence[Sequence[Cell]]) -> Rows:
    """Rows that are all there."""
    yield rows


def csv(sheet: Sheet, rows: Rows, name: str | None = None) -> StreamingResponse:
    """`name`: of the file, where it is not the list's and the day's."""
    headers = {"Content-Disposition": f'attachment; filename="{name or _of_the_day(sheet, "csv")}"'}
    stream = spreadsheets.csv_stream(sheet.headings, rows)
    return StreamingResponse(stream, media_type=spreadsheets.CSV_TYPE, headers=headers)


async def xlsx(sheet: Sheet, rows: Rows, name: str | None = None) -> FileResponse:
    """The same as a workbook, which is gone from our disk once it is sent."""
    path = await spreadsheets.xlsx_file(sheet.title, sheet.headings, rows, sheet.widths)
    return FileResponse(
        path,
        media_type=spreadsheets.XLSX_TYPE,
        filename=name or _of_the_day(sheet, "xlsx"),
        background=BackgroundTask(path.unlink),
    )


def _of_the_day(sheet: Sheet, suffix: str) -> str:
    return f"{sheet.name}-{clock.local(clock.now()):%Y-%m-%d}.{suffix}"
