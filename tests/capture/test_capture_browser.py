"""Capturing a petition in real Chromium: by keyboard alone, through a lost connection, and with scans."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from playwright.sync_api import Browser, Page, Route, expect
from sqlalchemy import func, select

from backend.db import Database
from backend.dossier.models import Document
from backend.registry.models import Person, Petition
from tests.capture.conftest import people
from tests.looks import looked_at, seen
from tests.signed_in import signed_in

pytestmark = pytest.mark.browser

#: What a practised person presses for the whole of an ordinary petition, besides its narrative. At three keys a
#: second, and the narrative at forty words a minute, both stay under forty seconds.
MOST_KEYS = 45
NARRATIVE = "Pide que reparen el alumbrado de la calle, lleva un mes apagado."


class Keyboard:
    """Presses keys and counts them."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.count = 0

    def press(self, *keys: str) -> None:
        for key in keys:
            self.page.keyboard.press(key)
            self.count += 1

    def type(self, text: str) -> None:
        self.page.keyboard.type(text)
        self.count += len(text)


NEW = "/consola/peticiones/nueva"


async def _last(database: Database) -> tuple[Petition, Person, int]:
    async with database.transaction() as session:
        petition = (await session.scalars(select(Petition).order_by(Petition.number.desc()).limit(1))).one()
        total = await session.scalar(select(func.count()).select_from(Petition))
        return petition, await session.get_one(Person, petition.person_id), total or 0


def test_a_petition_is_captured_by_keyboard_alone(
    browser: Browser, site: str, in_database: Callable[[Any], Any]
) -> None:
    in_database(people)
    page = signed_in(browser, site, "ana", NEW)
    keys = Keyboard(page)
    expect(page.locator("[name=kind]")).to_be_focused()
    keys.press("q", "Tab")
    page.keyboard.type(NARRATIVE)
    keys.press("Tab")
    keys.type("6621112233")
    expect(page.locator("[data-people] li")).to_contain_text("1 petición")
    keys.press("Enter")
    expect(page.locator("[name=nombre]")).to_have_value("Rosa María Félix Duarte")
    expect(page.locator("[name=telefono]")).to_have_value("662 111 2233")
    keys.press("Tab", "Tab", "Tab", "Tab", "Tab")
    keys.type("83010")
    expect(page.locator("[name=municipio]")).to_have_value("Hermosillo")
    keys.press("Tab", "Tab")
    keys.type("Country")
    keys.press("Control+Enter")
    captured = page.locator("[data-captured]")
    expect(captured).to_contain_text("AC-")
    expect(page.locator("[name=narrativa]")).to_have_value("")
    expect(page.locator("[name=kind]")).to_be_focused()
    petition, person, total = in_database(_last)
    assert (petition.kind, petition.municipality_id, petition.colonia) == ("queja", "26030", "Country")
    assert (petition.narrative, petition.postal_code, total) == (NARRATIVE, "83010", 2)
    assert person.phone == "+526621112233"
    assert keys.count <= MOST_KEYS, keys.count
    looked_at(page, "capture-filed")
    page.reload()
    expect(page.locator("[name=narrativa]")).to_have_value("")


def test_what_is_wrong_is_focused_and_a_lost_connection_loses_and_doubles_nothing(
    browser: Browser, site: str, in_database: Callable[[Any], Any], tmp_path: Path
) -> None:
    in_database(people)
    page = signed_in(browser, site, "ana", NEW, width=360)
    page.locator("[name=channel]").select_option("gira")
    page.locator("[data-channel=gira] [name=entrada_lugar]").fill("Etchojoa")
    page.locator("[data-channel=gira] [name=entrada_fecha]").fill("2026-11-20")
    page.locator("[name=narrativa]").fill(NARRATIVE)
    page.locator("[name=municipio]").fill("cd obregon")
    page.locator("[name=curp]").fill("NO ES")
    expect(page.locator("[name=municipio]")).to_have_value("Cajeme")
    scan = tmp_path / "INE frente.png"
    Image.new("RGB", (40, 30), "white").save(scan)
    page.get_by_label("Digitalizados").set_input_files([scan, scan])
    expect(page.get_by_label("Tipo de INE frente.png")).to_have_count(2)
    expect(page.get_by_label("Tipo de INE frente.png").first).to_have_value("identificacion")
    page.keyboard.press("Control+Enter")
    expect(page.locator("[name=nombre]")).to_be_focused()
    expect(page.get_by_text("Esa CURP no es correcta")).to_be_visible()
    seen(page, "capture-problems")
    page.locator("[name=nombre]").fill("Jesús Valenzuela Buitimea")
    page.locator("[name=curp]").fill("")

    def lose_the_answer(route: Route) -> None:
        route.fetch()  # it arrives, and is filed; what comes back does not
        route.abort()

    page.route("**/api/console/capture", lose_the_answer)
    page.keyboard.press("Control+Enter")
    expect(page.locator("[data-capture-error]")).to_contain_text("Sin conexión")
    expect(page.locator("[name=narrativa]")).to_have_value(NARRATIVE)
    page.unroute("**/api/console/capture")
    page.reload()  # and even through that: the browser keeps it
    expect(page.locator("[name=nombre]")).to_have_value("Jesús Valenzuela Buitimea")
    expect(page.locator("[data-channel=gira] [name=entrada_lugar]")).to_have_value("Etchojoa")
    page.keyboard.press("Control+Enter")
    expect(page.locator("[data-captured]")).to_contain_text("AC-")
    petition, person, total = in_database(_last)
    assert (person.full_name, petition.municipality_id, total) == ("Jesús Valenzuela Buitimea", "26018", 2)
    assert petition.details["entrada"] == {"lugar": "Etchojoa", "fecha": "2026-11-20"}
    assert in_database(_documents) == 2
    page.reload()  # the next of the same tour
    expect(page.locator("[data-channel=gira] [name=entrada_lugar]")).to_have_value("Etchojoa")
    expect(page.locator("[name=narrativa]")).to_have_value("")


async def _documents(database: Database) -> int:
    async with database.transaction() as session:
        wanted = select(func.count()).select_from(Document).where(Document.petition_id.is_not(None))
        return await session.scalar(wanted) or 0
