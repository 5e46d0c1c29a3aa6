"""The agencies of the office's catalog, as the actions need them."""

from functools import lru_cache
from pathlib import Path

import yaml

_AGENCIES = Path(__file__).resolve().parents[2] / "backend/catalog/seed/agencies.yml"


@lru_cache(maxsize=1)
def federal_agencies() -> frozenset[str]:
    """Official names of the agencies for which no authority of the state answers."""
    rows = yaml.safe_load(_AGENCIES.read_text(encoding="utf-8"))
    return frozenset(row["name"] for row in rows if row["level"] == "federal")
