"""Postal codes of Sonora: which municipality and colonias each is of.

Source: the postal catalogue that ships in `postalcodes-mexico` (state of 2018): what it lacks may well exist.
"""

import re
import sqlite3
from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass
from functools import lru_cache

from postalcodes_mexico.postalcodes_mexico import DB_PATH
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from backend.catalog.localities import localities
from backend.catalog.models import Municipality
from backend.text import fold

#: A shorter name is as likely a word of something else.
_LEAST_LETTERS = 4


@dataclass(frozen=True)
class Colonia:
    name: str
    postal_code: str


@dataclass(frozen=True)
class PostalCode:
    """A code and what it covers; one code may reach over a municipality's border."""

    code: str
    municipalities: tuple[Municipality, ...]
    colonias: tuple[str, ...]

    @property
    def municipality(self) -> Municipality | None:
        """The only one; None where there are several, or none that the catalog knows."""
        return self.municipalities[0] if len(self.municipalities) == 1 else None


@dataclass(frozen=True)
class _Index:
    """Municipalities by their folded names; all in the order of their own folded names."""

    by_municipality: Mapping[str, tuple[Colonia, ...]]
    municipalities_of: Mapping[str, frozenset[str]]
    colonias_of: Mapping[str, tuple[str, ...]]


@lru_cache(maxsize=1)
def _index() -> _Index:
    with closing(sqlite3.connect(DB_PATH)) as connection:
        rows = connection.execute("SELECT municipality, place, cp FROM places WHERE state = 'Sonora'").fetchall()
    folded = {municipality: fold(municipality) for municipality in {row[0] for row in rows}}
    settled = {(folded[municipality], Colonia(place, str(code).zfill(5))) for municipality, place, code in rows}
    by_municipality: dict[str, list[Colonia]] = {}
    municipalities_of: dict[str, set[str]] = {}
    colonias_of: dict[str, dict[str, None]] = {}
    for municipality, colonia in sorted(settled, key=lambda one: (fold(one[1].name), one[1].postal_code, one[0])):
        by_municipality.setdefault(municipality, []).append(colonia)
        municipalities_of.setdefault(colonia.postal_code, set()).add(municipality)
        colonias_of.setdefault(colonia.postal_code, {})[colonia.name] = None
    return _Index(
        {name: tuple(found) for name, found in by_municipality.items()},
        {code: frozenset(found) for code, found in municipalities_of.items()},
        {code: tuple(found) for code, found in colonias_of.items()},
    )


async def find(session: AsyncSession, code: str) -> PostalCode | None:
    """What a postal code is of; None for one that the catalogue does not have in Sonora."""
    index = _index()
    if code not in index.municipalities_of:
        return None
    named = index.municipalities_of[code]
    known = (await session.scalars(select(Municipality).order_by(Municipality.name))).all()
    return PostalCode(code, tuple(one for one in known if fold(one.name) in named), index.colonias_of[code])


def colonias(municipality: Municipality) -> tuple[Colonia, ...]:
    """A municipality's settlements with their codes, by name."""
    return _index().by_municipality.get(fold(municipality.name), ())


def colonia_in(text: str, municipality: Municipality) -> str | None:
    """The settlement of `municipality` that `text` names («en la sahuaro de hermosillo»), the longest; None if none.

    A town that stands for its municipality («Bahía de Kino») is one, where no other is named.
    """
    told = f" {' '.join(re.findall(r'[a-z0-9]+', fold(text)))} "
    town = _town_in(told, municipality)
    for name in sorted({municipality.name, municipality.seat, *municipality.aliases}, key=len, reverse=True):
        told = told.replace(f" {fold(name)} ", " | ")
    named = [
        one.name for one in colonias(municipality) if len(one.name) >= _LEAST_LETTERS and f" {fold(one.name)} " in told
    ]
    return max(named, key=len, default=town)


def _town_in(told: str, municipality: Municipality) -> str | None:
    towns = {
        name: town.name
        for name, town in localities().items()
        if town.municipality == municipality.name and f" {' '.join(re.findall(r'[a-z0-9]+', name))} " in told
    }
    return towns[max(towns, key=len)] if towns else None
