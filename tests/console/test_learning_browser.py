"""Labelling by keyboard in real Chromium, and the page's accessibility."""

import asyncio
import socket
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import uvicorn
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect

from backend.agents.models import Role
from backend.app import create_app
from backend.db import Database
from backend.settings import Settings
from tests.console.learning import hear_some
from tests.staff import PASSWORD, add_staff

pytestmark = pytest.mark.browser


async def _prepare(database_url: str) -> None:
    database = Database(database_url)
    await add_staff(database, "hilda", Role.HEAD)
    await hear_some(database)
    await database.close()


@pytest.fixture
def site(settings: Settings) -> Iterator[str]:
    """The console, with messages to label; prepared in a thread, for Playwright has this one's event loop."""
    with ThreadPoolExecutor(1) as apart:
        apart.submit(asyncio.run, _prepare(settings.database_url)).result()
    app = create_app(settings)
    listener = socket.create_server(("127.0.0.1", 0))
    server = uvicorn.Server(uvicorn.Config(app, log_level="warning", timeout_graceful_shutdown=0))
    thread = threading.Thread(target=server.run, args=([listener],))
    thread.start()
    while not server.started:
        time.sleep(0.02)
    yield f"http://localhost:{listener.getsockname()[1]}"
    server.should_exit = True
    thread.join(5)


def enter(browser: Browser, site: str, *, width: int = 1280, scripts: bool = True) -> Page:
    context = browser.new_context(
        locale="es-MX", viewport={"width": width, "height": 800}, base_url=site, java_script_enabled=scripts
    )
    page = context.new_page()
    page.set_default_timeout(8000)
    page.goto("/consola/entrar?siguiente=/consola/aprendizaje")
    page.get_by_label("Usuario").fill("hilda")
    page.get_by_label("Contraseña", exact=True).fill(PASSWORD)
    page.get_by_role("button", name="Entrar").click()
    expect(page.get_by_role("heading", name="Aprendizaje", exact=True)).to_be_visible()
    if scripts:
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
    page = enter(browser, site, scripts=False)
    page.locator("[data-item]").first.get_by_role("button", name="Registrar una petición").click()
    expect(page.get_by_text("El mensaje quedó clasificado.")).to_be_visible()
    expect(page.locator("[data-item]")).to_have_count(2)
    page.get_by_role("button", name="Deshacer").click()
    expect(page.locator("[data-item]")).to_have_count(3)


@pytest.mark.parametrize("width", [1280, 360])
@pytest.mark.parametrize("path", ["/consola/aprendizaje", "/consola/aprendizaje/modelos"])
def test_everybody_can_use_it(browser: Browser, site: str, width: int, path: str, tmp_path: Path) -> None:
    page = enter(browser, site, width=width)
    page.goto(path)
    if width == 1280 and path.endswith("aprendizaje"):
        expect(page.locator("[data-keys]:not([hidden])")).to_be_attached()
        page.keyboard.press("j")
        page.keyboard.press("Enter")
        expect(page.locator("[data-item]").first).to_contain_text("Clasificado")
    found = Axe().run(page)
    assert found.violations_count == 0, found.generate_report()
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    page.screenshot(path=tmp_path / f"{path.rsplit('/', maxsplit=1)[-1]}-{width}.png", full_page=True)
