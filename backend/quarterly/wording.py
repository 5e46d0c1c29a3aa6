"""Differences in words, values in the form that is hashed, and goals as they are typed."""

from backend.quarterly.errors import QuarterlyRefused
from backend.reports.measures import DECIMALS, Unit, Value
from backend.reports.wording import NOTHING, value_text

#: How a goal of each unit is typed.
TYPED = {
    Unit.COUNT: "cantidad",
    Unit.SHARE: "%",
    Unit.SECONDS: "minutos",
    Unit.DAYS: "días",
    Unit.SCORE: "de 1 a 5",
}
#: By how much a typed goal is multiplied to be in the figure's own unit.
_TIMES = {Unit.SHARE: 0.01, Unit.SECONDS: 60.0}
_MOST = 10_000_000


def difference_text(value: Value, unit: Unit) -> str:
    """A difference with its sign; of shares in percentage points."""
    if value is None:
        return NOTHING
    sign = "+" if value > 0 else "−" if value < 0 else ""
    told = f"{abs(100 * value):.1f} puntos" if unit is Unit.SHARE else value_text(abs(value), unit)
    return f"{sign}{told}"


def canonical(value: Value, unit: Unit) -> str | None:
    """A value written in the one way in which it is hashed."""
    return None if value is None else f"{value:.{DECIMALS[unit]}f}"


def value_of(written: str | None, unit: Unit) -> Value:
    """A value as `canonical` wrote it."""
    if written is None:
        return None
    return float(written) if DECIMALS[unit] else int(written)


def target_of(typed: str, unit: Unit) -> float | None:
    """A goal as it was typed, in the figure's unit; None: none is set. Raises QuarterlyRefused."""
    plain = typed.strip().rstrip("%").strip().replace(",", "")
    if not plain:
        return None
    try:
        number = float(plain)
    except ValueError:
        raise QuarterlyRefused(f"Escriba cada meta con números: «{typed.strip()[:20]}» no lo es.") from None
    most = {Unit.SHARE: 100, Unit.SCORE: 5}.get(unit, _MOST)
    if not 0 <= number <= most:
        raise QuarterlyRefused(f"La meta «{typed.strip()[:20]}» no es posible: va de 0 a {most:,}.")
    return round(number * _TIMES.get(unit, 1.0), DECIMALS[unit])


def target_typed(target: float | None, unit: Unit) -> str:
    """A goal as one would type it."""
    if target is None:
        return ""
    number = round(target / _TIMES.get(unit, 1.0), 2)
    return f"{number:.0f}" if number == int(number) else f"{number}"
