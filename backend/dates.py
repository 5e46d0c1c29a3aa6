"""Dates told in Spanish words, as days: «el martes pasado», «hace tres semanas», «15 de marzo», «ayer en la noche».

Only what names one day is a date: «en marzo», «la semana pasada» and «hace mucho» are none, nor are the streets,
schools and neighbourhoods that bear one («avenida 20 de Noviembre»). A day without its year is the last such day,
as what citizens tell of has happened, unless the words look ahead («para el», «próximo»).
Measured against `dateparser` on benchmarks/nlu/dates.tsv: docs/adr/0007.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from functools import lru_cache

from backend.text import fold


@dataclass(frozen=True)
class Told:
    """A day, and where the text names it. Offsets are those of the text as given."""

    day: date
    start: int
    end: int


_MONTHS = {
    "enero": 1, "ene": 1, "febrero": 2, "feb": 2, "marzo": 3, "mar": 3, "abril": 4, "abr": 4, "mayo": 5, "may": 5,
    "junio": 6, "jun": 6, "julio": 7, "jul": 7, "agosto": 8, "ago": 8, "septiembre": 9, "setiembre": 9, "sept": 9,
    "sep": 9, "octubre": 10, "oct": 10, "noviembre": 11, "nobiembre": 11, "nov": 11, "diciembre": 12,
    "disiembre": 12, "dic": 12,
}  # fmt: skip
_WEEKDAYS = {"lunes": 0, "martes": 1, "miercoles": 2, "jueves": 3, "viernes": 4, "sabado": 5, "domingo": 6}
_UNITS = (
    "cero", "un", "dos", "tres", "cuatro", "cinco", "seis", "siete", "ocho", "nueve", "diez", "once", "doce", "trece",
    "catorce", "quince", "dieciseis", "diecisiete", "dieciocho", "diecinueve", "veinte", "veintiun", "veintidos",
    "veintitres", "veinticuatro", "veinticinco", "veintiseis", "veintisiete", "veintiocho", "veintinueve", "treinta",
)  # fmt: skip
_NUMBERS = {
    **{word: value for value, word in enumerate(_UNITS)},
    "uno": 1, "una": 1, "primero": 1, "primer": 1, "veintiuno": 21, "veintiuna": 21, "cuarenta": 40, "sesenta": 60,
    "treinta y uno": 31,
}  # fmt: skip

_N = rf"(?:\d{{1,3}}|{'|'.join(sorted(_NUMBERS, key=len, reverse=True))})"
_MONTH = rf"(?:{'|'.join(sorted(_MONTHS, key=len, reverse=True))})"
_WEEKDAY = rf"(?:{'|'.join(_WEEKDAYS)})"
_THOUSANDS = rf"dos mil(?: (?:{'|'.join(_UNITS[1:])}))?"
_YEAR = rf"(?:(?:19|20)\d\d|{_THOUSANDS})"

#: What bears a date for its name.
_NAMED_AFTER = re.compile(
    r"\b(?:calle|c\.|av\.?|avenida|blvd\.?|bulevar|boulevard|calzada|colonia|col\.?|fracc\.?|fraccionamiento|barrio|"
    r"ejido|escuela|primaria|secundaria|prepa|jardin|kinder|plaza|parque|esquina(?: con)?|unidad|hospital|mercado|"
    r"presa|poblado|tecnica|turno|esc\.?)\s+(?:de\s+|la\s+|el\s+|del\s+)?$"
)
_AHEAD = re.compile(r"\b(?:para|proximo|siguiente|citaron|cita)(?:\s+el)?\s+(?:dia\s+)?$")


@dataclass(frozen=True)
class _Said:
    """What a reader needs beside its match: the words before it, and the day on which they were said."""

    before: str
    today: date


Reader = Callable[[re.Match[str], _Said], date | None]


def _number(words: str) -> int:
    return int(words) if words.isdigit() else _NUMBERS[words]


def _day(year: int, month: int, day: int) -> date | None:
    try:
        return date(year, month, day)
    except ValueError:
        return None


def _year(words: str | None) -> int | None:
    if not words:
        return None
    return int(words) if words.isdigit() else 2000 + _NUMBERS.get(words.removeprefix("dos mil").strip(), 0)


def _months_before(today: date, months: int) -> date:
    """The same day of an earlier month, or that month's last."""
    index = today.year * 12 + today.month - 1 - months
    year, month = divmod(index, 12)
    return next(found for day in range(today.day, 0, -1) if (found := _day(year, month + 1, day)))


def _of_calendar(month: int, day: int, year: int | None, said: _Said) -> date | None:
    if year is not None:
        return _day(year, month, day)
    today = said.today
    if _AHEAD.search(said.before):
        return next((d for y in (today.year, today.year + 1) if (d := _day(y, month, day)) and d >= today), None)
    return next((d for y in range(today.year, today.year - 5, -1) if (d := _day(y, month, day)) and d <= today), None)


def _day_and_month(match: re.Match[str], said: _Said) -> date | None:
    return _of_calendar(_MONTHS[match["month"]], _number(match["day"]), _year(match["year"]), said)


def _digits(match: re.Match[str], said: _Said) -> date | None:
    month = _MONTHS.get(match["month"]) or int(match["month"])
    year = int(match["year"]) if match["year"] else None
    if year is not None and year < 100:
        year += 2000
    return _of_calendar(month, int(match["day"]), year, said)


def _iso(match: re.Match[str], said: _Said) -> date | None:
    return _of_calendar(int(match["month"]), int(match["day"]), int(match["year"]), said)


def _ago(match: re.Match[str], said: _Said) -> date | None:
    if re.search(r"\b(?:mas de|menos de|casi)\s+$", match[0][: match.start("n") - match.start()]):
        return None
    number, unit = (1 if match["n"] == "media" else _number(match["n"])), match["unit"]
    if unit.startswith(("hora", "minuto")):
        return said.today if unit.startswith("minuto") or number <= _HOURS_OF_TODAY else None
    if unit.startswith("dia"):
        return said.today - timedelta(days=number)
    if unit.startswith("semana"):
        return said.today - timedelta(weeks=number)
    return _months_before(said.today, number * (12 if unit.startswith("ano") else 1))


_HOURS_OF_TODAY = 6


def _near(match: re.Match[str], said: _Said) -> date | None:
    word = match["word"].replace(" ", "")
    return said.today + timedelta(days=_NEAR[word])


_NEAR = {
    "hoy": 0, "ayer": -1, "aller": -1, "anoche": -1, "antier": -2, "antayer": -2, "anteayer": -2, "antesdeayer": -2,
    "antenoche": -2, "antesdeanoche": -2, "antierenlanoche": -2, "pasadomanana": 2, "manana": 1,
}  # fmt: skip


def _weekday(match: re.Match[str], said: _Said) -> date | None:
    wanted, today = _WEEKDAYS[match["weekday"]], said.today
    if re.search(r"\b(?:los|todos los|cada|dia)\s+$", said.before):
        return None
    if match["next"] or re.search(r"\b(?:proximo|siguiente|para el|este)\s+$", said.before):
        return today + timedelta(days=(wanted - today.weekday() - 1) % 7 + 1)
    if match["week"]:
        monday = today - timedelta(days=today.weekday() + 7)
        return monday + timedelta(days=wanted)
    back = (today.weekday() - wanted - 1) % 7 + 1
    return today - timedelta(days=0 if match["day"] and back == 7 else back)


def _weekday_with_day(match: re.Match[str], said: _Said) -> date | None:
    """«El sábado 14»: the last such day of any month that fell on it."""
    wanted, number = _WEEKDAYS[match["weekday"]], int(match["day"])
    days = (said.today - timedelta(days=back) for back in range(400))
    return next((day for day in days if day.day == number and day.weekday() == wanted), None)


def _of_month(match: re.Match[str], said: _Said) -> date | None:
    month = _months_before(said.today.replace(day=1), 1 if match["which"] else 0)
    return _day(month.year, month.month, _number(match["day"]))


_FIRST_OF_MONTHS = tuple(sorted({month[:3] for month in _MONTHS}))
#: Each with letters of which some stand in whatever it can match: most messages name no day, and are not searched.
_RULES: tuple[tuple[tuple[str, ...], re.Pattern[str], Reader], ...] = tuple(
    (letters, re.compile(pattern), reader)
    for letters, pattern, reader in (
        (("-",), r"(?<![\d-])(?P<year>20\d\d)-(?P<month>\d\d)-(?P<day>\d\d)(?![\d-])", _iso),
        (
            ("/", ".", "-"),
            rf"(?<![\w/.-])(?P<day>\d{{1,2}})(?P<sep>[/.-])(?P<month>\d{{1,2}}|{_MONTH})(?P=sep)(?P<year>\d{{4}}|\d\d)"
            r"(?![\w/-])",
            _digits,
        ),
        (("/",), r"(?<![\w/.-])(?P<day>\d{1,2})/(?P<month>\d{1,2})(?P<year>)(?![\w/-])", _digits),
        (
            _FIRST_OF_MONTHS,
            rf"\b(?P<day>{_N})(?: dias?)? (?:de )?(?:mes de )?(?P<month>{_MONTH})\b\.?"
            rf"(?:,? ?(?:de|del|del ano)? (?P<year>{_YEAR})\b)?",
            _day_and_month,
        ),
        (
            _FIRST_OF_MONTHS,
            rf"\b(?P<month>{_MONTH}) (?P<day>\d{{1,2}})\b(?P<year>)(?! (?:de|pesos|personas|anos))",
            _day_and_month,
        ),
        (
            (" mes",),
            rf"\b(?P<day>{_N}) (?:del? mes (?P<which>pasado|anterior)|de(?:l| este)? mes(?: actual)?)\b",
            _of_month,
        ),
        (
            ("ace ", "ase "),
            rf"\b(?:h?ace|ase|hase) (?:ya |como |unos |unas |aproximadamente |mas o menos |mas de |menos de |casi )*"
            rf"(?P<n>{_N}|media) (?P<unit>minutos?|horas?|dias?|semanas?|mes(?:es)?|anos?)\b(?! y medi)",
            _ago,
        ),
        (
            tuple(_WEEKDAYS),
            rf"\b(?P<weekday>{_WEEKDAY}) (?P<day>\d{{1,2}})\b(?! (?:de|a|horas|personas))",
            _weekday_with_day,
        ),
        (
            tuple(_WEEKDAYS),
            rf"\b(?P<weekday>{_WEEKDAY})\b(?P<day>)"
            r"(?:(?P<next> que (?:viene|entra)| proximo| siguiente)|(?P<week> de la (?:semana pasada|otra semana))"
            r"| pasado)?",
            _weekday,
        ),
        (
            ("ayer", "aller", "noche", "antier", "hoy", "manana"),
            r"\b(?P<word>pasado manana|antes de ayer|antes de anoche|ante ?ayer|antayer|antenoche|antier|anoche|ayer|"
            r"aller|hoy|(?<!la )(?<!de )manana(?= (?:voy|vamos|ire|a las|puedo|quiero|temprano|mismo|por la|en la)))\b",
            _near,
        ),
    )
)


def told_days(text: str, today: date) -> list[Told]:
    """The days that `text` names, in its order; `today` is the day on which it was said, in the citizen's place."""
    plain, places = _folded(text)
    found: list[Told] = []
    for start, end, day in _readings(plain, today):
        if all(end <= other.start or other.end <= start for other in found):
            found.append(Told(day, start, end))
    return sorted(
        (Told(told.day, places[told.start], places[told.end - 1] + 1) for told in found), key=lambda told: told.start
    )


def _readings(plain: str, today: date) -> Iterator[tuple[int, int, date]]:
    taken: list[tuple[int, int]] = []
    for letters, pattern, reader in _RULES:
        if not any(part in plain for part in letters):
            continue
        for match in pattern.finditer(plain):
            start, end = match.span()
            if any(start < other_end and other_start < end for other_start, other_end in taken):
                continue
            before = plain[:start]
            taken.append((start, end))
            if _NAMED_AFTER.search(before):
                continue
            day = reader(match, _Said(before, today))
            if day is not None:
                yield start, end, day


def _folded(text: str) -> tuple[str, list[int]]:
    """`text` without accents or case, and where each of its letters stood."""
    letters: list[str] = []
    places: list[int] = []
    for place, char in enumerate(text):
        plain = _letter(char)
        if plain == " " and letters and letters[-1] == " ":
            continue
        letters += plain
        places += [place] * len(plain)
    return "".join(letters), places


@lru_cache(maxsize=1000)
def _letter(char: str) -> str:
    return " " if char.isspace() else fold(char)


def one_past_day(text: str, today: date) -> date | None:
    """The day on which what `text` tells of happened: the only one it names that is not to come."""
    days = {told.day for told in told_days(text, today) if told.day <= today}
    return days.pop() if len(days) == 1 else None
