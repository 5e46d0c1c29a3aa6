"""The lifecycle as a page shows it: a diagram and a table, both made from `lifecycle.TABLE`."""

from collections.abc import Iterator

from backend.registry import lifecycle
from backend.registry.lifecycle import Requirement, Transition, Who
from backend.registry.models import PetitionStatus
from backend.registry.petitions import STATUS_TEXTS

_WHO = {Who.STAFF: "staff", Who.HEAD: "head", Who.CITIZEN: "citizen", Who.SYSTEM: "follows by itself"}
_REQUIRES = {
    Requirement.REASON: "reason",
    Requirement.ASKED: "what is asked",
    Requirement.OPEN_TURN: "an open turn",
    Requirement.NO_OPEN_TURN: "no open turn",
}


def lifecycle_section() -> str:
    """Markdown: a Mermaid state diagram, and who may make each step with what it takes."""
    return "\n".join([*_diagram(), "", *_table()])


def _diagram() -> Iterator[str]:
    yield "```mermaid"
    yield "stateDiagram-v2"
    for status in PetitionStatus:
        yield f"    {status.value}: {STATUS_TEXTS[status][0]}"
    yield f"    [*] --> {PetitionStatus.RECIBIDA.value}"
    for row in lifecycle.TABLE:
        label = _label(row)
        yield f"    {row.before.value} --> {row.to.value}{f': {label}' if label else ''}"
    for status in PetitionStatus:
        if status in lifecycle.CLOSED:
            yield f"    {status.value} --> [*]"
    yield "```"


def _label(row: Transition) -> str:
    """What is particular to a step: a reason, which all take, and staff, who make most, go without saying."""
    notes = [_REQUIRES[one] for one in Requirement if one in row.requires and one is not Requirement.REASON]
    if Who.STAFF not in row.who:
        notes.append("head only")
    if Who.CITIZEN in row.who:
        notes.append("also the citizen")
    return ", ".join(notes)


def _table() -> Iterator[str]:
    yield "| from | to | who | requires |"
    yield "|---|---|---|---|"
    for row in lifecycle.TABLE:
        who = ", ".join(_WHO[one] for one in Who if one in row.who)
        requires = ", ".join(_REQUIRES[one] for one in Requirement if one in row.requires)
        yield f"| `{row.before.value}` | `{row.to.value}` | {who} | {requires} |"
