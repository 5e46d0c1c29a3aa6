"""Credentials of channel accounts, and whatever else is secret, sealed at rest.

Fernet (AES-128-CBC with HMAC-SHA256) under a key derived by HKDF from the product's secret key, so that a copy
of the database opens nothing. Each purpose has a key of its own: what was sealed for one opens for no other.
"""

import base64
import json
from collections.abc import Mapping
from datetime import timedelta

from cryptography.fernet import Fernet, InvalidToken
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

CHANNELS = b"chat-sonora channel credentials 1"


class CredentialsUnreadable(Exception):
    """Sealed under another secret key, or damaged: an administrator must enter them again."""


def _fernet(secret: bytes, purpose: bytes) -> Fernet:
    key = HKDF(algorithm=SHA256(), length=32, salt=None, info=purpose).derive(secret)
    return Fernet(base64.urlsafe_b64encode(key))


def seal(secret: bytes, values: Mapping[str, str], *, purpose: bytes = CHANNELS) -> bytes:
    return _fernet(secret, purpose).encrypt(json.dumps(dict(values)).encode())


def unseal(
    secret: bytes, sealed: bytes, *, purpose: bytes = CHANNELS, max_age: timedelta | None = None
) -> dict[str, str]:
    """Raises CredentialsUnreadable, also for what was sealed longer than `max_age` ago."""
    seconds = int(max_age.total_seconds()) if max_age else None
    try:
        values: dict[str, str] = json.loads(_fernet(secret, purpose).decrypt(sealed, ttl=seconds))
    except InvalidToken as error:
        raise CredentialsUnreadable from error
    return values
