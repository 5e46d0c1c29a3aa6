"""Words as a search finds them: without case and accents, and nothing but letters and digits makes one."""

import re
import string

from sqlalchemy import ColumnElement, SQLColumnExpression, func, literal_column
from sqlalchemy.dialects.postgresql import TSQUERY

from backend.text import fold

#: Each letter that `vector` takes for another, as a regular expression of both.
_ACCENTED = str.maketrans({"a": "[aáÁ]", "e": "[eéÉ]", "i": "[iíÍ]", "o": "[oóÓ]", "u": "[uúüÚÜ]", "n": "[nñÑ]"})
_BREAK = re.compile(r"[^a-z0-9]+")
_LETTERS = string.ascii_lowercase + string.digits


def split(typed: str) -> list[str]:
    """The words of what somebody typed."""
    return [word for word in _BREAK.split(fold(typed)) if word]


def vector(told: str) -> str:
    """PostgreSQL's expression for the words of `told`, an expression of ours; an index on it must be written alike."""
    return (
        f"to_tsvector('simple', regexp_replace(translate(lower({told}), 'áéíóúüñ', 'aeiouun'), '[^a-z0-9]+', ' ', 'g'))"
    )


def query(simple: str) -> ColumnElement[str]:
    """`simple`, in the form of `to_tsquery`, to look for words as they stand."""
    return func.to_tsquery("simple", simple, type_=TSQUERY)


def beginning(word: str) -> str:
    """What begins with a word, in the form of `to_tsquery`."""
    return f"{word}:*"


def longer(word: str) -> str:
    """What begins with a word and is longer: with it, all that `beginning` finds."""
    return f"({' | '.join(beginning(word + letter) for letter in _LETTERS)})"


def found(vector_sql: str, simple: str) -> ColumnElement[bool]:
    """Whether what `vector` made has what the query asks."""
    return literal_column(vector_sql).op("@@", is_comparison=True)(query(simple))


def looks_like(told: SQLColumnExpression[str], word: str) -> ColumnElement[bool]:
    """Whether `told` has the letters of a word, in whatever case and with whichever accents, anywhere."""
    return told.regexp_match(word.translate(_ACCENTED), flags="i")
