"""Personal data hidden in what citizens write, so that it can be labelled and learned from.

Prefers hiding too much: a word lost costs an example little, a name kept harms a person. What is found by
its form (numbers, addresses of mail, keys) is surely hidden; a name only where words or capitals announce it,
so a name alone in lower case is not found: docs/adr/0009 says what is done about that.
"""

import re
from collections.abc import Callable
from functools import lru_cache
from pathlib import Path

import phonenumbers

from backend.registry import folios
from backend.text import fold

EMAIL, LINK, ACCOUNT = "‹correo›", "‹enlace›", "‹cuenta›"
KEY, FOLIO, CODE, PHONE = "‹clave›", "‹folio›", "‹código›", "‹teléfono›"
DATE, NUMBER, PLATE, ADDRESS, NAME = "‹fecha›", "‹número›", "‹placas›", "‹domicilio›", "‹nombre›"

#: What is written in a mask's place in exported examples: invented, and plainly so.
STAND_INS = {
    EMAIL: "correo@ejemplo.mx",
    LINK: "www.ejemplo.mx",
    ACCOUNT: "@cuenta",
    KEY: "XEXX010101HNEXXXA4",
    FOLIO: "AC-2026-000000-8",
    CODE: "AAAA-2222",
    PHONE: "662 000 0000",
    DATE: "01/01/2000",
    NUMBER: "1234",
    PLATE: "AAA-00-00",
    ADDRESS: "calle Ejemplo 100",
    NAME: "Fulano de Tal",
}

_MASK = re.compile("‹[^›]*›")
_I = re.IGNORECASE
_WORD = r"[^\W\d_]+\.?"
_CAPITAL = r"[A-ZÁÉÍÓÚÜÑ](?:[^\W\d_]{0,2}\.|[^\W\d_]*)"
_JOINS = r"(?:de la |de los |de las |de |del |y |la |las |los )"
_DIGIT_WORD = (
    r"(?:cero|uno|una|dos|tres|cuatro|cinco|seis|siete|ocho|nueve|diez|once|doce|trece|catorce|quince|"
    r"dieci\w+|veinte|veinti\w+|treinta|cuarenta|cincuenta|sesenta|setenta|ochenta|noventa|cien(?:to)?)"
)
_PART, _SIGN = r"[\w.-]{1,64}", r"(?:punto|guion(?: bajo)?)"
_STREET = (
    r"(?:calle|c/|avenida|av\.?|ave\.?|blvd\.?|bulevar|boulevard|privada|priv\.?|callej[oó]n|calzada|andador|cerrada|"
    r"circuito)"
)

_SHAPES: tuple[tuple[re.Pattern[str], str], ...] = (
    (re.compile(r"[\w.%+'-]{1,64}\s?@\s?[A-Za-z0-9-]+(?:\s?\.\s?[A-Za-z0-9-]+)+"), EMAIL),
    (re.compile(rf"\b{_PART}(?: {_SIGN} {_PART}){{0,8}} arroba [\w-]+(?: punto [a-z]{{2,}})*", _I), EMAIL),
    (re.compile(r"\b(?:https?://|www\.)\S+", _I), LINK),
    (re.compile(r"(?<!\w)@\w{3,}"), ACCOUNT),
    # CURP, key of elector and RFC by their form alone: a wrong check digit is still somebody's.
    (re.compile(r"\b[A-Z]{4}[ -]?\d{6}[ -]?[HMX][A-Z]{5}[ -]?[A-Z0-9]\d\b", _I), KEY),
    (re.compile(r"\b[A-Z]{6}\d{8}[HM]\d{3}\b", _I), KEY),
    (re.compile(r"\b[A-ZÑ&]{3,4}[ -]?\d{6}[ -]?(?=[A-Z0-9]*\d)[A-Z0-9]{3}\b", _I), KEY),
    (folios.PATTERN, FOLIO),
    (re.compile(r"\bAC[\s-]?\d{4}[\s-]?\d{3,6}(?:[\s-]?\w)?\b", _I), FOLIO),
    (re.compile(r"\b(?=[A-Z-]*\d)[2-9A-HJKMNP-TV-Z]{4}-[2-9A-HJKMNP-TV-Z]{4}\b", _I), CODE),
    (re.compile(r"(?:(?<=clave )|(?<=c[oó]digo ))(?=\S*\d)[\w-]{6,12}\b", _I), CODE),
)  # fmt: skip

_NUMBERS: tuple[tuple[re.Pattern[str], str], ...] = (
    (re.compile(rf"\b(?:{_DIGIT_WORD}(?:[\s,]+(?:y\s+)?)){{5,}}{_DIGIT_WORD}\b", _I), PHONE),
    (re.compile(r"\b\d{1,2}[/.-]\d{1,2}[/.-](?:19|20)?\d{2}\b"), DATE),
    (re.compile(r"\bnac(?:[ií]|i[oó]|imiento|id[oa])\s+(?:el\s+)?\d{1,2} de \w+(?:\s+del?)?(?:\s+\d{4})?", _I), DATE),
    (re.compile(r"\b[A-Z]{2,3}-\d{2,4}-[A-Z\d]{1,2}\b|\bplacas?\s+(?=\S*\d)[\w-]{5,9}\b", _I), PLATE),
)  # fmt: skip
_DIGIT_RUN = re.compile(r"(?<![\w$])\+?\d(?:[\s.()-]{0,2}\d){6,}(?!\w)")

#: A street with its number; a street's name in capitals; what follows «vivo en»; lots, blocks and house numbers.
_ADDRESSES = (
    re.compile(
        rf"\b{_STREET}\s+(?:(?:{_WORD}|\d{{1,3}}(?=\s+(?:de|y)\b))\s+){{0,5}}?(?:#|n[uú]m(?:ero|\.)?\s*|no\.\s*)?"
        r"\d+(?:\s?[a-c])?\b(?!\s+de\s)",
        _I,
    ),
    re.compile(rf"\b(?i:{_STREET})\s+{_JOINS}?{_CAPITAL}(?:\s+{_JOINS}?{_CAPITAL}){{0,4}}"),
    re.compile(r"\b(?:lote|manzana|mz\.?|lt\.?)\s*\d+\b|\bc\.?\s?p\.?\s*\d{5}\b|#\s?\d+\b", _I),
    re.compile(r"\b(?:n[uú]m(?:ero|\.)?|no\.)\s+(?:exterior|interior|ext\.?|int\.?)?\s*\d+\b", _I),
)

_INTRODUCED = re.compile(
    r"\b(?:me llamo|(?:mi|su) nombre(?: completo)? es|a nombre de(?:l)?|se llam[ao]n?|nombre:|"
    r"les? (?:escribe|habla|saluda)|atentamente|atte\.?|firma)[:,]?\s+",
    _I,
)
_TITLED = re.compile(
    r"\b(?:sr|sra|srita|sta|don|doña|dona|señor|señora|señorita|senor|senora|senorita|lic|licenciad[oa]|"
    r"ing|ingenier[oa]|dr|dra|doctora?|profra?|profesora?|profe|maestr[oa]|arq|comandante|"
    r"mi (?:espos[oa]|hij[oa]|niet[oa]|herman[oa]|marido|mujer|vecin[oa]|prim[oa]|ti[oa]|suegr[oa]|"
    r"abuelit[oa]|abuel[oa]|mam[aá]|pap[aá]|jefe|jefa|patr[oó]n))\.?\s+",
    _I,
)
_I_AM = re.compile(r"\b(?:yo )?soy\s+", _I)
_SEQUENCE = re.compile(rf"(?<![\w‹]){_CAPITAL}(?:\s+{_JOINS}?{_CAPITAL})+")
_NAME_WORD = re.compile(rf"\s*(?:{_JOINS})?{_WORD}", _I)


def mask(text: str) -> str:
    """`text` with personal data replaced by what kind it was, as ‹teléfono›. Masking again changes nothing."""
    for pattern, name in _SHAPES:
        text = pattern.sub(name, text)
    text = _phones(text)
    for pattern, name in _NUMBERS:
        text = pattern.sub(name, text)
    text = _DIGIT_RUN.sub(NUMBER, text)
    for pattern in _ADDRESSES:
        text = pattern.sub(ADDRESS, text)
    text = _names_after(_INTRODUCED, text, most=5, is_name=lambda word: fold(word) not in _not_names())
    text = _names_after(_I_AM, text, most=4, is_name=lambda word: fold(word) not in _not_names())
    text = _names_after(_TITLED, text, most=4, is_name=_is_capital)
    if _MASK.sub("", text).isupper():  # all in capitals, they tell nothing
        return text
    return _SEQUENCE.sub(lambda found: found[0] if _is_known(found[0]) else NAME, text)


def stand_ins(text: str) -> str:
    """A masked text with an invented datum in each mask's place: as people write, of nobody."""
    for name, invented in STAND_INS.items():
        text = text.replace(name, invented)
    return text


def _phones(text: str) -> str:
    found = phonenumbers.PhoneNumberMatcher(text, "MX", leniency=phonenumbers.Leniency.POSSIBLE)
    for match in sorted(found, key=lambda one: -int(one.start)):
        if sum(char.isdigit() for char in match.raw_string) >= 7:
            text = text[: match.start] + PHONE + text[match.end :]
    return text


def _names_after(lead: re.Pattern[str], text: str, *, most: int, is_name: Callable[[str], bool]) -> str:
    """Hide up to `most` words that follow `lead`, as long as they may be a name."""
    kept, position = [], 0
    for match in lead.finditer(text):
        end, words = match.end(), 0
        while words < most and (word := _NAME_WORD.match(text, end)) is not None:
            if not is_name(word[0].split()[-1].rstrip(".")) or (words == 0 and word[0].strip() != word[0].split()[-1]):
                break
            end, words = word.end(), words + 1
        if words and match.end() >= position:
            ends = "." if text[end - 1] == "." else ""
            kept.append(text[position : match.end()] + NAME + ends)
            position = end
    return "".join(kept) + text[position:]


def _is_capital(word: str) -> bool:
    return word[:1].isupper() and fold(word) not in _not_names() and fold(word) not in _offices_and_places()


def _is_known(words: str) -> bool:
    """Whether capitals are an office's or a place's, or only somebody's way of writing."""
    parts = [fold(word).strip(".") for word in words.split()]
    return parts[0] in _offices_and_places() or all(part in _not_names() | _offices_and_places() for part in parts)


@lru_cache(maxsize=1)
def _not_names() -> frozenset[str]:
    return _words("not_names.txt")


@lru_cache(maxsize=1)
def _offices_and_places() -> frozenset[str]:
    return _words("offices_and_places.txt")


def _words(name: str) -> frozenset[str]:
    lines = (Path(__file__).parent / "words" / name).read_text(encoding="utf-8").splitlines()
    return frozenset(line for line in lines if not line.startswith("#"))
