"""The markup of templates: a part of Markdown, and fields between braces.

Paragraphs, **bold**, *italics*, lists, headings, quotes and tables; everything else is text as it stands. A template
is read first and filled after, so that nothing that a citizen wrote is ever read as markup or as a field.
"""

import enum
import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from markdown_it import MarkdownIt
from markdown_it.token import Token
from rapidfuzz import fuzz, process

from backend.letters.fields import UNKNOWN, Field
from backend.text import strip_control

BODY_MAX = 20_000
_RULES = ("heading", "list", "blockquote", "table", "escape", "emphasis", "newline")
_FIELD = re.compile(r"\{([^{}\n]*)\}")
_ALONE = re.compile(r"\s*\{([^{}\n]*)\}\s*")
_LIKE_ENOUGH = 60


class Style(enum.StrEnum):
    PARAGRAPH = "paragraph"
    HEADING = "heading"
    QUOTE = "quote"
    ITEM = "item"


@dataclass(frozen=True)
class Run:
    """A piece of text in one face. A newline is a break within its paragraph."""

    text: str
    is_bold: bool = False
    is_italic: bool = False


Runs = tuple[Run, ...]


@dataclass(frozen=True)
class Text:
    """A paragraph, a heading, or an item: `marker` is its bullet or number, empty in what follows on."""

    style: Style
    runs: Runs
    marker: str = ""
    depth: int = 0


@dataclass(frozen=True)
class Table:
    """Rows of cells; with `has_head`, the first row is the head."""

    rows: tuple[tuple[Runs, ...], ...]
    has_head: bool = True


Block = Text | Table


def parse(body: str) -> tuple[Block, ...]:
    """The blocks of a template's body, its fields still in them."""
    markdown = MarkdownIt("zero", {"breaks": True}).enable(list(_RULES))
    return tuple(_Reader(markdown.parse(body)).blocks())


class _Reader:
    """Walks the tokens of a body once, keeping count of what is open."""

    def __init__(self, tokens: Sequence[Token]) -> None:
        self._tokens = tokens
        self._lists: list[int | None] = []  # the next number of an ordered list; None: bullets
        self._marker = ""
        self._quotes = 0
        self._rows: list[list[Runs]] = []

    def blocks(self) -> Iterator[Block]:
        style, in_cell = Style.PARAGRAPH, False
        for token in self._tokens:
            match token.type:
                case "heading_open":
                    style = Style.HEADING
                case "heading_close":
                    style = Style.PARAGRAPH
                case "blockquote_open":
                    self._quotes += 1
                case "blockquote_close":
                    self._quotes -= 1
                case "th_open" | "td_open":
                    in_cell = True
                case "th_close" | "td_close":
                    in_cell = False
                case "tr_open":
                    self._rows.append([])
                case "table_close":
                    yield self._table()
                case "inline" if in_cell:
                    self._rows[-1].append(_runs(token))
                case "inline":
                    yield self._text(style, _runs(token))
                case _:
                    self._follow_list(token)

    def _table(self) -> Table:
        """What was gathered; a head left blank is none."""
        rows = tuple(tuple(row) for row in self._rows)
        self._rows = []
        has_head = any(run.text.strip() for cell in rows[0] for run in cell)
        return Table(rows if has_head else rows[1:], has_head)

    def _follow_list(self, token: Token) -> None:
        if token.type == "bullet_list_open":
            self._lists.append(None)
        elif token.type == "ordered_list_open":
            self._lists.append(int(token.attrGet("start") or 1))
        elif token.type in ("bullet_list_close", "ordered_list_close"):
            self._lists.pop()
        elif token.type == "list_item_open":
            number = self._lists[-1]
            self._marker = "•" if number is None else f"{number}."
            self._lists[-1] = None if number is None else number + 1

    def _text(self, style: Style, runs: Runs) -> Text:
        if self._lists:
            marker, self._marker = self._marker, ""
            return Text(Style.ITEM, runs, marker, len(self._lists))
        return Text(Style.QUOTE if self._quotes and style is Style.PARAGRAPH else style, runs)


def _runs(token: Token) -> Runs:
    runs: list[Run] = []
    bold = italic = 0
    for part in token.children or ():
        bold += {"strong_open": 1, "strong_close": -1}.get(part.type, 0)
        italic += {"em_open": 1, "em_close": -1}.get(part.type, 0)
        text = "\n" if part.type in ("softbreak", "hardbreak") else part.content
        if not text:
            continue
        if runs and (runs[-1].is_bold, runs[-1].is_italic) == (bold > 0, italic > 0):
            runs[-1] = replace(runs[-1], text=runs[-1].text + text)
        else:
            runs.append(Run(text, bold > 0, italic > 0))
    return tuple(runs)


def _all_runs(blocks: Iterable[Block]) -> Iterator[Run]:
    for block in blocks:
        if isinstance(block, Text):
            yield from block.runs
        else:
            for row in block.rows:
                for cell in row:
                    yield from cell


def names(blocks: Iterable[Block]) -> set[str]:
    """The fields that blocks name."""
    return {name.strip() for run in _all_runs(blocks) for name in _FIELD.findall(run.text)}


def names_in(line: str) -> set[str]:
    return {name.strip() for name in _FIELD.findall(line)}


def problems(texts: Iterable[str], known: Mapping[str, Field], elsewhere: Mapping[str, Field]) -> list[str]:
    """What is wrong with the fields of `texts`, a sentence each. `elsewhere`: fields that other kinds have."""
    found: dict[str, None] = {}
    for text in texts:
        for name in (raw.strip() for raw in _FIELD.findall(text)):
            if name not in known:
                found[_unknown(name, known, elsewhere)] = None
        if re.search(r"[{}]", _FIELD.sub("", text)):
            found["Hay una llave sin su pareja: los campos se escriben {así}, sin negritas por dentro."] = None
    return list(found)


def _unknown(name: str, known: Mapping[str, Field], elsewhere: Mapping[str, Field]) -> str:
    if name in elsewhere:
        return f"El campo {{{name}}} no existe en este tipo de documento."
    near = process.extractOne(name, list(known), scorer=fuzz.ratio, score_cutoff=_LIKE_ENOUGH)
    return f"No existe el campo {{{name}}}." + (f" ¿Quiso decir {{{near[0]}}}?" if near else "")


def texts_of(blocks: Iterable[Block]) -> list[str]:
    return [run.text for run in _all_runs(blocks)]


def fill(blocks: Iterable[Block], values: Mapping[str, str]) -> tuple[Block, ...]:
    """Blocks with their fields filled.

    A field alone in its paragraph gives a paragraph for each of its lines, and none when it is empty.
    """
    return tuple(filled for block in blocks for filled in _filled(block, values))


def _filled(block: Block, values: Mapping[str, str]) -> Iterator[Block]:
    if isinstance(block, Table):
        rows = tuple(tuple(_fill_runs(cell, values) for cell in row) for row in block.rows)
        yield replace(block, rows=rows)
        return
    alone = _ALONE.fullmatch("".join(run.text for run in block.runs))
    if alone is None:
        yield replace(block, runs=_fill_runs(block.runs, values))
        return
    lines = (line.strip() for line in clean(values[alone[1].strip()]).splitlines())
    marker = block.marker
    for line in filter(None, lines):
        yield replace(block, runs=(replace(block.runs[0], text=line),), marker=marker)
        marker = ""


def _fill_runs(runs: Runs, values: Mapping[str, str]) -> Runs:
    return tuple(replace(run, text=fill_line(run.text, values)) for run in runs)


def fill_line(line: str, values: Mapping[str, str]) -> str:
    """A line with its fields filled; what is not known says so."""
    return _FIELD.sub(lambda match: clean(values[match[1].strip()]).strip() or UNKNOWN, line)


def clean(text: str) -> str:
    """`text` composed, without what neither PDF nor DOCX can hold (control characters, non-characters)."""
    composed = unicodedata.normalize("NFC", strip_control(text.replace("\r\n", "\n").replace("\r", "\n")))
    return "".join(char for char in composed if unicodedata.category(char) not in ("Cn", "Co"))
