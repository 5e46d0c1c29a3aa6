"""The administrator gives a key and sets a webhook up, at a desk and on a telephone."""

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer

import httpx
import pytest
from playwright.sync_api import Browser, expect

from tests.integrations.site import site
from tests.looks import looked_at
from tests.signed_in import signed_in

__all__ = ["site"]

pytestmark = pytest.mark.browser


class _Thanks(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["content-length"]))
        self.send_response(204)
        self.end_headers()

    def log_message(self, *_: object) -> None: ...


@pytest.fixture
def receiver() -> Iterator[str]:
    server = HTTPServer(("127.0.0.1", 0), _Thanks)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}/avisos"
    server.shutdown()
    thread.join(10)
    server.server_close()


def test_an_administrator_connects_a_system_by_the_pages_alone(browser: Browser, site: str, receiver: str) -> None:
    page = signed_in(browser, site, "adela", "/consola/integraciones")
    expect(page.get_by_text("Ningún sistema tiene llave todavía.")).to_be_visible()
    looked_at(page, "integraciones-vacio")

    page.get_by_role("textbox", name="Sistema").first.fill("Ayuntamiento de Cajeme")
    page.get_by_label("Leer").uncheck()
    page.get_by_label("Datos personales").check()
    page.get_by_role("button", name="Crear llave").click()
    expect(page.get_by_role("alert")).to_contain_text("Elija al menos")
    expect(page.get_by_role("textbox", name="Sistema").first).to_have_value("Ayuntamiento de Cajeme")
    page.get_by_label("Leer").check()
    page.get_by_role("button", name="Crear llave").click()
    key = page.get_by_label("Llave", exact=True).input_value()
    headers = {"Authorization": f"Bearer {key}"}
    assert httpx.get(f"{site}/api/petitions", headers=headers).status_code == 200
    looked_at(page, "integraciones-llave")
    page.goto("/consola/integraciones")
    assert key not in page.content()

    page.get_by_role("textbox", name="Nombre").fill("SIG de Cajeme")
    page.get_by_label("Dirección").fill("https://10.0.0.8/avisos")
    page.get_by_role("button", name="Agregar").click()
    expect(page.get_by_role("alert")).to_contain_text("red interna")
    page.get_by_label("Dirección").fill(receiver)
    page.get_by_text("Elegir eventos").click()
    page.get_by_label("Cambió de estado").check()
    page.get_by_role("button", name="Agregar").click()
    assert page.get_by_label("Clave", exact=True).input_value().startswith("whsec_")
    page.get_by_role("button", name="Enviar prueba").click()
    expect(page.get_by_role("status")).to_contain_text("Se entregó: contestó 204.")
    page.get_by_label("Dirección").fill(f"{site}/nada")
    page.get_by_role("button", name="Guardar").click()
    expect(page.get_by_role("status")).to_contain_text("La suscripción se guardó.")
    page.get_by_role("button", name="Enviar de nuevo").click()
    expect(page.get_by_role("alert")).to_contain_text("No se entregó: contestó 404")
    expect(page.get_by_label("Cambió de estado")).to_be_checked()
    looked_at(page, "webhook")
    page.get_by_role("button", name="Apagar").click()
    expect(page.get_by_role("status")).to_contain_text("apagada")
    page.goto("/consola/integraciones")
    page.on("dialog", lambda dialog: dialog.accept())
    page.get_by_role("button", name="Revocar").click()
    expect(page.get_by_text("La llave se revocó")).to_be_visible()
    assert httpx.get(f"{site}/api/petitions", headers=headers).status_code == 401
    page.context.close()
