"""A report in real Chromium, wide and narrow: a figure is followed to its rows, and axe finds nothing."""

import pytest
from playwright.sync_api import Browser, expect

from backend.agents.models import Role
from backend.db import Database
from backend.settings import Settings
from tests.looks import fits, seen
from tests.reports.case import fill
from tests.serving import in_database
from tests.signed_in import signed_in
from tests.staff import add_staff
from tests.widths import WIDTHS

pytestmark = pytest.mark.browser
#: Where to leave pictures of the pages, to be looked at.


async def _prepare(database: Database) -> None:
    await add_staff(database, "hilda", Role.HEAD)
    async with database.transaction() as session:
        await fill(session)


@pytest.mark.parametrize("width", WIDTHS)
def test_a_figure_is_followed_to_its_rows(browser: Browser, settings: Settings, site: str, width: int) -> None:
    in_database(settings, _prepare)
    page = signed_in(browser, site, "hilda", "/consola/reportes", width=width, height=800)
    seen(page, "reports")
    page.get_by_role("link", name="Chats atendidos").click()
    page.get_by_text("Otras fechas y filtros").click()
    page.get_by_label("Desde", exact=True).fill("2026-07-01")
    page.get_by_label("Hasta", exact=True).fill("2026-07-31")
    page.get_by_label("Desglose").select_option("canal")
    page.get_by_role("button", name="Ver", exact=True).click()
    expect(page.locator("strong", has_text="Del 1 al 31 de julio de 2026")).to_be_visible()
    seen(page, "chats")
    page.get_by_role("img", name="Chats por fecha").wait_for()
    page.locator(".figure", has_text="Atendidos por una persona").get_by_role("link").click()
    expect(page.get_by_text("2 filas")).to_be_visible()
    seen(page, "rows")
    for key in ("peticiones", "llamadas"):
        page.goto(f"/consola/reportes/{key}?periodo=2026-T3")
        seen(page, key)


def test_what_a_chart_shows_is_read_whole_in_its_table(browser: Browser, settings: Settings, site: str) -> None:
    in_database(settings, _prepare)
    page = signed_in(browser, site, "hilda", "/consola/reportes/chats?periodo=2026-T3", width=1366, height=768)
    charts = page.locator(".chart-grid details")
    expect(charts).to_have_count(3)
    for one in charts.all():
        one.get_by_text("Ver en tabla").click()
        expect(one.get_by_role("table")).to_be_visible()
    for width in (1366, 390):
        page.set_viewport_size({"width": width, "height": 800})
        fits(page, "chats-en-tabla")
        hidden = charts.locator(".table-scroll").evaluate_all(
            "all => all.map((one) => one.scrollWidth - one.clientWidth)"
        )
        assert hidden == [0, 0, 0], width
