"""The key-encryption key: FIELD_KEY, which wraps the data keys and never touches the database."""

import base64
import binascii
import hashlib
import os
from collections.abc import Mapping
from dataclasses import dataclass, field

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from backend.vault.errors import FieldKeyMissing, WrongFieldKey

KEY_BYTES = 32
NONCE_BYTES = 12
_HOW = "32 bytes en base64; para hacer una: python -m backend keys new"


@dataclass(frozen=True)
class FieldKeys:
    """The key that wraps, and before a rewrap is done, the one that wrapped."""

    current: bytes = field(repr=False)
    previous: bytes | None = field(default=None, repr=False)

    @classmethod
    def parse(cls, current: str | None, previous: str | None = None) -> "FieldKeys":
        """Keys as settings hold them. Raises FieldKeyMissing, which says what is wanted."""
        if not current:
            raise FieldKeyMissing(f"Falta FIELD_KEY, con la que se cifran los datos personales ({_HOW}).")
        return cls(_decoded("FIELD_KEY", current), _decoded("FIELD_KEY_PREVIOUS", previous) if previous else None)

    @classmethod
    def of_environment(cls, environment: Mapping[str, str]) -> "FieldKeys":
        """The keys of an environment, for programs without settings (Alembic, benchmarks)."""
        return cls.parse(environment.get("FIELD_KEY"), environment.get("FIELD_KEY_PREVIOUS"))

    def wrap(self, key: bytes, about: bytes) -> bytes:
        """`key` as the database may hold it; `about` must be told again to open it."""
        nonce = os.urandom(NONCE_BYTES)
        return nonce + AESGCM(self.current).encrypt(nonce, key, about)

    def unwrap(self, wrapped: bytes, about: bytes, wrapped_by: str) -> bytes:
        """What `wrap` was given. Raises WrongFieldKey."""
        for one in filter(None, (self.current, self.previous)):
            if fingerprint(one) == wrapped_by:
                try:
                    return AESGCM(one).decrypt(wrapped[:NONCE_BYTES], wrapped[NONCE_BYTES:], about)
                except InvalidTag as error:
                    raise WrongFieldKey("Una llave de datos de la base está alterada.") from error
        raise WrongFieldKey(
            f"Los datos de esta base se cifran con la llave {wrapped_by}, y FIELD_KEY es {fingerprint(self.current)}."
            " Ponga en FIELD_KEY la que corresponde, o la anterior en FIELD_KEY_PREVIOUS y ejecute: keys rewrap"
        )


def fingerprint(key: bytes) -> str:
    """By what a key-encryption key is told from others, without telling it."""
    return hashlib.sha256(b"chat-sonora field key\0" + key).hexdigest()[:16]


def new_key() -> str:
    """A new FIELD_KEY, as settings hold it."""
    return base64.urlsafe_b64encode(os.urandom(KEY_BYTES)).decode().rstrip("=")


def _decoded(name: str, text: str) -> bytes:
    """Base64 of either alphabet, with or without padding."""
    plain = text.strip().replace("-", "+").replace("_", "/").rstrip("=")
    try:
        key = base64.b64decode(plain + "=" * (-len(plain) % 4), validate=True)
    except binascii.Error as error:
        raise FieldKeyMissing(f"{name} no es una llave: deben ser {_HOW}.") from error
    if len(key) != KEY_BYTES:
        raise FieldKeyMissing(f"{name} tiene {len(key)} bytes: deben ser {_HOW}.")
    return key


class _Process:
    """This process's keys: told once, by whatever starts it."""

    keys: FieldKeys | None = None


def install(keys: FieldKeys) -> None:
    """Tell this process its keys; every database that it opens is read by them."""
    _Process.keys = keys


def install_from(environment: Mapping[str, str]) -> None:
    """The keys of an environment, where the program has not told others."""
    if _Process.keys is None and environment.get("FIELD_KEY"):
        _Process.keys = FieldKeys.of_environment(environment)


def installed() -> FieldKeys:
    """This process's keys. Raises FieldKeyMissing."""
    return _Process.keys or FieldKeys.parse(None)
