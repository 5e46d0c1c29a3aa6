"""In the browser: a second factor from the QR to the door; «Mostrar» and its trace; the trail altered, and named."""

import re

import psycopg
import pyotp
import pytest
from playwright.sync_api import Browser, Page, expect

from backend import clock
from backend.agents.models import Role
from backend.db import Database
from backend.settings import Settings
from tests.console.test_acuse import FORM
from tests.looks import fits, looked_at
from tests.serving import in_database
from tests.staff import PASSWORD, add_staff

pytestmark = pytest.mark.browser
#: Where to leave pictures of the pages, to be looked at.


def _enter(page: Page, site: str, username: str) -> None:
    page.goto(f"{site}/consola/entrar")
    page.get_by_label("Usuario").fill(username)
    page.get_by_label("Contraseña").fill(PASSWORD)
    page.get_by_role("button", name="Entrar").click()


async def _staff(database: Database) -> None:
    await add_staff(database, "ana")
    await add_staff(database, "hilda", Role.HEAD)
    await add_staff(database, "olga", Role.AUDITOR)


def test_a_second_factor_and_what_the_trail_shows(browser: Browser, site: str, settings: Settings) -> None:
    in_database(settings, _staff)
    page = browser.new_page(locale="es-MX", viewport={"width": 1280, "height": 900})
    _enter(page, site, "hilda")
    page.goto(f"{site}/consola/mi-cuenta")
    looked_at(page, "cuenta")
    page.get_by_label("Su contraseña").fill(PASSWORD)
    page.get_by_role("button", name="Activar el segundo factor").click()
    secret = page.locator("[data-secret]").inner_text().replace(" ", "")
    looked_at(page, "cuenta-qr")
    first = pyotp.TOTP(secret).at(clock.now())
    page.get_by_label("Código", exact=True).fill(first)
    page.get_by_role("button", name="Activar", exact=True).click()
    codes = page.locator("[data-recovery-codes] code")
    expect(codes).to_have_count(10)
    spare = codes.nth(3).inner_text()
    looked_at(page, "cuenta-codigos")
    page.get_by_role("button", name="Salir").click()

    _enter(page, site, "hilda")
    looked_at(page, "entrar-codigo")
    page.get_by_label("Código").fill(first)
    page.get_by_role("button", name="Entrar").click()
    expect(page.get_by_role("alert")).to_contain_text("ya se usó")
    page.get_by_label("Código").fill(spare)
    page.get_by_role("button", name="Entrar").click()
    expect(page).to_have_url(f"{site}/consola")

    folio = _filed_by_ana(browser, site)
    page.goto(f"{site}/consola/peticiones/{folio}")
    person = page.locator("#persona")
    expect(person).to_contain_text("662 *** ** 67")
    expect(person.locator("a[href^='tel:']")).to_have_count(0)
    person.get_by_text("Mostrar", exact=True).click()
    person.get_by_label("¿Por qué necesita verlos?").select_option("supervisar")
    fits(page, "mostrar")
    person.get_by_role("button", name="Mostrar 15 minutos").click()
    expect(page.locator("#persona a[href='tel:+526621234567']")).to_have_text("662 123 4567")
    page.close()

    _as_auditor(browser, site, settings, folio)


def _filed_by_ana(browser: Browser, site: str) -> str:
    """She has the person before her, and sees the telephone whole."""
    page = browser.new_page(locale="es-MX")
    _enter(page, site, "ana")
    token = page.locator("meta[name=csrf-token]").get_attribute("content")
    answer = page.request.post(
        f"{site}/consola/peticiones/nueva", form={**FORM, "csrf_token": token or ""}, headers={"Origin": site}
    )
    found = re.search(r"AC-\d{4}-\d{6}-\w", answer.text())
    assert found is not None
    page.goto(f"{site}/consola/peticiones/{found[0]}")
    expect(page.locator("#persona a[href='tel:+526621234567']")).to_have_count(1)
    page.close()
    return found[0]


def _as_auditor(browser: Browser, site: str, settings: Settings, folio: str) -> None:
    page = browser.new_page(locale="es-MX", viewport={"width": 1280, "height": 900})
    _enter(page, site, "olga")
    expect(page).to_have_url(f"{site}/consola/auditoria")
    for closed in ("/consola/peticiones", f"/consola/peticiones/{folio}", "/consola/usuarios", "/consola/llamadas"):
        assert page.request.get(f"{site}{closed}").status == 403, closed
    assert page.request.get(f"{site}/consola/transparencia").status == 200
    rows = page.locator("table.audit")
    expect(rows).to_contain_text(
        f"Hilda mostró los datos personales de la petición {folio}: para supervisar la atención"
    )
    expect(rows).to_contain_text("Hilda entró con un código de recuperación; le quedan 9")
    expect(rows).to_contain_text("Falló una entrada a la cuenta de Hilda: código equivocado")
    page.get_by_label("Qué").select_option("datos")
    page.get_by_role("button", name="Buscar").click()
    expect(page.locator("table.audit tbody tr")).to_have_count(1)
    page.get_by_role("link", name="Limpiar").click()
    page.get_by_role("button", name="Verificar toda ahora").click()
    expect(page.get_by_role("status")).to_contain_text("íntegra")
    looked_at(page, "auditoria")
    with psycopg.connect(settings.database_url, autocommit=True) as connection:
        connection.execute("ALTER TABLE admin_event DISABLE TRIGGER USER")
        connection.execute("UPDATE admin_event SET detail = '{}' WHERE seq = 4")
        connection.execute("ALTER TABLE admin_event ENABLE TRIGGER USER")
    page.get_by_role("button", name="Verificar toda ahora").click()
    expect(page.get_by_role("alert")).to_contain_text("El movimiento 4 ")
    fits(page, "auditoria-alterada")
    page.close()
