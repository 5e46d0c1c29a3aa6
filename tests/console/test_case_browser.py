"""One petition from the paper form to «no se resolvió», each step by whoever makes it, in real Chromium."""

import os
from pathlib import Path

import pypdfium2
import pytest
from PIL import Image
from playwright.sync_api import Browser, Page, expect

from backend.agents.models import Role
from backend.db import Database
from backend.settings import Settings
from tests.console.turned import add_liaison
from tests.letters.documents import pages_of
from tests.mail.server import PDF
from tests.serving import in_database
from tests.signed_in import signed_in
from tests.staff import add_staff

pytestmark = pytest.mark.browser
#: Where to leave pictures of the pages and of the letters, to be looked at.
NARRATIVE = "Una fuga de agua en la calle principal deja sin servicio al centro de salud."


async def _staff(database: Database) -> None:
    await add_staff(database, "ana", Role.ANALYST)
    async with database.transaction() as session:
        await add_liaison(session, "cea", "wendy")
        await add_liaison(session, "salud", "saul")


def _sign_in(browser: Browser, site: str, username: str, target: str = "/consola") -> Page:
    page = signed_in(browser, site, username, target)
    page.on("dialog", lambda dialog: dialog.accept())
    return page


def _look(page: Page, name: str) -> None:
    if folder := os.environ.get("SCREENSHOTS"):
        page.screenshot(path=Path(folder) / f"case-{name}.png", full_page=True)


def _look_at_letters(content: bytes, name: str) -> None:
    if folder := os.environ.get("SCREENSHOTS"):
        for number, sheet in enumerate(pypdfium2.PdfDocument(content)):
            sheet.render(scale=1.5).to_pil().save(Path(folder) / f"case-{name}-{number}.png")


def _capture(ana: Page, scan: Path) -> tuple[str, str]:
    """Folio and access code of a petition that somebody brought on paper."""
    Image.new("RGB", (60, 80), "white").save(scan)
    ana.locator("[name=narrativa]").fill(NARRATIVE)
    ana.locator("[name=nombre]").fill("Rosa María Félix Duarte")
    ana.locator("[name=telefono]").fill("6621112233")
    ana.locator("[name=cp]").fill("83010")
    expect(ana.locator("[name=municipio]")).to_have_value("Hermosillo")
    ana.get_by_label("Digitalizados").set_input_files(scan)
    expect(ana.get_by_label(f"Tipo de {scan.name}")).to_have_value("solicitud")
    ana.keyboard.press("Control+Enter")
    told = ana.locator("[data-captured]")
    expect(told).to_contain_text("AC-")
    _look(ana, "captured")
    return told.locator("[data-captured-folio]").inner_text(), told.locator("[data-captured-code]").inner_text()


def _turn(ana: Page) -> None:
    turns = ana.locator("#turnos")
    for name in ("Comisión Estatal del Agua", "Secretaría de Salud Pública"):
        turns.get_by_role("checkbox", name=name).check()
    turns.get_by_label("Instrucciones solo para CEA").fill("Reparar la fuga de la calle principal")
    turns.get_by_label("Instrucciones para todas").fill("Atender y contestar a la persona")
    turns.get_by_role("button", name="Turnar").click()
    expect(turns.locator(".turn")).to_have_count(2)


def _make_letters(ana: Page, folio: str) -> None:
    ana.goto("/consola/documentos")
    ana.get_by_label("Marcar todos").check()
    ana.get_by_role("button", name="Hacer 2 oficios").click()
    expect(ana.get_by_role("heading", level=1)).to_have_text("Se hicieron 2 oficios")
    made = ana.request.get(ana.get_by_role("link", name="Imprimir todos").get_attribute("href") or "").body()
    _look_at_letters(made, "oficios")
    sheets = pages_of(made)
    assert len(sheets) == 2
    assert all(folio in sheet and NARRATIVE in sheet for sheet in sheets)
    (water,) = [sheet for sheet in sheets if "Reparar la fuga" in sheet]
    (health,) = [sheet for sheet in sheets if "Atender y contestar" in sheet]
    assert "Agua" in water and "Salud" in health
    assert {number for sheet in sheets for number in ("/0001/", "/0002/") if number in sheet} == {"/0001/", "/0002/"}


def _answer(liaison: Page, folio: str, outcome: str, text: str, evidence: Path) -> None:
    liaison.get_by_role("link", name=folio).click()
    expect(liaison.get_by_text(NARRATIVE)).to_be_visible()
    letter = liaison.get_by_role("link", name="Oficio CEAC/DAG/").get_attribute("href") or ""
    assert folio in pages_of(liaison.request.get(letter).body())[0]
    liaison.get_by_role("button", name="Acusar recibo").click()
    expect(liaison.get_by_role("status")).to_contain_text("Quedó registrado")
    liaison.get_by_role("radio", name=outcome).check()
    liaison.get_by_label("Qué se hizo").fill(text)
    evidence.write_bytes(PDF)
    liaison.get_by_label("Evidencias").set_input_files(evidence)
    liaison.get_by_role("button", name="Enviar respuesta").click()
    expect(liaison.get_by_role("status")).to_contain_text("Su respuesta llegó")


def _disagree(browser: Browser, site: str, folio: str, code: str, told: str) -> None:
    """The citizen, on their telephone, without JavaScript."""
    context = browser.new_context(
        base_url=site, locale="es-MX", viewport={"width": 360, "height": 740}, java_script_enabled=False
    )
    rosa = context.new_page()
    rosa.goto(f"/folio/{folio}")
    rosa.get_by_label("Clave de acceso").fill(code)
    rosa.get_by_role("button", name="Ver cómo va").click()
    expect(rosa.get_by_text(told, exact=True)).to_be_visible()
    _look(rosa, "told")
    rosa.get_by_label("Si quiere, cuéntenos más").fill("Sigue tirándose el agua")
    rosa.get_by_role("button", name="No se resolvió").click()
    expect(rosa.get_by_role("status")).to_contain_text("de nuevo en atención")


def test_from_paper_to_a_follow_up_taken_up_again(
    browser: Browser, site: str, settings: Settings, tmp_path: Path
) -> None:
    in_database(settings, _staff)
    ana = _sign_in(browser, site, "ana", "/consola/peticiones/nueva")
    folio, code = _capture(ana, tmp_path / "Escrito.png")
    ana.goto(f"/consola/peticiones/{folio}")
    _turn(ana)
    _make_letters(ana, folio)

    wendy, saul = (_sign_in(browser, site, name) for name in ("wendy", "saul"))
    _answer(wendy, folio, "Se atendió", "Se cambió la tubería.", tmp_path / "tubería.pdf")
    _answer(saul, folio, "No fue posible", "El centro sigue sin agua.", tmp_path / "centro.pdf")

    ana.goto("/consola/novedades")
    expect(ana.get_by_role("link", name="Dependencias 2 por ver")).to_be_visible()
    _look(ana, "news")
    ana.get_by_role("button", name="Marcar como vista la de CEA").click()
    expect(ana.get_by_role("row")).to_have_count(2)
    ana.get_by_role("link", name=folio).click()
    expect(ana.get_by_role("link", name="tubería.pdf")).to_be_visible()
    expect(ana.get_by_role("link", name="centro.pdf")).to_be_visible()
    told = "La CEA cambió la tubería de la calle principal."
    ana.get_by_label("Concluida satisfactoria").check()
    ana.get_by_label("Motivo", exact=True).fill("Contestaron las dos dependencias")
    ana.get_by_label("Qué se le dice a la persona").fill(told)
    ana.get_by_role("button", name="Cambiar estado").click()
    expect(ana.locator("[data-verdict=awaited]")).to_be_visible()
    _look(ana, "concluded")

    _disagree(browser, site, folio, code, told)
    ana.reload()
    expect(ana.locator(".petition-head")).to_contain_text("En atención")
    expect(ana.locator("[data-verdict=not_solved]")).to_contain_text("Sigue tirándose el agua")
    expect(ana.locator("#estado")).to_contain_text("Concluida")
    _look(ana, "reopened")
