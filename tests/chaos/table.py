"""What came of every fault, as the table that `make chaos` prints and keeps."""

import os
from dataclasses import dataclass, field
from pathlib import Path

from backend import clock
from tests.chaos.oracle import Tally

RESULTS = Path(__file__).resolve().parents[2] / "benchmarks" / "results" / "chaos.md"
#: `make chaos` runs everything at its full size; the suite, a short one.
FULL = os.environ.get("CHAOS_SIZE") == "full"
#: Whether the table goes into RESULTS.
KEEPS = os.environ.get("CHAOS_KEEP") == "1"

_HEAD = ("fault", "channel", "in", "out", "lost", "out of order", "twice", "uncertain", "late")

_COUNTS = ("sent_in", "came_out", "lost", "disordered", "twice", "uncertain", "late")


@dataclass
class Table:
    """Faults met by the whole build, and by builds with a protection removed, in the order of the tests."""

    whole: dict[tuple[str, str], Tally] = field(default_factory=dict)
    broken: dict[tuple[str, str], Tally] = field(default_factory=dict)

    def add(self, fault: str, found: dict[str, Tally], *, is_broken: bool = False) -> None:
        rows = self.broken if is_broken else self.whole
        for channel, tally in found.items():
            rows[fault, channel] = rows.get((fault, channel), Tally()) + tally

    def lines(self) -> list[str]:
        """As plain text."""
        rows = [_HEAD, *_cells(self.whole), *_cells(self.broken)]
        widths = [max(len(row[place]) for row in rows) for place in range(len(_HEAD))]
        return ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows]

    def write(self) -> None:
        """As the page under benchmarks/results."""
        today = clock.local(clock.now()).date().isoformat()
        total = sum(self.whole.values(), Tally())
        RESULTS.write_text(
            "# Faults on purpose\n\n"
            f"Taken on {today} by `make chaos`: two web processes, two workers, one PostgreSQL, the"
            " vendors' stand-ins. What is counted and how: [docs/chaos.md](../../docs/chaos.md).\n\n"
            f"**{total.sent_in} messages in, {total.came_out} seen: {total.lost} lost, {total.disordered} out of order,"
            f" {total.twice} seen twice; {total.uncertain} seen twice within the documented uncertain window.**\n\n"
            f"{_markdown(_cells(self.whole))}\n\n"
            "## The same with a protection removed\n\n"
            "Each row is a build that lacks one protection; the oracle must complain, or it proves nothing.\n\n"
            f"{_markdown(_cells(self.broken))}\n",
            encoding="utf-8",
        )


def _cells(rows: dict[tuple[str, str], Tally]) -> list[tuple[str, ...]]:
    return [
        (fault, channel, *(str(getattr(row, count)) for count in _COUNTS)) for (fault, channel), row in rows.items()
    ]


def _markdown(rows: list[tuple[str, ...]]) -> str:
    head = ["| " + " | ".join(_HEAD) + " |", "|---|---|" + "---:|" * (len(_HEAD) - 2)]
    return "\n".join(head + ["| " + " | ".join(row) + " |" for row in rows])
