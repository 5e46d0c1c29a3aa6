"""The citizen's widget in real Chromium, against a chat API that misbehaves when told to."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.looks import seen
from tests.serving import listening
from tests.widget.fake_chat_api import FakeChat, create_fake

pytestmark = pytest.mark.browser
PDF = b"%PDF-1.4 hola"


@pytest.fixture
def chat() -> FakeChat:
    return FakeChat()


@pytest.fixture
def site(chat: FakeChat) -> Iterator[str]:
    with listening(lambda _: create_fake(chat)) as address:
        yield f"{address}/"


@pytest.fixture
def page(browser: Browser, site: str) -> Iterator[Page]:
    context = browser.new_context(locale="es-MX", viewport={"width": 1280, "height": 800})
    page = context.new_page()
    page.set_default_timeout(8000)
    page.goto(site)
    page.get_by_role("button", name="Abrir el chat").click()
    yield page
    context.close()


def write(page: Page, text: str) -> None:
    page.get_by_label("Escriba su mensaje").fill(text)
    page.keyboard.press("Enter")


def greet(page: Page) -> None:
    """Send a first message, and see it stored."""
    write(page, "Hola")
    expect(page.locator(".citizen .mark")).to_have_text("Recibido")


def test_a_message_is_sent_and_marked_received(page: Page, chat: FakeChat) -> None:
    greet(page)
    chat.status["agent_read_cursor"] = "1"
    expect(page.locator(".citizen .mark")).to_have_text("Leído")


def test_no_session_is_opened_before_the_first_message(page: Page, chat: FakeChat) -> None:
    expect(page.get_by_text("¡Hola! ¿En qué podemos ayudarle?")).to_be_visible()
    assert chat.tokens == set()
    page.get_by_role("button", name="Consultar mi folio").click()
    expect(page.locator(".citizen .text")).to_have_text("Consultar mi folio")


@pytest.mark.parametrize("cut", [0, 7, 20, 60, 150, -3, -1])
def test_a_stream_cut_anywhere_leaves_no_gap_and_no_duplicate(page: Page, chat: FakeChat, cut: int) -> None:
    greet(page)
    chat.cut_after = cut
    chat.say("Uno")
    chat.say("Dos")
    expect(page.locator(".bot .text")).to_have_text(["Uno", "Dos"])


def test_repeated_events_show_once(page: Page, chat: FakeChat) -> None:
    chat.send_twice = True
    greet(page)
    chat.say("Uno")
    expect(page.locator(".bot .text")).to_have_text(["Uno"])
    chat.say("Dos")
    expect(page.locator(".message .text")).to_have_text(["Hola", "Uno", "Dos"])


def test_what_was_written_offline_goes_once_and_in_order(page: Page, chat: FakeChat) -> None:
    greet(page)
    page.context.set_offline(True)
    expect(page.get_by_text("Sin conexión. Reconectando…").first).to_be_visible()
    write(page, "Primero")
    write(page, "Segundo")
    page.context.set_offline(False)
    expect(page.locator(".citizen[data-state=received] .text")).to_have_text(["Hola", "Primero", "Segundo"])
    assert [message["text"] for message in chat.messages] == ["Hola", "Primero", "Segundo"]


def test_retry_repeats_the_client_id(page: Page, chat: FakeChat) -> None:
    chat.fail_sends = 1
    write(page, "Hola")
    page.get_by_role("button", name="Reintentar").click()
    expect(page.locator(".citizen .mark")).to_have_text("Recibido")
    assert len(chat.received) == 2
    assert len(set(chat.received)) == 1


def test_history_is_there_after_a_reload(page: Page, chat: FakeChat) -> None:
    greet(page)
    chat.say("Buenas tardes")
    expect(page.locator(".bot .text")).to_have_text("Buenas tardes")
    page.reload()
    page.get_by_role("button", name="Abrir el chat").click()
    expect(page.locator(".message .text")).to_have_text(["Hola", "Buenas tardes"])


def test_what_was_half_written_is_there_after_a_reload_and_gone_once_sent(page: Page, chat: FakeChat) -> None:
    page.get_by_label("Escriba su mensaje").fill("En mi calle hay")
    page.reload()
    page.get_by_role("button", name="Abrir el chat").click()
    expect(page.get_by_label("Escriba su mensaje")).to_have_value("En mi calle hay")
    page.get_by_role("button", name="Enviar").click()
    expect(page.locator(".citizen .text")).to_have_text("En mi calle hay")
    page.reload()
    page.get_by_role("button", name="Abrir el chat").click()
    expect(page.get_by_label("Escriba su mensaje")).to_have_value("")


def test_two_tabs_are_one_conversation(page: Page, chat: FakeChat, site: str) -> None:
    other = page.context.new_page()
    other.goto(site)
    other.get_by_role("button", name="Abrir el chat").click()
    greet(page)
    expect(other.locator(".citizen .text")).to_have_text("Hola")
    write(other, "Sigo en la otra pestaña")
    expect(page.locator(".citizen .text")).to_have_text(["Hola", "Sigo en la otra pestaña"])
    assert len(chat.tokens) == 1


def test_two_tabs_whose_session_is_gone_begin_one_anew(page: Page, chat: FakeChat, site: str) -> None:
    greet(page)
    other = page.context.new_page()
    other.goto(site)
    other.get_by_role("button", name="Abrir el chat").click()
    expect(other.locator(".citizen .text")).to_have_text("Hola")
    chat.tokens.clear()
    chat.messages.clear()
    write(page, "Otra vez")
    expect(page.locator(".citizen[data-state=received] .text")).to_have_text(["Otra vez"])
    write(other, "Y aquí")
    expect(page.locator(".citizen[data-state=received] .text")).to_have_text(["Otra vez", "Y aquí"])
    assert len(chat.tokens) == 1


def test_at_double_size_on_a_small_screen_the_chat_has_room(page: Page, chat: FakeChat) -> None:
    """1366x768 at 200 %: what is left is lower than a telephone."""
    page.set_viewport_size({"width": 683, "height": 384})
    page.reload()
    page.get_by_role("button", name="Abrir el chat").click()
    room = page.get_by_role("log").bounding_box()
    assert room is not None and room["height"] > 200
    seen(page, "chat-double")


def test_an_unknown_token_starts_a_new_session_and_says_so(page: Page, chat: FakeChat) -> None:
    greet(page)
    chat.tokens.clear()
    chat.messages.clear()
    write(page, "Otra vez")
    expect(page.get_by_text("Comenzamos una nueva")).to_be_visible()
    expect(page.locator(".citizen[data-state=received] .text")).to_have_text(["Otra vez"])


def test_without_streams_it_polls(page: Page, chat: FakeChat) -> None:
    chat.no_streams = True
    greet(page)
    chat.say("Por sondeo")
    expect(page.locator(".bot .text")).to_have_text("Por sondeo")


def test_markup_is_shown_as_text_and_only_web_addresses_are_links(page: Page, chat: FakeChat) -> None:
    write(page, "<img src=x onerror=alert(1)>")
    chat.say("javascript:alert(1) https://sonora.gob.mx/a. <b>no</b>")
    expect(page.locator(".citizen .text")).to_have_text("<img src=x onerror=alert(1)>")
    expect(page.locator(".bot a")).to_have_attribute("href", "https://sonora.gob.mx/a")
    expect(page.locator(".bot a")).to_have_attribute("rel", "noopener noreferrer")
    assert page.locator(".message img, .message b").count() == 0


def test_only_the_last_buttons_can_be_pressed(page: Page, chat: FakeChat) -> None:
    greet(page)
    chat.say("¿Acepta?", buttons=[{"title": "Sí", "payload": "/afirmar"}, {"title": "No", "payload": "/negar"}])
    page.get_by_role("button", name="Sí", exact=True).click()
    expect(page.locator(".citizen .text")).to_have_text(["Hola", "Sí"])
    expect(page.get_by_role("button", name="No", exact=True)).to_be_disabled()


def test_queue_agent_and_closing_are_told(page: Page, chat: FakeChat) -> None:
    greet(page)
    chat.status |= {"owner": "queue", "queue_position": 3}
    expect(page.locator(".state")).to_have_text("En espera: hay 3 personas antes que usted.")
    chat.status |= {"owner": "agent", "queue_position": None, "agent_name": "Ana Ruiz", "agent_typing": True}
    expect(page.locator(".state")).to_have_text("Ana Ruiz le atiende.")
    expect(page.locator(".typing")).to_contain_text("Ana Ruiz está escribiendo")
    chat.status |= {"owner": "closed", "agent_name": None, "agent_typing": False}
    expect(page.locator(".state")).to_contain_text("puede escribir de nuevo")


def attach(page: Page, name: str, content: bytes) -> None:
    file = {"name": name, "mimeType": "application/pdf", "buffer": content}
    page.locator("input[type=file]").set_input_files(files=[file])


def test_a_pdf_is_attached_and_a_disguised_file_is_not(page: Page, chat: FakeChat) -> None:
    attach(page, "malo.pdf", b"MZ\x90 not a pdf")
    expect(page.get_by_role("alert")).to_contain_text("Solo se aceptan fotos")
    attach(page, "acta.pdf", PDF)
    expect(page.get_by_role("button", name="Descargar acta.pdf")).to_be_visible()
    assert len(chat.messages) == 1


def test_a_complaint_of_a_file_with_a_long_name_can_be_read_whole(page: Page) -> None:
    attach(page, f"{'foto_del_bache_' * 8}.pdf", b"MZ")
    expect(page.get_by_role("alert")).to_contain_text("Solo se aceptan fotos")
    assert page.get_by_role("alert").evaluate("(note) => note.scrollWidth <= note.clientWidth")


@pytest.mark.parametrize("status", [413, 415])
def test_a_refused_file_says_why(page: Page, chat: FakeChat, status: int) -> None:
    chat.refuse_upload = status
    attach(page, "acta.pdf", PDF)
    expect(page.locator(".citizen .mark")).to_contain_text(f"No enviado. Rechazado {status}.")


def test_escape_returns_focus_to_the_launcher_and_the_badge_counts(page: Page, chat: FakeChat) -> None:
    greet(page)
    page.keyboard.press("Escape")
    expect(page.locator(".launcher")).to_be_focused()
    chat.say("¿Sigue ahí?")
    expect(page.locator(".badge")).to_have_text("1")
    assert not any(receipt.get("read") == "2" for receipt in chat.receipts)
    page.locator(".launcher").click()
    expect(page.locator(".badge")).to_be_hidden()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1280, 320])
def test_accessible(page: Page, chat: FakeChat, scheme: str, width: int) -> None:
    page.emulate_media(color_scheme=scheme)
    page.set_viewport_size({"width": width, "height": 640})
    page.reload()
    page.get_by_role("button", name="Abrir el chat").click()
    greet(page)
    chat.say("Su folio es AC-2026-000123-K", buttons=[{"title": "Otra cosa", "payload": "/x"}])
    expect(page.get_by_role("button", name="Copiar folio")).to_be_visible()
    seen(page, f"chat-{scheme}")
