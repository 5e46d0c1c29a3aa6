"""Exact data in a message, found by rule and by the libraries made for them, in their normal form.

Folio `AC-2026-000123-K`, telephone in E.164, e-mail in lower case, CURP in capitals with a right check digit,
municipality by its official name, kind of certificate, neighbourhood as written, the name that somebody gives of
themselves.
"""

import csv
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import phonenumbers
from rapidfuzz import fuzz, process
from stdnum.exceptions import ValidationError
from stdnum.mx import curp as stdnum_curp

from backend.catalog.localities import localities
from backend.registry import folios
from backend.text import NAMED_AFTER, fold
from bot.components.normalisation import by_ear

MUNICIPALITIES = Path(__file__).resolve().parents[2] / "backend/catalog/seed/municipalities.csv"


@dataclass(frozen=True)
class Datum:
    """A datum, where its text stands (`start` to `end`) and its normal form."""

    entity: str
    start: int
    end: int
    value: str


_EMAIL = re.compile(r"[A-Za-z0-9._%+'-]+@[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)+")
_SPOKEN_EMAIL = re.compile(
    r"\b([a-z0-9._-]+(?: (?:punto|guion(?: bajo)?) [a-z0-9._-]+)*) arroba ([a-z0-9-]+(?: punto [a-z]{2,})+)",
    re.IGNORECASE,
)
#: In a lookahead, so that one may begin inside what only looked like another.
_CURP = re.compile(r"(?<![A-Za-z0-9])(?=((?:[A-Za-z0-9][ \-.]?){17}[A-Za-z0-9])(?![A-Za-z0-9]))")
#: Ten digits, however grouped, with what people dial before them.
_PHONE = re.compile(r"(?<![\d$,])(?<!\d[.\-])\+?(?:\(?\d\)?[\s\-.()]{0,3}){9,14}\d(?![\d])(?!,\d)")
_DIALLED = re.compile(r"^(?:0?0?521|0?0?52|044|045|01)(?=\d{10}$)")
_DIGIT = re.compile(r"\d")
_FEWEST_DIGITS_OF_CURP = 7


def _emails(text: str) -> Iterator[Datum]:
    for match in _EMAIL.finditer(text) if "@" in text else ():
        address = match[0].rstrip(".-'").lower()
        yield Datum("correo", match.start(), match.start() + len(address), address)
    for match in _SPOKEN_EMAIL.finditer(text) if "arroba" in text.lower() else ():
        written = re.sub(r"\s*punto\s*", ".", f"{match[1]}@{match[2]}", flags=re.IGNORECASE)
        written = re.sub(r"\s*guion bajo\s*", "_", written, flags=re.IGNORECASE)
        written = re.sub(r"\s*guion\s*", "-", written, flags=re.IGNORECASE)
        yield Datum("correo", match.start(), match.end(), written.lower())


def _curps(text: str) -> Iterator[Datum]:
    if len(_DIGIT.findall(text)) < _FEWEST_DIGITS_OF_CURP:
        return
    for match in _CURP.finditer(text):
        compact = re.sub(r"[ \-.]", "", match[1]).upper()
        try:
            yield Datum("curp", match.start(1), match.end(1), str(stdnum_curp.validate(compact)))
        except ValidationError:
            continue


def _folios(text: str) -> Iterator[Datum]:
    for match in folios.PATTERN.finditer(text):
        folio = folios.parse(match[0])
        if folio is not None:
            yield Datum("folio", match.start(), match.end(), folio)


def _phones(text: str) -> Iterator[Datum]:
    for match in _PHONE.finditer(text):
        digits = _DIALLED.sub("", re.sub(r"\D", "", match[0]))
        if len(digits) != 10:
            continue
        number = phonenumbers.parse(digits, "MX")
        if phonenumbers.is_valid_number(number):
            e164 = phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
            yield Datum("telefono", match.start(), match.end(), e164)


#: As they sound (`by_ear`), for «nasimiento» and «divorsio».
_CERTIFICATES = {
    "nacimiento": r"nasimi?ento|\bnas\b|kuando nasi(?:o|mos)?\b",
    "matrimonio": r"matrimoni?o|kasamiento|de kasad[oa]s?\b|me kase\b|nos kasamos|\bboda\b",
    "defuncion": r"defunsion|fayesimiento|difunt[oa]|\bmurio\b|fayesid[oa]|fayesio",
    "divorcio": r"diborsi\w+",
}
_SPEAKS_OF_CERTIFICATES = re.compile(
    r"\bactas?\b|registro civil|partida|certifica\w*|copia|papel|\b(?:la|una|el|un) de\b|constancia|"
    r"\bde (?:nac|matri|defun|divor)"
)
_NO_CERTIFICATE = re.compile(
    r"(?:fecha|lugar|ano|dia|mes) de nacimiento|demanda de divorcio|sentencia de divorcio|abogado"
)


def _certificates(text: str) -> Iterator[Datum]:
    plain = fold(text)
    bare = len(plain.split()) <= 3
    if _NO_CERTIFICATE.search(plain) or not (bare or _SPEAKS_OF_CERTIFICATES.search(plain)):
        return
    heard = by_ear(plain)
    found = {kind for kind, words in _CERTIFICATES.items() if re.search(words, heard)}
    if len(found) == 1:
        yield Datum("tipo_acta", 0, len(text), found.pop())


_STREET = re.compile(rf"{NAMED_AFTER}|\b(?:soy|llamo|nombre es)\s+$")
#: «La salida a Nogales» lies elsewhere.
_LEADS_TO = re.compile(
    r"\b(?:carretera|salida|camino|autopista|tramo|entronque|libramiento)\s+(?:que (?:va|lleva)\s+)?a\s+$"
)
#: Names that are common words or people's names: taken for a municipality only where the sentence says so.
COMMON_NAMES = {
    "altar", "alamos", "ap", "benito juarez", "calle doce", "campo 60", "carbo", "empalme", "esperanza", "esqueda",
    "francisco javier mina", "fronteras", "granados", "la colorada", "la y griega", "magdalena", "rayon", "rosario",
    "san javier", "san luis", "santa ana", "santa cruz", "tepache", "trincheras", "villa hidalgo",
}  # fmt: skip
_PLACE = re.compile(
    r"(?:\b(?:en|de|desde|por|hasta|para|a|municipio|ciudad|cd\.?|rumbo a)\s+(?:de\s+)?"
    r"|^|,\s*)$"
)
_FUZZY_FROM = 5
_ALIKE = 84.0
_WORD = re.compile(r"[^\W_]+(?:\.(?=\s))?")
#: Of how many words it is kept whether they are a place misspelt.
_WORDS_KEPT = 4096


class Municipalities:
    """The municipalities of Sonora by all their names, and by the towns that stand for them."""

    def __init__(self, names: dict[str, str], towns: Mapping[str, str]) -> None:
        self.names = {**towns, **names}
        self._by_ear = {by_ear(name): place for name, place in names.items() if len(name) > 3}
        self._joined = {name.replace(" ", ""): place for name, place in names.items() if " " in name and len(name) > 7}
        self._single = [name for name in names if " " not in name and len(name) >= _FUZZY_FROM]
        self._longest = max(len(name.split()) for name in self.names)
        self._words_from: dict[str, int] = {}
        for name in self.names:
            words = _WORD.findall(name)
            self._words_from[words[0]] = max(len(words), self._words_from.get(words[0], 1))
        self._misspelt = lru_cache(_WORDS_KEPT)(self._guess)

    @classmethod
    def read(cls, path: Path = MUNICIPALITIES) -> "Municipalities":
        names: dict[str, str] = {}
        with path.open(encoding="utf-8") as source:
            for row in csv.DictReader(source):
                for name in (row["name"], row["seat"], *row["aliases"].split("|")):
                    if name:
                        names.setdefault(fold(name), row["name"])
        return cls(names, {town: locality.municipality for town, locality in localities().items()})

    def is_name(self, words: str) -> bool:
        return fold(words) in self.names

    def find(self, text: str) -> Iterator[Datum]:
        """The places named in `text`, the longest name first, none inside another."""
        plain = aligned(text)
        words = [match.span() for match in _WORD.finditer(text)]
        taken: set[int] = set()
        for size, first in self._spans(plain, words):
            span = range(first, first + size)
            if not taken.isdisjoint(span):
                continue
            start, end = words[first][0], words[first + size - 1][1]
            name = self._named(" ".join(plain[start:end].split()).rstrip("."), plain, start)
            if name is not None:
                taken.update(span)
                yield Datum("municipio", start, end, name)

    def _spans(self, plain: str, words: list[tuple[int, int]]) -> list[tuple[int, int]]:
        """How many words from which on may be a place, most words first.

        Several may where a name begins so, or where nothing parts them but marks: those are read as one word.
        """
        spans: list[tuple[int, int]] = []
        unparted = 1
        for first in range(len(words) - 1, -1, -1):
            start, end = words[first]
            is_last = first == len(words) - 1
            unparted = 1 if is_last or " " in plain[end : words[first + 1][0]] else unparted + 1
            most = max(unparted, self._words_from.get(plain[start:end].rstrip("."), 1))
            spans += [(size, first) for size in range(1, min(most, self._longest, len(words) - first) + 1)]
        return sorted(spans, key=lambda span: (-span[0], span[1]))

    def _named(self, words: str, plain: str, start: int) -> str | None:
        """The place that `words` name, which stand in `plain` from `start` on; both folded."""
        if words in self.names:
            before = plain[:start]
            is_elsewhere = _STREET.search(before) or _LEADS_TO.search(before)
            is_placed = not is_elsewhere and (words not in COMMON_NAMES or bool(_PLACE.search(before)))
            return self.names[words] if is_placed else None
        if " " in words or len(words) < _FUZZY_FROM:
            return None
        place = self._misspelt(words)
        before = plain[:start]
        return None if place is None or _STREET.search(before) or _LEADS_TO.search(before) else place

    def _guess(self, word: str) -> str | None:
        same = self._joined.get(word) or self._by_ear.get(by_ear(word))
        if same is not None and fold(same) not in COMMON_NAMES:
            return same
        best = process.extractOne(word, self._single, scorer=fuzz.ratio, score_cutoff=_ALIKE)
        if best is None or best[0] in COMMON_NAMES:
            return None
        return self.names[best[0]]


def aligned(text: str) -> str:
    """`text` without accents or case, letter for letter, so that places in it are places in `text`."""
    return text.translate(_PLAIN_LETTERS)


class _PlainLetters(dict[int, str]):
    """Each character's one letter, worked out when it is first met."""

    def __missing__(self, code: int) -> str:
        letter = (fold(chr(code)) or " ")[0]
        if code < _RARE:
            self[code] = letter
        return letter


#: From here on characters are not kept: no Spanish is written with them.
_RARE = 0x3000
_PLAIN_LETTERS = _PlainLetters()


_NEIGHBOURHOOD = re.compile(
    r"\b(?:col(?:onia|\.)?|fracc(?:ionamiento|\.)?|barrio)\s+"
    r"(?:es\s+|se llama\s+|:\s*)?(?:la\s+)?(?!de\b|que\b|y\b|en\b|no\b|hay\b|esta\b|está\b|donde\b)(.+)",
    re.IGNORECASE,
)
_ENDS_NAME = re.compile(
    r"[,.;:!?()]|\s(?:y|en|que|hay|no|se|esta|está|por|desde|a|al|con|tiene|estan|están|lleva|porque|pero|calle|donde|"
    r"sin|frente|aqui|aquí|ya|es|son|nos|me|le|les|tenemos|urge|xfa|municipio)\b",
    re.IGNORECASE,
)


def _neighbourhoods(text: str, municipalities: Municipalities) -> Iterator[Datum]:
    for match in _NEIGHBOURHOOD.finditer(text):
        rest = match[1]
        if fold(text[: match.start()]).endswith("agua de "):
            continue
        stop = _ENDS_NAME.search(f" {rest}")  # «toda la colonia desde el domingo» names none
        name = rest[: max(stop.start() - 1, 0)] if stop else rest
        name = " ".join(name.split()[:5]).strip(" .\"'«»")
        of_town = re.search(r"\s(?:de|del)\s+([^\W\d_]+(?:\s[^\W\d_]+){0,3})$", name)
        if of_town and municipalities.is_name(of_town[1]):
            name = name[: of_town.start()]
        if name:
            start = match.start(1)
            yield Datum("colonia", start, start + len(name), name)
            return


#: «Soy» alone says as often what somebody is as who: there, a name has two words at least, in capitals.
_GIVES_NAME = re.compile(
    r"\b(?:me llamo|(?:mi|el) nombre(?: completo| correcto)? es|mi nombre:|(?:es|va|esta) a nombre de|"
    r"(?:habla|escribe|saluda))\s+"
    r"(?:la (?:senora|sra\.?|c\.)\s+|el (?:senor|sr\.?|c\.)\s+)?|\b(?P<am>soy)\s+"
)
_NAME_WORD = re.compile(r"[^\W\d_]+(?:['’.-][^\W\d_]+)*\.?")
_PARTICLES = frozenset({"de", "del", "la", "las", "los", "y", "e", "san", "santa"})
_NO_NAME = frozenset({
    "a", "al", "alguien", "aqui", "asi", "buenas", "buenos", "calle", "cel", "celular", "ciudadana", "ciudadano",
    "col", "colonia", "como", "con", "correo", "curp", "de", "del", "desde", "e", "el", "en", "es", "esta", "estan",
    "estoy", "folio", "fui", "gracias", "hablo", "hace", "hija", "hijo", "hola", "jubilada", "jubilado", "la",
    "las", "le", "les", "llamo", "los", "madre", "maestra", "maestro", "mama", "me", "mi", "mis", "muy", "nadie",
    "necesito", "no", "nos", "numero", "o", "ocupo", "originaria", "originario", "padre", "papa", "para", "pero",
    "por", "porque", "que", "quien", "quiero", "quisiera", "senor", "senora", "si", "sin", "son", "soy", "sr",
    "sra", "tambien", "tel", "telefono", "tengo", "tiene", "todos", "trabajador", "trabajadora", "un", "una",
    "usted", "ustedes", "vecina", "vecino", "vive", "viven", "vivo", "voy", "y", "ya",
})  # fmt: skip
_MOST_NAME_WORDS = 6
_LONGEST_SHORT = 4


def _names(text: str, municipalities: Municipalities) -> Iterator[Datum]:
    """The name that the writer gives, in capitals as names are written; «Ana Soto de Navojoa» is Ana Soto."""
    plain = aligned(text)
    for lead in _GIVES_NAME.finditer(plain):
        words = _name_words(text, plain, lead.end())
        cut = next((at for at, word in enumerate(words) if at and word[0].lower() == "de"), len(words))
        if cut < len(words) and municipalities.is_name(text[words[cut].end() : words[-1].end()]):
            words = words[:cut]
        is_shouted = text.isupper()
        if lead["am"] and (len(words) < 2 or is_shouted or not all(word[0][0].isupper() for word in words)):
            continue
        if not words:
            continue
        start, end = words[0].start(), words[-1].end()
        written = text[start:end].rstrip(".")
        is_plain = written in (written.lower(), written.upper())
        yield Datum("nombre", start, start + len(written), _capitals(written) if is_plain else written)
        return


def _name_words(text: str, plain: str, start: int) -> list[re.Match[str]]:
    """The words from `start` on that are a name's; a particle only between two others."""
    words: list[re.Match[str]] = []
    loose: list[re.Match[str]] = []
    for word in _NAME_WORD.finditer(text, start):
        told = words + loose
        if text[told[-1].end() if told else start : word.start()].strip():
            break
        folded = plain[word.start() : word.end()].rstrip(".")
        if folded in _PARTICLES and words and folded not in {"y", "e"}:
            loose.append(word)
            continue
        if folded in _NO_NAME or len(words) + len(loose) >= _MOST_NAME_WORDS:
            break
        words += [*loose, word]
        loose = []
        if word[0].endswith(".") and len(word[0]) > _LONGEST_SHORT:  # «Ma. Luisa» goes on, «Luisa. Vivo …» does not
            break
    return words


def _capitals(name: str) -> str:
    return " ".join(word if word in _PARTICLES else word.capitalize() for word in name.lower().split())


def find(text: str, municipalities: Municipalities) -> list[Datum]:
    """All data of `text`; where two overlap, the more exact kind stays."""
    found: list[Datum] = []
    finders = (_emails, _folios, _curps, _phones) if _DIGIT.search(text) else (_emails,)
    exact = [finder(text) for finder in finders]
    told = [_names(text, municipalities), _neighbourhoods(text, municipalities), municipalities.find(text)]
    for stream in [*exact, *told, _certificates(text)]:
        for datum in stream:
            is_free = all(datum.end <= other.start or other.end <= datum.start for other in found)
            if is_free or datum.entity == "tipo_acta":
                found.append(datum)
    return found
