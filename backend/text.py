"""Texts as they are compared (without accents, case or extra space), as they may be kept, and as they are written."""

import re
import unicodedata
from collections.abc import Sequence
from itertools import filterfalse

MONTHS = (
    "enero", "febrero", "marzo", "abril", "mayo", "junio", "julio", "agosto", "septiembre", "octubre", "noviembre",
    "diciembre",
)  # fmt: skip
_SPACE = re.compile(r"\s+")
#: How a (folded) text ends where the place or person that it names next has given something its name: «en la calle …».
NAMED_AFTER = (
    r"\b(?:calle|c\.|avenida|av\.?|blvd\.?|bulevar|boulevard|carretera|escuela|primaria|secundaria|colonia|col\.?|"
    r"fracc\.?|fraccionamiento|barrio|ejido|hotel|tienda|mercado|plaza|parque|hospital|senora|sra\.?|don|dona|"
    r"nuevo|nueva)\s+(?:(?:de|la|el|los|las|del|general|gral\.?|alvaro)\s+)*$"
)
#: What a telephone puts behind a sign: a colour of skin, a woman's or a man's, and that it is to be shown in colours.
_SHADES = "[\U0001f3fb-\U0001f3ff\u200d♀♂\ufe0f\\s]*"
_YES_SIGNS = re.compile(f"(?:[👍👌✅✔☑🆗]{_SHADES})+")
_NO_SIGNS = re.compile(f"(?:[👎❌✖🚫🙅]{_SHADES})+")


def fold(text: str) -> str:
    """Lower case, no accents (ñ becomes n), single spaces, trimmed."""
    decomposed = unicodedata.normalize("NFKD", text.casefold())
    plain = decomposed if decomposed.isascii() else "".join(filterfalse(unicodedata.combining, decomposed))
    return _SPACE.sub(" ", plain).strip()


def sign_in_words(text: str) -> str:
    """«sí» or «no» for a message that is nothing but thumbs up or down, ticks or crosses; any other as it is."""
    stripped = text.strip()
    if _YES_SIGNS.fullmatch(stripped):
        return "sí"
    return "no" if _NO_SIGNS.fullmatch(stripped) else text


def strip_control(text: str) -> str:
    """`text` without control characters (NUL among them, which PostgreSQL cannot keep); newlines and tabs stay."""
    return "".join(char for char in text if char in "\n\t" or unicodedata.category(char) not in {"Cc", "Cs"})


def sentence(text: str) -> str:
    """`text` as a sentence: trimmed, and with a full stop where it ends without any mark."""
    told = text.strip()
    return told if not told or told[-1] in ".!?…" else f"{told}."


def listed(names: Sequence[str]) -> str:
    """`A, B y C`; «e» before a name that begins with the sound of i."""
    if len(names) < 2:
        return "".join(names)
    last = fold(names[-1])
    is_i = last.startswith(("i", "hi")) and not last.startswith(("ia", "ie", "io", "hia", "hie", "hio"))
    return f"{', '.join(names[:-1])} {'e' if is_i else 'y'} {names[-1]}"


def phone_text(phone: str) -> str:
    """`662 123 4567` for a Mexican number, anything else as it is."""
    if phone.startswith("+52") and len(phone) == 13:
        return f"{phone[3:6]} {phone[6:9]} {phone[9:]}"
    return phone
