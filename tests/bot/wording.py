"""The assistant's files as the tests read them: domain, rules, training examples."""

import functools
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).resolve().parents[2]
BOT = ROOT / "bot"

#: Sent as payloads only, or found by rule; nothing is learned of them.
INTERNAL_INTENTS = {"elegir", "enviar_adjunto", "volver_con_bot", "otro_idioma"}

_ANNOTATION = re.compile(r"\[([^\]]+)\]\([^)]+\)")


@functools.cache
def _load(folder: str) -> list[dict[str, Any]]:
    return [yaml.safe_load(path.read_text("utf-8")) for path in sorted((BOT / folder).rglob("*.yml"))]


def intents() -> list[str]:
    return [name for part in _load("domain") for name in part.get("intents", [])]


def responses() -> dict[str, dict[str, Any]]:
    """Each response's first variation; test_data.py sees that it is the only one."""
    return {name: variations[0] for name, variations in domain()["responses"].items()}


def domain() -> dict[str, Any]:
    """What Rasa sends with each call of an action, as far as the actions look at it."""
    parts = [part.get("responses", {}) for part in _load("domain")]
    return {"responses": {name: variations for part in parts for name, variations in part.items()}}


def declared_actions() -> set[str]:
    return {name for part in _load("domain") for name in part.get("actions", [])}


def forms() -> set[str]:
    return {name for part in _load("domain") for name in part.get("forms", {})}


def rules() -> list[dict[str, Any]]:
    return [rule for part in _load("data/rules") for rule in part["rules"]]


def opening(intent: str) -> str:
    """The action that the rules give to an intent outside forms."""
    (action,) = (
        step["action"]
        for rule in rules()
        if rule["steps"][0].get("intent") == intent
        for step in rule["steps"]
        if "action" in step
    )
    return str(action)


def examples() -> Iterator[tuple[str, str]]:
    """(intent, text) of every training example, its entity annotations taken off."""
    for part in _load("data/nlu"):
        for item in part["nlu"]:
            if "intent" in item:
                for line in item["examples"].splitlines():
                    yield item["intent"], _ANNOTATION.sub(r"\1", line.removeprefix("- ").strip())


def sources() -> dict[str, str]:
    """The actions' code, by file name."""
    return {path.name: path.read_text("utf-8") for path in sorted((BOT / "actions").glob("*.py"))}
