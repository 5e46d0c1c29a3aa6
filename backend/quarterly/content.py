"""What an edition of the Informe says, whole: for page, PDF and DOCX, and in the canonical form that is hashed."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from backend.quarterly.wording import canonical, value_of
from backend.reports.measures import DECIMALS, Unit, Value
from backend.reports.periods import Period

#: Of the canonical form: a form made otherwise has another.
VERSION = 1


@dataclass(frozen=True)
class Line:
    """A figure of a quarter. `rows` and `rows_sha256` are of a closed edition: how many rows, and their hash."""

    key: str
    name: str
    definition: str
    unit: Unit
    more_is_better: bool | None
    value: Value
    before: Value = None
    target: Value = None
    rows: int | None = None
    rows_sha256: str | None = None

    @property
    def is_at_most(self) -> bool:
        """The goal is not to be exceeded, rather than to be reached."""
        return self.more_is_better is False

    @property
    def variance(self) -> Value:
        """What was achieved less the goal, in the figure's unit; None without both."""
        if self.value is None or self.target is None:
            return None
        return round(self.value - self.target, DECIMALS[self.unit])

    @property
    def is_met(self) -> bool | None:
        """Whether the goal was reached; None without goal or value."""
        if self.value is None or self.target is None:
            return None
        return self.value <= self.target if self.is_at_most else self.value >= self.target

    @property
    def fulfilment(self) -> float | None:
        """Achieved over goal, in percent; of what is not to be exceeded, goal over achieved, at most 100."""
        if self.value is None or self.target is None:
            return None
        if self.is_at_most:
            return 100.0 if self.value <= self.target else round(100 * self.target / self.value, 1)
        return round(100 * self.value / self.target, 1) if self.target else 100.0


@dataclass(frozen=True)
class Section:
    title: str
    lines: tuple[Line, ...]


@dataclass(frozen=True)
class Informe:
    """An edition as it is read. `closed_at` and `closed_by` are None while it is a draft."""

    year: int
    quarter: int
    number: int
    reason: str
    institution: str
    office: str
    department: str
    address: str
    texts: Mapping[str, str]
    sections: tuple[Section, ...]
    closed_at: datetime | None = None
    closed_by: str | None = None
    sha256: str | None = None

    @property
    def period(self) -> Period:
        return Period.quarter(self.year, self.quarter)

    @property
    def title(self) -> str:
        return "Informe Trimestral de Resultados"

    @property
    def edition_text(self) -> str:
        """`Borrador`, `Edición 1`, `Edición 2, corregida`."""
        if self.closed_at is None:
            return "Borrador"
        return f"Edición {self.number}" + (", corregida" if self.number > 1 else "")

    @property
    def lines(self) -> Sequence[Line]:
        return [line for section in self.sections for line in section.lines]

    @property
    def met(self) -> tuple[int, int]:
        """How many goals were reached, of how many."""
        judged = [line.is_met for line in self.lines if line.is_met is not None]
        return sum(judged), len(judged)


def written(informe: Informe) -> str:
    """The canonical form: JSON with sorted keys and no spaces, values as texts with their unit's decimals."""
    assert informe.closed_at is not None
    told: dict[str, Any] = {
        "version": VERSION,
        "year": informe.year,
        "quarter": informe.quarter,
        "number": informe.number,
        "reason": informe.reason,
        "institution": informe.institution,
        "office": informe.office,
        "department": informe.department,
        "address": informe.address,
        "texts": dict(informe.texts),
        "closed_at": informe.closed_at.isoformat(),
        "closed_by": informe.closed_by,
        "sections": [
            {"title": section.title, "lines": [_line_written(line) for line in section.lines]}
            for section in informe.sections
        ],
    }
    return json.dumps(told, ensure_ascii=False, sort_keys=True, separators=(",", ":"))


def _line_written(line: Line) -> dict[str, Any]:
    return {
        "key": line.key,
        "name": line.name,
        "definition": line.definition,
        "unit": line.unit.value,
        "more_is_better": line.more_is_better,
        "value": canonical(line.value, line.unit),
        "before": canonical(line.before, line.unit),
        "target": canonical(line.target, line.unit),
        "rows": line.rows,
        "rows_sha256": line.rows_sha256,
    }


def read(content: str, sha256: str) -> Informe:
    """A closed edition from its canonical form."""
    told = json.loads(content)
    sections = tuple(
        Section(section["title"], tuple(_line_read(line) for line in section["lines"])) for section in told["sections"]
    )
    kept = told.keys() - {"version", "sections", "closed_at"}
    return Informe(
        **{name: told[name] for name in kept},
        sections=sections,
        closed_at=datetime.fromisoformat(told["closed_at"]),
        sha256=sha256,
    )


def _line_read(told: Mapping[str, Any]) -> Line:
    unit = Unit(told["unit"])
    values = {name: value_of(told[name], unit) for name in ("value", "before", "target")}
    return Line(**{**told, **values, "unit": unit})


def hash_of(content: str) -> str:
    """The SHA-256 of a canonical form."""
    return hashlib.sha256(content.encode()).hexdigest()
