"""Files that people send: told by their content, limited in size, kept under their SHA-256.

The name and the type that the sender claims are never believed: the type comes from the
content, the name is only shown.
"""

import asyncio
import errno
import hashlib
import os
import tempfile
import unicodedata
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager, suppress
from datetime import datetime
from pathlib import Path
from typing import Protocol
from uuid import UUID

import filetype
import structlog
from fastapi import UploadFile
from fastapi.responses import FileResponse
from PIL import Image, UnidentifiedImageError
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from backend.conversations.messages import StoredFile
from backend.conversations.models import Attachment
from backend.conversations.scanning import Scanner, SignatureOnly
from backend.errors import ChatSonoraError, InvalidInput, NotFound, TooLarge

log = structlog.get_logger(__name__)

MAX_PIXELS = 60_000_000
_TOO_MANY_POINTS = "La imagen es demasiado grande. Envíe una con menos resolución."
_CHUNK = 64 * 1024
_SUFFIXES = {
    "image/jpeg": ".jpg",
    "image/png": ".png",
    "image/webp": ".webp",
    "application/pdf": ".pdf",
    "audio/ogg": ".ogg",
    "audio/mpeg": ".mp3",
    "audio/mp4": ".m4a",
    "audio/x-m4a": ".m4a",
    "audio/amr": ".amr",
    "video/mp4": ".mp4",
    "application/vnd.openxmlformats-officedocument.wordprocessingml.document": ".docx",
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet": ".xlsx",
}
#: What the web chat and the console take.
UPLOADED_TYPES = frozenset({"image/jpeg", "image/png", "image/webp", "application/pdf"})
#: What comes from other channels, where the citizen cannot know beforehand what we take.
RECEIVED_TYPES = frozenset(_SUFFIXES)


class UnsupportedFile(ChatSonoraError):
    status = 415
    code = "tipo_no_admitido"
    message = "Solo se aceptan fotos (JPG, PNG, WebP) y documentos PDF."


class EmptyFile(InvalidInput):
    code = "archivo_vacio"
    message = "El archivo está vacío."


class StorageFull(ChatSonoraError):
    status = 507
    code = "sin_espacio"
    message = "Por el momento no podemos guardar archivos. Intente más tarde; sus mensajes sí nos llegan."


class KeptFile(Protocol):
    """A row that names a file of the store."""

    @property
    def file_name(self) -> str: ...

    @property
    def content_type(self) -> str: ...

    @property
    def sha256(self) -> str: ...


class FileStore:
    """The folder of attachments. The same content is kept once."""

    def __init__(self, folder: Path, *, max_bytes: int, scanner: Scanner | None = None) -> None:
        self._folder = folder
        self._max_bytes = max_bytes
        self._scanner = scanner or SignatureOnly()

    async def keep(self, upload: UploadFile) -> StoredFile:
        """Store an upload. Raises TooLarge, EmptyFile, UnsupportedFile, InfectedFile, ScannerAway, StorageFull."""
        return await self._keep(_chunks(upload), upload.filename, UPLOADED_TYPES)

    async def keep_received(self, content: bytes, file_name: str | None) -> StoredFile:
        """Store what came through another channel. Raises as `keep` does."""
        return await self._keep(_whole(content), file_name, RECEIVED_TYPES)

    async def keep_made(self, content: bytes, file_name: str, content_type: str) -> StoredFile:
        """Store what we made ourselves, and so know the type of. Raises StorageFull."""
        stored = StoredFile(file_name, content_type, len(content), hashlib.sha256(content).hexdigest())
        with _refusal_of_the_disk():
            self._folder.mkdir(parents=True, exist_ok=True)
            await asyncio.to_thread(_write, self.path(stored.sha256), content)
        return stored

    async def _keep(self, chunks: AsyncIterator[bytes], name: str | None, types: frozenset[str]) -> StoredFile:
        with _refusal_of_the_disk():
            return await self._keep_on_disk(chunks, name, types)

    async def _keep_on_disk(self, chunks: AsyncIterator[bytes], name: str | None, types: frozenset[str]) -> StoredFile:
        self._folder.mkdir(parents=True, exist_ok=True)
        handle, temporary = tempfile.mkstemp(dir=self._folder, prefix="upload-")
        path = Path(temporary)
        try:
            with os.fdopen(handle, "wb") as target:
                sha256, size = await self._copy(chunks, target)
            content_type = await asyncio.to_thread(_content_type, path, types)
            await self._scanner.check(path)
            path.replace(self.path(sha256))
        except BaseException:
            path.unlink(missing_ok=True)
            raise
        return StoredFile(_shown_name(name, content_type), content_type, size, sha256)

    async def _copy(self, chunks: AsyncIterator[bytes], target: object) -> tuple[str, int]:
        digest, size = hashlib.sha256(), 0
        async for chunk in chunks:
            size += len(chunk)
            if size > self._max_bytes:
                raise TooLarge(f"El archivo pasa de {self._max_bytes // (1024 * 1024)} MB. Envíe uno más pequeño.")
            digest.update(chunk)
            target.write(chunk)  # type: ignore[attr-defined]
        if size == 0:
            raise EmptyFile
        return digest.hexdigest(), size

    def path(self, sha256: str) -> Path:
        """Where the bytes lie."""
        return self._folder / sha256

    def discard(self, sha256: str, untouched_since: datetime) -> None:
        """Delete bytes that no row names, unless the same came in again meanwhile."""
        path = self.path(sha256)
        with suppress(FileNotFoundError):
            if path.stat().st_mtime < untouched_since.timestamp():
                path.unlink()

    def untouched_since(self, moment: datetime) -> Iterator[str]:
        """The names of what came in before, with what was never stored whole among them."""
        with suppress(FileNotFoundError), os.scandir(self._folder) as entries:
            for entry in entries:
                with suppress(FileNotFoundError):  # another process may delete it meanwhile
                    if entry.is_file() and entry.stat().st_mtime < moment.timestamp():
                        yield entry.name

    def response(self, attachment: KeptFile) -> FileResponse:
        """The bytes, such that a browser neither guesses their type nor runs them."""
        path = self.path(attachment.sha256)
        if not path.is_file():
            raise NotFound("El archivo ya no está disponible.")
        is_image = attachment.content_type.startswith("image/")
        return FileResponse(
            path,
            media_type=attachment.content_type,
            filename=attachment.file_name,
            content_disposition_type="inline" if is_image else "attachment",
            headers={
                "X-Content-Type-Options": "nosniff",
                "Content-Security-Policy": "default-src 'none'; sandbox",
                "Cache-Control": "private, max-age=3600",
            },
        )


async def find(session: AsyncSession, attachment_id: UUID, *, conversation_id: UUID | None = None) -> Attachment:
    """An attachment; with `conversation_id`, only if it belongs there. Raises NotFound."""
    query = select(Attachment).where(Attachment.id == attachment_id)
    if conversation_id is not None:
        query = query.where(Attachment.conversation_id == conversation_id)
    attachment = await session.scalar(query)
    if attachment is None:
        raise NotFound("Ese archivo no existe.")
    return attachment


async def of_message(session: AsyncSession, message_id: UUID) -> Attachment | None:
    """The file that a citizen's message carries, if it carries one."""
    return await session.scalar(select(Attachment).where(Attachment.message_id == message_id))


@contextmanager
def _refusal_of_the_disk() -> Iterator[None]:
    """What the disk refuses, as an error that its cause can be told."""
    try:
        yield
    except OSError as error:
        log.error("file_not_kept", reason=errno.errorcode.get(error.errno or 0, type(error).__name__))
        raise StorageFull from error


def _write(path: Path, content: bytes) -> None:
    """Whole or not at all, whoever reads meanwhile."""
    handle, name = tempfile.mkstemp(dir=path.parent, prefix="made-")
    temporary = Path(name)
    try:
        with os.fdopen(handle, "wb") as target:
            target.write(content)
        temporary.replace(path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise


async def _chunks(upload: UploadFile) -> AsyncIterator[bytes]:
    while chunk := await upload.read(_CHUNK):
        yield chunk


async def _whole(content: bytes) -> AsyncIterator[bytes]:
    yield content


def _content_type(path: Path, types: frozenset[str]) -> str:
    kind = filetype.guess(str(path))
    content_type = kind.mime if kind is not None else None
    if content_type not in types:
        raise UnsupportedFile
    if content_type.startswith("image/"):
        _check_image(path)
    return str(content_type)


def _check_image(path: Path) -> None:
    try:
        with Image.open(path, formats=("JPEG", "PNG", "WEBP")) as image:
            if image.width * image.height > MAX_PIXELS:
                raise TooLarge(_TOO_MANY_POINTS)
            image.verify()
    except Image.DecompressionBombError as error:  # the library's own limit, before we can look
        raise TooLarge(_TOO_MANY_POINTS) from error
    except (UnidentifiedImageError, OSError, SyntaxError, ValueError) as error:
        raise UnsupportedFile("La imagen está dañada o no se puede leer.") from error


def _shown_name(claimed: str | None, content_type: str) -> str:
    base = (claimed or "").replace("\\", "/").rsplit("/", 1)[-1]
    safe = "".join(char for char in base if unicodedata.category(char)[0] != "C").strip(" .")[:120]
    suffix = _SUFFIXES[content_type]
    stem = Path(safe).stem or "archivo"
    return f"{stem}{suffix}"
