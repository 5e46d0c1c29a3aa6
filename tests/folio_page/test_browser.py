"""The public page in real Chromium, without JavaScript, wide and narrow."""

import asyncio
import os
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, expect
from playwright.sync_api import Page as Window
from sqlalchemy.ext.asyncio import AsyncSession

from backend.agents import service as agents
from backend.agents.models import Role
from backend.db import in_transaction
from backend.registry import petitions
from backend.registry.models import ActorKind, EntryChannel, PetitionKind, PetitionStatus
from backend.settings import Settings
from backend.turns import service as turns
from backend.turns.models import TurnOutcome
from tests.looks import seen
from tests.registry.turned import agency
from tests.serving import serving
from tests.staff import PASSWORD

pytestmark = pytest.mark.browser
#: Where to leave pictures of the pages, to be looked at.
WIDTHS = (1280, 360)
S = PetitionStatus


@dataclass
class Office:
    """The product's pages, served for a browser, and what happens behind them."""

    settings: Settings
    address: str = ""
    folio: str = ""
    code: str = ""

    def fill(self, to: PetitionStatus) -> None:
        """A petition that came as far as `to`; in a thread of its own, since Playwright's loop runs in this one."""

        async def work(session: AsyncSession) -> None:
            await self._fill(session, to)

        with ThreadPoolExecutor(1) as thread:
            thread.submit(lambda: asyncio.run(in_transaction(self.settings.database_url, work))).result()

    async def _fill(self, session: AsyncSession, to: PetitionStatus) -> None:
        name = f"hilda{to.value}"
        hilda, _ = await agents.create_user(
            session, username=name, full_name="Hilda", role=Role.HEAD, password=PASSWORD
        )
        new = petitions.NewPetition(PetitionKind.PETICION, EntryChannel.CALL_CENTER, "No hay agua en mi colonia")
        petition = await petitions.file(session, new, actor=ActorKind.STAFF, user_id=hilda.id)
        order = turns.TurnOrder(await agency(session), "Atender")
        (one,) = await turns.turn(session, petition, [order], user_id=hilda.id)
        if to is S.REQUIERE_INFORMACION:
            asked = "¿En qué número de casa falta el agua? Si puede, envíe una foto de su recibo."
            await petitions.change_status(session, petition, to, reason="-", asked=asked, user_id=hilda.id)
        else:
            await turns.answer(session, petition, one, "-", TurnOutcome.ATTENDED, user_id=hilda.id)
            told = "La CEA cambió la bomba del pozo y ya hay agua en su cuadra."
            await petitions.change_status(session, petition, to, reason="-", told=told, user_id=hilda.id)
        secret = self.settings.secret_key.get_secret_value().encode()
        self.folio, self.code = petition.folio, petitions.code_of(petition, secret)


@pytest.fixture
def office(settings: Settings) -> Iterator[Office]:
    with serving(settings) as address:
        yield Office(settings, address)


@pytest.fixture
def window(browser: Browser) -> Iterator[Window]:
    context: BrowserContext = browser.new_context(locale="es-MX", java_script_enabled=False)
    yield context.new_page()
    context.close()


def _look(window: Window, browser: Browser, name: str) -> None:
    """Nothing runs over at either width; axe, which needs JavaScript, looks at a copy of the page."""
    for width in WIDTHS:
        window.set_viewport_size({"width": width, "height": 900})
        if folder := os.environ.get("SCREENSHOTS"):
            window.screenshot(path=Path(folder) / f"folio-{name}-{width}.png", full_page=True)
    context = browser.new_context(locale="es-MX", viewport={"width": 360, "height": 900}, bypass_csp=True)
    copy = context.new_page()
    base = window.url.split("/folio")[0]
    copy.goto(f"{base}/folio")
    copy.set_content(window.content(), wait_until="networkidle")
    seen(copy, f"folio-{name}-copy")
    context.close()


def _open(window: Window, office: Office) -> None:
    window.goto(f"{office.address}/folio/{office.folio}")
    expect(window.get_by_label("Folio")).to_have_value(office.folio)
    window.get_by_label("Clave de acceso").fill(office.code.lower())
    window.keyboard.press("Enter")
    expect(window.get_by_role("heading", level=1)).to_have_text(office.folio)


def test_from_the_qr_to_an_answer(window: Window, browser: Browser, office: Office) -> None:
    office.fill(S.REQUIERE_INFORMACION)
    window.goto(f"{office.address}/folio/{office.folio}")
    window.get_by_label("Clave de acceso").fill("ZZZZZZZZ")
    window.get_by_role("button", name="Ver cómo va").click()
    expect(window.get_by_role("alert")).to_contain_text("No encontramos una petición")
    expect(window.get_by_label("Folio")).to_have_value(office.folio)
    _look(window, browser, "ask")
    _open(window, office)
    expect(window.get_by_text("¿En qué número de casa")).to_have_count(2)
    _look(window, browser, "asked")

    office.fill(S.CONCLUIDA_SATISFACTORIA)
    _open(window, office)
    with window.expect_download() as download:
        window.get_by_role("button", name="Descargar acuse").click()
    assert download.value.suggested_filename == f"acuse-{office.folio}.pdf"
    _look(window, browser, "concluded")
    window.get_by_label("Si quiere, cuéntenos más").fill("Sigue sin salir agua")
    window.get_by_role("button", name="No se resolvió").click()
    expect(window.get_by_role("status")).to_contain_text("de nuevo en atención")
    expect(window.get_by_role("button", name="Sí, se resolvió")).to_have_count(0)
    assert office.code not in window.content()
    _look(window, browser, "reopened")
