"""Our own rules find what they are for. That the product itself passes them is `make security`, before the tests."""

import json
import os
import re
import subprocess
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).parents[2]
SAMPLES = Path(__file__).parent / "samples"
SEMGREP = ROOT / ".venv-semgrep/bin/semgrep"
_EXPECTED = re.compile(r"finds: ([\w-]+)")


def _expected() -> set[tuple[str, int, str]]:
    """The line after each `finds:`."""
    return {
        (path.name, number + 1, match[1])
        for path in SAMPLES.iterdir()
        for number, line in enumerate(path.read_text().splitlines(), 1)
        if (match := _EXPECTED.search(line))
    }


@pytest.mark.skipif(not SEMGREP.exists() and not os.environ.get("CI"), reason="`make security` installs semgrep")
def test_each_of_our_rules_fires_where_it_must_and_nowhere_else(tmp_path: Path) -> None:
    command = [SEMGREP, "scan", "--config", ROOT / ".semgrep", "--json", "--quiet", "--metrics=off"]
    environment = os.environ | {
        "SEMGREP_SETTINGS_FILE": str(tmp_path / "settings.yml"),
        "SEMGREP_LOG_FILE": str(tmp_path / "log"),
        "SEMGREP_ENABLE_VERSION_CHECK": "0",
    }
    samples = sorted(SAMPLES.iterdir())
    done = subprocess.run([*command, *samples], cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    told = json.loads(done.stdout)
    assert told["errors"] == []
    found = {
        (Path(one["path"]).name, one["start"]["line"], one["check_id"].rpartition(".")[2]) for one in told["results"]
    }
    assert found == _expected()
    rules = {rule["id"] for file in ROOT.glob(".semgrep/*.yml") for rule in yaml.safe_load(file.read_text())["rules"]}
    assert {rule for _, _, rule in found} == rules


def test_bandit_reads_our_settings_and_finds_what_it_is_for(tmp_path: Path) -> None:
    bad = tmp_path / "bad.py"
    bad.write_text("import subprocess\n\n\ndef run(name):\n    assert name\n    subprocess.call(name, shell=True)\n")
    command = [ROOT / ".venv/bin/bandit", "--quiet", "--configfile", "pyproject.toml", "--format", "json", bad]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    found = {(one["test_id"], one["issue_severity"]) for one in json.loads(done.stdout)["results"]}
    assert ("B602", "HIGH") in found
    assert "B101" not in {rule for rule, _ in found}
