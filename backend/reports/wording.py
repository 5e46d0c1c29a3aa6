"""Figures in words: how values, and what became of them since the period before, are written for people."""

from backend.reports.measures import Unit, Value

NOTHING = "—"
_MINUTE, _HOUR, _DAY = 60, 3600, 86_400


def value_text(value: Value, unit: Unit) -> str:
    """`1,204`, `25.4 %`, `3 min 20 s`, `4.5 días`, `4.62`; a dash where there is nothing to say."""
    if value is None:
        return NOTHING
    match unit:
        case Unit.COUNT:
            return f"{value:,.0f}"
        case Unit.SHARE:
            return f"{value * 100:.1f} %"
        case Unit.SECONDS:
            return seconds_text(round(value))
        case Unit.DAYS:
            return f"{value:,.1f} {'día' if value == 1 else 'días'}"
        case Unit.SCORE:
            return f"{value:.2f}"


def seconds_text(seconds: int) -> str:
    """With its two largest parts: `45 s`, `3 min 20 s`, `2 h 5 min`, `1,204 h`."""
    if seconds < _MINUTE:
        return f"{seconds} s"
    if seconds < _HOUR:
        return _two(seconds, _MINUTE, "min", 1, "s")
    if seconds < 100 * _HOUR:
        return _two(seconds, _HOUR, "h", _MINUTE, "min")
    return f"{seconds / _HOUR:,.0f} h"


def _two(seconds: int, large: int, large_name: str, small: int, small_name: str) -> str:
    rest = seconds % large // small
    return f"{seconds // large} {large_name}" + (f" {rest} {small_name}" if rest else "")


def change_text(value: Value, before: Value, unit: Unit) -> str:
    """What became of it: `+12 %`, of shares `−3.1 puntos`, of scores `+0.25`; empty where nothing can be compared."""
    if value is None or before is None:
        return ""
    if value == before:
        return "igual" if value else ""
    difference = value - before
    if unit is Unit.SHARE:
        return f"{_signed(difference * 100, 1)} puntos"
    if unit is Unit.SCORE:
        return _signed(difference, 2)
    return f"{_signed(difference / before * 100, 0)} %" if before else ""


def _signed(number: float, decimals: int) -> str:
    return f"{'+' if number > 0 else '−'}{abs(number):,.{decimals}f}"


def direction(value: Value, before: Value, more_is_better: bool | None) -> str:
    """Whether the change is for the `mejor` or for the `peor`; empty where it is neither."""
    if value is None or before is None or value == before or more_is_better is None:
        return ""
    return "mejor" if (value > before) is more_is_better else "peor"
