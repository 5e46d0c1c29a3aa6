"""Sistemas's list of accounts in real Chromium: whole at a desk and on a telephone, each button by its name."""

import re

import pytest
from playwright.sync_api import Browser, expect

from backend.agents import service as agents
from backend.agents.models import Role
from backend.db import Database
from backend.settings import Settings
from tests.console.turned import add_liaison
from tests.looks import seen
from tests.serving import in_database
from tests.signed_in import signed_in
from tests.staff import PASSWORD, add_staff

pytestmark = pytest.mark.browser
LONG = "María de los Ángeles Valenzuela Bojórquez"


async def _prepare(database: Database) -> None:
    await add_staff(database, "adela", Role.ADMIN)
    async with database.transaction() as session:
        await agents.create_user(
            session, username="angeles.valenzuela", full_name=LONG, role=Role.ANALYST, password=PASSWORD
        )
        await add_liaison(session, "cea", "wendy")


def test_every_account_is_read_and_worked_with_whole(browser: Browser, site: str, settings: Settings) -> None:
    in_database(settings, _prepare)
    page = signed_in(browser, site, "adela", "/consola/usuarios", width=1366, height=768)
    names = page.get_by_role("table").get_by_role("button").evaluate_all("all => all.map((one) => one.ariaLabel)")
    assert len(names) == len(set(names)) == 8
    for name in (f"Cambiar el perfil de {LONG}", f"Nueva contraseña para {LONG}", f"Desactivar a {LONG}"):
        assert name in names
    for width in (1366, 1024, 390):
        page.set_viewport_size({"width": width, "height": 768})
        seen(page, "usuarios")
        accounts = page.get_by_role("region", name="Cuentas")
        assert accounts.evaluate("(one) => one.scrollWidth - one.clientWidth") == 0, width
    page.on("dialog", lambda dialog: dialog.accept())
    page.get_by_role("button", name=f"Desactivar a {LONG}").click()
    expect(page.get_by_role("button", name=f"Activar a {LONG}")).to_be_visible()


def test_what_was_refused_is_read_first_and_corrected_by_keyboard(
    browser: Browser, site: str, settings: Settings
) -> None:
    in_database(settings, _prepare)
    page = signed_in(browser, site, "adela", "/consola/usuarios", width=1366, height=768)
    page.get_by_label("Usuario", exact=True).fill("wendy")
    page.get_by_label("Nombre completo").fill("Wendy Soto")
    page.keyboard.press("Enter")
    expect(page.get_by_role("alert")).to_be_focused()
    expect(page.get_by_role("alert")).to_have_text("Ese nombre de usuario ya existe.")
    page.keyboard.press("Tab")
    expect(page.get_by_label("Usuario", exact=True)).to_be_focused()
    page.keyboard.type("wsoto")
    page.keyboard.press("Enter")
    expect(page.get_by_role("status")).to_contain_text("Contraseña de un solo uso de wsoto")


def test_a_reload_or_the_way_back_makes_no_second_password(browser: Browser, site: str, settings: Settings) -> None:
    in_database(settings, _prepare)
    page = signed_in(browser, site, "adela", "/consola/usuarios", width=1366, height=768)
    page.on("dialog", lambda dialog: dialog.accept())
    page.get_by_role("button", name=f"Nueva contraseña para {LONG}").click()
    told = page.get_by_role("status").filter(has_text="Contraseña de un solo uso")
    password = told.locator("code").inner_text()
    expect(page).to_have_url(re.compile("/consola/usuarios$"))
    page.reload()
    expect(page.get_by_role("heading", name="Usuarios")).to_be_visible()
    expect(told).to_have_count(0)
    page.get_by_role("link", name="Peticiones", exact=True).click()
    expect(page).to_have_url(re.compile("/consola/peticiones"))
    page.go_back()
    expect(page.get_by_role("heading", name="Usuarios")).to_be_visible()
    entered = page.context.request.post(
        "/api/auth/login", data={"username": "angeles.valenzuela", "password": password}
    )
    assert entered.ok, entered.text()
