"""What a benchmark measured, row by row: ours beside a baseline of the same run, and a limit where we promised one.

Each benchmark is a module of this package with

    async def measure(folder: Path) -> list[Row]

which may keep what it needs in `folder` (empty, taken away afterwards), leaves no process behind, and takes ours and
the baseline by turns, so that whatever else the machine does falls on both alike. `benchmarks/__main__.py` runs them
(`make bench`). This module needs nothing but Python: the charts are drawn in an environment of their own.
"""

import json
import math
import os
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Literal

HEADINGS = ("what", "ours", "baseline", "ratio", "limit", "reached")


@dataclass(frozen=True)
class Limit:
    """What we promise: of the ratio to the baseline, or of our own figure."""

    of: Literal["ratio", "ours"]
    bound: Literal["at most", "at least"]
    value: float

    def holds(self, value: float) -> bool:
        return value <= self.value if self.bound == "at most" else value >= self.value

    def used(self, value: float) -> float:
        """How much of what is allowed was needed: 1 is just within, more is beyond."""
        needed, allowed = (value, self.value) if self.bound == "at most" else (self.value, value)
        if not allowed:
            return 1.0 if self.holds(value) else math.inf
        return needed / allowed


def ratio_at_most(value: float) -> Limit:
    return Limit("ratio", "at most", value)


def ratio_at_least(value: float) -> Limit:
    return Limit("ratio", "at least", value)


def at_most(value: float) -> Limit:
    return Limit("ours", "at most", value)


@dataclass(frozen=True)
class Row:
    """One figure. `what` says it in words; `against` names the baseline; a limit is optional."""

    what: str
    ours: float
    unit: str
    baseline: float | None = None
    against: str = ""
    limit: Limit | None = None

    def __post_init__(self) -> None:
        if self.limit is not None and self.limit.of == "ratio" and self.baseline is None:
            raise ValueError(f"{self.what}: a limit of the ratio needs a baseline")

    @property
    def ratio(self) -> float | None:
        """Ours over the baseline."""
        if self.baseline is None:
            return None
        return self.ours / self.baseline if self.baseline else math.inf

    @property
    def limited(self) -> float:
        """The figure that the limit is about."""
        ratio = self.ratio if self.limit is not None and self.limit.of == "ratio" else None
        return self.ours if ratio is None else ratio

    @property
    def reached(self) -> bool | None:
        """Whether the limit is kept; None where nothing is promised."""
        return None if self.limit is None else self.limit.holds(self.limited)

    def cells(self) -> tuple[str, ...]:
        """As HEADINGS."""
        baseline = "" if self.baseline is None else f"{said(self.baseline)} {self.unit} ({self.against})"
        ratio = "" if self.ratio is None else said(self.ratio)
        limit = ""
        if self.limit is not None:
            unit = "× baseline" if self.limit.of == "ratio" else self.unit
            limit = f"{self.limit.bound} {said(self.limit.value)} {unit}"
        reached = {None: "", True: "yes", False: "NO"}[self.reached]
        return (self.what, f"{said(self.ours)} {self.unit}", baseline, ratio, limit, reached)


@dataclass(frozen=True)
class Measured:
    """A benchmark's rows, when they were taken, and how busy the machine was before and after."""

    taken: str
    cores: int
    load_before: float
    load_after: float
    rows: tuple[Row, ...]

    @property
    def circumstances(self) -> str:
        return f"{self.taken}, {self.cores} cores, load {self.load_before:.1f} before and {self.load_after:.1f} after"


def load() -> float:
    """The machine's load average of the last minute."""
    return os.getloadavg()[0]


def taken_now(rows: Sequence[Row], load_before: float) -> Measured:
    day = f"{datetime.now():%Y-%m-%d %H:%M}"  # noqa: DTZ005 — the clock on the wall
    return Measured(day, os.cpu_count() or 1, load_before, load(), tuple(rows))


def said(value: float) -> str:
    """Three figures that count, and no more."""
    if math.isinf(value) or value >= 100:
        return f"{value:,.0f}"
    return f"{value:.3g}" if value >= 0.01 else f"{value:.1g}"


def printed(rows: Iterable[Row]) -> str:
    """Aligned, for a terminal."""
    lines = [HEADINGS, *(row.cells() for row in rows)]
    widths = [max(len(line[column]) for line in lines) for column in range(len(HEADINGS))]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip() for line in lines
    )


def markdown(rows: Iterable[Row]) -> str:
    """A table for a page."""
    lines = [f"| {' | '.join(HEADINGS)} |", "|---|---:|---:|---:|---|---|"]
    return "\n".join([*lines, *(f"| {' | '.join(row.cells())} |" for row in rows)])


def read(path: Path) -> dict[str, Measured]:
    """What was kept, by benchmark; nothing where nothing was."""
    if not path.exists():
        return {}
    return {name: _measured(one) for name, one in json.loads(path.read_text(encoding="utf-8")).items()}


def keep(path: Path, measured: dict[str, Measured]) -> None:
    """Write it for `read`."""
    plain = {name: asdict(one) for name, one in measured.items()}
    path.write_text(json.dumps(plain, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


def _measured(plain: dict[str, Any]) -> Measured:
    return Measured(**{**plain, "rows": tuple(_row(row) for row in plain["rows"])})


def _row(plain: dict[str, Any]) -> Row:
    return Row(**{**plain, "limit": None if plain["limit"] is None else Limit(**plain["limit"])})
