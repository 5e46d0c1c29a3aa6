"""The copy for a person of what is held on them: a ZIP with a summary to read, the data, and the files."""

import enum
import io
import json
import zipfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from decimal import Decimal
from pathlib import PurePosixPath
from typing import Any
from uuid import UUID

from sqlalchemy import inspect as inspect_model

from backend.conversations.files import FileStore
from backend.holdings import summary
from backend.holdings.subject import Subject
from backend.holdings.tables import BY_TABLE, HIDDEN, NO_FILE

_CHUNK = 256 * 1024
#: How the columns that name a file in the store go with those that say what it is called.
_FILE_COLUMNS = {"sha256": None, "pdf_sha256": ".pdf", "docx_sha256": ".docx"}
READ_ME = (
    "Copia de los datos personales que la oficina tiene registrados.\r\n\r\n"
    "resumen.pdf: lo principal, para leerse.\r\n"
    "datos.json: todo lo registrado, tabla por tabla, para usarse en otro sistema.\r\n"
    "archivos/: los archivos que se enviaron o se hicieron. archivos.txt dice de qué son.\r\n"
)


@dataclass(frozen=True)
class Kept:
    """A file of the store and where it goes in the ZIP."""

    path: str
    sha256: str
    title: str


def data(subject: Subject) -> dict[str, Any]:
    """Everything in every table as JSON can hold it, without keys and workings."""
    return {
        table: {"titulo": BY_TABLE[table].title, "registros": [_plain_row(row) for row in rows]}
        for table, rows in subject.rows.items()
        if rows
    }


def _plain_row(row: Any) -> dict[str, Any]:
    mapper = inspect_model(type(row))
    names = [one.key for one in mapper.column_attrs if one.key not in HIDDEN and not one.deferred]
    return {name: _plain(getattr(row, name)) for name in names}


def _plain(value: Any) -> Any:
    match value:
        case enum.Enum():
            return value.value
        case datetime() | date() | time():
            return value.isoformat()
        case UUID() | Decimal():
            return str(value)
        case bytes():
            return value.hex()
    return value


def files(subject: Subject) -> list[Kept]:
    """The files of the store that the rows name, each once."""
    found: dict[str, Kept] = {}
    for table, rows in subject.rows.items():
        for row in rows:
            for column, suffix in _FILE_COLUMNS.items():
                sha256 = getattr(row, column, None)
                if sha256 and sha256 != NO_FILE and sha256 not in found:
                    called = _called(row, suffix)
                    found[sha256] = Kept(f"archivos/{len(found) + 1:04}-{called}", sha256, BY_TABLE[table].title)
    return list(found.values())


def _called(row: Any, suffix: str | None) -> str:
    if suffix is not None:
        return "".join(char if char.isalnum() else "-" for char in row.reference) + suffix
    name = PurePosixPath((row.file_name or "archivo").replace("\\", "/")).name
    return "".join(char for char in name if char.isprintable() and char not in '<>:"|?*')[:120] or "archivo"


class _Sink(io.RawIOBase):
    """What the ZIP writes, to be handed on and forgotten: it never lies in memory whole."""

    def __init__(self) -> None:
        super().__init__()
        self._written: list[bytes] = []

    def writable(self) -> bool:
        return True

    def write(self, chunk: Any) -> int:
        self._written.append(bytes(chunk))
        return len(chunk)

    def take(self) -> bytes:
        taken, self._written = b"".join(self._written), []
        return taken


def stream(subject: Subject, store: FileStore, made_at: datetime, folio: str) -> Iterator[bytes]:
    """The ZIP, bit by bit. A file whose bytes are gone is named in the list as such."""
    kept = files(subject)
    sink = _Sink()
    with zipfile.ZipFile(sink, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("LEAME.txt", READ_ME)
        archive.writestr("resumen.pdf", summary.render(subject, made_at, folio))
        yield sink.take()
        archive.writestr("datos.json", json.dumps(data(subject), ensure_ascii=False, indent=1))
        archive.writestr("archivos.txt", "\r\n".join(_listed(kept, store)))
        yield sink.take()
        for one in kept:
            yield from _file(archive, sink, one, store)
    yield sink.take()


def _listed(kept: Sequence[Kept], store: FileStore) -> Iterator[str]:
    for one in kept:
        there = store.path(one.sha256).is_file()
        yield f"{one.path} · {one.title}{'' if there else ' · el archivo ya no está disponible'}"


def _file(archive: zipfile.ZipFile, sink: _Sink, one: Kept, store: FileStore) -> Iterator[bytes]:
    path = store.path(one.sha256)
    if not path.is_file():
        return
    with path.open("rb") as source, archive.open(one.path, "w", force_zip64=True) as target:
        while chunk := source.read(_CHUNK):
            target.write(chunk)
            yield sink.take()
