"""The folio page and the calls in real Chromium, wide and narrow, with nothing for axe to find."""

import asyncio
from concurrent.futures import ThreadPoolExecutor

import pytest
from playwright.sync_api import Browser, expect

from backend.conversations.models import Conversation
from backend.db import Database
from backend.notices import staff
from backend.outbox.models import DeliveryState
from backend.registry import petitions
from backend.registry.models import Petition, PetitionStatus
from backend.settings import Settings
from tests.conversations.conftest import add_agent
from tests.looks import seen
from tests.notices.conftest import Desk
from tests.signed_in import signed_in
from tests.staff import add_staff
from tests.widths import WIDTHS

pytestmark = pytest.mark.browser


async def _prepare(url: str) -> str:
    """A folio with a notice that failed and went on to a call, one without a way, and one that was read."""
    database = Database(url)
    await add_staff(database, "ana")
    desk = Desk(database, await add_agent(database, "Carla"))
    petition = await desk.petition(await desk.conversation("whatsapp", hours_ago=30))
    (view,) = await desk.move(petition, PetitionStatus.TURNADA)
    async with database.transaction() as session:
        origin = (await session.get_one(Petition, petition)).conversation_id
        (await session.get_one(Conversation, origin)).last_citizen_at = view.notice.created_at
    (view, _) = await desk.move(petition, PetitionStatus.EN_ATENCION)
    await desk.deliver(view, DeliveryState.FAILED, "63024")
    (view, *_) = await desk.move(petition, PetitionStatus.CONCLUIDA_SATISFACTORIA)
    await desk.deliver(view, DeliveryState.READ)
    async with database.transaction() as session:
        found = await session.get_one(Petition, petition, with_for_update=True)
        await petitions.change_status(
            session, found, PetitionStatus.EN_ATENCION, user_id=desk.analyst, reason="Se revisó otra vez"
        )
        await staff.tell(session, found, "La cuadrilla pasa el lunes.", user_id=desk.analyst)
        folio = found.folio
    await database.close()
    return folio


@pytest.fixture
def folio(settings: Settings) -> str:
    # In a thread of its own: Playwright's loop runs in this one.
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(asyncio.run, _prepare(settings.database_url)).result()


@pytest.mark.parametrize("width", WIDTHS)
def test_the_proof_is_read_and_a_notice_is_tried_again(browser: Browser, site: str, folio: str, width: int) -> None:
    page = signed_in(browser, site, "ana", f"/consola/peticiones/{folio}", width=width, height=800)
    notices = page.locator("#avisos .notices > li")
    expect(notices).to_have_count(5)
    expect(notices.nth(2)).to_contain_text("leído")
    expect(notices.nth(3)).to_contain_text("Ese número no puede recibir WhatsApp.")
    expect(notices.nth(4)).to_contain_text("llamada por hacer")
    seen(page, "notices")
    page.once("dialog", lambda dialog: dialog.accept())
    page.get_by_label("Avisar algo más").fill("Llevarán pipas de agua.")
    page.get_by_role("button", name="Avisar ahora").click()
    expect(page.get_by_role("status")).to_contain_text("El aviso salió")
    expect(notices.first).to_contain_text("Llevarán pipas de agua.")
    notices.nth(4).get_by_role("button", name="Reintentar").click()  # now one further down
    expect(page.get_by_role("status")).to_contain_text("se intentó de nuevo")
    expect(notices.nth(4).locator(".attempts li").last).to_contain_text("por enviar")
    page.goto("/consola/llamadas-pendientes")
    page.locator("tbody").get_by_role("link").first.click()
    expect(page.locator(".reason").first).to_contain_text(folio)
    seen(page, "call")
    page.get_by_role("radio", name="Contestó").first.check()
    page.get_by_role("group", name="¿Se le informó?").first.get_by_role("radio", name="Sí").check()
    page.get_by_role("button", name="Guardar", exact=True).click()
    expect(page.get_by_role("status").first).to_contain_text("La llamada quedó registrada")
    page.goto("/consola/peticiones?avisos=sin_entregar")
    expect(page.get_by_label("Con avisos sin entregar")).to_be_checked()
    seen(page, "without")
    page.context.close()
