"""The table of who may call what (`matrix.yml`), as the tests read it."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import yaml

FILE = Path(__file__).with_name("matrix.yml")


@dataclass(frozen=True)
class Table:
    callers: tuple[str, ...]
    #: By the word of an entry, whom it lets in.
    groups: Mapping[str, frozenset[str]]
    #: By the word of an entry, how the door answers whoever brings no proof.
    proofs: Mapping[str, frozenset[int]]
    #: By method and path, the entry's word.
    entries: Mapping[tuple[str, str], str]

    def may(self, caller: str, word: str) -> bool:
        """Whether `word` lets `caller` through what is asked before a route does anything."""
        return word == "anyone" or caller in self.groups[word]


def read() -> Table:
    found = yaml.safe_load(FILE.read_text())
    return Table(
        tuple(found["callers"]),
        {word: frozenset(names) for word, names in found["groups"].items()},
        {word: frozenset(statuses) for word, statuses in found["proofs"].items()},
        {(method, path): word for path, methods in found["routes"].items() for method, word in methods.items()},
    )
