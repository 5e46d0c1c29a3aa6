"""Passwords: argon2id with the library's recommended parameters."""

import secrets

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

MIN_LENGTH = 10
#: No vowels, so no words; no characters that look alike.
_ALPHABET = "bcdfghjkmnpqrstvwxz23456789"

_hasher = PasswordHasher()
#: Verified against when there is no such user, so that both take the same time.
_NOBODY = _hasher.hash(secrets.token_urlsafe(16))


def hash_password(password: str) -> str:
    return _hasher.hash(password)


def verify(password_hash: str | None, password: str) -> bool:
    """Whether `password` is the one; the same work when there is no hash to compare with."""
    try:
        _hasher.verify(password_hash or _NOBODY, password)
    except (VerificationError, InvalidHashError):
        return False
    return password_hash is not None


def one_time_password() -> str:
    """A password to be told once and changed at the first login."""
    return "-".join("".join(secrets.choice(_ALPHABET) for _ in range(4)) for _ in range(4))


def is_acceptable(password: str, username: str) -> bool:
    return len(password) >= MIN_LENGTH and password.casefold() != username.casefold() and len(password) <= 200
