"""The page to be a citizen by hand, in a real browser at a telephone's width."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect
from twilio.rest.content.v1.content import ContentList

from tests.fakes.conftest import Office
from tests.fakes.handles import TelegramServer, TwilioServer
from tests.fakes.twilio_client import client_of

pytestmark = pytest.mark.browser
PHONE = "+5216621234567"


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    page = browser.new_page(viewport={"width": 360, "height": 740}, locale="es-MX")
    yield page
    page.close()


def fits(page: Page) -> bool:
    """Is nothing wider than the telephone."""
    return bool(page.evaluate("document.documentElement.scrollWidth <= innerWidth"))


def test_whatsapp(page: Page, twilio: TwilioServer, office: Office) -> None:
    citizen = twilio.citizen(PHONE, name="Guadalupe")
    page.goto(f"{twilio.base_url}/_citizen")
    page.get_by_label("Mensaje").fill("Hay una fuga en mi calle")
    page.get_by_role("button", name="Enviar").click()
    expect(page.get_by_text("Hay una fuga en mi calle")).to_be_visible()
    actions = [{"type": "QUICK_REPLY", "title": title, "id": title} for title in ("Sí, de acuerdo", "No")]
    request = {"friendly_name": "x", "language": "es_MX",
               "types": {"twilio/quick-reply": {"body": "¿Acepta el aviso?", "actions": actions}}}  # fmt: skip
    client = client_of(twilio)
    content = client.content.v1.contents.create(ContentList.ContentCreateRequest(request))
    client.messages.create(from_=twilio.whatsapp_number, to=citizen.id, content_sid=content.sid)
    page.get_by_role("button", name="Sí, de acuerdo").click()
    expect(page.get_by_text("✓✓ leído")).to_be_visible()
    expect(page.locator("li.mine", has_text="Sí, de acuerdo")).to_be_visible()
    citizen.close_window()
    client.messages.create(from_=twilio.whatsapp_number, to=citizen.id, body="Tarde")
    expect(page.get_by_text("✗ no se entregó · 63016")).to_be_visible()
    assert fits(page)
    page.get_by_role("button", name="Ubicación").click()
    page.get_by_label("Archivo", exact=True).set_input_files(
        {"name": "bache.png", "mimeType": "image/png", "buffer": b"una foto"}
    )
    expect(page.get_by_alt_text("bache.png")).to_be_attached()
    twilio.settle()
    assert [form["MessageType"] for form in office.forms("/whatsapp")] == ["text", "button", "location", "image"]


def test_telegram(page: Page, telegram: TelegramServer) -> None:
    page.goto(f"{telegram.base_url}/_citizen")
    expect(page.get_by_label("Soy")).to_contain_text("Guadalupe Ríos")
    page.get_by_role("button", name="Mi contacto").click()
    expect(page.get_by_text("Guadalupe Ríos: 52662")).to_be_visible()
    page.get_by_role("button", name="Bloquear").click()
    expect(page.get_by_role("button", name="Desbloquear")).to_be_visible()
    assert [list(update)[1] for update in telegram.updates] == ["message", "my_chat_member"]
