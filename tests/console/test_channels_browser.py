"""The channels' pages in real Chromium: usable by keyboard and on a telephone, free of axe's findings."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from backend.agents.models import Role
from backend.settings import Settings
from tests.fakes.handles import TelegramServer, TwilioServer
from tests.looks import looked_at
from tests.serving import in_database, serving
from tests.signed_in import signed_in
from tests.staff import add_staff
from tests.stand_ins import telegram, twilio

__all__ = ["telegram", "twilio"]

pytestmark = pytest.mark.browser


@pytest.fixture
def site(settings: Settings, twilio: TwilioServer, telegram: TelegramServer) -> Iterator[str]:
    """The console on loopback, with the stand-ins behind it."""

    in_database(settings, lambda database: add_staff(database, "adela", Role.ADMIN))
    urls = {"twilio_api_url": twilio.base_url, "telegram_api_url": telegram.base_url}
    with serving(settings.model_copy(update=urls)) as address:
        yield address


@pytest.fixture
def page(browser: Browser, site: str) -> Iterator[Page]:
    page = signed_in(browser, site, "adela", "/consola/canales")
    yield page
    page.context.close()


def test_an_administrator_sets_whatsapp_up_by_the_page_alone(page: Page, twilio: TwilioServer) -> None:
    expect(page.get_by_role("heading", name="Canales")).to_be_visible()
    looked_at(page, "canales-vacio")
    page.get_by_role("link", name="Configurar WhatsApp").click()
    page.get_by_label("SID de la cuenta").fill("AC1")
    page.get_by_label("Token de autenticación").fill(twilio.auth_token)
    page.get_by_label("Número").fill(twilio.whatsapp_number)
    page.get_by_role("button", name="Guardar cuenta").click()
    expect(page.get_by_label("SID de la cuenta")).to_be_focused()
    looked_at(page, "nueva-con-error")
    page.get_by_label("SID de la cuenta").fill(twilio.account_sid)
    page.get_by_label("Token de autenticación").fill(twilio.auth_token)
    page.get_by_role("button", name="Guardar cuenta").click()
    expect(page.get_by_text("se agregó, apagada")).to_be_visible()
    expect(page.get_by_label("Token de autenticación")).to_have_value("")
    page.get_by_text("Encender canal…").click()
    page.get_by_role("button", name="Sí, encender el canal").click()
    expect(page.get_by_text("El canal quedó encendido.")).to_be_visible()
    page.get_by_role("button", name="Copiar Dirección del webhook").click()
    expect(page.locator("[data-copy=webhook]")).to_contain_text("Copiada")
    looked_at(page, "cuenta")
    page.get_by_label("Su teléfono").fill("6621239999")
    page.get_by_role("button", name="Enviar mensaje de prueba").click()
    expect(page.get_by_text("El proveedor aceptó el mensaje")).to_be_visible()
    looked_at(page, "prueba")

    page.get_by_role("link", name="Plantillas").click()
    page.get_by_role("button", name="Solicitar aprobación").first.click()
    expect(page.get_by_text("se envió a revisión")).to_be_visible()
    looked_at(page, "plantillas")

    twilio.citizen("+526621238888").send_text("No hay agua")
    page.get_by_role("link", name="Conciliación").click()
    expect(page.get_by_role("heading", name="Resultado")).to_be_visible()
    looked_at(page, "conciliacion")
    page.goto("/consola/canales")
    looked_at(page, "canales")


def test_telegram_by_the_page(page: Page, telegram: TelegramServer) -> None:
    page.get_by_role("link", name="Configurar Telegram").click()
    page.get_by_label("Token del bot").fill(telegram.token)
    page.get_by_role("button", name="Guardar cuenta").click()
    page.get_by_role("button", name="Registrar webhook").click()
    expect(page.get_by_text("Telegram ya sabe a qué dirección llamar.")).to_be_visible()
    page.get_by_role("button", name="Ver estado del webhook").click()
    expect(page.get_by_text("Esta dirección", exact=True)).to_be_visible()
    looked_at(page, "telegram")
