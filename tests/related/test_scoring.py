"""The points tell the same petition from the one that only looks it, on pairs made by hand."""

from pathlib import Path
from typing import Any

import pytest
import yaml

from backend.registry.models import PetitionKind
from backend.related import scoring, words
from backend.related.scoring import LIKELY, Side, compare

PAIRS: dict[str, list[dict[str, Any]]] = yaml.safe_load((Path(__file__).parent / "pairs.yml").read_text("utf-8"))


def _sides(pair: dict[str, Any]) -> tuple[Side, Side]:
    is_one = pair.get("who") == "same"
    kind = pair.get("kind", "peticion")

    def side(text: str, at: str, kind: str, phone: str) -> Side:
        municipality, _, colonia = at.partition("/")
        name = "Ana Soto" if is_one else None
        return Side(PetitionKind(kind), text, municipality, colonia or None, None, name, frozenset({phone}))

    return (
        side(pair["a"], pair["at"], kind, "+526621234567"),
        side(pair["b"], pair.get("b_at", pair["at"]), pair.get("b_kind", kind), "+526621234567" if is_one else "+52"),
    )


def test_precision_and_recall_on_the_pairs() -> None:
    hits = {label: [compare(*_sides(pair)).points >= LIKELY for pair in PAIRS[label]] for label in PAIRS}
    right, wrong = sum(hits["same"]), sum(hits["different"])
    assert len(hits["same"]) >= 40 and len(hits["different"]) >= 40
    assert right / len(hits["same"]) >= 0.95
    assert right / (right + wrong) >= 0.9


def test_the_reasons_say_what_is_alike_in_the_words_that_were_used() -> None:
    told = compare(*_sides(PAIRS["same"][0]))
    assert told.reasons == ("misma colonia", "misma calle", "se parece: fuga")
    mine = compare(*_sides(next(pair for pair in PAIRS["same"] if pair.get("who") == "same")))
    assert mine.is_same_person and mine.reasons[0] == "misma persona"


def test_a_request_for_oneself_is_never_anothers() -> None:
    pair = next(pair for pair in PAIRS["same"] if pair.get("kind") == "registro_civil")
    assert compare(*_sides(pair)).points >= LIKELY
    assert compare(*_sides({**pair, "who": ""})).points < LIKELY


def test_a_colonia_is_compared_by_its_name_alone() -> None:
    assert scoring.place_key("Col. El Sahuaro") == scoring.place_key("sahuaro")


def test_many_are_scored_as_each_by_itself() -> None:
    sides = [_sides(pair) for label in PAIRS for pair in PAIRS[label]]
    new, olds = sides[0][0], [side for pair in sides for side in pair]
    words._likeness.cache_clear()
    apart = [compare(new, old) for old in olds]
    words._likeness.cache_clear()
    assert scoring.compare_all(new, olds) == apart


@pytest.mark.parametrize(
    ("told", "found"),
    [("banqeta rota", {"banquet", "rot"}), ("banq", {"banquet"}), ("bando ilusion", set()), ("rota rotas", {"rot"})],
)
def test_a_word_is_the_same_misspelt_or_cut_short(told: str, found: set[str]) -> None:
    assert words.shared(words.read("iluminacion banqueta rota"), words.read(told)) == found


@pytest.mark.parametrize(
    ("one", "other", "is_same"),
    [("calle Yucatan", "en la yucatan", True), ("calle Tamaulipas", "en Tamaulipaz", True),
     ("calle Yucatan", "calle Sinaloa", False), ("banqueta rota", "banqueta rota", False)],
)  # fmt: skip
def test_a_street_that_either_names_is_looked_for_in_both(one: str, other: str, is_same: bool) -> None:
    assert words.is_at_one_street(words.read(one), words.read(other)) is is_same
