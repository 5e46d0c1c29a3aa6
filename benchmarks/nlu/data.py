"""The training examples and the files of messages to measure on."""

import csv
import random
from pathlib import Path

import yaml
from rasa.shared.nlu.training_data.loading import load_data
from rasa.shared.nlu.training_data.message import Message
from rasa.shared.nlu.training_data.training_data import TrainingData

ROOT = Path(__file__).resolve().parents[2]
DEV = Path(__file__).parent / "dev.tsv"


def unheard() -> list[str]:
    """Intents that come by buttons alone, as `config.yml` says: nothing is learned of them."""
    pipeline = yaml.safe_load((ROOT / "config.yml").read_text(encoding="utf-8"))["pipeline"]
    return list(next(part["left_out"] for part in pipeline if "left_out" in part))


def training() -> tuple[list[str], list[str]]:
    """Texts and intents of all training examples."""
    examples = [example for example in load_data(str(ROOT / "bot/data/nlu")).intent_examples if example.get("text")]
    left_out = unheard()
    pairs = [(e.get("text"), e.get("intent")) for e in examples if e.get("intent") not in left_out]
    return [text for text, _ in pairs], [intent for _, intent in pairs]


def write_sample(folder: Path, each: int) -> Path:
    """`each` training examples of every intent, the same at every call, as a file that Rasa trains on."""
    everything = load_data(str(ROOT / "bot/data/nlu"))
    by_intent: dict[str, list[Message]] = {}
    for example in everything.intent_examples:
        by_intent.setdefault(example.get("intent"), []).append(example)
    chooser = random.Random(7)
    kept = [one for rows in by_intent.values() for one in chooser.sample(rows, min(each, len(rows)))]
    path = folder / "nlu.yml"
    TrainingData(kept, everything.entity_synonyms, everything.regex_features, everything.lookup_tables).persist_nlu(
        str(path)
    )
    return path


def messages(path: Path) -> tuple[list[str], list[str]]:
    """Texts and intents of a file with the columns `intent` and `text`."""
    with path.open(encoding="utf-8", newline="") as source:
        rows = list(csv.DictReader(source, delimiter="\t", quoting=csv.QUOTE_NONE))
    return [row["text"] for row in rows], [row["intent"] for row in rows]
