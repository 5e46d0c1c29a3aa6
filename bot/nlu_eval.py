"""How well the trained model understands the messages of a file: `make nlu-eval FILE=path.tsv`.

The file has a header and two columns, `intent` and `text`, parted by a tab. Prints `accuracy: 0.000`, then
precision, recall and F1 of each intent, the confusions, and the rows that were understood otherwise.
What counts is the likeliest intent; `asked` is the share of messages about which the assistant would ask first.
"""

import argparse
import asyncio
import csv
import logging
import os
import sys
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

from bot.train import train

#: Put before the readings where none is likely, and where a message is not in Spanish.
NO_READINGS = {"nlu_fallback", "otro_idioma"}


@dataclass(frozen=True)
class Row:
    """A message, what it means and what was understood. `was_asked`: below the threshold."""

    meant: str
    found: str
    confidence: float
    was_asked: bool
    text: str


def read(path: Path) -> list[tuple[str, str]]:
    """Intent and text of each row. Exits with the line's number where there are not two columns."""
    with path.open(encoding="utf-8-sig", newline="") as source:
        rows = list(csv.reader(source, delimiter="\t", quoting=csv.QUOTE_NONE))
    if not rows:
        raise SystemExit(f"{path}: the file is empty")
    header = [name.strip().lower() for name in rows[0]]
    if not {"intent", "text"} <= set(header):
        raise SystemExit(f"{path}: the first line must name the columns intent and text, parted by a tab")
    intent, text = header.index("intent"), header.index("text")
    pairs = []
    for number, row in enumerate(rows[1:], 2):
        if not row:
            continue
        if len(row) <= max(intent, text):
            raise SystemExit(f"{path}, line {number}: two columns are needed")
        pairs.append((row[intent].strip(), row[text]))
    return pairs


async def understand(model: Path, pairs: list[tuple[str, str]]) -> list[Row]:
    """What the model makes of each message."""
    from rasa.core.agent import Agent

    agent = Agent.load(model)
    rows = []
    for meant, text in pairs:
        parsed = await agent.parse_message(text)
        ranking = [row for row in parsed["intent_ranking"] if row["name"] not in NO_READINGS] or [parsed["intent"]]
        was_asked = parsed["intent"]["name"] == "nlu_fallback"
        rows.append(Row(meant, ranking[0]["name"], ranking[0]["confidence"], was_asked, text))
    return rows


def report(rows: list[Row]) -> str:
    """Everything there is to say about `rows`."""
    right = sum(row.meant == row.found for row in rows)
    lines = [f"accuracy: {right / len(rows):.3f}", f"messages: {len(rows)}"]
    lines.append(f"asked: {sum(row.was_asked for row in rows) / len(rows):.3f}")
    lines += ["", f"{'intent':30} {'precision':>9} {'recall':>7} {'f1':>6} {'rows':>5}"]
    scores = []
    for intent in sorted({row.meant for row in rows}):
        both = sum(row.meant == row.found == intent for row in rows)
        found, meant = (sum(getattr(row, name) == intent for row in rows) for name in ("found", "meant"))
        precision, recall = both / found if found else 0.0, both / meant
        f1 = 2 * precision * recall / (precision + recall) if both else 0.0
        scores.append(f1)
        lines.append(f"{intent:30} {precision:9.3f} {recall:7.3f} {f1:6.3f} {meant:5}")
    lines += [f"{'macro f1':30} {'':9} {'':7} {sum(scores) / len(scores):6.3f}", "", "confusions:"]
    wrong = [row for row in rows if row.meant != row.found]
    for (meant, found), count in Counter((row.meant, row.found) for row in wrong).most_common():
        lines.append(f"{count:5} {meant} -> {found}")
    lines += ["", "wrong rows:"]
    lines += [f"{row.meant}\t{row.found}\t{row.confidence:.2f}\t{row.text}" for row in wrong]
    return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("file", type=Path)
    parser.add_argument("--var-dir", type=Path, default=Path("var"))
    arguments = parser.parse_args()
    pairs = read(arguments.file)
    if not pairs:
        raise SystemExit(f"{arguments.file}: no rows")
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    os.environ.setdefault("SQLALCHEMY_SILENCE_UBER_WARNING", "1")
    sys.stdout.flush()
    model = train(arguments.var_dir)
    import structlog

    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.ERROR))
    print(report(asyncio.run(understand(model, pairs))))


if __name__ == "__main__":
    main()
