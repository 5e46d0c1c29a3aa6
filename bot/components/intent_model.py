"""What was meant, told from n-grams of words and letters: a linear model, trained in seconds, read in a millisecond.

Free of Rasa, so that `benchmarks/nlu` and the tests use it as it is. Kept as JSON and arrays: nothing of a
model's file is ever executed.
"""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix, hstack
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import StratifiedKFold

from bot.components.normalisation import by_ear, plain

Floats = NDArray[np.float32]

#: One block of features each: which reading, of what, and how much the block weighs.
_BLOCKS: tuple[tuple[str, dict[str, Any], float], ...] = (
    ("plain", {"analyzer": "word", "token_pattern": r"[^ ]+", "ngram_range": (1, 2)}, 1.0),
    ("plain", {"analyzer": "char_wb", "ngram_range": (2, 5)}, 1.0),
    ("by_ear", {"analyzer": "char_wb", "ngram_range": (3, 5)}, 0.7),
)
_TEMPERATURES = np.linspace(0.4, 2.0, 33)


def _vectorizer(options: dict[str, Any], vocabulary: dict[str, int] | None = None) -> TfidfVectorizer:
    return TfidfVectorizer(
        lowercase=False, sublinear_tf=True, dtype=np.float32, vocabulary=vocabulary, **options
    )


@dataclass
class IntentModel:
    """A trained model. `weights`: features x intents; `temperature` makes its confidence mean what it says."""

    intents: list[str]
    vectorizers: list[TfidfVectorizer]
    weights: Floats
    bias: Floats
    temperature: float

    @classmethod
    def train(cls, texts: list[str], labels: list[str], *, regularisation: float = 20.0) -> "IntentModel":
        """Learn from `texts` and their intents. The temperature comes from what is held out in five folds."""
        vectorizers = [_vectorizer(options) for _, options, _ in _BLOCKS]
        features = _features(texts, vectorizers, fit=True)
        intents = sorted(set(labels))
        temperature = _temperature(features, np.array(labels), intents, regularisation)
        model = _fit(features, labels, regularisation)
        return cls(
            intents=[str(name) for name in model.classes_],
            vectorizers=vectorizers,
            weights=np.asarray(model.coef_.T, dtype=np.float32),
            bias=np.asarray(model.intercept_, dtype=np.float32),
            temperature=temperature,
        )

    def probabilities(self, texts: list[str]) -> Floats:
        """Texts x intents, each row summing to 1; in the order of `intents`."""
        scores = _features(texts, self.vectorizers) @ self.weights + self.bias
        return _softmax(scores / self.temperature)

    def ranking(self, text: str) -> list[tuple[str, float]]:
        """Every intent with its confidence, the likeliest first."""
        confidences = self.probabilities([text])[0]
        return [(self.intents[index], float(confidences[index])) for index in np.argsort(-confidences)]

    def save(self, folder: Path) -> None:
        blocks = [
            {"vocabulary": sorted(vectorizer.vocabulary_, key=vectorizer.vocabulary_.__getitem__)}
            for vectorizer in self.vectorizers
        ]
        content = {"intents": self.intents, "temperature": self.temperature, "blocks": blocks}
        (folder / "model.json").write_text(json.dumps(content, ensure_ascii=False), encoding="utf-8")
        frequencies = {f"idf_{number}": vectorizer.idf_ for number, vectorizer in enumerate(self.vectorizers)}
        np.savez_compressed(folder / "model.npz", weights=self.weights, bias=self.bias, **frequencies)

    @classmethod
    def load(cls, folder: Path) -> "IntentModel":
        content = json.loads((folder / "model.json").read_text(encoding="utf-8"))
        arrays = np.load(folder / "model.npz", allow_pickle=False)
        vectorizers = []
        for number, ((_, options, _), block) in enumerate(zip(_BLOCKS, content["blocks"])):
            vectorizer = _vectorizer(options, {term: index for index, term in enumerate(block["vocabulary"])})
            vectorizer.idf_ = arrays[f"idf_{number}"]
            vectorizers.append(vectorizer)
        return cls(content["intents"], vectorizers, arrays["weights"], arrays["bias"], content["temperature"])


def _features(texts: list[str], vectorizers: list[TfidfVectorizer], *, fit: bool = False) -> csr_matrix:
    normal = [plain(text) for text in texts]
    readings = {"plain": normal, "by_ear": [by_ear(text) for text in normal]}
    blocks = []
    for (reading, _, weight), vectorizer in zip(_BLOCKS, vectorizers):
        turn = vectorizer.fit_transform if fit else vectorizer.transform
        blocks.append(turn(readings[reading]) * weight)
    return hstack(blocks, format="csr", dtype=np.float32)


def _fit(features: csr_matrix, labels: Any, regularisation: float) -> LogisticRegression:
    return LogisticRegression(C=regularisation, max_iter=300, class_weight="balanced", solver="lbfgs").fit(
        features, labels
    )


def _softmax(scores: NDArray[Any]) -> Floats:
    shifted = np.exp(scores - scores.max(axis=1, keepdims=True))
    return np.asarray(shifted / shifted.sum(axis=1, keepdims=True), dtype=np.float32)


def _temperature(features: csr_matrix, labels: NDArray[Any], intents: list[str], regularisation: float) -> float:
    """The temperature under which unseen examples are likeliest."""
    scores = np.zeros((len(labels), len(intents)))
    for seen, unseen in StratifiedKFold(5, shuffle=True, random_state=7).split(features, labels):
        scores[unseen] = _fit(features[seen], labels[seen], regularisation).decision_function(features[unseen])
    truth = np.array([intents.index(label) for label in labels])

    def surprise(temperature: float) -> float:
        return float(-np.log(_softmax(scores / temperature)[np.arange(len(truth)), truth] + 1e-9).mean())

    return float(min(_TEMPERATURES, key=surprise))
