"""`python -m bot.models list | use VERSION | rollback`: the versions of the model, and which is in use.

A product that runs on this `VAR_DIR` is told, and changes to the version at once: its bot starts anew, and
meanwhile the scripted intake answers.
"""

import argparse
import os
import signal
import sys
from pathlib import Path

from bot.registry import Card, Registry, UnknownVersion
from bot.train import fingerprint

PID_NAME = "run.pid"


def table(registry: Registry) -> list[str]:
    """One line a version, the oldest first; `*` is in use."""
    state = registry.state()
    lines = [f"  {'versión':18} {'hecho':21} {'ejemplos':>8} {'desarrollo':>10} {'etiquetados':>11}"]
    for version in registry.versions():
        card = registry.card(version)
        mark = "*" if state is not None and state.version == version else " "
        examples = card.examples if card.examples is not None else "—"
        lines.append(
            f"{mark} {version:18} {card.made_at:21} {examples!s:>8} {_accuracy(card, 'dev'):>10} "
            f"{_accuracy(card, 'held_out'):>11}"
        )
    return lines


def _accuracy(card: Card, name: str) -> str:
    return f"{card.scores[name].accuracy:.3f}" if name in card.scores else "sin medir"


def switch(var_dir: Path, version: str, *, why: str) -> list[str]:
    """Put a version in use, until another is chosen or what models are made of changes."""
    registry = Registry(var_dir)
    try:
        registry.use(version, why=why, decided_for=fingerprint())
    except UnknownVersion:
        raise SystemExit(f"No hay un modelo {version}; vea: make models") from None
    if tell_running(var_dir):
        return [f"Modelo en uso: {version}. El asistente se reinicia con él."]
    return [f"Modelo en uso desde el próximo make run: {version}"]


def tell_running(var_dir: Path) -> bool:
    """Ask the product that runs on `var_dir`, if one does, to take up the version in use."""
    path = var_dir / PID_NAME
    if not path.exists():
        return False
    number = int(path.read_text())
    try:
        words = Path(f"/proc/{number}/cmdline").read_bytes().split(b"\0")
    except OSError:
        return False
    if b"backend.run" not in words:
        return False
    os.kill(number, signal.SIGUSR1)
    return True


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--var-dir", type=Path, default=Path(os.environ.get("VAR_DIR") or "var"))
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("list", help="the versions, oldest first")
    commands.add_parser("use", help="put a version in use").add_argument("version")
    commands.add_parser("rollback", help="put the version before this one in use")
    arguments = parser.parse_args()
    registry = Registry(arguments.var_dir)
    if arguments.command == "list":
        lines = table(registry)
    elif arguments.command == "use":
        lines = switch(arguments.var_dir, arguments.version, why="elegido a mano")
    else:
        previous = registry.previous()
        if previous is None:
            raise SystemExit("No hay un modelo anterior al que volver.")
        lines = switch(arguments.var_dir, previous, why="vuelta atrás")
    sys.stdout.write("\n".join(lines) + "\n")


if __name__ == "__main__":
    main()
