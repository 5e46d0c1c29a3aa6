"""What lives as long as the product loads no more than it needs."""

import subprocess
import sys

from backend.processes import ROOT

_SEEN = """
import sys
import backend.run
print(sorted({"sqlalchemy", "fastapi", "redis", "structlog"} & set(sys.modules)))
"""


def test_the_supervisor_holds_neither_the_database_nor_the_web_framework() -> None:
    told = subprocess.run([sys.executable, "-c", _SEEN], cwd=ROOT, check=True, capture_output=True, text=True).stdout
    assert told.strip() == "['structlog']"
