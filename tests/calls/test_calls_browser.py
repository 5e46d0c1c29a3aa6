"""Ten calls by the keyboard alone, through a reload, and the list that then tells them."""

from collections.abc import Callable
from functools import partial
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect
from sqlalchemy import select

from backend.db import Database
from backend.ledger.models import Direction, Interaction, Outcome, Purpose
from backend.registry.models import Petition
from backend.settings import Settings
from tests import serving
from tests.capture.conftest import people
from tests.looks import looked_at, seen
from tests.signed_in import signed_in

pytestmark = pytest.mark.browser

#: The key of each call's purpose, and the purpose.
CALLS = (
    ("i", Purpose.INFORMATION),
    ("s", Purpose.FOLLOW_UP),
    ("q", Purpose.COMPLAINT),
    ("f", Purpose.CONGRATULATION),
    ("t", Purpose.TRANSFER),
    ("e", Purpose.WRONG_NUMBER),
    ("b", Purpose.PRANK),
    ("i", Purpose.INFORMATION),
    ("s", Purpose.FOLLOW_UP),
    ("p", Purpose.PETITION),
)
#: What a practised person presses for an ordinary call: begin, answer, the number, its purpose, the end.
MOST_KEYS = 14


def _sign_in(browser: Browser, site: str, username: str = "ana", width: int = 1280) -> Page:
    page = signed_in(browser, site, username, "/consola/llamadas", width=width)
    _ready(page)
    return page


@pytest.fixture
def in_database(settings: Settings) -> Callable[[Callable[[Database], Any]], Any]:
    return partial(serving.in_database, settings)


async def _logged(database: Database) -> tuple[list[Interaction], Petition | None]:
    async with database.transaction() as session:
        rows = list(await session.scalars(select(Interaction).order_by(Interaction.started_at)))
        petition = await session.scalar(select(Petition).order_by(Petition.number.desc()).limit(1))
        return rows, petition


def test_ten_calls_are_logged_by_keyboard_alone_and_stand_in_the_list(
    browser: Browser, site: str, in_database: Callable[[Any], Any]
) -> None:
    in_database(people)
    page = _sign_in(browser, site)
    looked_at(page, "calls-empty")
    for number, (key, _) in enumerate(CALLS):
        _call(page, number, key)
    rows, petition = in_database(_logged)
    assert [row.purpose for row in rows] == [purpose for _, purpose in CALLS]
    assert [row.phone for row in rows] == [f"+52662111223{3 if number == 0 else number}" for number in range(10)]
    assert all(row.ended_at and row.answered_at and row.person_seconds is not None for row in rows)
    assert rows[0].caller_name == rows[3].caller_name == "Rosa María Félix Duarte"
    assert rows[4].outcome is Outcome.TRANSFERRED
    assert rows[4].transfer_area_id is not None
    assert (rows[1].direction, rows[1].notes) == (Direction.OUTBOUND, "Se le dijo que va en camino")
    assert petition is not None
    assert (rows[9].petition_id, petition.channel) == (petition.id, "call_center")
    listed = page.locator("tbody tr")
    expect(listed).to_have_count(10)
    told = [" ".join(text.split()) for text in listed.locator("td:nth-child(2)").all_inner_texts()]
    assert [text.split(" ")[0] for text in told] == [
        "Petición", "Seguimiento", "Información", "Broma", "Equivocada", "Transferida", "Felicitación", "Queja",
        "Seguimiento", "Información",
    ]  # fmt: skip
    seen(page, "calls-list")
    page.set_viewport_size({"width": 360, "height": 780})
    seen(page, "calls-list")
    page.goto(f"/consola/peticiones/{petition.folio}")
    expect(page.locator("#llamadas")).to_contain_text("Petición · Atendida")
    _reported(browser, site)


def _reported(browser: Browser, site: str) -> None:
    """The head's report counts just those calls, whole and by purpose."""
    page = _sign_in(browser, site, "hilda")
    page.goto("/consola/reportes/llamadas?por=motivo")
    # What was nobody's call for us, a wrong number and a prank, is counted apart.
    for figure, count in (
        ("Recibidas", "7"), ("Realizadas", "1"), ("Transferidas internamente", "1"), ("De número equivocado", "1"),
        ("De broma", "1"),
    ):  # fmt: skip
        name = page.get_by_text(figure, exact=True)
        expect(page.locator(".figures .figure", has=name).locator(".value")).to_have_text(count)
    rows = page.locator(".breakdown tbody tr:not(.total)")
    expect(rows).to_have_count(8)
    told = {
        " ".join(row.locator("th").inner_text().split()): row.locator("td").first.inner_text().split()[0]
        for row in rows.all()
    }
    assert told == {
        "Información": "2", "Seguimiento": "1", "Queja": "1", "Felicitación": "1", "Para otra área": "1",
        "Número equivocado": "0", "Broma": "0", "Petición": "1",
    }  # fmt: skip


def _call(page: Page, number: int, key: str) -> None:
    """One call, with what is peculiar to some."""
    keyboard = page.keyboard
    pressed = ["F2", "F2", *f"662111223{3 if number == 0 else number}", key, "F8"]
    assert len(pressed) <= MOST_KEYS
    keyboard.press("F2")
    _ready(page)
    expect(page.locator("[name=telefono]")).to_be_focused()
    keyboard.press("F2")
    expect(page.locator("[data-phase]")).to_have_text("En atención")
    keyboard.type("".join(pressed[2:-2]))
    if number == 0:
        expect(page.locator("[data-caller]")).to_contain_text("No pasa la basura")
        expect(page.locator("[name=nombre]")).to_have_value("Rosa María Félix Duarte")
        seen(page, "call-running")
    keyboard.press(key)
    expect(page.locator(f"[data-key={key}]")).to_be_checked()
    if key == "t":
        expect(page.locator("[name=area]")).to_be_focused()
        keyboard.type("Asesor")
    if number == 1:
        keyboard.press("d")
        keyboard.press("n")
        keyboard.type("Se le dijo que va en camino")
        expect(page.locator("[data-call-status]")).to_have_text("Guardado.")
        page.reload()  # and even through that
        _ready(page)
        expect(page.locator("[name=notas]")).to_have_value("Se le dijo que va en camino")
        expect(page.locator(f"[data-key={key}]")).to_be_checked()
    if key == "p":
        _capture(page)
    keyboard.press("F8")
    expect(page.get_by_text("Quedó registrada.")).to_be_visible()
    _ready(page)


def _ready(page: Page) -> None:
    """The page's keys are bound, when its help is no longer hidden."""
    expect(page.locator("[data-help]")).not_to_have_attribute("hidden", "")


def _capture(page: Page) -> None:
    """A petition is told in the call: its form knows what the call knows, and leads back to it."""
    page.keyboard.press("n")
    page.keyboard.type("Pide que poden un árbol")
    page.keyboard.press("Escape")
    page.keyboard.press("c")
    expect(page.locator("[name=kind]")).to_be_focused()
    expect(page.locator("[name=telefono]")).to_have_value("662 111 2239")
    expect(page.locator("[name=narrativa]")).to_have_value("Pide que poden un árbol")
    expect(page.locator(".on-call")).to_contain_text("0:0")
    page.locator("[name=nombre]").fill("Hilario Yocupicio")
    page.locator("[name=municipio]").fill("Navojoa")
    page.locator("[name=colonia]").fill("Centro")
    page.keyboard.press("Control+Enter")
    expect(page.locator("[data-captured]")).to_contain_text("AC-")
    page.keyboard.press("F2")
    _ready(page)
    expect(page.locator("[name=folio]")).not_to_have_value("")


def test_the_pages_of_a_call_fit_a_telephone_and_say_what_is_missing(
    browser: Browser, site: str, in_database: Callable[[Any], Any]
) -> None:
    in_database(people)
    page = _sign_in(browser, site, "hilda", 360)
    page.get_by_role("button", name="Visita").click()
    _ready(page)
    expect(page.locator("[data-phase]")).to_have_text("En atención")
    page.keyboard.press("F8")
    expect(page.get_by_text("Diga de qué trató.")).to_be_visible()
    page.keyboard.press("Escape")
    page.keyboard.press("?")
    expect(page.get_by_role("heading", name="Teclas de las llamadas")).to_be_visible()
    seen(page, "call-keys")
    page.get_by_role("button", name="Cerrar").click()
    seen(page, "call-running")
    page.locator(".purpose", has_text="Información").click()
    page.get_by_role("button", name="Terminar").click()
    expect(page.get_by_text("Quedó registrada.")).to_be_visible()
    page.locator("[data-open]").first.click()
    page.get_by_text("Corregir", exact=True).click()
    page.get_by_label("Notas").fill("Vino por su acta")
    page.get_by_label("Por qué se corrige").fill("Faltaba decir a qué vino")
    page.get_by_role("button", name="Guardar la corrección").click()
    expect(page.locator(".timeline")).to_contain_text("Faltaba decir a qué vino")
    seen(page, "call-detail")
    for path, name in (
        ("/consola/llamadas/importar", "call-imports"),
        ("/consola/llamadas/anotar", "call-late"),
    ):
        page.goto(path)
        seen(page, name)
