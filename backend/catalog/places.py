"""Municipalities as people name them: with typos, nicknames, or by the town they live in."""

import re
import sqlite3
from collections.abc import Collection
from contextlib import closing
from dataclasses import dataclass
from functools import lru_cache

from postalcodes_mexico.postalcodes_mexico import DB_PATH
from rapidfuzz import fuzz, process, utils
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from backend.catalog.localities import localities
from backend.catalog.models import Municipality
from backend.text import NAMED_AFTER, fold

#: From here a name is taken; from the lower bound it is asked about.
ACCEPT, SUGGEST = 92.0, 70.0
_NAMED_AFTER = re.compile(NAMED_AFTER)
_FILLER = ("municipio de ", "ciudad de ", "en ", "soy de ", "vivo en ", "aqui en ", "de ", "el ", "la ")


@dataclass(frozen=True)
class PlaceMatch:
    """`municipality` when it is sure; `suggestion` when it is worth asking; neither otherwise."""

    municipality: Municipality | None = None
    suggestion: Municipality | None = None


async def match_municipality(session: AsyncSession, typed: str) -> PlaceMatch:
    """The municipality that `typed` names, by name, nickname, close spelling or a town of only one municipality."""
    municipalities = (await session.scalars(select(Municipality))).all()
    names: dict[str, Municipality] = {}
    for municipality in municipalities:
        for name in (municipality.name, *municipality.aliases):
            names[fold(name)] = municipality
    for town, locality in localities().items():
        if fold(locality.municipality) in names:
            names.setdefault(town, names[fold(locality.municipality)])
    wanted = _without_filler(names, fold(typed).replace(",", " ").replace(" sonora", "").strip(" ."))
    if not wanted:
        return PlaceMatch()
    if wanted in names:
        return PlaceMatch(municipality=names[wanted])
    best = process.extractOne(wanted, names.keys(), scorer=fuzz.ratio, processor=utils.default_process)
    if best is not None and best[1] >= ACCEPT:
        return PlaceMatch(municipality=names[best[0]])
    by_town = _by_settlement().get(wanted)
    if by_town is not None and by_town in names:
        return PlaceMatch(municipality=names[by_town])
    contained = [municipality for name, municipality in names.items() if _is_told(name, wanted)]
    if len({municipality.id for municipality in contained}) == 1:
        return PlaceMatch(municipality=contained[0])
    if best is not None and best[1] >= SUGGEST:
        return PlaceMatch(suggestion=names[best[0]])
    return PlaceMatch()


def _is_told(name: str, text: str) -> bool:
    """Whether a folded text names the place itself, and not a street or a school that has its name."""
    before_each = f" {text} ".split(f" {name} ")[:-1]
    return any(not _NAMED_AFTER.search(f"{before} ") for before in before_each)


def _without_filler(names: Collection[str], typed: str) -> str:
    """`typed` without what introduces a name, but whole where it is one: «La Colorada» keeps its article."""
    for filler in _FILLER:
        if typed in names:
            break
        typed = typed.removeprefix(filler)
    return typed


@lru_cache(maxsize=1)
def _by_settlement() -> dict[str, str]:
    """Folded town name -> folded municipality name, where only one municipality has a town of that name.

    Source: the postal catalogue that ships in `postalcodes-mexico` (state of 2018). Colonias are left
    out: too many municipalities have a «Centro» or a «Benito Juárez».
    """
    with closing(sqlite3.connect(DB_PATH)) as connection:
        rows = connection.execute(
            "SELECT DISTINCT place, municipality FROM places WHERE state = 'Sonora'"
            " AND place_type IN ('Pueblo', 'Ejido', 'Ranchería', 'Congregación', 'Poblado comunal', 'Ciudad',"
            " 'Rancho', 'Campamento', 'Hacienda', 'Estación')"
        ).fetchall()
        cities = connection.execute(
            "SELECT DISTINCT city, municipality FROM places WHERE state = 'Sonora' AND city IS NOT NULL"
        ).fetchall()
    owners: dict[str, set[str]] = {}
    for place, municipality in (*rows, *cities):
        owners.setdefault(fold(place), set()).add(fold(municipality))
    return {name: next(iter(found)) for name, found in owners.items() if len(found) == 1 and len(name) > 3}
