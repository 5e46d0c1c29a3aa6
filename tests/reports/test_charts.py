"""What is written under a chart's line can be read, whatever the period."""

import itertools

import pytest

from backend.reports.charts import WIDTH, Picture, Series, Words, over_time

#: More than a letter takes at the size of a chart's words.
LETTER = 7.2
MONTHS = ("Enero", "Febrero", "Marzo", "Abril", "Mayo", "Junio", "Julio", "Agosto", "Septiembre", "Octubre")


@pytest.mark.parametrize("count", [1, 2, 5, 10, 13, 92])
def test_labels_of_time_stand_whole_inside_and_apart(count: int) -> None:
    labels = [f"{month} de {year}" for year in range(2020, 2030) for month in MONTHS][:count]
    drawing = over_time(Picture("Chats", labels, [Series("Recibidos", [3] * count)]))
    below = [one for one in drawing.shapes if isinstance(one, Words) and one.text in labels]
    edges = [(one.x - len(one.text) * LETTER / 2, one.x + len(one.text) * LETTER / 2) for one in below]
    assert len(below) >= min(count, 2)
    assert all(one.anchor == "middle" for one in below)
    assert edges[0][0] >= -1 and edges[-1][1] <= WIDTH + 1
    assert all(left[1] < right[0] for left, right in itertools.pairwise(edges))


def test_a_chart_of_no_labels_is_drawn() -> None:
    assert over_time(Picture("Chats", [], [Series("Recibidos", [])])).shapes
