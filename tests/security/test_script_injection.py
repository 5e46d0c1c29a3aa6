"""What anybody writes is shown and never run: a poisoned database, every page of it in real Chromium.

Each page is looked through for the attack's own element, which would be there even if our policy kept it from running,
for scripts that ran, and for what the policy refused.
"""

import re
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect
from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession

from backend import clock
from backend.agents import passwords
from backend.agents.models import Role, User
from backend.assistant.port import ReplyButton
from backend.conversations import service as conversations
from backend.conversations.messages import NewMessage, StoredFile
from backend.conversations.models import Author, Conversation, HandoffReason, Message
from backend.db import Database
from backend.demo.seeding import seed
from backend.ledger.models import Interaction
from backend.outreach.models import CallCampaign, CallTask
from backend.registry import petitions
from backend.registry.models import Petition, PetitionStatus
from backend.settings import Settings
from backend.staffing.models import Task
from backend.transparency.models import InfoRequest
from backend.turns.models import Turn, TurnFile
from tests.security import table
from tests.security.poison import ADDRESS, ATTACKS, Poisoned, poison
from tests.serving import in_database
from tests.signed_in import sign_in
from tests.staff import PASSWORD

pytestmark = pytest.mark.browser

WATCH = """
  window.ran = []; window.refused = [];
  window.xss = () => window.ran.push("script");
  document.addEventListener("securitypolicyviolation", (e) => {
    window.refused.push(e.violatedDirective + " " + e.blockedURI);
  });
"""
FOUND = """() => ({
  ran: window.ran, refused: window.refused,
  markup: [...document.querySelectorAll("[data-xss]")].map((e) => e.parentElement.outerHTML.slice(0, 300)),
  links: [...document.querySelectorAll("[href^='javascript:' i], [src^='javascript:' i], [action^='javascript:' i]")]
    .map((e) => e.outerHTML.slice(0, 300)),
})"""
#: What must be among what was poisoned: the fields that a citizen, an agency or a telephone exchange fills in.
MUST = {
    "person.full_name", "person.email", "petition.narrative", "petition.colonia", "petition.street",
    "petition.place_reference", "petition.details", "message.text", "message.extra", "message.buttons",
    "attachment.file_name", "conversation.display_name", "conversation.page_url", "rating.comment",
    "petition_event.text", "petition_event.detail", "interaction.caller_name", "interaction.notes", "turn.instructions",
    "turn.answer", "turn_file.file_name", "call_task.name", "call_reason.note", "info_request.text", "task.title",
    "task.description", "staff_user.full_name", "agency.name", "topic.name",
}  # fmt: skip
#: What is no page: files, streams, parts that scripts ask for, what only vendors or programs ask.
NO_PAGE = re.compile(
    r".*(\.csv|\.xlsx|\.pdf|\.docx|/zip|/pdf|en-vivo|/exportar/\{name\}|archivos/\{file_id\}|grabaciones/.*|/oficio"
    r"|/expediente/\{document_id\}|documentos/\{letter_id\}/\{form\}|telefono/(ahora|aviso)|/avance|informe\.csv)"
)
#: Words of the table that let the head in.
INSIDE = {"staff", "heads", "admins", "settled", "overseers", "desk_and_auditors", "at_a_browser"}
#: Without a row of their own here: what they show is what others show too, or was typed by the office's own head.
NO_ROW = re.compile(
    r".*(\{account_id\}|\{channel\}|\{import_id\}|\{batch_id\}|\{subscription_id\}|\{group_id\}|\{quarter\}|versiones/"
    r"|documentos/nuevo).*"
)


@dataclass(frozen=True)
class Case:
    poisoned: Poisoned
    ids: dict[str, str]
    conversation_id: str
    code: str


async def _prepare(database: Database, key: bytes) -> Case:
    async with database.transaction() as session:
        await seed(session)
        hashed = passwords.hash_password(PASSWORD)
        await session.execute(update(User).values(password_hash=hashed, must_change_password=False))
        await session.execute(update(User).where(User.role == Role.HEAD).values(role=Role.ADMIN))
        conversation_id = await _waiting(session)
        await _evidence(session)
        petition = (await session.scalars(select(Petition).where(Petition.status == PetitionStatus.TURNADA))).first()
        assert petition is not None
        petition.details = petition.details | {"media_url": ADDRESS, "reference_text": "x", "note": "x"}
        petition.street, petition.place_reference, petition.colonia = "x", "x", "x"
        code = petitions.code_of(petition, key)
        ids = {
            "folio": petition.folio,
            "blocked_folio": petition.folio,
            **{
                name: str(await session.scalar(select(model.id).limit(1)))
                for name, model in (
                    ("/consola/tareas/{task_id}", Task),
                    ("/consola/llamadas-pendientes/{task_id}", CallTask),
                    ("campaign_id", CallCampaign),
                    ("call_id", Interaction),
                    ("request_id", InfoRequest),
                )
            },
            "user_id": str(await session.scalar(select(User.id).where(User.role == Role.ANALYST).limit(1))),
            "kind": "audiencia",
            "key": "satisfaccion",
        }
    async with database.transaction() as session:
        return Case(await poison(session), ids, str(conversation_id), code)


async def _waiting(session: AsyncSession) -> uuid.UUID:
    """A chat in the queue with everything that a citizen can send in one."""
    conversation = await conversations.open_conversation(
        session, channel="telegram", account="1", external_user_id=uuid.uuid4().hex
    )
    conversation.display_name, conversation.page_url = "x", "x"
    extra = {"card": {"name": "x", "phone": "x"}, "location": {"latitude": 29.0, "longitude": -110.9, "label": "x"}}
    kept = StoredFile("x.jpg", "image/jpeg", 10, "a" * 64)
    await conversations.receive(session, conversation.id, external_id="1", text="x", extra=extra)
    buttons = [{"title": "x", "payload": "/x"}]
    for new in (NewMessage(Author.CITIZEN, text="x", files=(kept,)), NewMessage(Author.BOT, text="x")):
        await conversations.append(session, conversation, new)
    await session.execute(update(Message).where(Message.author == Author.BOT).values(buttons=buttons))
    await conversations.hand_to_queue(session, conversation.id, HandoffReason.REQUESTED)
    return conversation.id


async def _evidence(session: AsyncSession) -> None:
    """An answer with a file, of every turn."""
    for turn in await session.scalars(select(Turn)):
        turn.answer = turn.answer or "x"
        session.add(
            TurnFile(turn_id=turn.id, file_name="x.pdf", content_type="application/pdf", size=3, sha256="b" * 64,
                     user_id=turn.created_by)
        )  # fmt: skip
    await session.flush()


@pytest.fixture
def case(settings: Settings) -> Case:
    return in_database(settings, lambda database: _prepare(database, settings.key))


@pytest.fixture
def context(browser: Browser, site: str) -> Iterator[BrowserContext]:
    context = browser.new_context(base_url=site, locale="es-MX", viewport={"width": 1280, "height": 900})
    context.add_init_script(WATCH)
    context.set_default_timeout(30_000)
    yield context
    context.close()


def _sign_in(context: BrowserContext, username: str) -> Page:
    page = context.new_page()
    page.on("dialog", lambda dialog: pytest.fail(f"a script of theirs opened a dialog: {dialog.message}"))
    sign_in(context, username)
    return page


def _look_through(page: Page, where: str) -> bool:
    """Nothing of an attack is in the page but its words; whether it shows those."""
    page.wait_for_timeout(150)  # for what its scripts fetch and put in
    found: dict[str, Any] = page.evaluate(FOUND)
    assert found == {"ran": [], "refused": [], "markup": [], "links": []}, f"{where}: {found}"
    return "data-xss" in page.content().replace("&quot;", '"')


def _open(page: Page, path: str) -> bool:
    answer = page.goto(path)
    assert answer is not None
    # Some pages want more than their address: what they say of it is looked through too.
    assert answer.status in (200, 404, 422), f"{path}: {answer.status}"
    policy = answer.headers["content-security-policy"]
    assert "default-src 'self'" in policy, path
    assert "unsafe" not in policy, path
    return _look_through(page, path)


def _pages(case: Case, word_of: set[str], prefix: str) -> list[str]:
    """The table's pages of these words, with rows of ours in their addresses."""
    found = []
    for (method, path), word in table.read().entries.items():
        if method != "GET" or word not in word_of or not path.startswith(prefix):
            continue
        if NO_PAGE.fullmatch(path) or NO_ROW.fullmatch(path):
            continue
        # A name that means different things by the page is kept with the page's whole address.
        found.append(re.sub(r"\{(\w+)\}", lambda name, at=path: case.ids.get(at) or case.ids[name[1]], path))
    return found


def test_what_anybody_wrote_runs_on_no_page_of_the_console(context: BrowserContext, case: Case) -> None:
    assert set(case.poisoned.columns) >= MUST, MUST - set(case.poisoned.columns)
    page = _sign_in(context, "jefa.demo")
    shown = [path for path in _pages(case, INSIDE, "/consola") if _open(page, path)]
    assert len(shown) > 25, "the attacks are on few pages: nothing was proved"
    assert _open(page, f"/consola?conversacion={case.conversation_id}")
    page.locator("[data-transcript]").get_by_text("data-xss").first.wait_for()
    assert _look_through(page, "an open conversation")
    assert not _open(page, "/consola/tablero/pared"), "a screen that all can see shows figures alone"


def test_nor_on_the_liaisons_pages(context: BrowserContext, settings: Settings, case: Case) -> None:
    def turns(database: Database) -> Any:
        async def find() -> tuple[str, list[str]]:
            async with database.transaction() as session:
                liaison = (await session.scalars(select(User).where(User.role == Role.LIAISON))).first()
                assert liaison is not None
                ids = await session.scalars(select(Turn.id).where(Turn.agency_id == liaison.agency_id))
                return liaison.username, list(map(str, ids))

        return find()

    username, ids = in_database(settings, turns)
    page = _sign_in(context, username)
    assert ids, "the demonstration's liaison has turns"
    assert _open(page, "/consola/enlace")
    for one in ids[:3]:
        assert _open(page, f"/consola/enlace/turnos/{one}")


def test_nor_on_the_public_ones(context: BrowserContext, settings: Settings, case: Case) -> None:
    page = context.new_page()
    page.goto("/folio")
    page.locator("[name=folio]").fill(case.ids["folio"])
    page.locator("[name=clave]").fill(case.code)
    page.locator("[name=clave]").press("Enter")
    page.wait_for_load_state()
    expect(page.locator("body")).to_contain_text(case.ids["folio"])
    _look_through(page, "the folio's page")
    page.goto("/folio")
    page.locator("[name=folio]").fill(ATTACKS[0])
    page.locator("[name=clave]").fill(ATTACKS[0])
    page.locator("[name=clave]").press("Enter")
    page.wait_for_load_state()
    assert _look_through(page, "the folio's page, refusing")
    _in_the_widget(page, settings)


def _in_the_widget(page: Page, settings: Settings) -> None:
    page.goto("/")
    page.get_by_role("button", name="Abrir el chat").click()
    page.get_by_label("Escriba su mensaje").fill(ATTACKS[0])
    page.keyboard.press("Enter")
    expect(page.locator(".citizen .mark")).to_have_text("Recibido")

    async def answer(database: Database) -> None:
        async with database.transaction() as session:
            query = select(Conversation).order_by(Conversation.last_message_at.desc().nulls_last()).limit(1)
            conversation = (await session.scalars(query)).one()
            kept = StoredFile(f"{ATTACKS[0]}.pdf", "application/pdf", 10, "c" * 64)
            said = f"{ADDRESS} {ATTACKS[0]} https://ejemplo.mx/{ATTACKS[1]}"
            locked = await conversations.lock(session, conversation.id)
            await conversations.append(session, locked, NewMessage(Author.AGENT, text=said, files=(kept,)))
            offered = (ReplyButton(ATTACKS[1], "/x"),)
            await conversations.append(session, locked, NewMessage(Author.BOT, text="x", buttons=offered))
            conversation.last_message_at = clock.now()

    in_database(settings, answer)
    page.get_by_role("button", name="data-xss").last.wait_for()
    found = page.evaluate(FOUND)
    inside = page.evaluate(
        "() => { const root = document.querySelector('chat-sonora')?.shadowRoot ?? document;"
        " return root.querySelectorAll('[data-xss], [href^=\"javascript:\" i]').length }"
    )
    assert (found, inside) == ({"ran": [], "refused": [], "markup": [], "links": []}, 0)
