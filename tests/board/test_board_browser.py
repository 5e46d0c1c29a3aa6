"""The board in real Chromium, by keyboard: its figures come anew under the hands of who reads it."""

import uuid

import pytest
from playwright.sync_api import Browser, expect

from backend.agents.models import Role
from backend.conversations import service as conversations
from backend.conversations.models import HandoffReason
from backend.db import Database
from backend.settings import Settings
from tests.serving import in_database
from tests.signed_in import signed_in
from tests.staff import add_staff

pytestmark = pytest.mark.browser


async def _prepare(database: Database) -> None:
    """Two people wait."""
    await add_staff(database, "hilda", Role.HEAD)
    async with database.transaction() as session:
        for reason in (HandoffReason.REQUESTED, HandoffReason.MISUNDERSTOOD):
            conversation = await conversations.open_conversation(
                session, channel="web", account="portal", external_user_id=uuid.uuid4().hex
            )
            await conversations.receive(session, conversation.id, external_id="1", text="No hay agua")
            await conversations.hand_to_queue(session, conversation.id, reason)


def test_who_waits_keeps_the_focus_and_a_name_of_their_own(browser: Browser, site: str, settings: Settings) -> None:
    in_database(settings, _prepare)
    page = signed_in(browser, site, "hilda", "/consola/tablero")
    waiting = page.get_by_role("link", name="Ver el chat: Portal web, ")
    expect(waiting).to_have_count(2)
    chosen = page.locator(f"a[href='{waiting.last.get_attribute('href')}']")
    chosen.focus()
    chosen.evaluate("(one) => { one.dataset.before = ''; }")
    expect(page.locator("a[data-before]")).to_have_count(0)  # the next picture has come
    expect(chosen).to_be_focused()
