"""Text as the intent model reads it: one spelling for the many ways in which people write the same.

Two readings of a message: `plain`, words as meant (no accents, abbreviations spelled out, numbers by
kind), and `by_ear`, the same as it sounds in Mexico, so that «vache», «bache» and «aser», «hacer» meet.
"""

import re
import unicodedata
from itertools import filterfalse

from backend.text import sign_in_words

_REPEATED = re.compile(r"([a-z])\1{2,}")
_EMAIL = re.compile(r"\S+@\S+\.\S+")
_FOLIO = re.compile(r"\bac[\s\-.]*\d{4}[\s\-.]*\d{1,6}[\s\-.]*[0-9a-z]?\b")
_CURP = re.compile(r"\b[a-z]{4}\d{6}[hmx][a-z]{5}[a-z0-9]\d\b")
_PHONE = re.compile(r"(?:\+?\d[\s\-().]*){10,13}")
_NUMBER = re.compile(r"\d+")
#: What is a number, or has one in it, from the longest to the shortest.
_NUMBERED = ((_CURP, " _curp_ "), (_FOLIO, " _folio_ "), (_PHONE, " _telefono_ "), (_NUMBER, " _numero_ "))
_QUESTION = re.compile(r"[?¿]+")
_NOT_A_WORD = re.compile(r"[^a-z0-9ñ?¿_]+")

#: How people shorten words on the telephone.
_SHORT = {
    "q": "que", "k": "que", "ke": "que", "qe": "que", "d": "de", "x": "por", "xq": "porque", "pq": "porque",
    "porq": "porque", "xk": "porque", "pk": "porque", "xfa": "por favor", "xfavor": "por favor", "pf": "por favor",
    "porfa": "por favor", "porfis": "por favor", "plis": "por favor", "pls": "por favor", "fa": "por favor",
    "tmb": "tambien", "tb": "tambien", "tmbn": "tambien", "bn": "bien", "dnd": "donde", "dond": "donde",
    "cmo": "como", "cm": "como", "ntp": "no te preocupes", "grax": "gracias", "grcs": "gracias", "gcs": "gracias",
    "grasias": "gracias", "tqm": "gracias", "ps": "pues", "pos": "pues", "toy": "estoy", "ta": "esta", "tan": "estan",
    "pa": "para", "pal": "para el", "ad": "ayuda", "msj": "mensaje", "tel": "telefono", "cel": "celular",
    "num": "numero", "dom": "domicilio", "inf": "informacion", "info": "informacion", "sra": "señora",
    "srta": "señorita", "sr": "señor", "lic": "licenciado", "col": "colonia", "nomas": "nada mas", "aki": "aqui",
    "oc": "ok", "okey": "ok", "okay": "ok", "vdd": "verdad", "kien": "quien", "salu2": "saludos", "100pre": "siempre",
}  # fmt: skip


def plain(text: str) -> str:
    """Lower case, no accents (ñ stays), no letter thrice, abbreviations and thumbs spelled out, numbers by kind."""
    folded = _fold(sign_in_words(text))
    if "@" in folded:
        folded = _EMAIL.sub(" _correo_ ", folded)
    if _NUMBER.search(folded):
        for pattern, kind in _NUMBERED:
            folded = pattern.sub(kind, folded)
    folded = _REPEATED.sub(r"\1", folded)
    words = _NOT_A_WORD.sub(" ", _QUESTION.sub(" ? ", folded)).split()
    return " ".join([_SHORT.get(word, word) for word in words])


def _fold(text: str) -> str:
    kept = text.casefold().replace("ñ", "\0")
    decomposed = unicodedata.normalize("NFKD", kept)
    plain = decomposed if decomposed.isascii() else "".join(filterfalse(unicodedata.combining, decomposed))
    return plain.replace("\0", "ñ")


_SOUNDS = [
    (re.compile(r"ph"), "f"),
    (re.compile(r"[gh]u(?=[aeio])"), "w"),
    (re.compile(r"qu(?=[ei])|k|c(?![ehi])"), "k"),
    (re.compile(r"ch"), "x"),
    (re.compile(r"c(?=[ei])|z"), "s"),
    (re.compile(r"h"), ""),
    (re.compile(r"ll"), "y"),
    (re.compile(r"v"), "b"),
    (re.compile(r"g(?=[ei])"), "j"),
    (re.compile(r"ñ|ni(?=[aeou])"), "n"),
    (re.compile(r"([a-z])\1+"), r"\1"),
]


def by_ear(normal: str) -> str:
    """What `plain` gave, as it sounds."""
    for pattern, sound in _SOUNDS:
        normal = pattern.sub(sound, normal)
    return normal
