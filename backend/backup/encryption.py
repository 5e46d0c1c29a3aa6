"""A stream encrypted in pieces, so that a backup of any size needs little memory and no bare copy on a disk.

AES-256-GCM in the STREAM construction: each piece's nonce is a random prefix, the piece's number and whether it is the
last, so that pieces cannot be left out, reordered or cut off unseen. The key comes from the passphrase by scrypt with
a salt of the file's own; the header is authenticated with every piece.
"""

import io
import os
import struct
from typing import IO

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.scrypt import Scrypt

from backend.backup.errors import Damaged

MAGIC = b"CHAT-SONORA-BACKUP-1\n"
PIECE = 1024 * 1024
_TAG = 16
_SALT, _PREFIX = 16, 7
_HEADER = len(MAGIC) + _SALT + _PREFIX
_SCRYPT_COST = 2**15

_UNREADABLE = (
    "El respaldo no se puede leer: está dañado o incompleto, o BACKUP_KEY no es la clave con la que se hizo. "
    "Use otra copia del archivo o la clave de esa fecha."
)


def _cipher(passphrase: bytes, salt: bytes) -> AESGCM:
    return AESGCM(Scrypt(salt=salt, length=32, n=_SCRYPT_COST, r=8, p=1).derive(passphrase))


def _nonce(prefix: bytes, number: int, *, is_last: bool) -> bytes:
    return prefix + struct.pack(">IB", number, is_last)


class EncryptingWriter(io.RawIOBase):
    """What is written to it goes, encrypted, to `target`. It is whole only once closed without an error."""

    def __init__(self, target: IO[bytes], passphrase: bytes) -> None:
        self._target = target
        salt, self._prefix = os.urandom(_SALT), os.urandom(_PREFIX)
        self._header = MAGIC + salt + self._prefix
        self._cipher = _cipher(passphrase, salt)
        self._pending = bytearray()
        self._number = 0
        target.write(self._header)

    def writable(self) -> bool:
        return True

    def write(self, data: "bytes | bytearray | memoryview") -> int:  # type: ignore[override]
        self._pending += data
        # One piece is held back: only at the end is it known whether it is the last.
        while len(self._pending) > PIECE:
            self._emit(bytes(self._pending[:PIECE]), is_last=False)
            del self._pending[:PIECE]
        return len(data)

    def finish(self) -> None:
        """Write the last piece."""
        self._emit(bytes(self._pending), is_last=True)
        self._pending.clear()

    def _emit(self, piece: bytes, *, is_last: bool) -> None:
        nonce = _nonce(self._prefix, self._number, is_last=is_last)
        self._target.write(self._cipher.encrypt(nonce, piece, self._header))
        self._number += 1


class DecryptingReader(io.RawIOBase):
    """What was encrypted into `source`, piece by piece, each proved before any of it is given. Raises Damaged."""

    def __init__(self, source: IO[bytes], passphrase: bytes) -> None:
        self._source = source
        self._header = source.read(_HEADER)
        if len(self._header) < _HEADER or not self._header.startswith(MAGIC):
            raise Damaged("El archivo no es un respaldo de Chat Sonora.")
        salt, self._prefix = self._header[len(MAGIC) : -_PREFIX], self._header[-_PREFIX:]
        self._cipher = _cipher(passphrase, salt)
        self._ahead = source.read(PIECE + _TAG)
        self._number = 0
        self._bare = memoryview(b"")
        self._is_over = False

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: "bytearray | memoryview") -> int:  # type: ignore[override]
        while not self._bare and not self._is_over:
            self._bare = memoryview(self._next())
        taken = min(len(buffer), len(self._bare))
        buffer[:taken] = self._bare[:taken]
        self._bare = self._bare[taken:]
        return taken

    def _next(self) -> bytes:
        piece, self._ahead = self._ahead, self._source.read(PIECE + _TAG)
        self._is_over = not self._ahead
        nonce = _nonce(self._prefix, self._number, is_last=self._is_over)
        self._number += 1
        try:
            return self._cipher.decrypt(nonce, piece, self._header)
        except InvalidTag:
            raise Damaged(_UNREADABLE) from None
