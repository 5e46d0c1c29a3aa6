"""Folios and access codes.

A folio is `AC-YYYY-NNNNNN-K`; K is the ISO 7064 mod 37,36 check character (python-stdnum) of
the rest. An access code proves that its holder was given it: it is derived from a key
outside the database, so a copy of the database opens nothing.
"""

import hashlib
import hmac
import re
import secrets

from stdnum.iso7064 import mod_37_36

PREFIX = "AC"
CODE_LENGTH = 8
#: No vowels that look like digits, no 0, 1, I, L, O or U.
CODE_ALPHABET = "23456789ABCDEFGHJKMNPQRSTVWXYZ"

#: A folio as people type it; `parse` says whether it is one.
PATTERN = re.compile(
    r"\bA\s*C[\s\-–—.:]*(\d[\dOILSB]{3})[\s\-–—.]*([\dOILSB]{1,6})[\s\-–—.]*([0-9A-Z])(?![\-–—]?[0-9A-Z])",
    re.IGNORECASE,
)
#: The letters of a telephone's keys (ITU-T E.161).
_KEYS = {
    letter: str(key)
    for key, letters in enumerate(("ABC", "DEF", "GHI", "JKL", "MNO", "PQRS", "TUV", "WXYZ"), 2)
    for letter in letters
}
_LOOKALIKES = {"O": "0", "I": "1", "L": "1", "S": "5", "B": "8"}


def make(year: int, number: int) -> str:
    """The folio of a year's `number`."""
    body = f"{PREFIX}{year:04d}{number:06d}"
    return f"{PREFIX}-{year:04d}-{number:06d}-{mod_37_36.calc_check_digit(body)}"


def parse(typed: str) -> str | None:
    """The folio that `typed` contains, in its proper form, or None.

    Case, spaces and hyphens do not matter; a letter typed for the digit it looks like is
    read as the digit where the check character proves it.

    What the check lets pass, for the access code to refuse: two neighbouring digits that differ by one,
    swapped (ISO 7064 misses some); and, where the check character has a look-alike (S and 5), a slip
    that would have needed that look-alike.
    """
    match = PATTERN.search(typed)
    if match is None:
        return None
    year, number = (_digits(part) for part in match.groups()[:2])
    check = match[3].upper()
    for candidate in {check, _LOOKALIKES.get(check, check), *_twins(check)}:
        folio = f"{PREFIX}-{year}-{number.zfill(6)}-{candidate}"
        if is_valid(folio):
            return folio
    return None


def _twins(check: str) -> set[str]:
    return {letter for letter, digit in _LOOKALIKES.items() if digit == check}


def _digits(part: str) -> str:
    return "".join(_LOOKALIKES.get(char, char) for char in part.upper())


def is_valid(folio: str) -> bool:
    """Whether a folio in its proper form has the right check character."""
    return bool(mod_37_36.is_valid(folio.replace("-", "")))


def new_nonce() -> str:
    return secrets.token_hex(16)


def access_code(secret: bytes, folio: str, nonce: str) -> str:
    """The code of a folio, eight characters without look-alikes: about 39 bits."""
    digest = hmac.new(secret, f"folio-access:{folio}:{nonce}".encode(), hashlib.sha256).digest()
    number = int.from_bytes(digest[:16], "big")
    code = ""
    for _ in range(CODE_LENGTH):
        number, index = divmod(number, len(CODE_ALPHABET))
        code += CODE_ALPHABET[index]
    return code


def is_access_code(secret: bytes, folio: str, nonce: str, typed: str) -> bool:
    """Whether `typed` is the code, in constant time; case, spaces and hyphens do not matter."""
    given = re.sub(r"[^0-9A-Z]", "", typed.upper())
    return hmac.compare_digest(given.encode(), access_code(secret, folio, nonce).encode())


def keypad(code: str) -> str:
    """The keys that a code is typed with on a telephone: each letter's key, each digit itself."""
    return "".join(_KEYS.get(char, char) for char in code)


def is_keypad_code(secret: bytes, folio: str, nonce: str, typed: str) -> bool:
    """Whether `typed` are the keys of the code, in constant time. About 24 bits: only for where guesses are limited."""
    return hmac.compare_digest(typed.encode(), keypad(access_code(secret, folio, nonce)).encode())
