"""Likely duplicates while a petition is typed, and merging on the folio's page, in real Chromium."""

import asyncio
from concurrent.futures import ThreadPoolExecutor

import pytest
from playwright.sync_api import Browser, expect

from backend.db import Database
from backend.settings import Settings
from tests.conversations.conftest import add_agent
from tests.looks import seen
from tests.related.conftest import Street
from tests.signed_in import signed_in
from tests.staff import add_staff
from tests.widths import WIDTHS

pytestmark = pytest.mark.browser


async def _prepare(url: str) -> list[str]:
    database = Database(url)
    await add_staff(database, "ana")
    street = Street(database, await add_agent(database, "Carla"))
    folios = [(await street.told()).folio, (await street.told("no cae agua en las tardes")).folio]
    await database.close()
    return folios


@pytest.fixture
def folios(settings: Settings) -> list[str]:
    # In a thread of its own: Playwright's loop runs in this one.
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(asyncio.run, _prepare(settings.database_url)).result()


@pytest.mark.parametrize("width", WIDTHS)
def test_a_neighbour_is_added_while_registering_and_two_folios_are_merged(
    browser: Browser, site: str, folios: list[str], width: int
) -> None:
    first, second = folios
    page = signed_in(browser, site, "ana", "/consola/peticiones/nueva", width=width, height=800)
    page.on("dialog", lambda dialog: dialog.accept())
    page.locator("textarea[name=narrativa]").fill("llevamos tres días sin agua")
    page.locator("input[name=municipio]").fill("Hermosillo")
    page.locator("input[name=colonia]").fill("Sahuaro")
    page.locator("input[name=nombre]").fill("Rosa Elena Félix")
    alike = page.locator("[data-related-list] li")
    expect(alike).to_have_count(2)
    expect(page.get_by_role("button", name="Registrar de todos modos")).to_be_visible()
    expect(alike.first).to_contain_text("misma colonia")
    seen(page, "registering")
    page.get_by_role("button", name=f"Es la misma que {first}").click()
    expect(page.get_by_role("status")).to_contain_text("quedó sumada")
    panel = page.locator("#parecidas")
    expect(panel).to_contain_text("Rosa Elena Félix")
    panel.get_by_text("Es la misma…").click()
    panel.get_by_label("Por qué son la misma").first.fill("Es el mismo corte de agua")
    seen(page, "folio")
    panel.get_by_role("button", name="Unir", exact=True).click()
    expect(page.get_by_role("status")).to_contain_text("quedaron unidas")
    expect(panel).to_contain_text("Unidas a esta (1)")
    seen(page, "merged")
    page.goto("/consola/grupos")
    page.get_by_label("Nombre").fill("Sin agua en Sahuaro")
    page.get_by_label("Folios").fill(f"{first}, {second}")
    page.get_by_role("button", name="Hacer el grupo").click()
    page.locator("select[name=status]").select_option("en_analisis")
    page.locator("textarea[name=reason]").fill("Se revisa junto")
    page.get_by_role("button", name="Cambiar todas").click()
    expect(page.get_by_role("heading", name="Resultado")).to_be_visible()
    expect(page.locator("#resultado")).to_contain_text("1 de 2 quedó; 1 no:")
    seen(page, "group")
    page.context.close()
