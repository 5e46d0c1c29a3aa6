"""Train the model if what it is made of changed. Prints the path of the model to use on its last line.

Run by the bot's environment: `python -m bot.train --var-dir var`. Whether a newly trained model is used is
decided in `bot/comparing.py`; `--exact` prints the model of the inputs, whatever is in use (tests need it).
"""

import argparse
import hashlib
import os
import re
import shutil
import subprocess
import sys
import time
from pathlib import Path

from bot import quiet
from bot.registry import Card, Registry, timestamp

ROOT = Path(__file__).resolve().parents[1]
INPUTS = (
    "config.yml", "bot/domain", "bot/data", "bot/components", "bot/requirements.txt",
    "backend/catalog/seed/municipalities.csv", "backend/catalog/seed/localities.csv",
)  # fmt: skip


def input_files() -> list[Path]:
    """Everything that the model is made of, in a fixed order."""
    files: list[Path] = []
    for name in INPUTS:
        path = ROOT / name
        files += [path] if path.is_file() else [item for item in path.rglob("*") if item.suffix in {".yml", ".py"}]
    return sorted(files)


def fingerprint() -> str:
    """The hash by which a model is named."""
    digest = hashlib.sha256()
    for path in input_files():
        digest.update(str(path.relative_to(ROOT)).encode() + b"\0" + path.read_bytes() + b"\0")
    return digest.hexdigest()[:16]


def train(var_dir: Path) -> Path:
    """The model's path, trained now if it was not there."""
    models = (var_dir / "models").resolve()
    model = models / f"{fingerprint()}.tar.gz"
    if model.exists():
        _tell("Modelo al día.")
        return model
    models.mkdir(parents=True, exist_ok=True)
    log_path = models / "training.log"
    _tell(f"Entrenando el modelo (bitácora: {log_path})…")
    unfinished = models / f"unfinished-{os.getpid()}"
    command = [
        sys.executable, "-m", "rasa", "train", "--config", "config.yml", "--domain", "bot/domain",
        "--data", "bot/data", "--out", str(unfinished), "--fixed-model-name", model.name.removesuffix(".tar.gz"),
    ]  # fmt: skip
    started = time.monotonic()
    with log_path.open("wb") as log:
        process = subprocess.Popen(command, cwd=ROOT, env=quiet.environment(), stdout=log, stderr=subprocess.STDOUT)
        while process.poll() is None:
            time.sleep(1)
            if sys.stderr.isatty():
                _tell(f"\r  {time.monotonic() - started:.0f} s", end="")
    written = unfinished / model.name
    if process.returncode != 0 or not written.exists():
        _tell(log_path.read_text(errors="replace")[-3000:])
        raise SystemExit(f"El entrenamiento falló; vea {log_path}")
    written.replace(model)
    shutil.rmtree(unfinished)
    Registry(var_dir).keep(Card(fingerprint(), timestamp(), count_examples()))
    _tell(f"\nModelo entrenado en {time.monotonic() - started:.0f} s.")
    return model


def _tell(text: str, end: str = "\n") -> None:
    """For whoever watches; on standard output there is the model's path, and nothing else."""
    print(text, end=end, file=sys.stderr, flush=True)


def count_examples() -> int:
    """How many examples the model is made of."""
    files = [path for path in input_files() if path.is_relative_to(ROOT / "bot/data/nlu")]
    return sum(len(re.findall(r"^\s+- (?!intent:|name:)", path.read_text("utf-8"), re.MULTILINE)) for path in files)


def main() -> None:
    from bot.comparing import choose

    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--var-dir", type=Path, default=Path("var"))
    parser.add_argument("--exact", action="store_true", help="the model of the inputs, whatever is in use")
    parser.add_argument("--measure", action="store_true", help="measure it and tell the change, even where nothing did")
    parser.add_argument("--force", action="store_true", help="use the new model though it reads worse")
    arguments = parser.parse_args()
    model = train(arguments.var_dir)
    if not arguments.exact:
        choice = choose(arguments.var_dir, fingerprint(), force=arguments.force, measured=arguments.measure)
        for line in choice.told:
            _tell(line)
        model = choice.model
    print(model)


if __name__ == "__main__":
    main()
