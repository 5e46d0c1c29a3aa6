"""A sealed value: version, number of its data key, what is searched by, nonce, ciphertext with its tag.

AES-256-GCM. The column's name and all that stands before the nonce are authenticated: a value moved to another column,
or given another's index, does not open. A row's identity is not: who can write to the database can swap two rows'.
"""

import os

from cryptography.exceptions import InvalidTag

from backend.vault import ring
from backend.vault.errors import Unreadable
from backend.vault.kek import NONCE_BYTES

VERSION = 1
#: Where the number of the data key, and what is searched by, begin (from 0).
KEY_AT, INDEX_AT = 1, 5
#: How long a sealed nothing is that nothing is searched by: the rest is GCM's tag.
EMPTY_BYTES = INDEX_AT + NONCE_BYTES + 16


def seal(column: str, plain: bytes, index: bytes = b"") -> bytes:
    """`plain` as `column` («person.phone») holds it, with what it is searched by."""
    number, key = ring.current().sealing_key()
    head, nonce = bytes([VERSION]) + key_bytes(number) + index, os.urandom(NONCE_BYTES)
    return head + nonce + key.encrypt(nonce, plain, _bound(column, head))


def unseal(column: str, value: bytes, index_length: int = 0) -> bytes:
    """What was sealed. Raises Unreadable."""
    end = INDEX_AT + index_length
    head, nonce, sealed = value[:end], value[end : end + NONCE_BYTES], value[end + NONCE_BYTES :]
    if value[:1] != bytes([VERSION]):
        raise Unreadable(f"{column}: unknown version")
    key = ring.current().opening_key(key_of(value))
    try:
        return key.decrypt(nonce, sealed, _bound(column, head))
    except (InvalidTag, ValueError) as error:
        raise Unreadable(f"{column}: does not open") from error


def reseal(column: str, value: bytes, index_length: int = 0) -> bytes:
    """The same value by the key that is in use now; its index stays."""
    plain = unseal(column, value, index_length)
    return seal(column, plain, value[INDEX_AT : INDEX_AT + index_length])


def key_of(value: bytes) -> int:
    """The number of the data key that sealed a value."""
    return int.from_bytes(value[KEY_AT:INDEX_AT], "big")


def key_bytes(number: int) -> bytes:
    """A data key's number as values hold it."""
    return number.to_bytes(INDEX_AT - KEY_AT, "big")


def _bound(column: str, head: bytes) -> bytes:
    return column.encode() + b"\0" + head
