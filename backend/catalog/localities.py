"""Towns that people name in place of their municipality: «vivo en Bacobampo» is Etchojoa.

Only those of one municipality that are not called like a colonia of another one.
"""

import csv
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from backend.text import fold

LOCALITIES = Path(__file__).parent / "seed/localities.csv"


@dataclass(frozen=True)
class Locality:
    """A town by its usual name, and the official name of its municipality."""

    name: str
    municipality: str


@lru_cache(maxsize=1)
def localities() -> Mapping[str, Locality]:
    """Every locality by each of its names, folded."""
    found: dict[str, Locality] = {}
    with LOCALITIES.open(encoding="utf-8") as source:
        for row in csv.DictReader(source):
            locality = Locality(row["name"], row["municipality"])
            for name in (row["name"], *filter(None, row["aliases"].split("|"))):
                found[fold(name)] = locality
    return found
