"""The drawing of the lifecycle in the documents is the code's."""

from pathlib import Path

from typer.testing import CliRunner

from backend.__main__ import app
from backend.registry import lifecycle

PAGE = Path(__file__).parents[2] / "docs" / "registry.md"


def test_the_page_holds_what_the_command_prints() -> None:
    drawn = PAGE.read_text(encoding="utf-8").split("<!-- lifecycle -->\n")[1].split("<!-- /lifecycle -->")[0]
    printed = CliRunner().invoke(app, ["lifecycle"])
    assert printed.exit_code == 0
    assert drawn == printed.output, "run: python -m backend lifecycle, and put its output into docs/registry.md"
    assert all(f"| `{row.before.value}` | `{row.to.value}` |" in drawn for row in lifecycle.TABLE)
