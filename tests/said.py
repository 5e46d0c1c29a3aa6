"""What tests tell at the end of a session, whichever process they ran in."""

from typing import Any

import pytest

#: A list of lines; with several workers each has its own, and they come together where the summary is written.
SAID = pytest.StashKey[list[str]]()


def say(config: pytest.Config, *lines: str) -> None:
    config.stash.setdefault(SAID, []).extend(lines)


def pytest_sessionfinish(session: pytest.Session) -> None:
    """A worker sends its lines with its last word."""
    output = getattr(session.config, "workeroutput", None)
    if output is not None:
        output["said"] = session.config.stash.get(SAID, [])


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any) -> None:
    say(node.config, *getattr(node, "workeroutput", {}).get("said", []))


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    for line in config.stash.get(SAID, []):
        terminalreporter.write_line(line)
