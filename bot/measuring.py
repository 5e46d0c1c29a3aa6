"""How well a version reads the files that decide whether it may be used; measured once, kept on its card.

`python -m bot.measuring MODEL FILE` is the part that loads Rasa, in a process of its own: it prints a score as JSON.
"""

import argparse
import asyncio
import hashlib
import json
import logging
import subprocess
import sys
from collections import Counter
from dataclasses import asdict
from pathlib import Path

from bot import quiet
from bot.nlu_eval import Row, read, understand
from bot.registry import Registry, Score

DEV = quiet.ROOT / "benchmarks/nlu/dev.tsv"


class NotMeasured(Exception):
    """The model could not be loaded or asked: it may be of other code than this."""


def files(var_dir: Path) -> dict[str, Path]:
    """What models are measured on: the development split, and the labelled messages never learned from."""
    held_out = var_dir / "labels" / "held_out.tsv"
    found = {"dev": DEV}
    if held_out.exists() and read(held_out):
        found["held_out"] = held_out
    return found


def measure(registry: Registry, version: str, wanted: dict[str, Path]) -> dict[str, Score]:
    """A version's scores on each file; what its card already tells is not measured again. Raises NotMeasured."""
    card = registry.card(version)
    for name, path in wanted.items():
        known = card.scores.get(name)
        if known is None or known.file != digest_of(path):
            card.scores[name] = _in_a_process(registry.path(version), path)
            registry.keep(card)
    return {name: card.scores[name] for name in wanted}


def digest_of(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()[:16]


def _in_a_process(model: Path, path: Path) -> Score:
    command = [sys.executable, "-m", "bot.measuring", str(model), str(path)]
    done = subprocess.run(command, cwd=quiet.ROOT, env=quiet.environment(), capture_output=True, text=True, check=False)
    if done.returncode != 0:
        reasons = done.stderr.strip().splitlines() or ["?"]
        raise NotMeasured(reasons[-1])
    return Score(**json.loads(done.stdout.strip().splitlines()[-1]))


def score(rows: list[Row], digest: str) -> Score:
    """What `rows` amount to."""
    meant = Counter(row.meant for row in rows)
    right = Counter(row.meant for row in rows if row.meant == row.found)
    recall = {intent: round(right[intent] / count, 4) for intent, count in sorted(meant.items())}
    return Score(digest, len(rows), round(sum(right.values()) / len(rows), 4), recall, dict(sorted(meant.items())))


def main() -> None:
    import structlog

    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("model", type=Path)
    parser.add_argument("file", type=Path)
    arguments = parser.parse_args()
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.ERROR))
    rows = asyncio.run(understand(arguments.model, read(arguments.file)))
    sys.stdout.write(json.dumps(asdict(score(rows, digest_of(arguments.file)))) + "\n")


if __name__ == "__main__":
    main()
