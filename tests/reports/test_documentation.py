"""docs/reports.md says what the code reckons."""

from pathlib import Path

from typer.testing import CliRunner

from backend.__main__ import app

PAGE = Path(__file__).parents[2] / "docs" / "reports.md"


def test_the_page_holds_what_the_command_prints() -> None:
    told = PAGE.read_text(encoding="utf-8").split("<!-- figures -->\n")[1].split("<!-- /figures -->")[0]
    printed = CliRunner().invoke(app, ["reports-doc"])
    assert printed.exit_code == 0
    is_same = told == printed.output  # told apart here: pytest takes minutes to show how two such texts differ
    assert is_same, "run: python -m backend reports-doc, and put its output into docs/reports.md"
