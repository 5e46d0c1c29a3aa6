"""Versions of the model under `VAR_DIR/models`, and which of them is in use.

Next to each `<version>.tar.gz` lies `<version>.json`: when it was made, of how many examples, and how well it read
the files it was measured on. `current.json` names the version in use, and those before it. A version is the hash
of what the model is made of (`bot.train.fingerprint`).
"""

import json
import re
import time
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

_SUFFIX = ".tar.gz"
_VERSION = re.compile(r"[0-9a-z-]{4,40}")


class UnknownVersion(Exception):
    """There is no such model here."""


@dataclass
class Score:
    """How well a model reads a file. `file`: the hash of its content; `recall`: by intent, with `rows` of each."""

    file: str
    messages: int
    accuracy: float
    recall: dict[str, float]
    rows: dict[str, int]


@dataclass
class Card:
    """What is known of a version. `scores` by the name of the measure: `dev`, `held_out`."""

    version: str
    made_at: str
    examples: int | None = None
    scores: dict[str, Score] = field(default_factory=dict)


@dataclass
class State:
    """The version in use, why, and those before. `decided_for`: the inputs' version for which that was decided."""

    version: str
    decided_for: str
    history: list[dict[str, str]]


def timestamp(seconds: float | None = None) -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(seconds))


class Registry:
    """The folder of models."""

    def __init__(self, var_dir: Path) -> None:
        self.folder = (var_dir / "models").resolve()
        self._current = self.folder / "current.json"

    def path(self, version: str) -> Path:
        return self.folder / f"{version}{_SUFFIX}"

    def has(self, version: str) -> bool:
        return _VERSION.fullmatch(version) is not None and self.path(version).is_file()

    def versions(self) -> list[str]:
        """Every version here, the oldest first."""
        files = sorted(self.folder.glob(f"*{_SUFFIX}"), key=lambda path: path.stat().st_mtime)
        return [path.name.removesuffix(_SUFFIX) for path in files]

    def card(self, version: str) -> Card:
        """What is known of a version; of one made before there were cards, when."""
        if not self.has(version):
            raise UnknownVersion(version)
        path = self.folder / f"{version}.json"
        if not path.exists():
            return Card(version, timestamp(self.path(version).stat().st_mtime))
        content: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        scores = {name: Score(**score) for name, score in content["scores"].items()}
        return Card(version, content["made_at"], content["examples"], scores)

    def keep(self, card: Card) -> None:
        self._write(self.folder / f"{card.version}.json", asdict(card))

    def state(self) -> State | None:
        """What is in use; None where nothing was chosen yet, or what was is gone."""
        if not self._current.exists():
            return None
        state = State(**json.loads(self._current.read_text(encoding="utf-8")))
        return state if self.has(state.version) else None

    def use(self, version: str, *, why: str, decided_for: str) -> None:
        """Put a version in use from the next start on. Raises UnknownVersion."""
        if not self.has(version):
            raise UnknownVersion(version)
        before = self.state()
        history = before.history if before is not None else []
        if before is None or before.version != version:
            history = [*history, {"version": version, "at": timestamp(), "why": why}]
        self._write(self._current, asdict(State(version, decided_for, history)))

    def stay(self, *, decided_for: str) -> None:
        """Keep what is in use though the inputs would make another."""
        state = self.state()
        assert state is not None, "only what is in use can stay"
        state.decided_for = decided_for
        self._write(self._current, asdict(state))

    def previous(self) -> str | None:
        """The version that was in use before this one and is still here."""
        state = self.state()
        if state is None:
            return None
        earlier = [step["version"] for step in state.history if step["version"] != state.version]
        return next((version for version in reversed(earlier) if self.has(version)), None)

    def _write(self, path: Path, content: dict[str, Any]) -> None:
        """Whole or not at all: a running product may read it at any moment."""
        unfinished = path.with_suffix(".unfinished")
        unfinished.write_text(json.dumps(content, ensure_ascii=False, indent=1), encoding="utf-8")
        unfinished.replace(path)
