"""Letters in real Chromium, wide and narrow: the draft, the file, the batch, a template while it is written."""

import asyncio
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect
from sqlalchemy import select

from backend.agents.models import Role, User
from backend.db import Database
from backend.settings import Settings
from tests.letters.documents import pages_of
from tests.letters.test_service import turned
from tests.looks import looked_at
from tests.signed_in import signed_in
from tests.staff import add_staff

pytestmark = pytest.mark.browser


async def _prepare(url: str) -> str:
    database = Database(url)
    await add_staff(database, "hilda", Role.HEAD)
    async with database.transaction() as session:
        hilda = (await session.scalars(select(User).where(User.username == "hilda"))).one()
        petition, _ = await turned(session, hilda, "cea")
        await turned(session, hilda, "salud")
        await turned(session, hilda, "registro-civil", kind="registro_civil")
    await database.close()
    return petition.folio


@pytest.fixture
def folio(settings: Settings) -> str:
    # In a thread of its own: Playwright's loop runs in this one.
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(asyncio.run, _prepare(settings.database_url)).result()


def _saved(page: Page, link: str) -> bytes:
    with page.expect_download() as waited:
        page.get_by_role("link", name=link).first.click()
    return Path(waited.value.path()).read_bytes()


def test_letters_are_made_by_one_and_by_many_and_their_text_is_the_heads(
    browser: Browser, site: str, folio: str
) -> None:
    page = signed_in(browser, site, "hilda", "/consola/plantillas/carta_atencion", height=720)
    shown = page.locator("[data-letter-preview]")
    expect(shown).to_contain_text("María Ángeles Núñez Peña")
    page.get_by_label("Texto").fill("# Hola\n\nSu folio es **{folio}** y {persna}")
    expect(page.locator("[data-letter-problems]")).to_contain_text("¿Quiso decir {persona}?")
    page.get_by_label("Texto").fill("# Hola\n\nSu folio es **{folio}**\n\n- uno\n- dos\n\n> {peticion}")
    page.get_by_label("Ver con los datos de un folio").fill(folio)
    expect(shown.locator("strong", has_text=folio)).to_be_visible()
    expect(shown).to_contain_text("No hay agua en mi colonia <b>{folio}</b>")
    looked_at(page, "editor")
    page.get_by_role("button", name="Guardar versión nueva").click()
    expect(page.get_by_role("status").first).to_contain_text("La plantilla se guardó")
    page.get_by_role("link", name="Comparar o restaurar la versión 1").click()
    looked_at(page, "compare")

    page.goto(f"/consola/peticiones/{folio}")
    page.get_by_role("link", name="Hacer Carta de Atención").click()
    expect(page.locator(".letter")).to_contain_text(folio)
    looked_at(page, "new")
    page.get_by_role("button", name="Hacer carta").dblclick()
    expect(page.get_by_role("status")).to_contain_text("El documento se hizo")
    expect(page.locator(".letters > li")).to_have_count(1)
    looked_at(page, "folio")
    assert f"Su folio es {folio}" in pages_of(_saved(page, "PDF de CEAC/CA/0001"))[0]
    assert _saved(page, "Word de CEAC/CA/0001").startswith(b"PK")

    page.goto("/consola/documentos")
    expect(page.get_by_role("button", name="Hacer 0 oficios")).to_be_disabled()
    page.get_by_label("Marcar todos").check()
    looked_at(page, "waiting")
    page.get_by_role("button", name="Hacer 3 oficios").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Se hicieron 3 oficios")
    looked_at(page, "batch")
    assert _saved(page, "Descargar todos (ZIP)").startswith(b"PK")
    for name in ("documentos", "documentos/hechos", "plantillas", "plantillas/membrete"):
        page.goto(f"/consola/{name}")
        looked_at(page, name.replace("/", "-"))
    page.context.close()
