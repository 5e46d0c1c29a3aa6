"""The benchmarks' table says what was measured, and whether a promise was kept."""

import math
from pathlib import Path

import pytest

from benchmarks import table
from benchmarks.table import Measured, Row, at_most, ratio_at_least, ratio_at_most


def test_a_limit_judges_the_figure_that_it_is_about() -> None:
    turn = Row("turn", 18, "ms", 10, "rasa run", ratio_at_most(2))
    insert = Row("accepted", 400, "requests/s", 1000, "bare insert", ratio_at_least(0.5))
    delay = Row("delay", 130, "ms", 10, "bare stream", at_most(100))
    told = Row("size", 3, "GB")
    assert [row.reached for row in (turn, insert, delay, told)] == [True, False, False, None]
    assert [turn.ratio, insert.ratio, delay.ratio, told.ratio] == [1.8, 0.4, 13, None]
    used = [row.limit.used(row.limited) for row in (turn, insert, delay) if row.limit]
    assert used == pytest.approx([0.9, 1.25, 1.3])
    assert Row("on the limit", 2, "ms", 1, "rasa run", ratio_at_most(2)).reached
    assert [at_most(0).used(0), at_most(0).used(3)] == [1, math.inf]


def test_a_baseline_of_nothing_is_no_division_by_zero_and_one_that_is_missing_no_ratio() -> None:
    assert Row("lost", 1, "messages", 0, "other").ratio == math.inf
    with pytest.raises(ValueError, match="needs a baseline"):
        Row("turn", 18, "ms", limit=ratio_at_most(2))


def test_figures_are_the_same_after_they_were_kept_and_read(tmp_path: Path) -> None:
    rows = (Row("turn", 18.25, "ms", 10, "rasa run", ratio_at_most(2)), Row("memory", 1.1, "GB", limit=at_most(1.3)))
    measured = {"turn": Measured("2026-11-22 01:00", 2, 0.5, 1.5, rows)}
    table.keep(tmp_path / "bench.json", measured)
    assert table.read(tmp_path / "bench.json") == measured
    assert table.read(tmp_path / "none.json") == {}


def test_a_row_reads_the_same_in_a_terminal_and_on_a_page() -> None:
    rows = [Row("delay", 130, "ms", 12.34, "bare stream", at_most(100)), Row("size", 0.0049, "GB")]
    aligned, page = table.printed(rows).splitlines(), table.markdown(rows).splitlines()
    assert page[2] == "| delay | 130 ms | 12.3 ms (bare stream) | 10.5 | at most 100 ms | NO |"
    assert aligned[1].split() == page[2].replace("|", "").split()
    assert page[3] == "| size | 0.005 GB |  |  |  |  |"
