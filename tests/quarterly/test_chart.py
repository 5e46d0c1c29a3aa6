"""What stands beside a chart's bars says whose number it is."""

from backend.quarterly import chart
from backend.quarterly.content import Line, Section
from backend.reports.measures import Unit


def _line(name: str, value: int, target: int | None = None) -> Line:
    return Line(name, name, "", Unit.COUNT, more_is_better=True, value=value, target=target)


def test_beside_the_mark_of_a_goal_stand_what_was_achieved_and_the_goal() -> None:
    shapes = chart.of(Section("Llamadas", (_line("Recibidas", 4, 900), _line("Realizadas", 12))))
    assert shapes is not None
    beside = [one.text for one in shapes.labels]
    assert "4 de 900" in beside
    assert "12" in beside


def test_long_numbers_have_their_room() -> None:
    shapes = chart.of(Section("Llamadas", (_line("Recibidas", 98_765, 100_000), _line("Realizadas", 12))))
    assert shapes is not None
    longest = max((one for one in shapes.labels if one.anchor == "start"), key=lambda one: one.x)
    assert longest.text == "98,765 de 100,000"
    assert longest.x + len(longest.text) * longest.size * 0.55 <= shapes.width
