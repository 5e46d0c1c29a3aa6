"""Texts made to fit: split at paragraphs, sentences or words; buttons written as a numbered list."""

import re
from collections.abc import Sequence

from channels.port import Button

#: Where a text may be cut, best first: after a paragraph, a line, a sentence, a word.
_CUTS = (r"\n{2,}", r"\n", r"(?<=[.!?…])\s+", r"\s+")
_HOW_TO_ANSWER = "Responda con el número."


def split(text: str, limit: int) -> list[str]:
    """`text` in parts of at most `limit` characters; nothing but the white space at a cut is lost."""
    parts = []
    rest = text.strip()
    while len(rest) > limit:
        cut = _cut(rest, limit)
        parts.append(rest[:cut].rstrip())
        rest = rest[cut:].lstrip()
    return [*parts, rest] if rest or not parts else parts


def _cut(text: str, limit: int) -> int:
    for pattern in _CUTS:
        ends = [match.start() for match in re.finditer(pattern, text[: limit + 1]) if match.start() > 0]
        # A cut that leaves a scrap behind is worse than one at a lesser boundary.
        if ends and ends[-1] >= limit // 4:
            return ends[-1]
    return limit


def numbered(text: str, buttons: Sequence[Button]) -> str:
    """The buttons as lines to be answered with their number."""
    if not buttons:
        return text
    lines = [f"{number}. {button.title}" for number, button in enumerate(buttons, 1)]
    return "\n".join([text, "", *lines, _HOW_TO_ANSWER])
