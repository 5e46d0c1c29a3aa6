"""A text as features: n-grams of its words, of their letters and of its sounds, each worth its TF-IDF.

Training makes one matrix of all examples, with scikit-learn, whose vectorizers spend milliseconds on a single text. A
message is read by `GramReader`, which gives the same row: n-grams of letters never cross words, so what a word has of
them is worked out once and kept.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix, hstack
from sklearn.feature_extraction.text import TfidfVectorizer

from bot.components.normalisation import by_ear, plain

Floats = NDArray[np.float32]
Places = NDArray[np.intp]

#: One block of features each: which reading, of what, and how much the block weighs.
BLOCKS: tuple[tuple[str, dict[str, Any], float], ...] = (
    ("plain", {"analyzer": "word", "token_pattern": r"[^ ]+", "ngram_range": (1, 2)}, 1.0),
    ("plain", {"analyzer": "char_wb", "ngram_range": (2, 5)}, 1.0),
    ("by_ear", {"analyzer": "char_wb", "ngram_range": (3, 5)}, 0.7),
)
#: Of how many words the letters' n-grams are kept: some four megabytes.
_WORDS_KEPT = 8192


def vectorizer_of(options: dict[str, Any], vocabulary: dict[str, int] | None = None) -> TfidfVectorizer:
    return TfidfVectorizer(lowercase=False, sublinear_tf=True, dtype=np.float32, vocabulary=vocabulary, **options)


def grams_of(texts: list[str], vectorizers: list[TfidfVectorizer], *, fit: bool = False) -> csr_matrix:
    """Texts x features, the blocks side by side."""
    normal = [plain(text) for text in texts]
    readings = {"plain": normal, "by_ear": [by_ear(text) for text in normal]}
    blocks = []
    for (reading, _, weight), vectorizer in zip(BLOCKS, vectorizers, strict=True):
        turn = vectorizer.fit_transform if fit else vectorizer.transform
        blocks.append(turn(readings[reading]) * weight)
    return hstack(blocks, format="csr", dtype=np.float32)


@dataclass(frozen=True)
class Grams:
    """One text's row: the places of the n-grams that the model knows, and what each is worth."""

    places: Places
    values: Floats


@dataclass(frozen=True)
class _Block:
    """The n-grams of a block, and where in the row they stand: from `offset` on."""

    reading: str
    analyze: Callable[[str], list[str]]
    known: dict[str, int]
    offset: int

    def places(self, normal: str) -> Places:
        """Where the n-grams of a text (or of one word) stand, each as often as it is there."""
        heard = by_ear(normal) if self.reading == "by_ear" else normal
        known = self.known
        places = [known[gram] for gram in self.analyze(heard) if gram in known]
        return np.array(places, dtype=np.intp) + self.offset


class GramReader:
    """Makes of one text the row that `grams_of` makes of many."""

    def __init__(self, vectorizers: Sequence[TfidfVectorizer]) -> None:
        idfs = [np.asarray(vectorizer.idf_, dtype=np.float32) for vectorizer in vectorizers]
        self._ends = np.cumsum([len(idf) for idf in idfs])
        self._worth = np.concatenate(idfs)
        self._weights = np.array([weight for _, _, weight in BLOCKS], dtype=np.float32)
        self._of_letters: list[_Block] = []
        self._of_words: list[_Block] = []
        for (reading, options, _), vectorizer, end in zip(BLOCKS, vectorizers, self._ends, strict=True):
            known = vectorizer.vocabulary_
            block = _Block(reading, vectorizer.build_analyzer(), known, int(end) - len(known))
            (self._of_letters if options["analyzer"] == "char_wb" else self._of_words).append(block)
        self._letters = lru_cache(_WORDS_KEPT)(self._letters_of)

    def read(self, text: str) -> Grams:
        """The text's row: sublinear counts times their worth, each block of length 1 times its weight."""
        normal = plain(text)
        found = [block.places(normal) for block in self._of_words]
        found += [self._letters(word) for word in normal.split()]
        places, counts = np.unique(np.concatenate(found), return_counts=True)
        values = (np.log(counts.astype(np.float32)) + 1) * self._worth[places]
        blocks = self._ends.searchsorted(places, side="right")
        lengths = np.sqrt(np.bincount(blocks, values * values, len(self._weights))).astype(np.float32)
        return Grams(places, values * self._weights[blocks] / lengths[blocks])

    def _letters_of(self, word: str) -> Places:
        """Where the n-grams of a word's letters and sounds stand."""
        return np.concatenate([block.places(word) for block in self._of_letters])
