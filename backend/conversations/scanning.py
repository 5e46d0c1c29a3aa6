"""Whether a file carries a virus: as ClamAV's clamd says, where the office runs one.

Protocol: https://docs.clamav.net/manual/Usage/ClamdProtocol.html (`INSTREAM`). Without a scanner the one signature
that every scanner must know, EICAR's test file, is still refused, so that an office can see that files are looked at.
"""

import asyncio
import mmap
import re
import struct
from contextlib import suppress
from pathlib import Path
from typing import Protocol
from urllib.parse import urlsplit

import structlog

from backend.errors import ChatSonoraError

log = structlog.get_logger(__name__)

#: For one file, from the connection to the verdict.
SECONDS = 30.0
_CHUNK = 64 * 1024
_ANSWER_CAP = 4096
_PORT = 3310
#: https://www.eicar.org/download-anti-malware-testfile/, in two halves so that this very file is not one.
_EICAR = rb"X5O!P%@AP[4\PZX54(P^)7CC)7}$EICAR-STANDARD-" + rb"ANTIVIRUS-TEST-FILE!$H+H*"
_FOUND = re.compile(r"^stream: (?P<name>.+) FOUND$")


class InfectedFile(ChatSonoraError):
    status = 422
    code = "archivo_con_virus"
    message = "El archivo no se recibió: parece tener un virus. Revíselo o envíe otro."


class ScannerAway(ChatSonoraError):
    """The file can be sent again: nothing is kept that was not looked at."""

    status = 503
    code = "archivo_sin_revisar"
    message = "Por ahora no podemos revisar archivos. Intente de nuevo en unos minutos."


class Scanner(Protocol):
    """What looks at a file before it is kept."""

    async def check(self, path: Path) -> None:
        """Raises InfectedFile, ScannerAway."""


class SignatureOnly:
    """No scanner: EICAR's test file alone is known."""

    async def check(self, path: Path) -> None:
        if await asyncio.to_thread(_has_test_signature, path):
            raise InfectedFile


class Clamd:
    """A clamd at `tcp://host:port` or `unix:///path`. What it cannot judge is refused, not kept."""

    def __init__(self, url: str, *, seconds: float = SECONDS) -> None:
        self._url = urlsplit(url)
        self._seconds = seconds

    async def check(self, path: Path) -> None:
        try:
            async with asyncio.timeout(self._seconds):
                answer = await self._ask(path)
        except (OSError, asyncio.IncompleteReadError, asyncio.LimitOverrunError) as error:  # a time-out is an OSError
            log.error("scanner_away", error=type(error).__name__)
            raise ScannerAway from error
        if _FOUND.match(answer):
            log.warning("infected_file_refused")
            raise InfectedFile
        if answer != "stream: OK":
            log.error("scanner_refused", answer=answer[:100])
            raise ScannerAway

    async def _ask(self, path: Path) -> str:
        reader, writer = await self._connect()
        try:
            writer.write(b"zINSTREAM\0")
            with path.open("rb") as source:
                while chunk := await asyncio.to_thread(source.read, _CHUNK):
                    writer.write(struct.pack("!L", len(chunk)) + chunk)
                    await writer.drain()
            writer.write(struct.pack("!L", 0))
            await writer.drain()
            return (await reader.readuntil(b"\0"))[:-1].decode("utf-8", "replace").strip()
        finally:
            writer.close()
            with suppress(OSError):
                await writer.wait_closed()

    async def _connect(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        if self._url.scheme == "unix":
            return await asyncio.open_unix_connection(self._url.path, limit=_ANSWER_CAP)
        return await asyncio.open_connection(self._url.hostname, self._url.port or _PORT, limit=_ANSWER_CAP)


def scanner_at(url: str | None) -> Scanner:
    """The office's scanner; without one, what knows the test signature alone."""
    return Clamd(url) if url else SignatureOnly()


def _has_test_signature(path: Path) -> bool:
    """Wherever in the file it stands: around it may be what makes it pass for a document."""
    with path.open("rb") as source, mmap.mmap(source.fileno(), 0, access=mmap.ACCESS_READ) as content:
        return content.find(_EICAR) >= 0
