"""How likely two petitions are one, from 0 to 100, and why, in words for staff. No database: only what both say."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache
from uuid import UUID

from rapidfuzz import fuzz

from backend.registry.models import PetitionKind
from backend.related import words
from backend.text import fold

K = PetitionKind

#: From here a candidate is shown as a likely duplicate (calibrated by `tests/related/pairs.yml`).
LIKELY = 45.0
#: Requests of one person for themselves: another's is never the same one.
PERSONAL = frozenset(
    {K.REGISTRO_CIVIL, K.CARTA_NO_ANTECEDENTES, K.APOYO_SOCIAL, K.AUDIENCIA, K.ASESORIA_JURIDICA, K.DERECHOS_ARCO}
)
_SAME_COLONIA, _SAME_STREET, _SAME_NAME = 86.0, 88.0, 88.0
#: What is put before the name of a colonia or a street.
_BEFORE_NAMES = frozenset(
    {"col", "colonia", "fracc", "fraccionamiento", "ejido", "barrio", "calle", "av", "avenida", "blvd", "boulevard",
     "bulevar", "la", "el", "los", "las", "de", "del"}
)  # fmt: skip
_OLD_DAYS = 120
_FEW = 2


@dataclass(frozen=True)
class Side:
    """One of two petitions, as far as they are compared.

    `contacts`: telephone, e-mail and CURP, or the indexes of all, and the person's id.
    """

    kind: PetitionKind
    narrative: str
    municipality_id: str | None = None
    colonia: str | None = None
    street: str | None = None
    name: str | None = None
    contacts: frozenset[str | bytes | UUID] = frozenset()
    topic: str | None = None
    told_at: datetime | None = None


@dataclass(frozen=True)
class Score:
    points: float
    reasons: tuple[str, ...]
    is_same_person: bool
    is_same_colonia: bool
    #: Both speak of one matter, at a place that is the same for such a matter.
    is_same_matter: bool


@dataclass
class _Sum:
    points: float = 0.0
    reasons: list[str] = field(default_factory=list)

    def add(self, points: float, reason: str = "") -> None:
        self.points += points
        if reason:
            self.reasons.append(reason)


def compare_all(new: Side, olds: Sequence[Side]) -> list[Score]:
    """`compare` with each of many."""
    words.learn(words.read(new.narrative), [words.read(old.narrative) for old in olds])
    return [compare(new, old) for old in olds]


def compare(new: Side, old: Side) -> Score:
    """Score `old` as the same petition as `new`."""
    total = _Sum()
    is_same_person = _person(new, old, total)
    is_same_colonia = _place(new, old, total)
    is_same_matter = _matter(new, old, total, is_same_colonia, is_same_person)
    if new.told_at and old.told_at and abs((new.told_at - old.told_at).days) > _OLD_DAYS:
        total.add(-12)
    if K.FELICITACION in (new.kind, old.kind) and new.kind is not old.kind:
        total.add(-40)
    is_personal = new.kind in PERSONAL or old.kind in PERSONAL
    if is_personal and (not is_same_person or new.kind is not old.kind):
        total.points = min(total.points, 30.0)
    points = max(0.0, min(100.0, total.points))
    return Score(points, tuple(total.reasons), is_same_person, is_same_colonia, is_same_matter)


def _person(new: Side, old: Side, total: _Sum) -> bool:
    if new.contacts & old.contacts:
        if new.name and old.name and fuzz.token_set_ratio(_name_key(new.name), _name_key(old.name)) < _SAME_NAME:
            total.add(12, "mismo teléfono o correo")
            return False
        total.add(24, "misma persona")
        return True
    if new.name and old.name and fuzz.token_sort_ratio(_name_key(new.name), _name_key(old.name)) >= _SAME_NAME:
        total.add(12, "mismo nombre")
    return False


@lru_cache(maxsize=16384)
def _name_key(name: str) -> str:
    return fold(name)


def _place(new: Side, old: Side, total: _Sum) -> bool:
    if new.municipality_id and old.municipality_id and new.municipality_id != old.municipality_id:
        total.add(-40)
        return False
    is_same = False
    if new.colonia and old.colonia:
        is_same = fuzz.ratio(place_key(new.colonia), place_key(old.colonia)) >= _SAME_COLONIA
        total.add(*((18, "misma colonia") if is_same else (-18, "")))
    elif new.municipality_id and old.municipality_id:
        total.add(6, "mismo municipio")
    if new.street and old.street:
        at_one = fuzz.partial_ratio(place_key(new.street), place_key(old.street)) >= _SAME_STREET
        total.add(*((16, "misma calle") if at_one else (-16, "")))
    return is_same


@lru_cache(maxsize=16384)
def place_key(place: str) -> str:
    """A colonia or street without what is put before its name."""
    folded = fold(place).replace(".", " ")
    kept = [word for word in folded.split() if word not in _BEFORE_NAMES]
    return " ".join(kept) or folded


def _matter(new: Side, old: Side, total: _Sum, is_same_colonia: bool, is_same_person: bool) -> bool:
    one, other = words.read(new.narrative), words.read(old.narrative)
    common = one.matters & other.matters
    alike = words.shared(one, other)
    fewer, most = sorted((len(one.rest), len(other.rest)))
    overlap = len(alike) / max(fewer, _FEW) * 0.5 + len(alike) / max(most, _FEW) * 0.5
    at_one_street = words.is_at_one_street(one, other)
    differ = bool(one.streets and other.streets) and not at_one_street
    is_area = bool(common & words.area_matters())
    if common:
        total.add(22 if is_area else 18)
        total.add(12 if one.matters == other.matters and len(common) > 1 else 0)
    elif one.matters or other.matters:
        total.add(-22 if one.matters and other.matters else -10)
    total.add(42 * overlap)
    if at_one_street:
        total.add(16, "misma calle")
    if differ and not is_area:
        total.add(-24)
    if new.topic and new.topic == old.topic:
        total.add(6)
    if is_area and is_same_colonia:
        total.add(14)
    if common or alike:
        written, folded = words.as_written(new.narrative), (one.words.get(stem, stem) for stem in alike)
        told = [words.plain_word(name) for name in sorted(common)]
        told += sorted(written.get(word, word) for word in folded)
        total.reasons.append("se parece: " + ", ".join(told[:4]))
    has_place = at_one_street or len(alike) >= _FEW or is_same_person
    return bool(common) and not differ and (is_area or has_place)
