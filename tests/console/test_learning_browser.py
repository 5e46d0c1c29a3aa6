"""Labelling by keyboard in real Chromium, and the page's accessibility."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from backend.agents.models import Role
from backend.db import Database
from backend.settings import Settings
from tests.console.learning import hear_some
from tests.looks import looked_at
from tests.serving import in_database, serving
from tests.signed_in import signed_in
from tests.staff import PASSWORD, add_staff

pytestmark = pytest.mark.browser
LEARNING = "/consola/aprendizaje"


async def _prepare(database: Database) -> None:
    await add_staff(database, "hilda", Role.HEAD)
    await hear_some(database)


@pytest.fixture
def site(settings: Settings) -> Iterator[str]:
    """The console, with messages to label."""
    in_database(settings, _prepare)
    with serving(settings) as address:
        yield address


def enter(browser: Browser, site: str) -> Page:
    page = signed_in(browser, site, "hilda", LEARNING)
    expect(page.get_by_role("heading", name="Aprendizaje", exact=True)).to_be_visible()
    expect(page.locator("[data-keys]:not([hidden])")).to_be_attached()  # the keys are bound
    return page


def test_three_messages_are_labelled_without_the_mouse(browser: Browser, site: str) -> None:
    page = enter(browser, site)
    items = page.locator("[data-item]")
    page.keyboard.press("j")
    expect(items.nth(0)).to_be_focused()
    page.keyboard.press("Enter")
    expect(items.nth(0)).to_contain_text("Clasificado: Registrar una queja (2 mensajes iguales)")
    expect(items.nth(1)).to_be_focused()
    page.keyboard.press("2")
    expect(items.nth(1)).to_contain_text("Clasificado: Agregar información a un folio")
    page.keyboard.press("e")
    page.keyboard.type("no es ninguna")
    page.keyboard.press("Enter")
    expect(items.nth(2).get_by_role("alert")).to_have_text("Elija una intención de la lista.")
    page.keyboard.press("Control+a")
    page.keyboard.type("despedirse")
    page.keyboard.press("Enter")
    expect(items.nth(2)).to_contain_text("Clasificado: Despedirse")
    expect(page.get_by_text("Terminó esta página")).to_be_visible()
    expect(page.locator("[data-pending]")).to_have_text("0")
    expect(page.locator("[data-today]")).to_have_text("4")
    page.reload()
    expect(page.get_by_text("Nada por clasificar")).to_be_visible()


def test_what_was_discarded_by_key_comes_back_by_key(browser: Browser, site: str) -> None:
    page = enter(browser, site)
    first = page.locator("[data-item]").first
    for key in ("j", "d"):
        page.keyboard.press(key)
    expect(first).to_contain_text("Descartado (2 mensajes iguales)")
    page.keyboard.press("u")
    expect(first.get_by_role("button", name="Descartar")).to_be_visible()
    expect(first).to_be_focused()
    expect(page.locator("[data-pending]")).to_have_text("4")


def test_it_works_without_scripts(browser: Browser, site: str) -> None:
    page = browser.new_context(locale="es-MX", base_url=site, java_script_enabled=False).new_page()
    page.goto(f"/consola/entrar?siguiente={LEARNING}")
    page.get_by_label("Usuario").fill("hilda")
    page.get_by_label("Contraseña", exact=True).fill(PASSWORD)
    page.get_by_role("button", name="Entrar").click()
    page.locator("[data-item]").first.get_by_role("button", name="Registrar una petición").click()
    expect(page.get_by_text("El mensaje quedó clasificado.")).to_be_visible()
    expect(page.locator("[data-item]")).to_have_count(2)
    page.get_by_role("button", name="Deshacer").click()
    expect(page.locator("[data-item]")).to_have_count(3)


@pytest.mark.parametrize("path", [LEARNING, f"{LEARNING}/modelos"])
def test_everybody_can_use_it(browser: Browser, site: str, path: str) -> None:
    page = signed_in(browser, site, "hilda", path)
    if path == LEARNING:
        expect(page.locator("[data-keys]:not([hidden])")).to_be_attached()
        page.keyboard.press("j")
        page.keyboard.press("Enter")
        expect(page.locator("[data-item]").first).to_contain_text("Clasificado")
    looked_at(page, path.rsplit("/", maxsplit=1)[-1])
