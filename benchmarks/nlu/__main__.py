"""`python -m benchmarks.nlu [--file F] [--only NAME,NAME] [--diet-epochs N] [--examples N] [--model M]`: ways to read.

Run by the bot's environment, from the repository's folder. Each candidate has a process of its own, one after
another, with one thread. Speed is told by the clock and by the processor's time, which other work on the machine
disturbs less; both also as a ratio to Rasa's default pipeline in the same run. That one trains for
an hour or more on two cores: `--diet-epochs` makes it shorter, and its row says so; `--examples` trains every Rasa
pipeline on the same fixed sample, so that they can be compared in minutes; `--model` takes a trained model for ours:
what a message costs by the default pipeline hardly depends on how much it has learned, by ours it does (the surer, the
less).
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

BASELINE, OURS = "rasa default (DIET)", "rasa + ours (config.yml)"
_EPOCHS = 100
_DRAWS = 500


def measure(name: str, path: Path, epochs: int = _EPOCHS, examples: int = 0, model: str = "") -> dict[str, Any] | None:
    """A candidate's result, or None where it cannot be run here (its package is not installed)."""
    environment = {
        **os.environ, "OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1", "CUDA_VISIBLE_DEVICES": "-1",
        "TF_CPP_MIN_LOG_LEVEL": "3", "RASA_TELEMETRY_ENABLED": "false", "SQLALCHEMY_SILENCE_UBER_WARNING": "1",
    }  # fmt: skip
    command = [
        sys.executable, "-W", "ignore", "-m", "benchmarks.nlu.candidates", name, str(path), str(epochs), str(examples),
        model,
    ]  # fmt: skip
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


def compare(names: list[str], path: Path, epochs: int, examples: int, model: str) -> None:
    """Print the table's rows, and how much faster than Rasa's default pipeline ours answers."""
    _, truth = data.messages(path)
    speeds: dict[str, tuple[float, float]] = {}
    accuracies: dict[str, float] = {}
    for name in names:
        result = measure(name, path, epochs, examples, model)
        if result is None:
            continue
        wall, cpu = speeds[name] = (result["milliseconds"], result["cpu_milliseconds"])
        accuracy, accuracy_width, macro, macro_width = interval(truth, result["found"])
        accuracies[name] = accuracy
        ratios = _ratios(speeds, name)
        understood = f"{accuracy:.3f} ± {accuracy_width:.3f} | {macro:.3f} ± {macro_width:.3f}"
        cost = f"{wall:.1f} | {cpu:.1f} | {ratios} | {result['megabytes']:.0f} | {result['train_seconds']:.0f}"
        shown = f"{name}, {epochs} epochs" if name == BASELINE and epochs != _EPOCHS else name
        print(f"| {shown} | {understood} | {cost} |", flush=True)
        print(f"(load average {os.getloadavg()[0]:.1f})", file=sys.stderr, flush=True)
    if {BASELINE, OURS} <= set(speeds):
        print(
            f"\n{_ratios(speeds, OURS)} times as many messages a second as Rasa's default pipeline,"
            " by the clock and by CPU"
        )
        print(f"accuracy: ours {accuracies[OURS]:.3f}, Rasa's default pipeline {accuracies[BASELINE]:.3f}", flush=True)


def _ratios(speeds: dict[str, tuple[float, float]], name: str) -> str:
    """How many times the default pipeline's speed, by the clock and by CPU; `-` where it was not measured."""
    if BASELINE not in speeds:
        return "-"
    return ", ".join(f"{theirs / ours:.1f}" for theirs, ours in zip(speeds[BASELINE], speeds[name], strict=True))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--file", type=Path, default=data.DEV)
    parser.add_argument("--only", default="", help="only candidates whose name contains one of these words")
    parser.add_argument("--diet-epochs", type=int, default=_EPOCHS)
    parser.add_argument(
        "--examples", type=int, default=0, help="train Rasa's pipelines on so many examples an intent only (0: all)"
    )
    parser.add_argument("--model", default="", help="a trained model, taken for ours as it is")
    arguments = parser.parse_args()
    wanted = [name for name in CANDIDATES if any(word in name for word in arguments.only.split(","))]
    print(
        "| candidate | accuracy | macro F1 | ms a message | ms of CPU | times the default's speed | MB | s to train |"
    )
    print("|---|---|---|---|---|---|---|---|", flush=True)
    compare(wanted, arguments.file, arguments.diet_epochs, arguments.examples, arguments.model)


if __name__ == "__main__":
    main()
