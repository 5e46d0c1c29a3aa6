"""Measure, and print one table of ours against the baselines: `make bench`, or `make bench ONLY=turn,webhooks`.

It measures and does not judge: a figure beyond its limit is said, not punished. It fails, and says which, where a
benchmark broke. What is measured is kept in benchmarks/results/bench.json, each benchmark's last figures, and told in
benchmarks/results/bench.md; `benchmarks.charts` draws it.
"""

import argparse
import asyncio
import importlib
import signal
import sys
import tempfile
import traceback
from collections.abc import Sequence
from pathlib import Path

from benchmarks import table

RESULTS = Path(__file__).parent / "results"
#: What is measured, in this order: each a module of this package.
BENCHMARKS = {
    "turn": "a chat turn through the whole product, against Rasa alone",
    "webhooks": "a vendor's message accepted and committed, against a bare insert",
    "streams": "1,000 open event streams, against a bare stream",
    "growth": "the same pages and calls from 10,000 to 1,000,000 conversations",
    "footprint": "memory and cold start of the whole product, against Rasa alone",
    "setup": "from a fresh clone to the first reply (long, and it downloads: only when asked)",
}
ONLY_WHEN_ASKED = {"setup"}


def measure(name: str) -> table.Measured:
    """One benchmark, in a folder of its own."""
    module = importlib.import_module(f"benchmarks.{name}")
    before = table.load()
    with tempfile.TemporaryDirectory(prefix=f"chat-sonora-{name}-", ignore_cleanup_errors=True) as folder:
        rows = asyncio.run(module.measure(Path(folder)))
    return table.taken_now(rows, before)


def told(measured: dict[str, table.Measured]) -> str:
    """The page of results."""
    parts = ["# How fast, measured by `make bench`", "Ours beside a baseline in the same run, taken by turns."]
    for name, what in BENCHMARKS.items():
        if name in measured:
            one = measured[name]
            parts += [
                f"## {what[0].upper()}{what[1:]}",
                f"`ONLY={name}`: {one.circumstances}.",
                table.markdown(one.rows),
            ]
    return "\n\n".join(parts) + "\n"


def run(names: Sequence[str]) -> list[str]:
    """Measure each, print and keep; the names of those that broke."""
    kept, broken = table.read(RESULTS / "bench.json"), []
    taken: dict[str, table.Measured] = {}
    for name in names:
        print(f"{name}: {BENCHMARKS[name]} …", file=sys.stderr, flush=True)
        try:
            taken[name] = measure(name)
        except Exception:  # the outer loop: one that breaks must not take the others' figures with it
            traceback.print_exc()
            broken.append(name)
            continue
        kept[name] = taken[name]
        table.keep(RESULTS / "bench.json", kept)
        (RESULTS / "bench.md").write_text(told(kept), encoding="utf-8")
    print(table.printed(row for one in taken.values() for row in one.rows))
    for name, one in taken.items():
        print(f"{name}: {one.circumstances}")
    return broken


def main() -> None:
    # As Ctrl-C: what was started is stopped.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))
    parser = argparse.ArgumentParser(prog="benchmarks", description=__doc__)
    parser.add_argument("--only", default="", help=f"some of {','.join(BENCHMARKS)}")
    only = [name.strip() for name in parser.parse_args().only.split(",") if name.strip()]
    if unknown := set(only) - set(BENCHMARKS):
        parser.error(f"there is no {', '.join(sorted(unknown))}: {', '.join(BENCHMARKS)}")
    if broken := run(only or [name for name in BENCHMARKS if name not in ONLY_WHEN_ASKED]):
        sys.exit(f"broken: {', '.join(broken)}")


if __name__ == "__main__":
    main()
