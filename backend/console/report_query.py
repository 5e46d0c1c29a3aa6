"""A report's address: which period, narrowed to what, broken down by what. What it does not know it leaves out."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from urllib.parse import urlencode
from uuid import UUID

from backend import clock
from backend.registry.models import EntryChannel
from backend.reports.figures import By, Filters, Report
from backend.reports.periods import Period, Span

#: In the address the filters are called as what they narrow.
_NAMES = (By.CHANNEL, By.AREA, By.AGENT, By.MUNICIPALITY, By.TOPIC, By.AGENCY)
_LONGEST = 60
ALL_COLUMNS = "todas"


@dataclass(frozen=True)
class ReportQuery:
    """What an address asks for."""

    report: Report
    period: Period
    by: By
    narrowed: Mapping[By, str] = field(default_factory=dict)
    has_all_columns: bool = False

    @classmethod
    def of(cls, report: Report, given: Mapping[str, str]) -> "ReportQuery":
        """From an address's parameters; the quarter under way where it names no period."""
        narrowed = {by: given.get(by.value, "").strip()[:_LONGEST] for by in report.filters}
        by = next((one for one in report.by if one.value == given.get("por")), report.by[0])
        return cls(
            report,
            _period(given),
            by,
            {by: value for by, value in narrowed.items() if value and _is_of(by, value)},
            given.get("columnas") == ALL_COLUMNS,
        )

    @property
    def filters(self) -> Filters:
        def uuid(by: By) -> UUID | None:
            return UUID(self.narrowed[by]) if by in self.narrowed else None

        return Filters(
            channel=self.narrowed.get(By.CHANNEL),
            area_id=uuid(By.AREA),
            agent_id=uuid(By.AGENT),
            municipality_id=self.narrowed.get(By.MUNICIPALITY),
            topic_id=uuid(By.TOPIC),
            agency_id=uuid(By.AGENCY),
        )

    @property
    def query(self) -> str:
        """The canonical query string."""
        values = {"periodo": self.period.key}
        if self.by is not self.report.by[0]:
            values["por"] = self.by.value
        if self.has_all_columns:
            values["columnas"] = ALL_COLUMNS
        return urlencode({**values, **{by.value: value for by, value in self.narrowed.items()}})

    @property
    def columns(self) -> tuple[str, ...]:
        """The figures that the breakdown shows."""
        return tuple(figure.key for figure in self.report.figures) if self.has_all_columns else self.report.columns

    def of_period(self, period: Period) -> str:
        """The query string of another period."""
        return replace(self, period=period).query

    def rows(self, figure: str, key: str | None = None) -> str:
        """The address of the rows behind a figure, of all or of one line."""
        line = {"por": self.by.value, "valor": key} if key is not None else {}
        values = {by.value: value for by, value in self.narrowed.items()}
        query = urlencode({"cifra": figure, "periodo": self.period.key, **values, **line})
        return f"/consola/reportes/{self.report.key}/filas?{query}"


def periods_to_choose() -> list[tuple[str, str]]:
    """The usual periods, as keys and in words."""
    now = clock.now()
    quarter, month, week, year = (
        Period.current(span, now) for span in (Span.QUARTER, Span.MONTH, Span.WEEK, Span.YEAR)
    )
    quarters = [quarter]
    while len(quarters) < 5:
        quarters.append(quarters[-1].before)
    return [
        *((one.key, one.name) for one in quarters),
        (month.key, month.name),
        (month.before.key, month.before.name),
        (week.key, "Esta semana"),
        (week.before.key, "La semana pasada"),
        (year.key, year.name),
        (year.before.key, year.before.name),
    ]


def _period(given: Mapping[str, str]) -> Period:
    """Two days typed go before the period chosen."""
    first, last = _day(given.get("desde", "")), _day(given.get("hasta", ""))
    if first or last:
        today = clock.local(clock.now()).date()
        return Period.days(first or last or today, last or max(first or today, today))
    chosen = Period.parse(given.get("periodo", "")[:_LONGEST])
    return chosen or Period.current(Span.QUARTER, clock.now())


def _day(raw: str) -> date | None:
    try:
        day = date.fromisoformat(raw)
    except ValueError:
        return None
    return day if 2000 <= day.year < 2100 else None


def _is_of(by: By, value: str) -> bool:
    """Whether a filter's value can be one: a channel's, a municipality's key, or an id."""
    if by is By.CHANNEL:
        return value in {one.value for one in EntryChannel}
    if by is By.MUNICIPALITY:
        return len(value) == 5 and value.isdigit()
    try:
        UUID(value)
    except ValueError:
        return False
    return True
