"""Agencies and topics named in a message, looked up in the office's catalogs: exact names, nothing guessed.

An agency is given by its official name, a topic by its name in the catalog. A topic counts only where the words of
one alone are there: «la luz de la escuela» is about neither for sure.
"""

import re
from collections.abc import Iterator
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


class Catalogs:
    """Names to look up, longest first."""

    def __init__(self, agencies: list[dict[str, Any]], topics: list[dict[str, Any]]) -> None:
        self._agencies: dict[str, str] = {}
        for row in agencies:
            for name in _agency_names(row):
                self._agencies.setdefault(name, row["name"])
        for name in _COMMON:
            self._agencies.pop(name, None)
        self._topics = {fold(word): row["name"] for row in topics for word in row["words"]}
        self._agency_pattern = _any_of(self._agencies)
        self._topic_pattern = _any_of(self._topics)

    @classmethod
    def read(cls) -> "Catalogs":
        return cls(_rows("agencies.yml"), _rows("topics.yml"))

    def agencies(self, text: str) -> Iterator[Datum]:
        for match in self._agency_pattern.finditer(aligned(text)):
            yield Datum("dependencia", match.start(), match.end(), self._agencies[_SPACE.sub(" ", match[0])])

    def topic(self, text: str) -> Iterator[Datum]:
        """The one topic whose words are there: of a message that tells a matter, for «me despido» is no dismissal."""
        plain = aligned(text)
        topics = [(match, self._topics[_SPACE.sub(" ", match[0])]) for match in self._topic_pattern.finditer(plain)]
        if len({name for _, name in topics}) == 1:
            match, name = topics[0]
            yield Datum("tema", match.start(), match.end(), name)


def _any_of(names: dict[str, str]) -> re.Pattern[str]:
    longest_first = sorted(names, key=len, reverse=True)
    return re.compile(rf"\b(?:{'|'.join(re.escape(name).replace(chr(92) + ' ', r'[ ]+') for name in longest_first)})\b")
