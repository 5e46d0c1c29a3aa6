"""Rows of an XLSX or CSV file, one at a time: no file is ever whole in memory."""

import asyncio
import codecs
import csv
import zipfile
import zlib
from collections.abc import Generator, Iterator, Sequence
from contextlib import closing
from datetime import date, datetime, time, timedelta
from itertools import chain, islice
from pathlib import Path

import openpyxl
from openpyxl.utils.exceptions import InvalidFileException

from backend.errors import InvalidInput

MAX_COLUMNS = 100
#: What an XLSX may unfold to: a small file can claim to be a huge one.
MAX_UNZIPPED = 1024 * 1024 * 1024
#: What any of its parts but the sheets may: those alone are read piece by piece.
MAX_PART = 256 * 1024 * 1024
_SHEETS = "xl/worksheets/"
_SAMPLE = 64 * 1024
_CHUNK = 1024 * 1024
#: The first of them where the header has but one column.
_DELIMITERS = ",;\t|"
#: What openpyxl and what is below it raise on a damaged file, while it is opened or as late as its last row:
#: a broken archive, XML that ends early (SyntaxError), a part or a sheet that is not there.
_DAMAGED = (
    zipfile.BadZipFile,
    zlib.error,
    InvalidFileException,
    SyntaxError,
    LookupError,
    EOFError,
    OSError,
    TypeError,
    ValueError,
)


class UnreadableFile(InvalidInput):
    code = "archivo_ilegible"
    message = "No se pudo leer el archivo. Guárdelo como XLSX o CSV e intente de nuevo."


def rows(path: Path) -> Generator[tuple[int, list[str]], None, None]:
    """Each row that is not empty, with its number as the spreadsheet counts. Raises UnreadableFile."""
    source = _xlsx(path) if zipfile.is_zipfile(path) else _csv(path)
    for number, cells in enumerate(source, start=1):
        texts = [_text(cell) for cell in cells[:MAX_COLUMNS]]
        if any(texts):
            yield number, texts


async def some(source: Iterator[tuple[int, list[str]]], most: int) -> list[tuple[int, list[str]]]:
    """The next rows, read aside: to open a large workbook, or to find where it was left, takes seconds.

    Who is stopped meanwhile must not close `source`: the thread is still within it, and closes the file as it ends.
    """
    return await asyncio.to_thread(lambda: list(islice(source, most)))


def headers(path: Path) -> list[str]:
    """The first row that is not empty. Raises UnreadableFile, also for a file that has but one row."""
    with closing(rows(path)) as source:
        first = next(source, None)
        if first is None or next(source, None) is None:
            raise UnreadableFile("El archivo no tiene renglones. El primero debe decir qué es cada columna.")
    return [text[:200] for text in first[1]]


def _xlsx(path: Path) -> Iterator[Sequence[object]]:
    # Opened here: openpyxl refuses a name that does not end as it expects.
    try:
        with path.open("rb") as source:
            with zipfile.ZipFile(source) as archive:
                if _is_bomb(archive.infolist()):
                    raise UnreadableFile("El archivo es demasiado grande al abrirlo. Divídalo en varios.")
            with closing(openpyxl.load_workbook(source, read_only=True, data_only=True)) as book:
                yield from book.worksheets[0].iter_rows(values_only=True)
    except _DAMAGED as error:
        raise UnreadableFile from error


def _is_bomb(parts: Sequence[zipfile.ZipInfo]) -> bool:
    """By what they say of themselves: beyond that nothing is unfolded."""
    whole = (one.file_size for one in parts if not one.filename.startswith(_SHEETS))
    return sum(one.file_size for one in parts) > MAX_UNZIPPED or max(whole, default=0) > MAX_PART


def _csv(path: Path) -> Iterator[Sequence[object]]:
    encoding = encoding_of(path)
    try:
        with path.open(encoding=encoding, newline="") as source:
            sample = source.read(_SAMPLE)
            if "\0" in sample:
                raise UnreadableFile
            source.seek(0)
            yield from csv.reader(source, delimiter=_delimiter(sample))
    except csv.Error as error:
        raise UnreadableFile from error


def encoding_of(path: Path) -> str:
    """UTF-8 where all of the file is; else what Excel in Spanish writes, which any bytes are."""
    decoder = codecs.getincrementaldecoder("utf-8")()
    with path.open("rb") as source:
        pieces = chain(iter(lambda: source.read(_CHUNK), b""), [None])
        try:
            for piece in pieces:
                decoder.decode(piece or b"", final=piece is None)
        except UnicodeDecodeError:
            return "latin-1"
    return "utf-8-sig"


def _delimiter(sample: str) -> str:
    """What parts the header into most columns. `csv.Sniffer` is misled by commas and breaks within the texts."""
    header = next((line for line in sample.splitlines() if line.strip(_DELIMITERS + '" ')), "")
    return max(_DELIMITERS, key=lambda one: len(next(csv.reader([header], delimiter=one))))


def _text(cell: object) -> str:
    if cell is None:
        return ""
    if isinstance(cell, datetime):
        cell = (cell + timedelta(milliseconds=500)).replace(microsecond=0)  # a spreadsheet keeps it as a fraction
        return cell.date().isoformat() if cell.time() == time() else cell.isoformat(" ", "auto").removesuffix(":00")
    if isinstance(cell, date):
        return cell.isoformat()
    if isinstance(cell, float) and cell.is_integer():  # a telephone that was typed as a number
        return str(int(cell))
    return str(cell).replace("\r\n", "\n").strip()
