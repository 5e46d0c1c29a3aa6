"""What a liaison writes in a real browser, when the session ends or a colleague was first."""

import re

import pytest
from playwright.sync_api import Browser, Page, expect

from backend.agents.models import Role
from backend.db import Database
from backend.settings import Settings
from tests.console.turned import add_liaison, add_petition, turn_to
from tests.serving import in_database
from tests.signed_in import sign_in, signed_in
from tests.staff import PASSWORD, add_staff

pytestmark = pytest.mark.browser
TOLD = "Se cambió la válvula y ya hay agua en la colonia"
#: Of a type that no evidence may have: the answer is refused once it was sent.
WRONG = {"name": "evidencia.txt", "mimeType": "text/plain", "buffer": b"Se hizo"}


async def _prepare(database: Database) -> str:
    """Wendy's page of a turn."""
    await add_staff(database, "hilda", Role.HEAD)
    async with database.transaction() as session:
        await add_liaison(session, "cea", "wendy")
        (turn,) = await turn_to(session, await add_petition(session), "cea")
        return f"/consola/enlace/turnos/{turn.id}"


@pytest.fixture
def turn(settings: Settings) -> str:
    return in_database(settings, _prepare)


@pytest.fixture
def wendy(browser: Browser, site: str, turn: str) -> Page:
    page = signed_in(browser, site, "wendy", turn)
    page.on("dialog", lambda dialog: dialog.accept())
    return page


def _answer(page: Page, text: str) -> None:
    page.get_by_label("Se atendió").check()
    page.get_by_label("Qué se hizo, o por qué no fue posible").fill(text)


def _send(page: Page) -> None:
    page.get_by_role("button", name="Enviar respuesta").click()


def test_an_answer_that_was_refused_outlives_the_session_too(wendy: Page, turn: str) -> None:
    _answer(wendy, TOLD)
    wendy.get_by_label("Evidencias").set_input_files(WRONG)
    _send(wendy)
    expect(wendy.get_by_role("alert")).to_contain_text("Solo se aceptan fotos")
    wendy.context.clear_cookies()
    _send(wendy)
    wendy.get_by_label("Usuario").fill("wendy")
    wendy.get_by_label("Contraseña").fill(PASSWORD)
    wendy.get_by_role("button", name="Entrar").click()
    expect(wendy).to_have_url(re.compile(f"{turn}$"))
    expect(wendy.get_by_text("Su sesión terminó antes de guardar esto")).to_be_visible()
    expect(wendy.get_by_label("Se atendió")).to_be_checked()
    expect(wendy.get_by_label("Qué se hizo, o por qué no fue posible")).to_have_value(TOLD)
    _send(wendy)
    expect(wendy.get_by_role("status")).to_contain_text("Su respuesta llegó")


def test_who_answers_after_a_colleague_can_copy_what_they_wrote(wendy: Page, turn: str) -> None:
    colleague = wendy.context.new_page()
    colleague.goto(turn)
    colleague.on("dialog", lambda dialog: dialog.accept())
    _answer(wendy, TOLD)
    _answer(colleague, "Ya fue la cuadrilla")
    _send(colleague)
    expect(colleague.get_by_role("status")).to_contain_text("Su respuesta llegó")
    _send(wendy)
    expect(wendy.get_by_role("alert")).to_contain_text("Este turno ya se cerró")
    expect(wendy.get_by_role("region", name="Lo que usted escribió no se envió")).to_contain_text(TOLD)


def test_who_signed_in_again_in_another_window_keeps_what_was_written_in_this(wendy: Page, turn: str) -> None:
    _answer(wendy, TOLD)
    wendy.context.clear_cookies()
    sign_in(wendy.context, "wendy")
    _send(wendy)
    wendy.get_by_role("link", name="Volver a lo que escribía").click()
    expect(wendy.get_by_text("Su sesión terminó antes de guardar esto")).to_be_visible()
    expect(wendy.get_by_label("Qué se hizo, o por qué no fue posible")).to_have_value(TOLD)
    _send(wendy)
    expect(wendy.get_by_role("status")).to_contain_text("Su respuesta llegó")
