"""The span of days that a report is of, on the office's clock, and the one before it."""

import enum
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from backend import clock

MONTHS = ("enero", "febrero", "marzo", "abril", "mayo", "junio", "julio", "agosto", "septiembre", "octubre",
           "noviembre", "diciembre")  # fmt: skip
_ORDINALS = ("Primer", "Segundo", "Tercer", "Cuarto")
#: A quarter, a month, an ISO week, a year, or two days: how a period is written in an address.
_KEY = re.compile(
    r"(?P<year>2\d{3})(?:-T(?P<quarter>[1-4])|-S(?P<week>\d{2})|-(?P<month>\d{2}))?"
    r"|(?P<first>2\d{3}-\d{2}-\d{2})\.\.(?P<last>2\d{3}-\d{2}-\d{2})"
)


class Span(enum.StrEnum):
    """What a period is called after."""

    YEAR = "anio"
    QUARTER = "trimestre"
    MONTH = "mes"
    WEEK = "semana"
    DAYS = "dias"


@dataclass(frozen=True)
class Period:
    """From the day `first` to the day `last`, both within it, on the office's clock."""

    span: Span
    first: date
    last: date

    @classmethod
    def year(cls, year: int) -> "Period":
        return cls(Span.YEAR, date(year, 1, 1), date(year, 12, 31))

    @classmethod
    def quarter(cls, year: int, number: int) -> "Period":
        """The quarter `number`, 1 to 4, of the calendar's year."""
        first = date(year, 3 * number - 2, 1)
        return cls(Span.QUARTER, first, _next_month(date(year, 3 * number, 1)) - timedelta(days=1))

    @classmethod
    def month(cls, year: int, number: int) -> "Period":
        first = date(year, number, 1)
        return cls(Span.MONTH, first, _next_month(first) - timedelta(days=1))

    @classmethod
    def week(cls, day: date) -> "Period":
        """The week of `day`, from its Monday."""
        monday = day - timedelta(days=day.weekday())
        return cls(Span.WEEK, monday, monday + timedelta(days=6))

    @classmethod
    def days(cls, first: date, last: date) -> "Period":
        """Any days; told the other way round they are turned."""
        return cls(Span.DAYS, min(first, last), max(first, last))

    @classmethod
    def parse(cls, key: str) -> "Period | None":
        """The period that `key` names: `2026`, `2026-T3`, `2026-07`, `2026-S29`, `2026-07-01..2026-07-15`."""
        found = _KEY.fullmatch(key)
        if found is None:
            return None
        try:
            if found["first"]:
                return cls.days(date.fromisoformat(found["first"]), date.fromisoformat(found["last"]))
            if found["week"]:
                return cls.week(date.fromisocalendar(int(found["year"]), int(found["week"]), 1))
            if found["month"]:
                return cls.month(int(found["year"]), int(found["month"]))
        except ValueError:
            return None
        return cls.quarter(int(found["year"]), int(found["quarter"])) if found["quarter"] else cls.year(int(key))

    @classmethod
    def current(cls, span: Span, moment: datetime) -> "Period":
        """The year, quarter, month or week in which `moment` falls; its day alone for `Span.DAYS`."""
        today = clock.local(moment).date()
        match span:
            case Span.YEAR:
                return cls.year(today.year)
            case Span.QUARTER:
                return cls.quarter(today.year, (today.month + 2) // 3)
            case Span.MONTH:
                return cls.month(today.year, today.month)
            case Span.WEEK:
                return cls.week(today)
            case Span.DAYS:
                return cls.days(today, today)

    @property
    def start(self) -> datetime:
        """The midnight with which it begins."""
        return datetime.combine(self.first, time(), clock.HERMOSILLO)

    @property
    def end(self) -> datetime:
        """The midnight after it; no longer part of it."""
        return datetime.combine(self.last + timedelta(days=1), time(), clock.HERMOSILLO)

    @property
    def before(self) -> "Period":
        """The period with which this one is compared: the same span before it, ending the day before it begins."""
        eve = self.first - timedelta(days=1)
        match self.span:
            case Span.DAYS:
                return Period.days(eve - (self.last - self.first), eve)
            case Span.WEEK:
                return Period.week(eve)
            case Span.MONTH:
                return Period.month(eve.year, eve.month)
            case Span.QUARTER:
                return Period.quarter(eve.year, (eve.month + 2) // 3)
            case Span.YEAR:
                return Period.year(eve.year)

    @property
    def after(self) -> "Period":
        """The period that follows; of any days, as many of them."""
        morrow = self.last + timedelta(days=1)
        if self.span is Span.DAYS:
            return Period.days(morrow, morrow + (self.last - self.first))
        return Period.current(self.span, datetime.combine(morrow, time(), clock.HERMOSILLO))

    @property
    def key(self) -> str:
        """How it is written in an address; `parse` reads it."""
        year = self.first.year
        match self.span:
            case Span.YEAR:
                return str(year)
            case Span.QUARTER:
                return f"{year}-T{(self.first.month + 2) // 3}"
            case Span.MONTH:
                return f"{year}-{self.first.month:02}"
            case Span.WEEK:
                return f"{self.first.isocalendar().year}-S{self.first.isocalendar().week:02}"
            case Span.DAYS:
                return f"{self.first}..{self.last}"

    @property
    def name(self) -> str:
        """In words: «Tercer trimestre de 2026», «Julio de 2026», «Del 1 al 15 de julio de 2026»."""
        match self.span:
            case Span.YEAR:
                return f"Año {self.first.year}"
            case Span.QUARTER:
                return f"{_ORDINALS[self.first.month // 3]} trimestre de {self.first.year}"
            case Span.MONTH:
                return f"{MONTHS[self.first.month - 1].capitalize()} de {self.first.year}"
            case Span.WEEK | Span.DAYS:
                return _days_text(self.first, self.last)

    def all_days(self) -> Iterator[date]:
        """Its days, in order."""
        return (self.first + timedelta(days=ahead) for ahead in range((self.last - self.first).days + 1))


def _next_month(first: date) -> date:
    return date(first.year + first.month // 12, first.month % 12 + 1, 1)


def _days_text(first: date, last: date) -> str:
    end = f"{last.day} de {MONTHS[last.month - 1]} de {last.year}"
    if first == last:
        return end
    beginning = f"{first.day}"
    if first.year != last.year:
        beginning += f" de {MONTHS[first.month - 1]} de {first.year}"
    elif first.month != last.month:
        beginning += f" de {MONTHS[first.month - 1]}"
    return f"Del {beginning} al {end}"
