"""What a check found, in words for whoever runs the product."""

import enum
from collections.abc import Mapping
from dataclasses import dataclass

from backend.db import Database
from backend.settings import Settings


class State(enum.StrEnum):
    GOOD = "bien"
    #: It works, and should be otherwise.
    WARNING = "aviso"
    BROKEN = "falla"


@dataclass(frozen=True)
class Finding:
    """`told` never holds a secret or a person's data; `mend` says what to do, "" where nothing is to be done."""

    name: str
    state: State
    told: str
    mend: str = ""


@dataclass(frozen=True)
class Installation:
    """What is examined. `is_development`: the embedded database, on somebody's own machine."""

    environment: Mapping[str, str]
    settings: Settings
    database: Database
    is_development: bool

    @property
    def grave(self) -> State:
        """How bad is what only production must have."""
        return State.WARNING if self.is_development else State.BROKEN


def good(name: str, told: str) -> Finding:
    return Finding(name, State.GOOD, told)


def warning(name: str, told: str, mend: str) -> Finding:
    return Finding(name, State.WARNING, told, mend)


def broken(name: str, told: str, mend: str) -> Finding:
    return Finding(name, State.BROKEN, told, mend)
