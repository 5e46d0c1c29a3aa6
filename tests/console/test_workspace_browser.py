"""The workspace in real Chromium: the list by key alone, a saved view, many at once; the folio, wide and narrow."""

import asyncio
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from playwright.sync_api import Browser, Page, expect
from sqlalchemy import update

from backend import clock
from backend.agents.models import Role
from backend.db import Database
from backend.registry import petitions
from backend.registry.models import ActorKind, EntryChannel, Petition, PetitionKind, PetitionStatus
from backend.settings import Settings
from tests.looks import looked_at, seen
from tests.serving import in_database
from tests.signed_in import signed_in
from tests.staff import add_staff
from tests.widths import WIDTHS

pytestmark = pytest.mark.browser

NARRATIVES = (
    "No hay agua en la colonia desde el lunes",
    "Lámpara fundida frente a la primaria",
    "Bache muy grande en el bulevar",
    "Solicito audiencia con la secretaria",
)


async def _prepare(url: str) -> list[str]:
    """Four petitions, the newest first; the oldest is overdue."""
    database = Database(url)
    await add_staff(database, "ana")
    await add_staff(database, "beto")
    await add_staff(database, "hilda", Role.HEAD)
    folios = []
    async with database.transaction() as session:
        for narrative in NARRATIVES:
            new = petitions.NewPetition(
                kind=PetitionKind.PETICION,
                channel=EntryChannel.PRESENCIAL,
                narrative=narrative,
                name="Rosaura Félix Gámez",
                phone="+526621234567",
                municipality_id="26030",
            )
            folios.append((await petitions.file(session, new, actor=ActorKind.STAFF)).folio)
        await session.execute(
            update(Petition)
            .where(Petition.folio == folios[0])
            .values(due_on=clock.local(clock.now()).date() - timedelta(days=9))
        )
    await database.close()
    return folios[::-1]


@pytest.fixture
def folios(settings: Settings) -> list[str]:
    # In a thread of its own: Playwright's loop runs in this one.
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(asyncio.run, _prepare(settings.database_url)).result()


def _ready(page: Page) -> None:
    """The list's keys are bound when its scripts have run."""
    expect(page.get_by_role("button", name="Teclas")).to_be_visible()
    page.wait_for_load_state()


def test_the_list_is_worked_through_by_key_alone(browser: Browser, site: str, folios: list[str]) -> None:
    page = signed_in(browser, site, "hilda", "/consola/peticiones")
    keys = page.keyboard
    _ready(page)
    keys.press("j")
    keys.press("x")
    keys.press("j")
    keys.press("j")
    keys.press("k")
    keys.press("x")
    expect(page.locator("[data-mark]:checked")).to_have_count(2)
    expect(page.get_by_text("2 peticiones marcadas:")).to_be_visible()
    seen(page, "list")
    keys.press("/")
    keys.type("jx?")  # typed into the search, and no more than that
    expect(page.get_by_label("Buscar")).to_have_value("jx?")
    expect(page.locator("[data-mark]:checked")).to_have_count(2)
    expect(page.get_by_role("dialog")).to_be_hidden()
    page.get_by_label("Buscar").fill("")
    page.locator("[data-open]").first.focus()
    keys.press("?")
    expect(page.get_by_role("dialog")).to_contain_text("Petición siguiente")
    keys.press("Escape")
    keys.press("a")
    keys.type("Beto")
    keys.press("Tab")
    keys.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("Asignar a Beto")
    expect(page.get_by_role("status")).to_contain_text("2 peticiones cambiaron")
    looked_at(page, "bulk")
    page.get_by_role("link", name="Volver a la lista").click()
    _ready(page)
    page.locator("[name=responsable]").first.select_option(label="Beto")
    page.get_by_role("button", name="Buscar", exact=True).click()
    expect(page.locator("[data-row]")).to_have_count(2)
    assert "municipio=" not in page.url  # what is not asked for stays out of the address
    page.get_by_text("Guardar esta vista").click()
    page.get_by_label("Nombre de la vista").fill("Las de Beto")
    page.get_by_label("Para todas las personas").check()
    page.get_by_role("button", name="Guardar", exact=True).click()
    expect(page.get_by_role("navigation", name="Vistas").locator("[aria-current]")).to_contain_text("Las de Beto")
    page.get_by_role("link", name="Vencidas").click()
    expect(page.locator("[data-row]")).to_have_count(1)
    expect(page.locator("[data-row]")).to_contain_text("Venció hace")
    _ready(page)
    page.locator("body").press("j")
    keys.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text(folios[-1])
    colleague = signed_in(browser, site, "ana", "/consola/peticiones", width=360)
    colleague.get_by_role("link", name="Las de Beto").click()
    expect(colleague.locator("[data-row]")).to_have_count(2)
    seen(colleague, "list")
    page.goto("/consola/plazos")
    looked_at(page, "terms")
    for one in (page, colleague):
        one.context.close()


async def _in_every_status(database: Database, folios: list[str]) -> None:
    """The oldest with the longest of all words for how it stands."""
    async with database.transaction() as session:
        await session.execute(
            update(Petition)
            .where(Petition.folio == folios[-1])
            .values(status=PetitionStatus.CONCLUIDA_NO_SATISFACTORIA)
        )
        await session.execute(
            update(Petition).where(Petition.folio == folios[0]).values(status=PetitionStatus.REQUIERE_INFORMACION)
        )


def test_the_list_is_read_whole_on_an_office_screen_and_its_views_on_a_telephone(
    browser: Browser, site: str, settings: Settings, folios: list[str]
) -> None:
    in_database(settings, lambda database: _in_every_status(database, folios))
    page = signed_in(browser, site, "hilda", "/consola/peticiones", width=1366, height=768)
    _ready(page)
    beyond = page.locator(".table-scroll").evaluate("(box) => box.scrollWidth - box.clientWidth")
    assert beyond <= 0
    page.set_viewport_size({"width": 390, "height": 844})
    views = page.get_by_role("navigation", name="Vistas").get_by_role("link").all()
    assert all(one.evaluate("(link) => link.scrollWidth <= link.clientWidth") for one in views)


@pytest.mark.parametrize("width", WIDTHS)
def test_a_folio_is_worked_on_and_two_people_do_not_overwrite_each_other(
    browser: Browser, site: str, folios: list[str], width: int
) -> None:
    address = f"/consola/peticiones/{folios[0]}"
    page = signed_in(browser, site, "ana", address, width=width)
    page.get_by_role("button", name="Asignármela").click()
    page.get_by_label("Etiqueta nueva").fill("Ruta norte")
    page.locator(".petition-head").get_by_role("button", name="Agregar", exact=True).click()
    page.get_by_text("¿Por qué esta fecha?").click()
    expect(page.locator("#plazo")).to_contain_text("15 días hábiles")
    expect(page.locator(".blocked")).to_contain_text("turnada")
    expect(page.locator("#estado")).to_contain_text("Primero túrnela a una dependencia.")
    expect(page.get_by_label("Qué se le pide")).to_be_hidden()
    page.get_by_role("radio", name="Requiere información").check()
    expect(page.get_by_label("Qué se le pide")).to_be_visible()
    page.get_by_role("radio", name="En análisis").check()
    page.locator("#estado [name=reason]").fill("Se revisa con el área")
    page.get_by_text("Corregir datos").click()
    page.get_by_label("Código postal").fill("85000")
    expect(page.locator("[data-municipality]")).to_have_value("26018")
    expect(page.locator("[data-colonias] option").first).to_be_attached()
    seen(page, "folio")
    other = signed_in(browser, site, "beto", address)
    other.get_by_label("Agregar nota").fill("Llamó la vecina")
    other.get_by_role("button", name="Agregar nota").click()
    expect(other.locator(".timeline")).to_contain_text("Llamó la vecina")
    page.get_by_role("button", name="Cambiar estado").click()
    expect(page.get_by_role("alert")).to_contain_text("Beto: nota")
    expect(page.locator("#estado [name=reason]")).to_have_value("Se revisa con el área")
    expect(page.get_by_role("radio", name="En análisis")).to_be_checked()
    seen(page, "conflict")
    page.get_by_role("button", name="Cambiar estado").click()
    expect(page.get_by_role("status").first).to_contain_text("El estado se actualizó")
    expect(page.locator(".timeline li").first).to_contain_text("Recibida → En análisis")
    for one in (page, other):
        one.context.close()
