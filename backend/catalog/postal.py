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
    municipality_ids: tuple[str, ...]
    colonias: tuple[str, ...]


@lru_cache(maxsize=1)
def _settlements() -> Mapping[str, tuple[Colonia, ...]]:
    """Folded municipality name -> its settlements, by name."""
    with closing(sqlite3.connect(DB_PATH)) as connection:
        rows = connection.execute("SELECT municipality, place, cp FROM places WHERE state = 'Sonora'").fetchall()
    found: dict[str, set[Colonia]] = {}
    for municipality, place, code in rows:
        found.setdefault(fold(municipality), set()).add(Colonia(place, str(code).zfill(5)))
    return {name: tuple(sorted(places, key=lambda one: fold(one.name))) for name, places in found.items()}


async def find(session: AsyncSession, code: str) -> PostalCode | None:
    """What a postal code is of; None for one that the catalogue does not have in Sonora."""
    named = {
        name: [one.name for one in places if one.postal_code == code]
        for name, places in _settlements().items()
        if any(one.postal_code == code for one in places)
    }
    if not named:
        return None
    municipalities = (await session.scalars(select(Municipality))).all()
    ids = tuple(one.id for one in municipalities if fold(one.name) in named)
    return PostalCode(code, ids, tuple(sorted({name for names in named.values() for name in names}, key=fold)))


def colonias(municipality: Municipality) -> tuple[Colonia, ...]:
    """A municipality's settlements with their codes, by name."""
    return _settlements().get(fold(municipality.name), ())


def colonia_in(text: str, municipality: Municipality) -> str | None:
    """The settlement of `municipality` that `text` names («en la sahuaro de hermosillo»), the longest; None if none."""
    told = f" {' '.join(re.findall(r'[a-z0-9]+', fold(text)))} "
    its_own = {fold(name) for name in (municipality.name, municipality.seat, *municipality.aliases)}
    named = [
        one.name
        for one in colonias(municipality)
        if len(one.name) >= _LEAST_LETTERS and fold(one.name) not in its_own and f" {fold(one.name)} " in told
    ]
    return max(named, key=len, default=None)
