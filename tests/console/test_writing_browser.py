"""What an agent writes is never lost, nor told to whom it was not meant for, in a real browser."""

import io
import re
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from uuid import UUID

import pytest
from PIL import Image
from playwright.sync_api import Browser, Page, expect
from sqlalchemy import select

from backend.agents.models import User
from backend.conversations import service as conversations
from backend.conversations.messages import NewMessage, StoredFile
from backend.conversations.models import Author, HandoffReason, Message
from backend.db import Database
from backend.settings import Settings
from tests.serving import in_database
from tests.signed_in import sign_in, signed_in
from tests.staff import PASSWORD, add_staff

pytestmark = pytest.mark.browser
TALL, BACHE, AGUA = "Le mando las fotos", "Hay un bache frente a la primaria", "No hay agua desde el lunes"


@dataclass(frozen=True)
class Chats:
    bache: UUID
    agua: UUID
    photos: UUID


async def _prepare(database: Database) -> Chats:
    """Ana attends one chat of words and one that ends in photographs; one waits."""
    await add_staff(database, "ana")
    await add_staff(database, "beto")
    async with database.transaction() as session:
        ana = (await session.execute(select(User.id).where(User.username == "ana"))).scalar_one()
        opened = []
        for text in (BACHE, AGUA, TALL):
            conversation = await conversations.open_conversation(
                session, channel="web", account="portal", external_user_id=uuid.uuid4().hex
            )
            await conversations.receive(session, conversation.id, external_id=uuid.uuid4().hex, text=text)
            opened.append(conversation.id)
        chats = Chats(*opened)
        await conversations.hand_to_queue(session, chats.agua, HandoffReason.REQUESTED)
        photo = StoredFile("foto.png", "image/png", 2048, "0" * 64)
        for _ in range(3):
            conversation = await conversations.lock(session, chats.photos)
            await conversations.append(session, conversation, NewMessage(Author.CITIZEN, files=(photo,)))
        for mine in (chats.bache, chats.photos):
            await conversations.take_over(session, mine, ana)
    return chats


@pytest.fixture
def chats(settings: Settings) -> Chats:
    return in_database(settings, _prepare)


@pytest.fixture
def ana(browser: Browser, site: str, chats: Chats) -> Page:
    page = signed_in(browser, site, "ana", f"/consola?conversacion={chats.bache}")
    expect(page.get_by_role("log")).to_contain_text(BACHE)
    return page


@contextmanager
def _session_ended(page: Page) -> Iterator[None]:
    """Signed out elsewhere. The page learns it by what the agent does within, not by one of its own looks before."""
    looks = "**/api/console/**"
    page.route(looks, lambda route: route.fallback() if route.request.url.endswith("/reply") else route.abort())
    page.context.clear_cookies()
    yield
    page.unroute(looks)


def _told(settings: Settings, conversation: UUID) -> list[tuple[Author, str]]:
    """What staff wrote there, as it is stored."""

    async def read(database: Database) -> list[tuple[Author, str]]:
        async with database.transaction() as session:
            of_staff = Message.author.in_([Author.AGENT, Author.NOTE])
            rows = await session.scalars(
                select(Message).where(Message.conversation_id == conversation, of_staff).order_by(Message.seq)
            )
            return [(row.author, row.text) for row in rows]

    return in_database(settings, read)


def _write(page: Page, text: str) -> None:
    page.get_by_label("Mensaje", exact=True).fill(text)
    page.keyboard.press("Enter")


def test_a_file_chosen_for_an_answer_never_takes_a_private_note_to_the_citizen(
    ana: Page, chats: Chats, settings: Settings
) -> None:
    photo = io.BytesIO()
    Image.new("RGB", (8, 8), "white").save(photo, "PNG")
    ana.get_by_label("Adjuntar foto o PDF").set_input_files(
        {"name": "mapa.png", "mimeType": "image/png", "buffer": photo.getvalue()}
    )
    ana.get_by_role("button", name="Nota privada").click()
    _write(ana, "Parece la misma persona de ayer")
    expect(ana.get_by_role("log")).to_contain_text("Parece la misma persona de ayer")
    expect(ana.locator(".pending")).to_have_count(0)
    assert _told(settings, chats.bache) == [(Author.NOTE, "Parece la misma persona de ayer")]
    expect(ana.get_by_text("Archivo: mapa.png")).to_be_hidden()
    ana.get_by_role("button", name="Responder").click()
    expect(ana.get_by_text("Archivo: mapa.png")).to_be_visible()


def test_an_answer_that_did_not_leave_waits_in_its_conversation(ana: Page, chats: Chats, settings: Settings) -> None:
    ana.context.set_offline(True)
    _write(ana, "Mañana va la cuadrilla")
    log = ana.get_by_role("log")
    expect(log).to_contain_text("No hay conexión")
    ana.context.set_offline(False)
    ana.locator(f"[data-row='{chats.photos}']").click()
    expect(log).not_to_contain_text("Mañana va la cuadrilla")
    ana.locator(f"[data-row='{chats.bache}']").click()
    expect(log).to_contain_text("Mañana va la cuadrilla")
    ana.reload()
    log.get_by_role("button", name="Reintentar").click()
    expect(log.locator(".failed, .pending")).to_have_count(0)
    expect(log).to_contain_text("Mañana va la cuadrilla")
    ana.reload()
    expect(log).to_contain_text("Mañana va la cuadrilla")
    expect(log.locator(".failed, .pending")).to_have_count(0)
    assert _told(settings, chats.bache) == [(Author.AGENT, "Mañana va la cuadrilla")]


def test_what_was_sent_after_the_session_ended_is_there_after_signing_in(
    ana: Page, chats: Chats, settings: Settings
) -> None:
    with _session_ended(ana):
        _write(ana, "Una respuesta que costó trabajo")
        expect(ana.get_by_role("button", name="Entrar")).to_be_visible()
    sign_in(ana.context, "ana")
    ana.goto(f"/consola?conversacion={chats.bache}")
    log = ana.get_by_role("log")
    log.get_by_role("button", name="Corregir").click()
    text = ana.get_by_label("Mensaje", exact=True)
    expect(text).to_have_value("Una respuesta que costó trabajo")
    expect(log.locator(".failed, .pending")).to_have_count(0)
    _write(ana, "Una respuesta corregida")
    expect(log).to_contain_text("✓")
    assert _told(settings, chats.bache) == [(Author.AGENT, "Una respuesta corregida")]


def test_nobody_else_who_enters_in_that_tab_is_handed_it(ana: Page, chats: Chats) -> None:
    ana.goto(f"/consola?conversacion={chats.agua}")
    expect(ana.get_by_role("log")).to_contain_text(AGUA)
    text = ana.get_by_label("Mensaje", exact=True)
    text.fill("A medio escribir")
    ana.goto("about:blank")  # a page left open would be sent to the sign-in as soon as it asks without a session
    ana.context.clear_cookies()
    sign_in(ana.context, "beto")
    ana.goto(f"/consola?conversacion={chats.agua}")
    expect(ana.get_by_role("log")).to_contain_text(AGUA)
    expect(text).to_have_value("")


def test_who_was_writing_when_another_took_the_chat_keeps_the_words(
    ana: Page, browser: Browser, site: str, chats: Chats, settings: Settings
) -> None:
    beto = signed_in(browser, site, "beto", f"/consola?conversacion={chats.agua}")
    expect(beto.get_by_role("log")).to_contain_text(AGUA)
    text = beto.get_by_label("Mensaje", exact=True)
    text.fill("El pozo 3 está en reparación")
    ana.goto(f"/consola?conversacion={chats.agua}")
    ana.get_by_role("button", name="Tomar").click()
    expect(beto.get_by_role("button", name="Responder")).to_be_disabled()
    expect(beto.get_by_role("button", name="Nota privada")).to_have_attribute("aria-pressed", "true")
    expect(text).to_have_value("El pozo 3 está en reparación")
    expect(beto.locator("[data-toasts]")).to_contain_text("Lo que escribía está en «Nota privada»")
    text.press("Enter")
    expect(ana.locator(".message.note")).to_contain_text("El pozo 3 está en reparación")
    assert _told(settings, chats.agua) == [(Author.NOTE, "El pozo 3 está en reparación")]
    beto.context.close()


def test_the_end_of_a_chat_stays_in_sight_while_its_photographs_load(ana: Page, chats: Chats) -> None:
    photo = io.BytesIO()
    Image.new("RGB", (300, 900), "steelblue").save(photo, "PNG")
    ana.route(
        "**/api/console/attachments/*", lambda route: route.fulfill(body=photo.getvalue(), content_type="image/png")
    )
    ana.goto(f"/consola?conversacion={chats.photos}")
    log = ana.get_by_role("log")
    expect(log).to_contain_text("Le atiende Ana")
    photos = log.locator(".attachment-image img")
    expect(photos).to_have_count(3)
    photos.evaluate_all("all => Promise.all(all.map((one) => one.decode()))")
    last = log.locator(".message").last
    expect(last).to_be_in_viewport()
    log.evaluate("(box) => { box.scrollTop = 0; }")
    expect(log.get_by_text(TALL)).to_be_in_viewport()
    log.evaluate("(box) => box.querySelector('img').dispatchEvent(new Event('load'))")
    expect(log.get_by_text(TALL)).to_be_in_viewport()


def test_the_list_points_at_the_chat_that_is_shown(ana: Page, chats: Chats) -> None:
    ana.route(f"**/conversations/{chats.photos}", lambda route: route.abort())
    ana.locator(f"[data-row='{chats.photos}']").click()
    expect(ana.locator("[data-toasts]")).to_contain_text("No hay conexión")
    expect(ana.locator("[data-row][aria-current]")).to_have_attribute("data-row", str(chats.bache))


def test_a_petition_half_written_is_there_when_its_form_was_closed_by_mistake(ana: Page) -> None:
    ana.get_by_role("button", name="Registrar petición").click()
    subject = ana.locator("dialog").get_by_label("Asunto")
    subject.fill("Un bache de dos metros frente a la primaria")
    ana.mouse.click(5, 450)
    expect(subject).to_be_visible()
    ana.keyboard.press("Escape")
    expect(subject).to_be_hidden()
    ana.get_by_role("button", name="Registrar petición").click()
    expect(subject).to_have_value("Un bache de dos metros frente a la primaria")


def test_the_note_of_a_dialog_closed_by_mistake_is_there_again_and_in_no_other_chat(ana: Page, chats: Chats) -> None:
    log = ana.get_by_role("log")
    for action, label in (("Transferir", "Nota para quien la recibe"), ("Cerrar", "Nota privada (opcional)")):
        ana.get_by_role("button", name=action, exact=True).click()
        note = ana.get_by_role("dialog").get_by_label(label)
        note.fill("Ya habló dos veces, pide a su supervisora")
        ana.keyboard.press("Escape")
        expect(note).to_be_hidden()
        ana.locator(f"[data-row='{chats.photos}']").click()
        expect(log).to_contain_text(TALL)
        ana.get_by_role("button", name=action, exact=True).click()
        expect(note).to_have_value("")
        ana.keyboard.press("Escape")
        ana.locator(f"[data-row='{chats.bache}']").click()
        expect(log).to_contain_text(BACHE)
        ana.get_by_role("button", name=action, exact=True).click()
        expect(note).to_have_value("Ya habló dos veces, pide a su supervisora")
        ana.keyboard.press("Escape")


def test_the_note_of_a_transfer_that_was_done_is_not_there_for_the_next(ana: Page, chats: Chats) -> None:
    transfer = ana.get_by_role("button", name="Transferir", exact=True)
    note = ana.get_by_role("dialog").get_by_label("Nota para quien la recibe")
    transfer.click()
    note.fill("Pide a su supervisora")
    ana.get_by_role("dialog").get_by_role("button", name="Transferir").click()
    expect(ana.locator("[data-toasts]")).to_contain_text("La conversación se transfirió.")
    ana.get_by_role("button", name="Tomar").click()
    transfer.click()
    expect(note).to_have_value("")


def test_who_signs_out_is_asked_and_leaves_nothing_half_written(ana: Page) -> None:
    asked: list[str] = []
    ana.get_by_label("Mensaje", exact=True).fill("Una respuesta a medias")
    account, leave = ana.get_by_label("Mi cuenta: Ana"), ana.get_by_role("button", name="Salir")
    account.click()
    ana.once("dialog", lambda dialog: (asked.append(dialog.message), dialog.dismiss()))
    leave.click()
    assert asked == ["Dejó mensajes sin enviar en esta ventana. Si sale, se borran. ¿Salir de todos modos?"]
    expect(ana.get_by_label("Mensaje", exact=True)).to_have_value("Una respuesta a medias")
    ana.goto("/consola/grupos")
    ana.get_by_label("Nombre").fill("Fuga en calle Reforma")
    account.click()
    ana.once("dialog", lambda dialog: dialog.accept())
    leave.click()
    expect(ana.get_by_role("status")).to_have_text("Salió de la consola.")
    ana.wait_for_load_state()  # the page's script has run
    assert ana.evaluate("Object.keys(sessionStorage)") == []


def test_a_form_half_written_when_the_session_ended_is_there_after_signing_in(ana: Page) -> None:
    ana.goto("/consola/grupos")
    name, folios = ana.get_by_label("Nombre"), ana.get_by_label("Folios")
    name.fill("Fuga en calle Reforma")
    folios.fill("AC-2026-000001-X")
    with _session_ended(ana):
        ana.get_by_role("button", name="Hacer el grupo").click()
    ana.get_by_label("Usuario").fill("ana")
    ana.get_by_label("Contraseña").fill(PASSWORD)
    ana.get_by_role("button", name="Entrar").click()
    expect(ana).to_have_url(re.compile("/consola/grupos$"))
    expect(name).to_have_value("Fuga en calle Reforma")
    expect(folios).to_have_value("AC-2026-000001-X")
    expect(ana.get_by_text("Su sesión terminó antes de guardar esto")).to_be_visible()
    ana.reload()
    expect(name).to_have_value("")


def test_on_a_telephone_the_header_shows_its_mark_whole_and_the_account_beside_it(ana: Page) -> None:
    ana.set_viewport_size({"width": 390, "height": 844})
    mark, account = ana.locator(".brand img").bounding_box(), ana.locator(".avatar").bounding_box()
    assert mark is not None and account is not None
    assert mark["width"] == 28
    assert abs(mark["y"] - account["y"]) < 10
