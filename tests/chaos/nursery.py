"""Where the site's processes come from: one process that has everything imported, and forks.

A process of the product takes seconds to import itself; forked, one that was killed is back at once. Told by JSON
lines on its standard input, answers each with the child's process id. Its children die with it.

What a child says goes into a named pipe of its own: no file, so that a test may forbid it files (see test_disk.py).
"""

import ctypes
import json
import os
import signal
import subprocess
import sys
import threading
import traceback
from collections.abc import Mapping
from pathlib import Path

from tests.end_to_end.product import ROOT

_PR_SET_PDEATHSIG = 1


class Nursery:
    """The forking process, as the site holds it."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.chaos.nursery"],
            cwd=ROOT,
            env=dict(environment),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        self._lock = threading.Lock()

    def bear(self, kind: str, environment: Mapping[str, str], output: Path) -> int:
        """A new web or worker process; its id."""
        assert self._process.stdin is not None and self._process.stdout is not None
        with self._lock:
            wish = {"kind": kind, "environment": dict(environment), "output": str(output)}
            self._process.stdin.write(json.dumps(wish) + "\n")
            self._process.stdin.flush()
            return int(self._process.stdout.readline())

    def close(self) -> None:
        assert self._process.stdin is not None
        self._process.stdin.close()
        self._process.wait(30)


def main() -> None:
    from tests.chaos import process

    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # nobody waits for the dead
    for line in sys.stdin:
        wish = json.loads(line)
        child = os.fork()
        if child == 0:
            _become(wish, process.main)
        sys.stdout.write(f"{child}\n")
        sys.stdout.flush()


def _become(wish: dict[str, object], live: object) -> None:
    """In the child: a life of its own, and never back into the loop."""
    assert callable(live)
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    output = os.open(str(wish["output"]), os.O_WRONLY)
    for standard in (1, 2):
        os.dup2(output, standard)
    os.close(0)
    environment = wish["environment"]
    assert isinstance(environment, dict)
    os.environ.clear()
    os.environ.update(environment)
    try:
        live(str(wish["kind"]))
    except BaseException:
        traceback.print_exc()
    finally:
        sys.stdout.flush()
        os._exit(0)


if __name__ == "__main__":
    main()
