"""How well topics are suggested: `python -m benchmarks.suggestions`.

Candidates learn the catalog and the written examples; they are measured by cross-validation on these, and on
tests/suggestions/held_out.tsv, which was written apart and is never learned from.
"""

import csv
import statistics
from collections.abc import Sequence
from pathlib import Path
from typing import Any
from unittest import mock

import yaml
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import cross_val_score
from sklearn.naive_bayes import ComplementNB
from sklearn.pipeline import FeatureUnion, Pipeline

from backend.catalog import service as catalog
from backend.catalog.models import Topic
from backend.suggestions import classifier, examples
from backend.suggestions.classifier import Classifier
from backend.suggestions.service import SURE
from backend.text import fold

HELD_OUT = Path(__file__).resolve().parents[1] / "tests/suggestions/held_out.tsv"


def held_out() -> list[tuple[str, str]]:
    """Topics' keys and narratives."""
    with HELD_OUT.open(encoding="utf-8") as source:
        return [(row["topic"], row["narrative"]) for row in csv.DictReader(source, delimiter="\t")]


def seeded_topics() -> list[Topic]:
    """The catalog as it is seeded."""
    rows = yaml.safe_load((catalog.SEED / "topics.yml").read_text(encoding="utf-8"))
    return [Topic(key=row["key"], name=row["name"], keywords=row["words"]) for row in rows]


def by_keywords(topics: Sequence[Topic], narrative: str) -> str:
    """As `catalog.suggest_topic` has it."""
    told = f" {fold(narrative)} "
    scored = {topic.key: sum(len(word) for word in topic.keywords if f" {word}" in told) for topic in topics}
    best = max(scored, key=lambda key: scored[key])
    return best if scored[best] else ""


def main() -> None:
    """Print a table of candidates, then the chosen one's confidence against what came true."""
    topics, rows = seeded_topics(), held_out()
    learned = examples.of_catalog(topics)
    hits = sum(by_keywords(topics, text) == topic for topic, text in rows)
    print(f"| candidate | cross-validated | held-out first ({len(rows)}) | among three |\n|---|---|---|---|")
    print(f"| keywords (`catalog.suggest_topic`) | | {hits / len(rows):.1%} | |")
    for name, make in candidates().items():
        texts, keys = [fold(one.text) for one in learned], [one.topic for one in learned]
        crossed = statistics.mean(cross_val_score(make(), texts, keys, cv=4))
        pipeline = make().fit(texts, keys)
        firsts, threes = 0, 0
        for topic, text in rows:
            chances = pipeline.predict_proba([fold(text)])[0]
            best = [pipeline.classes_[place] for place in chances.argsort()[::-1][:3]]
            firsts, threes = firsts + (best[0] == topic), threes + (topic in best)
        print(f"| {name} | {crossed:.1%} | {firsts / len(rows):.1%} | {threes / len(rows):.1%} |")
    _confidence(Classifier.train(learned), rows)


def candidates() -> dict[str, Any]:
    words = ("words", TfidfVectorizer(ngram_range=(1, 2), sublinear_tf=True))
    letters = ("letters", TfidfVectorizer(analyzer="char_wb", ngram_range=(3, 5), sublinear_tf=True))
    made: dict[str, Any] = {}
    for title, parts in (("words", [words]), ("letters", [letters]), ("words + letters", [words, letters])):
        for way, model in (
            ("logistic regression", LogisticRegression(C=10, max_iter=300, class_weight="balanced")),
            ("complement naive Bayes", ComplementNB(alpha=0.3)),
        ):
            made[f"{way}; {title}"] = lambda parts=parts, model=model: Pipeline(
                [("features", FeatureUnion(parts)), ("model", model)]
            )
    return made


def _confidence(chosen: Classifier, rows: Sequence[tuple[str, str]]) -> None:
    with mock.patch.object(classifier, "REASONS", 0):
        ranked = [(topic, chosen.rank(text)) for topic, text in rows]
    firsts = [(guesses[0].topic == topic, guesses[0].confidence) for topic, guesses in ranked]
    threes = sum(topic in [guess.topic for guess in guesses] for topic, guesses in ranked)
    print(f"\nchosen, version {chosen.version}: first {sum(hit for hit, _ in firsts) / len(firsts):.1%},", end=" ")
    print(f"among three {threes / len(rows):.1%}\n\n| confidence | narratives | said | came true |\n|---|---|---|---|")
    for low, high in ((0, 0.3), (0.3, SURE), (SURE, 0.8), (0.8, 1.01)):
        inside = [(hit, said) for hit, said in firsts if low <= said < high]
        if inside:
            said, true = statistics.mean(s for _, s in inside), statistics.mean(h for h, _ in inside)
            print(f"| {low:.0%} to {min(high, 1):.0%} | {len(inside)} | {said:.0%} | {true:.0%} |")


if __name__ == "__main__":
    main()
