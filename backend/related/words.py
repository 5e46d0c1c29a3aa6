"""What a narrative says, in comparable words: its matters (`concepts.yml`), its streets, and what else it tells."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache, lru_cache
from itertools import chain
from pathlib import Path

import yaml
from rapidfuzz import fuzz, process

from backend.text import fold

#: Two stems of which this much is the same are one word, misspelt or inflected.
SAME_WORD = 86.0
_LONG_ENOUGH = 3
#: Shorter stems are only the same when they are equal.
_TELLS_APART = 4

_STREET = re.compile(
    r"\b(?:calle|av|avenida|blvd|bulevar|boulevard|callejon|privada|calzada|carretera|esquina con|esq con|entre|y) "
    r"(?:la |el |los |las |de la |de los |de )?([a-z0-9]{3,}(?: [a-z]{4,})?)"
)
#: «ruta 7», «número 120», «frente al 45»: what tells one from its like.
_NUMBER = re.compile(r"\b(?:ruta|linea|numero|num|no|casa|al|lote|manzana|km|kilometro) (\d{1,5})\b")
_STREET_WORD = re.compile(
    r"\b(?:calle|av|avenida|blvd|bulevar|boulevard|callejon|privada|calzada|esquina con|esq con)\b"
)
_NOT_WORDS = re.compile(r"[^a-z0-9]+")
_WRITTEN = re.compile(r"\w+")
_SUFFIXES = ("ciones", "cion", "mente", "aron", "ieron", "ando", "iendo", "adas", "ados", "idas", "idos", "ada", "ado",
             "ida", "ido", "aba", "arla", "arlo", "ar", "er", "ir", "es", "os", "as", "o", "a", "e", "s")  # fmt: skip


@dataclass(frozen=True)
class Matter:
    name: str
    is_area: bool
    is_landmark: bool


@dataclass(frozen=True)
class Said:
    """`matters` by name; `streets` named as such; `rest`, the stems of all other words that tell something.

    `words`: each stem of `rest` as the folded word that it is of. `told`: streets and rest.
    """

    matters: frozenset[str]
    streets: frozenset[str]
    rest: frozenset[str]
    words: dict[str, str]
    told: frozenset[str]


@cache
def _empty() -> frozenset[str]:
    """Words that nearly every petition has, as they are after folding."""
    return frozenset((Path(__file__).parent / "empty_words.txt").read_text("utf-8").split())


@cache
def _concepts() -> tuple[tuple[str, Matter], ...]:
    """Phrases with their matters, the longest first: «poste de luz» before «luz»."""
    listed = yaml.safe_load((Path(__file__).parent / "concepts.yml").read_text("utf-8"))
    pairs = [
        (fold(phrase), Matter(name, bool(one.get("area")), bool(one.get("landmark"))))
        for name, one in listed.items()
        for phrase in one["phrases"]
    ]
    return tuple(sorted(pairs, key=lambda pair: -len(pair[0])))


@cache
def _pattern() -> tuple[re.Pattern[str], dict[str, Matter]]:
    pairs = _concepts()
    # By their first letter: of some hundred phrases a word is compared with a few.
    by_letter: dict[str, list[str]] = {}
    for phrase, _ in pairs:
        by_letter.setdefault(phrase[0], []).append(re.escape(phrase[1:]))
    alternatives = "|".join(f"{re.escape(letter)}(?:{'|'.join(rests)})" for letter, rests in by_letter.items())
    return re.compile(rf"\b(?:{alternatives})\b"), dict(pairs)


@cache
def area_matters() -> frozenset[str]:
    """The matters that a whole neighbourhood has."""
    return frozenset(matter.name for _, matter in _concepts() if matter.is_area)


@cache
def plain_word(matter: str) -> str:
    """A matter as it is told to a person: «sin agua»."""
    return next(phrase for name, phrase in _first_phrases() if name == matter)


@cache
def _first_phrases() -> tuple[tuple[str, str], ...]:
    listed = yaml.safe_load((Path(__file__).parent / "concepts.yml").read_text("utf-8"))
    return tuple((name, one["phrases"][0]) for name, one in listed.items())


#: Kept: hundreds of narratives are read at once, and share most of their words.
@lru_cache(maxsize=65536)
def stem(word: str) -> str:
    """A folded word without its ending; at least three letters stay."""
    for suffix in _SUFFIXES:
        if word.endswith(suffix) and len(word) - len(suffix) >= _LONG_ENOUGH:
            return word.removesuffix(suffix)
    return word


@lru_cache(maxsize=4096)
def read(narrative: str) -> Said:
    """What a narrative says."""
    told, empty = _NOT_WORDS.sub(" ", fold(narrative)), _empty()
    pattern, matters = _pattern()
    found = set[Matter]()

    def take_out(match: re.Match[str]) -> str:
        found.add(matters[match[0]])
        return " "

    left = pattern.sub(take_out, told).split()
    numbers = {f"#{match[1]}": match[0] for match in _NUMBER.finditer(told)}
    streets = set[str]()
    if _STREET_WORD.search(told):  # «entre» and «y» name streets only where something else says that streets are named
        streets = {match[1].split(" ")[0] for match in _STREET.finditer(told)} - empty
    kept = {stem(word): word for word in left if len(word) >= _LONG_ENOUGH and word not in empty}
    kept |= numbers | {matter.name: matter.name for matter in found if matter.is_landmark}
    rest = frozenset(stemmed for stemmed, word in kept.items() if word not in streets)
    named = frozenset(matter.name for matter in found if not matter.is_landmark)
    return Said(named, frozenset(streets), rest, kept, rest | streets)


@lru_cache(maxsize=256)
def as_written(narrative: str) -> dict[str, str]:
    """Each folded word of a narrative with its accents."""
    return {fold(word): word.lower() for word in _WRITTEN.findall(narrative)}


def shared(one: Said, other: Said) -> frozenset[str]:
    """The stems of `one.rest` that `other.rest` has too, in whatever spelling."""
    exact = one.rest & other.rest
    like = _like(one, other.rest - exact)
    return exact.union(*like) & one.rest if like else exact


def is_at_one_street(one: Said, other: Said) -> bool:
    """Whether a street that either names is told of by both, in whatever spelling."""
    streets = one.streets | other.streets
    if not streets:
        return False
    exact = one.told & other.told
    return not streets.isdisjoint(exact) or not streets.isdisjoint(chain(*_like(one, other.told - exact)))


def learn(one: Said, others: Iterable[Said]) -> None:
    """Compare what many say with `one` at once: with each by itself it takes several times as long."""
    _likeness(one.told).learn(frozenset[str]().union(*(other.told for other in others)))


def _like(one: Said, words: frozenset[str]) -> list[frozenset[str]]:
    """For each of some stems that has any, those of `one` that are one word with it."""
    return _likeness(one.told).of(words)


class _Likeness:
    """What of `told` is one word with other stems: misspelt, or one the beginning of the other. Found once for each."""

    def __init__(self, told: frozenset[str]) -> None:
        self._told = told
        self._known: dict[str, frozenset[str]] = {}

    def of(self, words: frozenset[str]) -> list[frozenset[str]]:
        """For each of some stems that has any, those of `told`."""
        known = self._known
        if not known.keys() >= words:
            self.learn(words)
        return [found for word in words if (found := known[word])]

    def learn(self, words: frozenset[str]) -> None:
        known = self._known
        unknown = words - known.keys()
        known.update(dict.fromkeys(unknown, frozenset()))
        long = [word for word in unknown if len(word) >= _TELLS_APART]
        begun: dict[str, list[str]] = {}
        for word in long:
            begun.setdefault(word[:_TELLS_APART], []).append(word)
        for one in self._told:
            for word, *_ in process.extract(one, long, scorer=fuzz.ratio, score_cutoff=SAME_WORD, limit=None):
                known[word] |= {one}
            for word in begun.get(one[:_TELLS_APART], ()):
                if one.startswith(word) or word.startswith(one):
                    known[word] |= {one}


#: Kept: one narrative is compared with hundreds that share most of their words.
@lru_cache(maxsize=16)
def _likeness(told: frozenset[str]) -> _Likeness:
    return _Likeness(told)
