"""A section's chart: what was achieved as bars, the goal as a mark; drawn alike on page, PDF and DOCX."""

import io
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Literal
from xml.sax.saxutils import escape

import reportlab
from PIL import Image, ImageDraw, ImageFont
from reportlab.graphics.shapes import Drawing, Rect, String
from reportlab.lib import colors

from backend.letters import pdf
from backend.quarterly.content import Section
from backend.reports.measures import Unit
from backend.reports.wording import value_text

WIDTH = 480
_ROW, _TOP, _BAR = 24, 22, 12
_LEFT, _RIGHT = 178, 96
_ACHIEVED, _MISSED, _GOAL, _TEXT, _MUTED = "#6f1d32", "#b07a86", "#8a6420", "#211d1b", "#5f5953"
#: A picture's pixels for each unit of the drawing.
_SCALE = 3
Anchor = Literal["start", "end"]


@dataclass(frozen=True)
class Box:
    x: float
    y: float
    width: float
    height: float
    color: str


@dataclass(frozen=True)
class Label:
    """`y` is the text's baseline."""

    x: float
    y: float
    text: str
    anchor: Anchor = "start"
    color: str = _TEXT
    size: float = 9


@dataclass(frozen=True)
class Shapes:
    """A drawing, from its upper left corner; `told` says in words what it shows."""

    width: float
    height: float
    boxes: Sequence[Box]
    labels: Sequence[Label]
    title: str
    told: str


def of(section: Section) -> Shapes | None:
    """The chart of what a section counts; None where it counts fewer than two things, or nothing at all."""
    lines = [line for line in section.lines if line.unit is Unit.COUNT]
    most = max((value for line in lines for value in (line.value, line.target) if value is not None), default=0)
    if len(lines) < 2 or not most:
        return None
    scale = (WIDTH - _LEFT - _RIGHT) / most
    boxes: list[Box] = [Box(_LEFT, 5, 10, 8, _ACHIEVED)]
    labels: list[Label] = [Label(_LEFT + 14, 12, "Logrado", color=_MUTED, size=8)]
    if any(line.target is not None for line in lines):
        boxes.append(Box(_LEFT + 69, 3, 3, 12, _GOAL))
        labels.append(Label(_LEFT + 76, 12, "Meta", color=_MUTED, size=8))
    for place, line in enumerate(lines):
        top = _TOP + place * _ROW
        value = line.value or 0
        boxes.append(Box(_LEFT, top + 4, max(value * scale, 0.5), _BAR, _MISSED if line.is_met is False else _ACHIEVED))
        end, achieved = value * scale, value_text(line.value, line.unit)
        if line.target is not None:
            boxes.append(Box(_LEFT + line.target * scale - 1.5, top + 1, 3, _BAR + 6, _GOAL))
            end = max(end, line.target * scale + 2)
            # Alone beside the goal's mark it would pass for the goal.
            achieved += f" de {value_text(line.target, line.unit)}"
        labels.append(Label(_LEFT - 6, top + 13, line.name, "end"))
        labels.append(Label(_LEFT + end + 5, top + 13, achieved))
    told = "; ".join(
        f"{line.name}: {value_text(line.value, line.unit)}"
        + (f", meta {value_text(line.target, line.unit)}" if line.target is not None else "")
        for line in lines
    )
    height = _TOP + len(lines) * _ROW + 2
    return Shapes(WIDTH, height, boxes, labels, f"{section.title}: logrado y meta", told)


def svg(shapes: Shapes, name: str) -> str:
    """For a page; `name` makes its ids the page's only ones."""
    parts = [
        f'<svg class="quarter-chart" viewBox="0 0 {shapes.width:g} {shapes.height:g}" role="img" '
        f'aria-labelledby="{name}-title {name}-told">',
        f'<title id="{name}-title">{escape(shapes.title)}</title><desc id="{name}-told">{escape(shapes.told)}</desc>',
    ]
    parts += [
        f'<rect x="{box.x:.1f}" y="{box.y:.1f}" width="{box.width:.1f}" height="{box.height:.1f}" fill="{box.color}"/>'
        for box in shapes.boxes
    ]
    parts += [
        f'<text x="{one.x:.1f}" y="{one.y:.1f}" text-anchor="{one.anchor}" font-size="{one.size:g}" '
        f'class="{"chart-muted" if one.color == _MUTED else "chart-text"}">{escape(one.text)}</text>'
        for one in shapes.labels
    ]
    return "".join([*parts, "</svg>"])


def drawing(shapes: Shapes) -> Drawing:
    """For a PDF."""
    pdf.register_typeface()
    made = Drawing(shapes.width, shapes.height)
    for box in shapes.boxes:
        below = shapes.height - box.y - box.height
        color = colors.HexColor(box.color)
        made.add(Rect(box.x, below, box.width, box.height, fillColor=color, strokeColor=None))
    for one in shapes.labels:
        made.add(
            String(
                one.x,
                shapes.height - one.y,
                one.text,
                fontName=pdf.FONT,
                fontSize=one.size - 1,
                textAnchor=one.anchor,
                fillColor=colors.HexColor(one.color),
            )
        )
    return made


def png(shapes: Shapes) -> bytes:
    """For a DOCX."""
    size = (round(shapes.width * _SCALE), round(shapes.height * _SCALE))
    image = Image.new("RGB", size, "white")
    draw = ImageDraw.Draw(image)
    for box in shapes.boxes:
        corners = (box.x, box.y, box.x + box.width, box.y + box.height)
        draw.rectangle([round(one * _SCALE) for one in corners], fill=box.color)
    for one in shapes.labels:
        place = (one.x * _SCALE, one.y * _SCALE)
        anchor = "ls" if one.anchor == "start" else "rs"
        draw.text(place, one.text, fill=one.color, font=_font(round((one.size - 1) * _SCALE)), anchor=anchor)
    target = io.BytesIO()
    image.save(target, "PNG", optimize=True)
    return target.getvalue()


@cache
def _font(size: int) -> ImageFont.FreeTypeFont:
    """The typeface of the PDF, which reportlab brings."""
    return ImageFont.truetype(str(Path(reportlab.__file__).parent / "fonts" / "Vera.ttf"), size)
