"""`python -m benchmarks.nlu [--file FILE] [--only WORDS]`: candidates for reading intents, side by side.

Run by the bot's environment, from the repository's folder. Each candidate has a process of its own, one after
another, with one thread. Speed is also told as a ratio to Rasa's default pipeline in the same run.
"""

import argparse
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
from sklearn.metrics import f1_score

from benchmarks.nlu import data
from benchmarks.nlu.candidates import CANDIDATES

BASELINE = "rasa default (DIET)"
_DRAWS = 500


def measure(name: str, path: Path) -> dict[str, Any] | None:
    """A candidate's result, or None where it cannot be run here (its package is not installed)."""
    environment = {
        **os.environ, "OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1", "CUDA_VISIBLE_DEVICES": "-1",
        "TF_CPP_MIN_LOG_LEVEL": "3", "RASA_TELEMETRY_ENABLED": "false", "SQLALCHEMY_SILENCE_UBER_WARNING": "1",
    }  # fmt: skip
    command = [sys.executable, "-W", "ignore", "-m", "benchmarks.nlu.candidates", name, str(path)]
    done = subprocess.run(command, cwd=data.ROOT, env=environment, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        print(f"{name}: not measured: {done.stderr.strip().splitlines()[-1]}", file=sys.stderr)
        return None
    result: dict[str, Any] = json.loads(done.stdout.strip().splitlines()[-1])
    return result


def interval(truth: list[str], found: list[str]) -> tuple[float, float, float, float]:
    """Accuracy and macro-F1, each with half the width of its 95% interval (bootstrap over messages)."""
    meant, read = np.array(truth), np.array(found)
    names = sorted(set(truth))
    generator = np.random.default_rng(7)
    draws = [generator.integers(0, len(meant), len(meant)) for _ in range(_DRAWS)]

    def macro(rows: Any) -> float:
        return float(f1_score(meant[rows], read[rows], labels=names, average="macro", zero_division=0))

    accuracies = [float((meant[rows] == read[rows]).mean()) for rows in draws]
    scores = [macro(rows) for rows in draws]
    return (
        float((meant == read).mean()), _half_width(accuracies), macro(np.arange(len(meant))), _half_width(scores),
    )  # fmt: skip


def _half_width(values: list[float]) -> float:
    low, high = np.percentile(values, [2.5, 97.5])
    return float(high - low) / 2


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--file", type=Path, default=data.DEV)
    parser.add_argument("--only", default="", help="measure only candidates whose name contains this")
    arguments = parser.parse_args()
    _, truth = data.messages(arguments.file)
    baseline: float | None = None
    print("| candidate | accuracy | macro F1 | ms a message | times the default's speed | MB | s to train |")
    print("|---|---|---|---|---|---|---|", flush=True)
    for name in CANDIDATES:
        if arguments.only not in name:
            continue
        result = measure(name, arguments.file)
        if result is None:
            continue
        each = result["milliseconds"]
        baseline = each if name == BASELINE else baseline
        accuracy, accuracy_width, macro, macro_width = interval(truth, result["found"])
        ratio = f"{baseline / each:.1f}" if baseline else "-"
        understood = f"{accuracy:.3f} ± {accuracy_width:.3f} | {macro:.3f} ± {macro_width:.3f}"
        cost = f"{each:.1f} | {ratio} | {result['megabytes']:.0f} | {result['train_seconds']:.0f}"
        print(f"| {name} | {understood} | {cost} |", flush=True)


if __name__ == "__main__":
    main()
