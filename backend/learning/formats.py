"""Labelled texts as files: training data in Rasa's form, and rows that `make nlu-eval` takes. Stands alone."""

import enum
import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from backend.learning.masking import mask, stand_ins
from backend.text import strip_control

#: Of a hundred labelled texts, so many are learned from; the others only measure.
TRAINING_PERCENT = 80
YAML_NAME, TRAINING_NAME, HELD_OUT_NAME = "aprendizaje.yml", "training.tsv", "held_out.tsv"


class Split(enum.Enum):
    """Whether a text is learned from, or only measures."""

    TRAINING = "training"
    HELD_OUT = "held_out"


@dataclass(frozen=True)
class Example:
    """A masked text, what it means and where it goes."""

    intent: str
    text: str
    split: Split


def split_of(text_key: str) -> Split:
    """Where a text goes, for ever, and all that read alike with it: nothing measured was learned."""
    number = int(hashlib.sha256(f"split:{text_key}".encode()).hexdigest()[:8], 16)
    return Split.TRAINING if number % 100 < TRAINING_PERCENT else Split.HELD_OUT


def plain(masked_text: str) -> str:
    """A text on one line, masked again (rules may have grown since), without what Rasa's files give a meaning to."""
    text = stand_ins(mask(" ".join(strip_control(masked_text).split())))
    return text.translate(str.maketrans("[]{}", "()()")).lstrip("-# ").strip()


def as_yaml(found: Iterable[Example]) -> str:
    """The examples to learn from, in the form of `bot/data/nlu/`."""
    by_intent: dict[str, list[str]] = {}
    for one in found:
        if one.split is Split.TRAINING:
            by_intent.setdefault(one.intent, []).append(one.text)
    lines = ['version: "3.1"', "nlu:" if by_intent else "nlu: []"]
    for intent, texts in by_intent.items():
        lines += [f"  - intent: {intent}", "    examples: |", *(f"      - {text}" for text in texts)]
    return "\n".join(lines) + "\n"


def as_tsv(found: Iterable[Example], split: Split | None = None) -> str:
    """Examples in the form that `make nlu-eval FILE=` takes; `split` alone, or all."""
    rows = [f"{one.intent}\t{one.text}" for one in found if split in (None, one.split)]
    return "\n".join(["intent\ttext", *rows]) + "\n"


def write(found: list[Example], folder: Path) -> dict[str, int]:
    """Write all three files to `folder`; how many examples each holds."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / YAML_NAME).write_text(as_yaml(found), encoding="utf-8")
    counts = {YAML_NAME: sum(one.split is Split.TRAINING for one in found)}
    for name, split in ((TRAINING_NAME, Split.TRAINING), (HELD_OUT_NAME, Split.HELD_OUT)):
        (folder / name).write_text(as_tsv(found, split), encoding="utf-8")
        counts[name] = sum(one.split is split for one in found)
    return counts
