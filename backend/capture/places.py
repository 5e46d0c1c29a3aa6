"""Postal codes of Sonora, by the postal catalogue that ships in `postalcodes-mexico` (state of 2018)."""

import sqlite3
from contextlib import closing
from dataclasses import dataclass
from functools import lru_cache

from postalcodes_mexico.postalcodes_mexico import DB_PATH


@dataclass(frozen=True)
class PostalArea:
    """What a postal code covers; `municipality` by the catalogue's name, None where there are several."""

    municipality: str | None
    colonias: tuple[str, ...]


@lru_cache(maxsize=2048)
def area_of(postal_code: str) -> PostalArea | None:
    """The area of a postal code of Sonora; None for any other."""
    with closing(sqlite3.connect(DB_PATH)) as connection:
        rows = connection.execute(
            "SELECT DISTINCT place, municipality FROM places WHERE cp = ? AND state = 'Sonora' ORDER BY place",
            (postal_code,),
        ).fetchall()
    if not rows:
        return None
    municipalities = {municipality for _, municipality in rows}
    only = next(iter(municipalities)) if len(municipalities) == 1 else None
    return PostalArea(only, tuple(dict.fromkeys(place for place, _ in rows)))
