"""Agencies and topics named in a message, looked up in the office's catalogs: exact names, nothing guessed.

An agency is given by its official name, a topic by its name in the catalog. A topic counts only where the words of
one alone are there: «la luz de la escuela» is about neither for sure.
"""

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import yaml

from backend.text import fold
from bot.components.data_in_text import Datum, aligned

SEED = Path(__file__).resolve().parents[2] / "backend/catalog/seed"

#: Short names of the catalog that are common words: they name an agency only where the sentence says so.
_COMMON = {"registro civil", "notarias", "transporte", "ayuntamiento", "fiscalia", "proteccion civil"}
_SECRETARIAT = re.compile(r"^(secretaria (?:de |del ))(.+?)(?: y .*| e .*|, .*| publica)$")
_ACRONYM = re.compile(r"^([A-Z]{3,}) Sonora$")
_SPACE = re.compile(r"\s+")
_WORD = re.compile(r"\w+")


def _rows(name: str) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = yaml.safe_load((SEED / name).read_text(encoding="utf-8"))
    return rows


def _agency_names(row: dict[str, Any]) -> Iterator[str]:
    """An agency's names, and the shorter forms in which people say them."""
    for name in (row["name"], row["short"], *row.get("aliases", [])):
        plain = fold(name)
        yield plain
        if acronym := _ACRONYM.match(name):
            yield acronym[1].lower()
        if secretariat := _SECRETARIAT.match(plain):
            yield secretariat[1] + secretariat[2]
        yield plain.removesuffix(" del estado de sonora")
        yield plain.removesuffix(" del estado")


class _Names:
    """Names to find in a text, and what each stands for; of several that begin at one place, the longest.

    They are looked up by their first words: a pattern of all of them would be tried at every word of a text.
    """

    def __init__(self, meanings: Mapping[str, str]) -> None:
        self._meanings = meanings
        by_first: dict[str, list[str]] = {}
        for name in sorted(meanings, key=len, reverse=True):
            by_first.setdefault(_WORD.findall(name)[0], []).append(name)
        self._patterns = {word: _any_of(names) for word, names in by_first.items()}

    def find(self, plain: str) -> Iterator[tuple[re.Match[str], str]]:
        end = 0
        for word in _WORD.finditer(plain):
            pattern = self._patterns.get(word[0])
            if pattern is None or word.start() < end:
                continue
            match = pattern.match(plain, word.start())
            if match is not None:
                end = match.end()
                yield match, self._meanings[_SPACE.sub(" ", match[0])]


def _any_of(names: list[str]) -> re.Pattern[str]:
    spaced = (re.escape(name).replace(r"\ ", "[ ]+") for name in names)
    return re.compile(rf"\b(?:{'|'.join(spaced)})\b")


class Catalogs:
    """The agencies and the topics of the catalogs."""

    def __init__(self, agencies: list[dict[str, Any]], topics: list[dict[str, Any]]) -> None:
        names: dict[str, str] = {}
        for row in agencies:
            for name in _agency_names(row):
                names.setdefault(name, row["name"])
        for name in _COMMON:
            names.pop(name, None)
        self._agencies = _Names(names)
        self._topics = _Names({fold(word): row["name"] for row in topics for word in row["words"]})

    @classmethod
    def read(cls) -> "Catalogs":
        return cls(_rows("agencies.yml"), _rows("topics.yml"))

    def agencies(self, text: str) -> Iterator[Datum]:
        for match, name in self._agencies.find(aligned(text)):
            yield Datum("dependencia", match.start(), match.end(), name)

    def topic(self, text: str) -> Iterator[Datum]:
        """The one topic whose words are there: of a message that tells a matter, for «me despido» is no dismissal."""
        topics = list(self._topics.find(aligned(text)))
        if len({name for _, name in topics}) == 1:
            match, name = topics[0]
            yield Datum("tema", match.start(), match.end(), name)
