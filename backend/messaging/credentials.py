"""Credentials of channel accounts, sealed at rest.

Fernet (AES-128-CBC with HMAC-SHA256) under a key derived by HKDF from the product's secret key, so that a copy
of the database opens nothing.
"""

import base64
import json
from collections.abc import Mapping

from cryptography.fernet import Fernet, InvalidToken
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

_PURPOSE = b"chat-sonora channel credentials 1"


class CredentialsUnreadable(Exception):
    """Sealed under another secret key, or damaged: an administrator must enter them again."""


def _fernet(secret: bytes) -> Fernet:
    key = HKDF(algorithm=SHA256(), length=32, salt=None, info=_PURPOSE).derive(secret)
    return Fernet(base64.urlsafe_b64encode(key))


def seal(secret: bytes, values: Mapping[str, str]) -> bytes:
    return _fernet(secret).encrypt(json.dumps(dict(values)).encode())


def unseal(secret: bytes, sealed: bytes) -> dict[str, str]:
    """Raises CredentialsUnreadable."""
    try:
        values: dict[str, str] = json.loads(_fernet(secret).decrypt(sealed))
    except InvalidToken as error:
        raise CredentialsUnreadable from error
    return values
