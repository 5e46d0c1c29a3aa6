"""The data keys of a database, as this process holds them: read at the first need, and anew when an unknown one is met.

Reading them is a blocking look of some milliseconds, once a process and once a rotation: a value is sealed or opened
deep inside a statement, where nothing can be awaited. A key that another process has made since is otherwise learnt of
by `refresh`, at the beginning of a transaction, without blocking.
"""

import enum
import hashlib
import hmac
import secrets
import threading
import time
from collections.abc import Iterable
from contextvars import ContextVar
from dataclasses import dataclass, field

import psycopg
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from backend.vault import kek
from backend.vault.errors import NoDataKey, Unreadable

#: For how long a process may seal by a key that another has retired.
STALE_AFTER = 20.0
READ_KEYS = "SELECT id, purpose, wrapped, wrapped_by, retired_at IS NULL FROM data_key"
#: Says that a transaction seals what it does not otherwise change: rows that are never changed let it.
LET_SEAL = "SELECT set_config('chat_sonora.sealing', 'on', true)"
ADD_KEY = "INSERT INTO data_key (id, purpose, wrapped, wrapped_by) VALUES (%s, %s, %s, %s)"
#: id, purpose, wrapped, wrapped_by, whether it is in use.
KeyRow = tuple[int, str, bytes, str, bool]


class Purpose(enum.StrEnum):
    """What a data key is for."""

    #: Values are sealed by it.
    FIELDS = "campos"
    #: Blind indexes are made by it. It stays, since all of them would have to be made anew at once.
    INDEX = "indices"


@dataclass(frozen=True)
class _Keys:
    fields: dict[int, AESGCM] = field(default_factory=dict)
    in_use: int | None = None
    index: bytes | None = field(default=None, repr=False)


class Keyring:
    """The keys of one database."""

    def __init__(self, database_url: str) -> None:
        self.database_url = database_url
        self._keys: _Keys | None = None
        self._read_at = 0.0
        self._lock = threading.Lock()

    @property
    def is_stale(self) -> bool:
        """Whether keys that are held should be read again; never before they were needed."""
        return self._keys is not None and time.monotonic() - self._read_at > STALE_AFTER

    def check(self) -> None:
        """Read the keys now. Raises WrongFieldKey or FieldKeyMissing where they do not open."""
        self._read()

    def take(self, rows: Iterable[KeyRow]) -> None:
        """Hold these keys from now on. Raises WrongFieldKey."""
        outer, fields = kek.installed(), dict[int, AESGCM]()
        in_use, index = None, None
        for number, purpose, wrapped, wrapped_by, is_used in rows:
            key = outer.unwrap(bytes(wrapped), about(number, purpose), wrapped_by)
            if purpose == Purpose.INDEX:
                index = key if is_used else index
            else:
                fields[number] = AESGCM(key)
                in_use = number if is_used else in_use
        self._keys, self._read_at = _Keys(fields, in_use, index), time.monotonic()

    def sealing_key(self) -> tuple[int, AESGCM]:
        """The key by which to seal, and its number."""
        keys = self._keys or self._read()
        if keys.in_use is None:
            raise NoDataKey("La base no tiene llave de datos: ejecute python -m backend migrate")
        return keys.in_use, keys.fields[keys.in_use]

    def opening_key(self, number: int) -> AESGCM:
        """The key of that number. Raises Unreadable."""
        keys = self._keys or self._read()
        if number not in keys.fields:
            keys = self._read()
        if number not in keys.fields:
            raise Unreadable(f"no data key {number}")
        return keys.fields[number]

    def digest(self, what: bytes) -> bytes:
        """What only the holder of the index key can tell of `what`: 32 bytes, always the same."""
        keys = self._keys or self._read()
        if keys.index is None:
            raise NoDataKey("La base no tiene llave de índices: ejecute python -m backend migrate")
        return hmac.digest(keys.index, what, hashlib.sha256)

    def _read(self) -> _Keys:
        with self._lock, psycopg.connect(self.database_url, connect_timeout=5) as connection:
            self.take(connection.execute(READ_KEYS).fetchall())
        assert self._keys is not None, "just taken"
        return self._keys


def about(number: int, purpose: str) -> bytes:
    """What a wrapped key is bound to."""
    return f"data_key:{number}:{purpose}".encode()


def new_row(purpose: Purpose) -> tuple[int, str, bytes, str]:
    """A new data key, wrapped: number, purpose, wrapped key and by which key."""
    outer, number = kek.installed(), secrets.randbelow(2**31 - 1) + 1
    wrapped = outer.wrap(secrets.token_bytes(kek.KEY_BYTES), about(number, purpose))
    return number, purpose.value, wrapped, kek.fingerprint(outer.current)


class _Process:
    """The database opened last; what has no transaction of its own is sealed by its keys."""

    ring: Keyring | None = None


_of_transaction: ContextVar[Keyring | None] = ContextVar("keyring", default=None)


def attach(database_url: str) -> Keyring:
    """The keyring of a database that this process opens."""
    if _Process.ring is None or _Process.ring.database_url != database_url:
        _Process.ring = Keyring(database_url)
    return _Process.ring


def use(keyring: Keyring) -> None:
    """Seal and open by these keys from here on, in this task."""
    _of_transaction.set(keyring)


def current() -> Keyring:
    """The keys of the transaction under way, else of the database opened last. Raises NoDataKey."""
    found = _of_transaction.get() or _Process.ring
    if found is None:
        raise NoDataKey("no database is open")
    return found
