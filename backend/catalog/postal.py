"""Postal codes of Sonora: which municipality and colonias each is of.

Source: the postal catalogue that ships in `postalcodes-mexico` (state of 2018): what it lacks may well exist.
"""

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
