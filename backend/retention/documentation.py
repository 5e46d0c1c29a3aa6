"""The rules of retention as docs/retention.md holds them."""

from backend.retention import rules
from backend.retention.rules import Rule

BEGIN, END = "<!-- rules -->", "<!-- /rules -->"


def rules_section() -> str:
    """A table of every rule with its terms and bounds, in days."""
    head = ["| What | Since | Kept | From–to | Blocked | Then | Rests on |", "|---|---|---|---|---|---|---|"]
    rows = [_row(rule) for rule in (*rules.RULES, rules.CANCELLED_RULE)]
    rows += [f"| {what} | que llegaron | {life} | — | — | Se borran solos. | — |" for what, life in rules.ELSEWHERE]
    return "\n".join([BEGIN, *head, *rows, END])


def _row(rule: Rule) -> str:
    is_fixed = rule.least == rule.most
    kept = "—" if is_fixed else str(rule.keep)
    bounds = "—" if is_fixed else f"{rule.least}–{rule.most}"
    blocked = "always" if rule.is_forever else str(rule.blocked or "—")
    return f"| {rule.what} | {rule.since} | {kept} | {bounds} | {blocked} | {rule.then} | {rule.basis} |"
