"""The stand-ins judge the product from outside: they know nothing of it."""

import ast
from pathlib import Path

FAKES = Path(__file__).parents[1] / "fakes"


def imported(path: Path) -> set[str]:
    """The top packages a file imports."""
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            names.add(node.module or "")
    return {name.partition(".")[0] for name in names}


def test_stand_ins_import_nothing_of_ours() -> None:
    files = list(FAKES.rglob("*.py"))
    assert files
    assert [path for path in files if imported(path) & {"backend", "channels"}] == []
