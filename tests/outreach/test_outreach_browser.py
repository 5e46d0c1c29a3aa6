"""Calls worked off by key alone, and the wall screen that follows by itself, in real Chromium."""

from datetime import datetime, timedelta
from uuid import UUID

import pytest
from playwright.sync_api import Browser, expect
from sqlalchemy import select

from backend import clock
from backend.agents.models import Role
from backend.board.live import LEAST
from backend.clock import HERMOSILLO
from backend.conversations import service as conversations
from backend.conversations.models import HandoffReason
from backend.db import Database
from backend.demo.seeding import seed
from backend.live import INBOX
from backend.outreach import asking
from backend.outreach.asking import Ask
from backend.outreach.models import CallAttempt, CallOutcome, ReasonKind
from backend.settings import Settings
from backend.wakeups import notify
from tests.looks import looked_at, seen
from tests.serving import in_database
from tests.signed_in import signed_in
from tests.staff import add_staff

pytestmark = pytest.mark.browser

#: Chromium has no telephone: what would open one is not opened.
NOT_DIALLED = "addEventListener('click', (event) => event.target.closest('[href^=tel]') && event.preventDefault())"
NOON = datetime(2026, 11, 18, 12, 0, tzinfo=HERMOSILLO)


@pytest.fixture(autouse=True)
def noon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clock, "now", lambda: NOON)


async def _calls(database: Database) -> UUID:
    await add_staff(database, "ana")
    async with database.transaction() as session:
        first = await asking.ask(
            session, Ask(ReasonKind.ASKED, "+526621234567", name="Rosa Ibarra", note="Por la tarde")
        )
        told = Ask(ReasonKind.NOTICE, "+526449876543", name="Luis Soto", note="Su petición se turnó.")
        await asking.ask(session, told)
        assert first is not None
        return first.task_id


async def _tries(database: Database) -> list[tuple[CallOutcome, str]]:
    async with database.transaction() as session:
        rows = await session.execute(select(CallAttempt.outcome, CallAttempt.notes).order_by(CallAttempt.at))
        return [(outcome, notes) for outcome, notes in rows]


def test_calls_are_made_by_key_alone(browser: Browser, site: str, settings: Settings) -> None:
    first = in_database(settings, _calls)
    page = signed_in(browser, site, "ana", "/consola/llamadas-pendientes")
    keys = page.keyboard
    seen(page, "calls")
    keys.press("n")
    page.wait_for_url(f"**/llamadas-pendientes/{first}", wait_until="load")
    expect(page.get_by_role("heading", level=1)).to_have_text("Rosa Ibarra")
    page.evaluate(NOT_DIALLED)
    keys.press("l")
    expect(page.get_by_role("timer")).to_be_visible()
    keys.press("2")
    expect(page.get_by_label("¿Cuándo se le llama?")).to_be_focused()
    page.get_by_role("heading", level=1).click()
    keys.press("3")
    expect(page.get_by_label("¿Cuándo se le llama?")).to_be_hidden()
    keys.press("o")
    keys.type("Sonó 1 minuto")  # what is typed is typed, and chooses nothing
    expect(page.get_by_role("radio", name="No contestó")).to_be_checked()
    seen(page, "call")
    keys.press("Control+Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("Luis Soto")
    page.wait_for_load_state()
    keys.press("1")
    expect(page.get_by_text("¿Se le informó?")).to_be_visible()
    keys.press("s")
    keys.press("Control+Enter")
    expect(page.get_by_role("status").first).to_contain_text("No hay más llamadas que hacer por ahora.")
    assert in_database(settings, _tries) == [(CallOutcome.NO_ANSWER, "Sonó 1 minuto"), (CallOutcome.ANSWERED, "")]
    page.set_viewport_size({"width": 360, "height": 800})
    for name, address in (
        ("calls", "/consola/llamadas-pendientes?estado=programadas"),
        ("call", f"/consola/llamadas-pendientes/{first}"),
    ):
        page.goto(address)
        seen(page, name)
    page.context.close()


async def _office(database: Database) -> None:
    await add_staff(database, "hilda", Role.HEAD)
    async with database.transaction() as session:
        await seed(session)


async def _somebody_waits(database: Database) -> None:
    async with database.transaction() as session:
        one = await conversations.open_conversation(session, channel="telegram", account="9", external_user_id="x")
        await conversations.hand_to_queue(session, one.id, HandoffReason.EMERGENCY, is_emergency=True)
        one.queued_at = NOON - timedelta(minutes=61)
        await notify(session, INBOX)


def test_a_name_and_its_telephone_stand_apart_on_a_telephone(browser: Browser, site: str, settings: Settings) -> None:
    in_database(settings, _calls)
    page = signed_in(browser, site, "ana", "/consola/llamadas-pendientes", width=390, height=844)
    name = page.get_by_role("link", name="Rosa Ibarra").bounding_box()
    phone = page.locator("tr", has_text="Rosa Ibarra").locator(".muted.nowrap").first.bounding_box()
    assert name is not None and phone is not None
    assert phone["y"] >= name["y"] + name["height"] - 2


def test_the_wall_screen_follows_by_itself_and_says_when_it_does_not(
    browser: Browser, site: str, settings: Settings
) -> None:
    in_database(settings, _office)
    head = signed_in(browser, site, "hilda", "/consola/tablero")
    seen(head, "board")
    head.goto("/consola/tablero/ajustes")
    head.get_by_label("Dónde está la pantalla").fill("Sala")
    head.get_by_role("button", name="Hacer una clave").click()
    address = head.locator("[data-key-address]").inner_text()
    looked_at(head, "settings")

    screen = browser.new_context(base_url=site, viewport={"width": 1920, "height": 1080}, locale="es-MX").new_page()
    screen.set_default_timeout(20_000)
    screen.goto(address)
    screen.wait_for_url("**/consola/tablero/pared")
    waiting = screen.locator("[data-figure=chats]")
    expect(waiting).to_have_text("4")
    expect(screen.get_by_text("En vivo")).to_be_visible()
    in_database(settings, _somebody_waits)
    expect(waiting).to_have_text("5", timeout=1000 * (LEAST + 15))
    expect(screen.get_by_text("Una emergencia espera desde hace 1:01:00")).to_be_visible()
    seen(screen, "wall")
    assert screen.evaluate("document.documentElement.scrollHeight <= innerHeight")
    screen.goto("/consola")
    expect(screen.get_by_label("Usuario")).to_be_visible()

    lost = screen.context.new_page()
    lost.clock.install()
    lost.route("**/en-vivo*", lambda route: route.abort())
    lost.goto("/consola/tablero/pared")
    lost.clock.run_for(20_000)
    expect(lost.locator("[data-freshness]")).to_contain_text("Sin conexión: datos de hace")
    head.set_viewport_size({"width": 360, "height": 800})
    head.goto("/consola/tablero")
    seen(head, "board")
    for page in (head, screen):
        page.context.close()
