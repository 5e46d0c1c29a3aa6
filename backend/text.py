"""Texts as they are compared (without accents, case or extra space) and as they may be kept."""

import re
import unicodedata

_SPACE = re.compile(r"\s+")


def fold(text: str) -> str:
    """Lower case, no accents (ñ becomes n), single spaces, trimmed."""
    decomposed = unicodedata.normalize("NFKD", text.casefold())
    plain = "".join(char for char in decomposed if not unicodedata.combining(char))
    return _SPACE.sub(" ", plain).strip()


def strip_control(text: str) -> str:
    """`text` without control characters (NUL among them, which PostgreSQL cannot keep); newlines and tabs stay."""
    return "".join(char for char in text if char in "\n\t" or unicodedata.category(char) not in {"Cc", "Cs"})
