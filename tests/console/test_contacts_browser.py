"""A person in two channels in the agent's real browser: one history, the closing window, what failed and why."""

import asyncio
import re
import uuid
from collections.abc import Awaitable, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from uuid import UUID

import pytest
from playwright.sync_api import Browser, Page, expect
from sqlalchemy import update
from sqlalchemy.ext.asyncio import AsyncSession

from backend import clock
from backend.agents import service as agents
from backend.agents.models import Role
from backend.conversations import service as conversations
from backend.conversations.messages import NewMessage, StoredFile
from backend.conversations.models import Author, Conversation, HandoffReason, Message, MessageRevision
from backend.db import in_transaction
from backend.messaging.models import ChannelAccount, MessageTemplate, TemplatePurpose, TemplateState
from backend.outbox.models import Delivery, DeliveryState
from backend.settings import Settings
from tests.looks import fits, seen
from tests.serving import serving
from tests.signed_in import signed_in
from tests.staff import PASSWORD
from tests.widths import WIDTHS

pytestmark = pytest.mark.browser
WHATSAPP = "+526620000000"
#: Where to leave pictures of the pages, to be looked at.


class Office:
    """The console, served for a browser, and what happens behind it."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.whatsapp, self.web = uuid.uuid4(), uuid.uuid4()
        self.address = ""

    def do(self, work: Callable[[AsyncSession], Awaitable[None]]) -> None:
        """In a thread of its own: Playwright's loop runs in this one."""
        with ThreadPoolExecutor(1) as thread:
            thread.submit(lambda: asyncio.run(in_transaction(self.settings.database_url, work))).result()

    async def fill(self, session: AsyncSession) -> None:
        ana, _ = await agents.create_user(
            session, username="ana", full_name="Ana Ruiz", role=Role.ANALYST, password=PASSWORD
        )
        self.web = await self._open(session, "web", "portal", "Hay un bache frente a la primaria")
        self.whatsapp = await self._open(session, "whatsapp", WHATSAPP, "Hola, sigo esperando")
        await conversations.hand_to_queue(session, self.web, HandoffReason.REQUESTED)
        conversation = await conversations.lock(session, self.whatsapp)
        conversation.display_name, conversation.verified_phone = "Rosy", "+526621234567"
        await self._tell(session, conversation)
        await conversations.take_over(session, self.whatsapp, ana.id)
        failed = await conversations.reply_as_agent(
            session, self.whatsapp, ana.id, text="Buen día, ¿en qué le ayudo?", idempotency_key="clave-0001"
        )
        await self._deliver(session, failed.id, DeliveryState.FAILED, "63018")
        conversation.last_citizen_at = clock.now() - timedelta(hours=23, minutes=17, seconds=30)

    async def _open(self, session: AsyncSession, channel: str, account: str, text: str) -> UUID:
        conversation = await conversations.open_conversation(
            session, channel=channel, account=account, external_user_id=uuid.uuid4().hex
        )
        await conversations.receive(session, conversation.id, external_id=uuid.uuid4().hex, text=text)
        return conversation.id

    async def _tell(self, session: AsyncSession, conversation: Conversation) -> None:
        place = {"location": {"latitude": 29.0729, "longitude": -110.9559, "label": "Plaza Bicentenario"}}
        await conversations.append(session, conversation, NewMessage(Author.CITIZEN, extra=place))
        card = {"card": {"name": "Luis Soto", "phone": "+526629999999", "is_own": False}}
        await conversations.append(session, conversation, NewMessage(Author.CITIZEN, extra=card))
        voice = StoredFile("nota.ogg", "audio/ogg", 2048, "0" * 64)
        await conversations.append(session, conversation, NewMessage(Author.CITIZEN, files=(voice,)))
        gone = await conversations.append(session, conversation, NewMessage(Author.CITIZEN, text=""))
        gone.deleted_at = clock.now()
        session.add(MessageRevision(message_id=gone.id, external_id="d1", text="Mi vecino se llama…"))
        await session.flush()

    async def _deliver(self, session: AsyncSession, message_id: UUID, state: DeliveryState, code: str) -> None:
        await session.execute(
            update(Delivery).where(Delivery.message_id == message_id).values(state=state, error_code=code)
        )

    async def close_window(self, session: AsyncSession) -> None:
        conversation = await conversations.lock(session, self.whatsapp)
        conversation.last_citizen_at = clock.now() - timedelta(hours=25)
        account = ChannelAccount(channel="whatsapp", account=WHATSAPP, name="CEAC", credentials=b"-")
        session.add(account)
        await session.flush()
        template = MessageTemplate(
            account_id=account.id,
            purpose=TemplatePurpose.RESUME_CONVERSATION,
            text="Le escribimos de Atención Ciudadana. {{1}} desea continuar la conversación.",
            content_sid="HX1",
            state=TemplateState.APPROVED,
        )
        session.add(template)

    async def be_blocked(self, session: AsyncSession) -> None:
        (await conversations.lock(session, self.whatsapp)).blocked_at = clock.now()

    async def edit(self, session: AsyncSession) -> None:
        await session.execute(
            update(Message)
            .where(Message.conversation_id == self.whatsapp, Message.text == "Hola, sigo esperando")
            .values(text="Hola, ya no espero", edited_at=clock.now())
        )


@pytest.fixture
def office(settings: Settings) -> Iterator[Office]:
    office = Office(settings)
    office.do(office.fill)
    with serving(settings) as office.address:
        yield office


@pytest.fixture(params=WIDTHS, ids=str)
def page(request: pytest.FixtureRequest, browser: Browser, office: Office) -> Iterator[Page]:
    page = signed_in(browser, office.address, "ana", width=request.param, height=800)
    expect(page.locator("[data-rows]")).to_contain_text("Rosy")
    yield page
    page.context.close()


def _show(page: Page, pane: str) -> None:
    """On a phone one pane is shown at a time."""
    if (page.viewport_size or {})["width"] < 720:
        names = {"panel": "Ficha", "conversation": "‹ Conversación"}
        page.get_by_role("button", name=names[pane], exact=True).click()


def _open(page: Page) -> None:
    page.locator("[data-row]").filter(has_text="Rosy").click()
    expect(page.locator("[data-transcript]")).to_contain_text("Buen día")


def test_the_window_is_watched_reminded_of_and_resumed(page: Page, office: Office) -> None:
    expect(page.locator("[data-row]").filter(has_text="Rosy")).to_contain_text("Cierra en")
    expect(page.locator("[data-toasts]")).to_contain_text("La ventana de 24 h con ~Rosy cierra en 4")
    fits(page, "inbox")
    _open(page)
    expect(page.locator("[data-window-line]")).to_have_text(re.compile(r"La ventana de 24 h cierra en 4[123] min"))
    fits(page, "window-open")
    office.do(office.close_window)
    page.reload()
    resume = page.get_by_role("button", name="Enviar plantilla para retomar")
    expect(resume).to_be_visible()
    expect(page.locator("#composer-text")).to_be_hidden()
    page.get_by_role("button", name="Nota privada").click()
    expect(page.locator("#composer-text")).to_be_visible()
    page.get_by_role("button", name="Responder").click()
    seen(page, "window-closed")
    resume.focus()
    page.keyboard.press("Enter")
    expect(page.locator("[data-transcript]")).to_contain_text("Ana Ruiz desea continuar la conversación.")


def test_what_channels_bring_is_shown_and_what_failed_is_tried_again(page: Page, office: Office) -> None:
    _open(page)
    log = page.locator("[data-transcript]")
    expect(log).to_contain_text("29.072900, -110.955900")
    assert "openstreetmap.org" in (log.get_by_role("link", name="Ver en el mapa").get_attribute("href") or "")
    assert log.get_by_role("link", name="Ver en el mapa").get_attribute("target") == "_blank"
    expect(log.locator("audio")).to_have_count(1)
    expect(log).to_contain_text("La persona eliminó este mensaje.")
    log.get_by_text("Lo que decía").click()
    expect(log).to_contain_text("Mi vecino se llama…")
    failure = log.locator(".failure")
    expect(failure).to_contain_text("El canal pidió ir más despacio.")
    seen(page, "transcript")
    failure.get_by_role("button", name="Reintentar").click()
    expect(failure).to_have_count(0)
    office.do(office.edit)
    expect(log).to_contain_text("Hola, ya no espero", timeout=15_000)
    expect(log).to_contain_text("Editado")


def test_two_conversations_are_joined_read_as_one_and_split(page: Page) -> None:
    _open(page)
    _show(page, "panel")
    panel = page.locator("[data-panel-body]")
    expect(panel).to_contain_text("662 123 4567")
    panel.get_by_role("button", name="Unir con otra conversación").click()
    page.get_by_label("Buscar la otra conversación").fill("bache")
    page.get_by_role("radio").check()
    seen(page, "join")
    page.get_by_role("button", name="Unir", exact=True).click()
    expect(panel).to_contain_text("Unida por el personal")
    panel.get_by_label("Avisarle por").select_option(label="Portal web")
    expect(page.locator("[data-toasts]")).to_contain_text("Se le avisará por ahí.")
    fits(page, "panel")
    panel.get_by_role("button", name="Ver todo el historial junto").click()
    history = page.locator("[data-history]")
    expect(history).to_contain_text("Hay un bache frente a la primaria")
    expect(history).to_contain_text("Hola, sigo esperando")
    seen(page, "history")
    page.keyboard.press("Escape")
    panel.get_by_role("button", name="Separar Portal web").click()
    page.get_by_role("dialog").get_by_role("button", name="Separar").click()
    expect(panel).not_to_contain_text("Unida por el personal")


def test_who_no_longer_blocks_us_is_written_to_again_by_keyboard(page: Page, office: Office) -> None:
    office.do(office.be_blocked)
    _open(page)
    _show(page, "panel")
    panel = page.locator("[data-panel-body]")
    seen(page, "blocked")
    panel.get_by_role("button", name="Ya no nos bloquea").press("Enter")
    expect(page.get_by_role("dialog")).to_contain_text("solo si la persona se lo dijo")
    seen(page, "write-again")
    page.get_by_role("button", name="Volver a escribirle").press("Enter")
    expect(panel.get_by_text("Nos bloqueó", exact=True)).to_have_count(0)
    expect(panel).to_contain_text("lo dijo al personal")
