"""What a sealed value is found by: keyed digests of it, which tell nothing to who has not the key.

Equal values have equal digests, in every table: so they are looked up and joined. A telephone has one for its last four
digits too, which is but one of 10,000: it tells which telephones end alike, not how.
"""

import enum

from backend.vault import ring

INDEX_BYTES, ENDING_BYTES = 16, 8
#: By so many of its last digits a telephone is found in the registry's search; by the shortest in every list.
ENDINGS = (10, 7, 4)
SHORT_ENDING = 4
#: Begins a word of the registry's search that stands for a value; nothing that people type begins so.
_MARK = "qz"


class Kind(enum.StrEnum):
    """What a value is, and so what makes two of them the same."""

    PHONE = "phone"
    EMAIL = "email"
    CURP = "curp"
    #: Who writes, as their channel names them: often a telephone.
    CHANNEL_USER = "channel_user"

    @property
    def index_length(self) -> int:
        return INDEX_BYTES + (ENDING_BYTES if self is Kind.PHONE else 0)


def normal(kind: Kind, value: str) -> str:
    """The form in which two values are the same."""
    match kind:
        case Kind.CURP:
            return "".join(value.split()).upper()
        case Kind.CHANNEL_USER:
            return value
    return "".join(value.split()).lower()


def index(kind: Kind, value: str) -> bytes:
    """By what a value is found where it is whole."""
    return ring.current().digest(f"{kind.value}\0{normal(kind, value)}".encode())[:INDEX_BYTES]


def ending(phone: str) -> bytes:
    """By what a telephone is found by its last four digits."""
    return _ending(phone, SHORT_ENDING)[:ENDING_BYTES]


def indexes(kind: Kind, value: str) -> bytes:
    """All by which a value is found, as it stands in a sealed one."""
    return index(kind, value) + (ending(value) if kind is Kind.PHONE else b"")


def word(kind: Kind, value: str) -> str:
    """The word of a full-text search that stands for an e-mail or a CURP."""
    return f"{_MARK}{index(kind, value)[:8].hex()}"


def phone_word(digits: str) -> str:
    """The word that stands for telephones that end in those digits, of which there must be as many as in ENDINGS."""
    return f"{_MARK}{_ending(digits, len(digits))[:8].hex()}"


def words(kind: Kind, value: str | None) -> list[str]:
    """Every word by which the registry's search finds a value."""
    if not value:
        return []
    if kind is not Kind.PHONE:
        return [word(kind, value)]
    digits = "".join(char for char in value if char.isdigit())
    return [phone_word(digits[-count:]) for count in ENDINGS if len(digits) >= count]


def _ending(phone: str, count: int) -> bytes:
    digits = "".join(char for char in phone if char.isdigit())[-count:]
    return ring.current().digest(f"phone-ending-{count}\0{digits}".encode())
