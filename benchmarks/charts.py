"""Draw what bench.json keeps, in .venv-bench: `summary.svg`, and one picture a benchmark. `make bench` ends with it.

The same figures give the same bytes. Each picture has its own white ground, so that it reads on a light page and on a
dark one.
"""

from collections.abc import Sequence
from pathlib import Path

import matplotlib as mpl
from matplotlib import ticker
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from benchmarks import table

RESULTS = Path(__file__).parent / "results"
OURS, BASELINE, BEYOND, INK = "#1f6f78", "#b9c4c9", "#b3261e", "#24292f"
#: No random names of parts, and letters as letters: the reader's own, found by a search of the page.
STYLE = {
    "svg.hashsalt": "chat-sonora",
    "svg.fonttype": "none",
    "font.family": "sans-serif",
    "font.size": 10,
    "text.color": INK,
    "axes.labelcolor": INK,
    "xtick.color": INK,
    "ytick.color": INK,
    "axes.spines.top": False,
    "axes.spines.right": False,
}
_WIDTH, _BAR_HEIGHT, _AROUND = 8.6, 0.42, 1.1
#: A bar far beyond its limit is cut here: its figure stands beside it.
_LONGEST = 3.0


def summary(rows: Sequence[table.Row]) -> Figure:
    """Every promise, and how much of what it allows was needed."""
    figure, axes = _panels([len(rows)])
    used = [min(row.limit.used(row.limited), _LONGEST) for row in rows if row.limit is not None]
    colours = [OURS if row.reached else BEYOND for row in rows]
    bars = axes[0].barh(range(len(rows)), used, color=colours, height=0.6)
    axes[0].bar_label(bars, [f"{table.said(row.limited)} ({row.cells()[4]})" for row in rows], padding=4)
    axes[0].axvline(1, color=INK, linewidth=1, linestyle="--")
    axes[0].set_title("How much of each limit was needed (dashed: the limit)", loc="left")
    _name_bars(axes[0], rows)
    axes[0].set_xlim(0, max(1.0, *used) * 1.8)
    axes[0].xaxis.set_major_formatter(ticker.PercentFormatter(1))
    return figure


def paired(name: str, one: table.Measured) -> Figure:
    """Ours and the baseline, a panel a unit: units do not share a scale."""
    units = list(dict.fromkeys(row.unit for row in one.rows))
    by_unit = [[row for row in one.rows if row.unit == unit] for unit in units]
    figure, panels = _panels([len(rows) for rows in by_unit])
    for axes, unit, rows in zip(panels, units, by_unit, strict=True):
        _pairs(axes, rows)
        axes.set_xlabel(unit)
    against = ", ".join(dict.fromkeys(row.against for row in one.rows if row.against))
    panels[0].set_title(f"{name}: ours{f' and {against} (grey)' if against else ''}, {one.taken}", loc="left")
    return figure


def _pairs(axes: Axes, rows: Sequence[table.Row]) -> None:
    """A bar of ours, one of the baseline under it, and a mark where a limit of our own figure stands."""
    places = range(len(rows))
    colours = [BEYOND if row.reached is False else OURS for row in rows]
    both = [
        axes.barh([at - 0.2 for at in places], [row.ours for row in rows], color=colours, height=0.38),
        axes.barh([at + 0.2 for at in places], [row.baseline or 0 for row in rows], color=BASELINE, height=0.38),
    ]
    axes.bar_label(both[0], [table.said(row.ours) for row in rows], padding=4)
    axes.bar_label(both[1], ["" if row.baseline is None else table.said(row.baseline) for row in rows], padding=4)
    for at, row in zip(places, rows, strict=True):
        if row.limit is not None and row.limit.of == "ours":
            axes.plot([row.limit.value] * 2, [at - 0.42, at + 0.02], color=INK, linewidth=1, linestyle="--")
    _name_bars(axes, rows)
    axes.margins(x=0.12)


def _name_bars(axes: Axes, rows: Sequence[table.Row]) -> None:
    axes.set_yticks(range(len(rows)), [row.what for row in rows])
    axes.invert_yaxis()


def _panels(bars: Sequence[int]) -> tuple[Figure, list[Axes]]:
    heights = [count * _BAR_HEIGHT + _AROUND for count in bars]
    figure = Figure(figsize=(_WIDTH, sum(heights)), layout="constrained", facecolor="white")
    return figure, list(figure.subplots(len(bars), 1, squeeze=False, height_ratios=heights)[:, 0])


def draw(measured: dict[str, table.Measured], folder: Path) -> list[Path]:
    """Write the pictures; where they are."""
    promised = [row for one in measured.values() for row in one.rows if row.limit is not None]
    with mpl.rc_context(STYLE):
        figures = {name: paired(name, one) for name, one in measured.items() if one.rows}
        if promised:
            figures["summary"] = summary(promised)
        for name, figure in figures.items():
            # No day and no version of the library within: the same figures are the same file.
            figure.savefig(folder / f"{name}.svg", metadata={"Date": None, "Creator": None})
    return [folder / f"{name}.svg" for name in figures]


if __name__ == "__main__":
    for path in draw(table.read(RESULTS / "bench.json"), RESULTS):
        print(path)
