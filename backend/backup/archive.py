"""The archive: a tar of files and of the database's dump in parts, encrypted as it is written."""

import hashlib
import io
import re
import tarfile
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from pathlib import Path
from typing import IO, Protocol

from backend.backup.encryption import PIECE, DecryptingReader, EncryptingWriter
from backend.backup.errors import Damaged
from backend.backup.manifest import Entry, Manifest

MANIFEST = "manifest.json"
_DUMP, _FILES = "database/", "files/"
_PART = 8 * 1024 * 1024
_SAFE = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._-]*(/[A-Za-z0-9_][A-Za-z0-9._-]*)+")


class _Hash(Protocol):
    def update(self, data: bytes, /) -> None: ...
    def hexdigest(self) -> str: ...


class Writer:
    """Puts things in, the manifest last."""

    def __init__(self, tar: tarfile.TarFile) -> None:
        self._tar = tar

    def add_file(self, name: str, path: Path) -> Entry | None:
        """A file, known by `name` (folder/file); None where it has just gone."""
        try:
            with path.open("rb") as source:
                hashing = _Hashing(source)
                info = tarfile.TarInfo(_FILES + name)
                info.size = path.stat().st_size
                self._tar.addfile(info, hashing)
        except FileNotFoundError:
            return None
        return Entry(info.size, hashing.digest.hexdigest())

    def add_dump(self, source: IO[bytes]) -> Entry:
        """The dump, cut in parts: a tar must know how long each is before it has been read."""
        digest, size, number = hashlib.sha256(), 0, 0
        while part := source.read(_PART):
            digest.update(part)
            size += len(part)
            number += 1
            self._add(f"{_DUMP}{number:06d}", part)
        return Entry(size, digest.hexdigest())

    def add_manifest(self, manifest: Manifest) -> None:
        self._add(MANIFEST, manifest.to_json())

    def _add(self, name: str, content: bytes) -> None:
        info = tarfile.TarInfo(name)
        info.size = len(content)
        self._tar.addfile(info, io.BytesIO(content))


class _Hashing(io.RawIOBase):
    """A file whose content is hashed while it is read."""

    def __init__(self, source: IO[bytes]) -> None:
        self._source = source
        self.digest = hashlib.sha256()

    def readable(self) -> bool:
        return True

    def read(self, size: int = -1) -> bytes:
        content = self._source.read(size)
        self.digest.update(content)
        return content


@contextmanager
def writing(target: IO[bytes], passphrase: bytes) -> Iterator[Writer]:
    """A new archive into `target`: whole only if the block ends well."""
    encrypted = EncryptingWriter(target, passphrase)
    with tarfile.open(fileobj=encrypted, mode="w|", bufsize=PIECE) as tar:
        yield Writer(tar)
    encrypted.finish()


class Sink(Protocol):
    """Where bytes go."""

    def write(self, content: bytes, /) -> object: ...


#: Takes a file's name (folder/file), and gives where its content goes while the block lasts.
Place = Callable[[str], AbstractContextManager[Sink]]


def read(path: Path, passphrase: bytes, *, dump: Sink | None = None, place: Place | None = None) -> Manifest:
    """Go through an archive once: every byte is proved, and what is asked for goes where it is told. Raises Damaged.

    A file is proved only when it has been given: who calls must not believe it before this returns.
    """
    manifest: Manifest | None = None
    dumped, size, files = hashlib.sha256(), 0, dict[str, Entry]()
    try:
        with (
            path.open("rb") as source,
            tarfile.open(fileobj=io.BufferedReader(DecryptingReader(source, passphrase), PIECE), mode="r|") as tar,
        ):
            for info in tar:
                content = tar.extractfile(info)
                if content is None or manifest is not None:
                    raise Damaged("El respaldo tiene algo que no debería estar ahí.")
                if info.name == MANIFEST:
                    manifest = Manifest.from_json(content.read())
                elif info.name.startswith(_DUMP):
                    size += _copy(content, dumped, dump or _Nowhere())
                else:
                    name = _safe(info.name)
                    files[name] = _take(content, place(name) if place is not None else nullcontext(_Nowhere()))
    except (tarfile.TarError, EOFError) as error:
        raise Damaged("El respaldo está dañado por dentro. Use otra copia.") from error
    if manifest is None or manifest.dump != Entry(size, dumped.hexdigest()) or manifest.files != files:
        raise Damaged("El respaldo no contiene lo que dice contener. Use otra copia.")
    return manifest


def _safe(name: str) -> str:
    inner = name.removeprefix(_FILES)
    if inner == name or not _SAFE.fullmatch(inner):
        raise Damaged("El respaldo tiene un nombre de archivo que no es de Chat Sonora.")
    return inner


def _take(content: IO[bytes], place: AbstractContextManager[Sink]) -> Entry:
    digest = hashlib.sha256()
    with place as sink:
        return Entry(_copy(content, digest, sink), digest.hexdigest())


class _Nowhere:
    def write(self, content: bytes, /) -> None:
        """Read to be proved, not to be kept."""


def _copy(source: IO[bytes], digest: _Hash, target: Sink) -> int:
    size = 0
    while piece := source.read(PIECE):
        digest.update(piece)
        size += len(piece)
        target.write(piece)
    return size
