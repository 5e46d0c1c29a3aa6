"""A bot as Rasa's own defaults make it, of our intents, actions and rules; run by the bot's environment.

`python -m benchmarks.default_pipeline FOLDER EXAMPLES EPOCHS` trains it and prints the model's path on its last line.
The pipeline and the policies are those that Rasa 3.6 uses where a configuration names none; its learned policies
learn from our rules told as stories. With all examples and 100 epochs it would train for hours on two cores. It must
learn enough to have the benchmark's conversation, as what it understands decides which actions a turn calls.
"""

import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import yaml

from benchmarks.nlu import data
from bot import quiet
from bot.train import fingerprint

PIPELINE = Path(__file__).parent / "nlu/diet.yml"
_LEARNED: dict[str, Any] = {"max_history": 5, "constrain_similarities": True}


def configuration(epochs: int) -> dict[str, Any]:
    """Rasa's default pipeline and policies."""
    content: dict[str, Any] = yaml.safe_load(PIPELINE.read_text(encoding="utf-8"))
    for part in content["pipeline"]:
        part.update({"epochs": epochs} if "epochs" in part else {})
    content["assistant_id"] = "default_pipeline"
    content["policies"] = [
        {"name": "MemoizationPolicy"},
        {"name": "RulePolicy"},
        {"name": "UnexpecTEDIntentPolicy", "max_history": 5, "epochs": epochs},
        {"name": "TEDPolicy", **_LEARNED, "epochs": epochs},
    ]
    return content


def stories() -> dict[str, Any]:
    """Our rules that answer an intent with an action, as stories: of rules alone the learned policies learn nothing."""
    told = []
    for path in sorted((data.ROOT / "bot/data/rules").glob("*.yml")):
        for rule in yaml.safe_load(path.read_text(encoding="utf-8"))["rules"]:
            if "condition" not in rule and "intent" in rule["steps"][0]:
                told.append({"story": rule["rule"], "steps": rule["steps"]})
    return {"version": "3.1", "stories": told}


def train(folder: Path, examples: int, epochs: int) -> Path:
    """The model, trained now if it is not there."""
    model = folder / f"default-{fingerprint()}-{examples}-{epochs}.tar.gz"
    if model.exists():
        return model
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as written:
        learned = Path(written)
        config = learned / "config.yml"
        config.write_text(yaml.safe_dump(configuration(epochs), sort_keys=False), encoding="utf-8")
        (learned / "data").mkdir()
        data.write_sample(learned / "data", examples)
        (learned / "data/stories.yml").write_text(yaml.safe_dump(stories(), allow_unicode=True), encoding="utf-8")
        shutil.copytree(data.ROOT / "bot/data/rules", learned / "data/rules")
        subprocess.run(
            [
                sys.executable, "-m", "rasa", "train", "--config", str(config), "--domain", "bot/domain",
                "--data", str(learned / "data"), "--out", str(learned / "out"), "--fixed-model-name", "model",
            ],
            cwd=data.ROOT, env=quiet.environment(), stdout=sys.stderr, check=True,
        )  # fmt: skip
        shutil.move(learned / "out/model.tar.gz", model)
    return model


def main() -> None:
    print(train(Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])))


if __name__ == "__main__":
    main()
