"""The classifier: complement naive Bayes on words and letters, its confidence calibrated, its reasons in words.

Only a process of its own (`backend.suggestions.apart`) imports this module: scikit-learn and a trained pipeline take
100 MB to 300, and learning takes a processor for seconds.
"""

import hashlib
from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.optimize import minimize_scalar
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.model_selection import StratifiedKFold
from sklearn.naive_bayes import ComplementNB
from sklearn.pipeline import FeatureUnion, Pipeline

from backend.suggestions.shapes import Example, Guess
from backend.text import fold

#: How many topics are suggested, and how many words give the reason for each.
RANKED, REASONS = 3, 4
#: What a word must lose a topic, of the logarithm of its odds, to be one.
_LEAST_REASON = 0.3
_FOLDS = 4
_LONGEST = 1500

Scores = npt.NDArray[np.float64]


class Classifier:
    """Trained once, then only read. `version` names the examples that it learned from."""

    def __init__(self, pipeline: Any, temperature: float, version: str) -> None:
        self._pipeline, self._temperature, self.version = pipeline, temperature, version

    @classmethod
    def train(cls, examples: Sequence[Example]) -> "Classifier":
        """Learn from `examples`, of two topics at least. Takes seconds; deterministic."""
        texts = [fold(one.text)[:_LONGEST] for one in examples]
        topics = np.array([one.topic for one in examples])
        weights = np.array([one.weight for one in examples])
        temperature = _temperature(texts, topics, weights)
        pipeline = _pipeline()
        pipeline.fit(texts, topics, bayes__sample_weight=weights)
        told = "\n".join(sorted(f"{one.topic}\t{one.text}\t{one.weight}" for one in examples))
        return cls(pipeline, temperature, hashlib.sha256(told.encode()).hexdigest()[:12])

    def rank(self, narrative: str, most: int = RANKED) -> list[Guess]:
        """The likeliest topics, the likeliest first."""
        told = fold(narrative)[:_LONGEST]
        scores = self._scores([told])
        chances = _softmax(scores)[0]
        best = np.argsort(-chances)[:most]
        reasons = self._reasons(told, scores[0], best)
        topics: Sequence[str] = self._pipeline.classes_
        return [
            Guess(str(topics[place]), float(chances[place]), words)
            for place, words in zip(best, reasons, strict=True)
        ]  # fmt: skip

    def _scores(self, texts: Sequence[str]) -> Scores:
        return _scores(self._pipeline, texts) / self._temperature

    def _reasons(self, told: str, scores: Scores, best: npt.NDArray[np.int64]) -> list[tuple[str, ...]]:
        """The words without which a topic would stand out less: what it loses on the others when one is left out."""
        words = list(dict.fromkeys(word for word in told.replace(",", " ").split() if len(word) > 3))
        if not words:
            return [() for _ in best]
        lead = scores - scores.mean()
        without = self._scores([" ".join(one for one in told.split() if word not in one) for word in words])
        lost = lead - (without - without.mean(axis=1, keepdims=True))
        return [self._weightiest(words, lost[:, place]) for place in best]

    @staticmethod
    def _weightiest(words: Sequence[str], lost: Scores) -> tuple[str, ...]:
        heavy = [place for place in np.argsort(-lost)[:REASONS] if lost[place] > _LEAST_REASON]
        return tuple(words[place].strip(".;:¿?¡!()\"'") for place in heavy)


def _pipeline() -> Any:
    """Words with their neighbours, and letters within words for what is misspelt.

    `benchmarks.suggestions` chose it: as good as a logistic regression, and trained in a hundredth of the time.
    """
    features = FeatureUnion(
        [
            ("words", TfidfVectorizer(ngram_range=(1, 2), sublinear_tf=True)),
            ("letters", TfidfVectorizer(analyzer="char_wb", ngram_range=(3, 5), sublinear_tf=True)),
        ]
    )
    return Pipeline([("features", features), ("bayes", ComplementNB(alpha=0.3))])


def _temperature(texts: Sequence[str], topics: npt.NDArray[np.str_], weights: Scores) -> float:
    """What scores are divided by so that «80 %» is right four times in five, on examples that were held back."""
    counts = dict(zip(*np.unique(topics, return_counts=True), strict=True))
    usual = np.array([place for place, topic in enumerate(topics) if counts[topic] >= _FOLDS])
    if len(usual) < 2 * _FOLDS or len(set(topics[usual])) < 2:
        return 1.0
    held_scores, held_places = [], []
    for learned, held in StratifiedKFold(_FOLDS, shuffle=True, random_state=0).split(usual, topics[usual]):
        pipeline = _pipeline()
        inside, outside = usual[learned], usual[held]
        pipeline.fit([texts[i] for i in inside], topics[inside], bayes__sample_weight=weights[inside])
        held_scores.append(_scores(pipeline, [texts[i] for i in outside]))
        held_places.append(np.searchsorted(pipeline.classes_, topics[outside]))
    scores, places = np.vstack(held_scores), np.concatenate(held_places)

    def surprise(temperature: float) -> float:
        chances = _softmax(scores / temperature)[np.arange(len(places)), places]
        return float(-np.log(chances + 1e-12).mean())

    return float(minimize_scalar(surprise, bounds=(0.005, 10.0), method="bounded").x)


def _scores(pipeline: Any, texts: Sequence[str]) -> Scores:
    scores: Scores = pipeline[-1].predict_joint_log_proba(pipeline[:-1].transform(texts))
    return scores


def _softmax(scores: Scores) -> Scores:
    raised: Scores = np.exp(scores - scores.max(axis=1, keepdims=True))
    chances: Scores = raised / raised.sum(axis=1, keepdims=True)
    return chances
