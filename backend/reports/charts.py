"""Charts drawn on the server: lines over time and bars of one figure, as shapes that a page or a PDF draws.

Nothing of them runs: no script, no style of their own (the console's CSP allows neither). Colours are the page's, by
class. Each has its words for who cannot see it, and stands beside a table with the same numbers.
"""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from xml.sax.saxutils import escape, quoteattr

from backend.reports.measures import Unit, Value
from backend.reports.wording import value_text

WIDTH = 480
_HEIGHT, _TOP, _BOTTOM, _LEFT, _RIGHT = 250, 14, 26, 84, 10
_LEGEND, _BAR, _LETTER = 20, 38, 7.2
_TICKS = 4
#: Dots are drawn on lines of no more points than these.
_DOTS = 45
_HOUR = 3600


@dataclass(frozen=True)
class Series:
    """One figure's values, one for each label of its picture."""

    name: str
    values: Sequence[Value]


@dataclass(frozen=True)
class Picture:
    """What is to be drawn."""

    title: str
    labels: Sequence[str]
    series: Sequence[Series]
    unit: Unit = Unit.COUNT

    @property
    def is_empty(self) -> bool:
        return not any(value for one in self.series for value in one.values)

    @property
    def description(self) -> str:
        """What it shows, in a sentence: the largest of each series."""
        told = []
        for one in self.series:
            known = [(value, label) for value, label in zip(one.values, self.labels, strict=True) if value is not None]
            if known:
                value, label = max(known, key=lambda pair: pair[0])
                told.append(f"{one.name}: lo más alto es {value_text(value, self.unit)}, {label}")
        return "; ".join(told) + "." if told else "No hay datos."


@dataclass(frozen=True)
class Box:
    x: float
    y: float
    width: float
    height: float
    kind: str


@dataclass(frozen=True)
class Path:
    """A line through points."""

    points: Sequence[tuple[float, float]]
    kind: str


@dataclass(frozen=True)
class Words:
    """`anchor`: `start`, `middle` or `end`."""

    x: float
    y: float
    text: str
    anchor: str = "start"
    kind: str = "words"


Shape = Box | Path | Words


@dataclass(frozen=True)
class Drawing:
    """Shapes on a plane whose origin is its upper left corner."""

    picture: Picture
    height: float
    shapes: Sequence[Shape]


def over_time(picture: Picture) -> Drawing:
    """Lines, a series each, over labels in the order of time."""
    legend = list(_legend(picture))
    top = _TOP + _LEGEND * _rows(legend)
    bottom = top + _HEIGHT - _TOP - _BOTTOM
    most = _ceiling([value for one in picture.series for value in one.values if value is not None], picture.unit)
    width = WIDTH - _LEFT - _RIGHT
    step = width / max(1, len(picture.labels) - 1)

    def place(index: int, value: float) -> tuple[float, float]:
        return _LEFT + (index * step if len(picture.labels) > 1 else width / 2), bottom - value / most * (bottom - top)

    shapes: list[Shape] = [*legend]
    for value in (most * tick / _TICKS for tick in range(_TICKS + 1)):
        _, y = place(0, value)
        shapes.append(Path(((_LEFT, y), (WIDTH - _RIGHT, y)), "grid"))
        shapes.append(Words(_LEFT - 6, y + 4, value_text(value, picture.unit), "end"))
    shapes += _labels([(place(index, 0)[0], label) for index, label in enumerate(picture.labels)], bottom + 18)
    for number, one in enumerate(picture.series, start=1):
        shapes += _line([None if value is None else place(at, value) for at, value in enumerate(one.values)], number)
    return Drawing(picture, bottom + _BOTTOM, shapes)


def _labels(places: Sequence[tuple[float, str]], y: float) -> Iterator[Shape]:
    """Some of the labels under their places: whole, inside the drawing and apart from one another."""
    free = 0.0
    for at, label in places[:: math.ceil(len(places) / 4) or 1]:
        words = _short(label, 18)
        half = len(words) * _LETTER / 2
        x = min(max(at, half), WIDTH - half)
        if x - half >= free:
            yield Words(x, y, words, "middle")
            free = x + half + _LETTER


def _line(points: Sequence[tuple[float, float] | None], number: int) -> Iterator[Shape]:
    """A series: broken where a bucket says nothing, with a dot a point where they are few."""
    for is_known, run in groupby(points, key=lambda point: point is not None):
        known = [point for point in run if point is not None]
        if is_known and len(known) > 1:
            yield Path(known, f"line series-{number}")
    if len(points) <= _DOTS:
        yield from (Box(x - 3, y - 3, 6, 6, f"fill series-{number}") for x, y in filter(None, points))


def bars(picture: Picture, *, most: int = 12) -> Drawing:
    """Horizontal bars of the first series, the longest first; what is beyond `most` is one bar more."""
    pairs = [(label, value) for label, value in zip(picture.labels, picture.series[0].values, strict=True) if value]
    pairs.sort(key=lambda pair: -float(pair[1]))
    if len(pairs) > most:
        rest = sum(value for _, value in pairs[most - 1 :])
        pairs = [*pairs[: most - 1], (f"Los otros {len(pairs) - most + 1}", rest)]
    longest = max((value for _, value in pairs), default=1)
    shapes: list[Shape] = []
    for row, (label, value) in enumerate(pairs):
        y = row * _BAR
        shapes.append(Words(0, y + 14, _short(label, 46)))
        shapes.append(Words(WIDTH, y + 14, value_text(value, picture.unit), "end"))
        shapes.append(Box(0, y + 19, max(2.0, WIDTH * value / longest), 11, "fill series-1"))
    return Drawing(picture, max(1, len(pairs)) * _BAR, shapes)


def svg(drawing: Drawing, name: str) -> str:
    """The drawing as SVG; `name` is its own on the page."""
    inside = "".join(map(_svg_shape, drawing.shapes))
    return (
        f'<svg class="chart" viewBox="0 0 {WIDTH} {drawing.height:.0f}" role="img" '
        f'aria-labelledby="{name}-t {name}-d" xmlns="http://www.w3.org/2000/svg">'
        f'<title id="{name}-t">{escape(drawing.picture.title)}</title>'
        f'<desc id="{name}-d">{escape(drawing.picture.description)}</desc>{inside}</svg>'
    )


def _svg_shape(shape: Shape) -> str:
    if isinstance(shape, Box):
        size = f'width="{shape.width:.1f}" height="{shape.height:.1f}"'
        return f'<rect x="{shape.x:.1f}" y="{shape.y:.1f}" {size} class={quoteattr(shape.kind)}/>'
    if isinstance(shape, Path):
        points = " ".join(f"{x:.1f},{y:.1f}" for x, y in shape.points)
        return f'<polyline points="{points}" class={quoteattr(shape.kind)}/>'
    place = f'x="{shape.x:.1f}" y="{shape.y:.1f}" text-anchor="{shape.anchor}"'
    return f"<text {place} class={quoteattr(shape.kind)}>{escape(shape.text)}</text>"


def _legend(picture: Picture) -> Iterator[Shape]:
    """The series' names with their colours, as many to a row as fit; none for one series, which the title names."""
    if len(picture.series) < 2:
        return
    x, y = 0.0, 6.0
    for number, one in enumerate(picture.series, start=1):
        width = 26 + _LETTER * len(one.name)
        if x and x + width > WIDTH:
            x, y = 0.0, y + _LEGEND
        yield Box(x, y, 12, 12, f"fill series-{number}")
        yield Words(x + 17, y + 11, one.name)
        x += width


def _rows(legend: Sequence[Shape]) -> int:
    return len({shape.y for shape in legend if isinstance(shape, Box)})


def _ceiling(values: Sequence[float], unit: Unit) -> float:
    """The top of the scale: a round number over the largest value, of which the ticks are round too."""
    largest = max(values, default=0)
    if unit is Unit.SCORE:
        return 5
    if unit is Unit.SHARE:
        return 1
    if unit is Unit.SECONDS and largest > _HOUR:
        return _HOUR * _ceiling([largest / _HOUR], Unit.COUNT)
    if largest <= _TICKS:
        return _TICKS
    size = 10.0 ** math.floor(math.log10(largest))
    return next(size * one for one in (1, 2, 4, 6, 8, 10, 20) if size * one >= largest)


def _short(text: str, most: int) -> str:
    return text if len(text) <= most else f"{text[: most - 1]}…"
