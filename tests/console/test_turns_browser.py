"""Turning, answering and seeing the answer in real Chromium, wide and narrow, with nothing for axe to find."""

import asyncio
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from backend import clock
from backend.agents.models import Role
from backend.conversations.files import FileStore
from backend.db import Database
from backend.mail import jobs
from backend.settings import Settings
from backend.turns import reminders
from tests.console.turned import NARRATIVE, add_liaison, add_petition, turn_to
from tests.looks import seen
from tests.mail.server import PDF
from tests.signed_in import signed_in
from tests.staff import add_staff
from tests.widths import WIDTHS

pytestmark = pytest.mark.browser
#: Where to leave pictures of the pages, to be looked at.


async def _prepare(settings: Settings) -> str:
    """A folio to turn, and another that an agency has owed for long, whose mail did not go out."""
    database = Database(settings.database_url)
    for name, role in (("ana", Role.ANALYST), ("hilda", Role.HEAD), ("adela", Role.ADMIN)):
        await add_staff(database, name, role)
    async with database.transaction() as session:
        await add_liaison(session, "cea", "wendy")
        owed = await add_petition(session, "Fuga de agua en la calle Rosales", "Otra Persona")
        (one,) = await turn_to(session, owed, "cea")
        one.due_on = clock.local(clock.now()).date() - timedelta(days=20)
        one.created_at -= timedelta(days=40)
        petition = await add_petition(session)
    files = FileStore(settings.attachments_dir, max_bytes=10**6)
    await reminders.look_after(database, settings)
    await jobs.send_due(database, None, files, settings.base_url)
    await database.close()
    return petition.folio


@pytest.fixture
def folio(settings: Settings) -> str:
    # In a thread of its own: Playwright's loop runs in this one.
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(asyncio.run, _prepare(settings)).result()


def _sign_in(browser: Browser, site: str, width: int, username: str, target: str = "/consola") -> Page:
    page = signed_in(browser, site, username, target, width=width, height=800)
    page.on("dialog", lambda dialog: dialog.accept())
    return page


def test_a_folio_is_turned_to_two_and_the_answer_comes_back_on_a_telephone(
    browser: Browser, site: str, folio: str, tmp_path: Path
) -> None:
    """On a wide screen: `test_case_browser.py`."""
    width = 360
    ana = _sign_in(browser, site, width, "ana", f"/consola/peticiones/{folio}")
    turns = ana.locator("#turnos")
    search = turns.get_by_label("Buscar dependencia")
    for typed, label in (
        ("estatal del AGUA", "Comisión Estatal del Agua"),
        ("salud pub", "Secretaría de Salud Pública"),
    ):
        search.fill(typed)
        turns.get_by_role("checkbox", name=label).check()
    expect(turns.get_by_text("2 dependencias elegidas.")).to_be_visible()
    search.fill("")
    turns.get_by_label("Instrucciones solo para CEA").fill("Revisar la línea de la calle principal")
    turns.get_by_label("Instrucciones para todas").fill("Atender y contestar a la persona")
    seen(ana, "turnar")
    turns.get_by_role("button", name="Turnar").click()
    expect(ana.get_by_role("status")).to_contain_text("La petición se turnó")
    expect(turns.locator(".turn")).to_have_count(2)
    seen(ana, "turnada")

    wendy = _sign_in(browser, site, width, "wendy")
    expect(wendy.get_by_role("heading", level=1)).to_contain_text("CEA")
    expect(wendy.get_by_text("Recordada")).to_have_count(1)
    seen(wendy, "enlace-lista")
    wendy.get_by_label("Buscar").fill("nada de esto")
    wendy.keyboard.press("Enter")
    expect(wendy.get_by_text("Ninguna petición coincide")).to_be_visible()
    wendy.get_by_role("link", name="Limpiar").click()
    wendy.get_by_role("link", name=folio).click()
    expect(wendy.get_by_text(NARRATIVE)).to_be_visible()
    expect(wendy.get_by_text("Revisar la línea")).to_be_visible()
    wendy.get_by_role("button", name="Acusar recibo").click()
    expect(wendy.get_by_role("status")).to_contain_text("Quedó registrado")
    wendy.get_by_text("Pedir más tiempo", exact=True).first.click()
    seen(wendy, "enlace-turno")
    wendy.get_by_label("Se atendió").check()
    wendy.get_by_label("Qué se hizo").fill("Se cambió la bomba y ya hay agua.")
    photo = tmp_path / "evidencia.pdf"
    photo.write_bytes(PDF)
    wendy.get_by_label("Evidencias").set_input_files(photo)
    wendy.get_by_role("button", name="Enviar respuesta").click()
    expect(wendy.get_by_role("status")).to_contain_text("Su respuesta llegó")
    seen(wendy, "enlace-contestada")

    ana.reload()
    answered = turns.locator(".turn").filter(has_text="CEA").first
    expect(answered).to_contain_text("Se cambió la bomba y ya hay agua.")
    expect(answered.get_by_role("link", name="evidencia.pdf")).to_be_visible()
    answered.get_by_text("Historial del turno").click()
    seen(ana, "contestada")


@pytest.mark.parametrize("width", WIDTHS)
def test_the_head_sees_what_is_owed_and_keeps_the_directory(
    browser: Browser, site: str, folio: str, width: int
) -> None:
    hilda = _sign_in(browser, site, width, "hilda", "/consola/vencidas")
    owed = hilda.get_by_role("region", name="Comisión Estatal del Agua")
    expect(owed).to_contain_text("enlace@cea.example")
    seen(hilda, "vencidas")
    owed.get_by_role("link", name="AC-").click()
    expect(hilda.locator("#turnos")).to_contain_text("El correo del sistema está apagado")
    seen(hilda, "correo-apagado")
    hilda.locator("#turnos").get_by_role("button", name="Reintentar").first.click()
    expect(hilda.get_by_role("status")).to_contain_text("El correo se enviará de nuevo")
    hilda.goto("/consola/dependencias?buscar=agua")
    hilda.get_by_role("link", name="Editar CEA").click()
    hilda.get_by_label("Nombre del enlace").fill("Ing. Marta Ríos")
    hilda.get_by_label("Correo del enlace").fill("marta@cea")
    hilda.get_by_role("button", name="Guardar").click()
    expect(hilda.get_by_role("alert")).to_contain_text("correo electrónico válido")
    expect(hilda.get_by_label("Nombre del enlace")).to_have_value("Ing. Marta Ríos")
    hilda.get_by_label("Correo del enlace").fill("marta@cea.example")
    hilda.get_by_label("En uso").uncheck()
    hilda.get_by_role("button", name="Guardar").click()
    expect(hilda.get_by_role("status")).to_contain_text("La dependencia se guardó")
    expect(hilda.get_by_role("row").filter(has_text="Marta Ríos")).to_contain_text("Sin uso")
    seen(hilda, "dependencias")
    adela = _sign_in(browser, site, width, "adela", "/consola/usuarios")
    adela.locator("[data-role]").select_option("analyst")
    expect(adela.locator("[data-role-agency]")).to_be_hidden()
    adela.locator("[data-role]").select_option("liaison")
    expect(adela.locator("[data-role-agency]")).to_be_visible()
    seen(adela, "usuarios")
