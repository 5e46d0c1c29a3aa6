"""Files too large or too many are refused where they are chosen, in a real browser, before anything is sent."""

from uuid import UUID

import pytest
from playwright.sync_api import Browser, Page, expect

from backend.agents import service as agents
from backend.agents.models import Role
from backend.db import Database
from backend.settings import Settings
from backend.transparency import service as transparency
from backend.transparency.service import Draft
from tests.console.turned import add_petition
from tests.serving import in_database
from tests.signed_in import signed_in
from tests.staff import add_staff
from tests.transparency.test_requests import RECEIVED

pytestmark = pytest.mark.browser

#: As if somebody had chosen `count` files of so many megabytes, or dropped them on the form.
CHOSEN = """(input, { count, megabytes, isDropped }) => {
  const files = new DataTransfer();
  for (let each = 0; each < count; each += 1) {
    files.items.add(new File([new Uint8Array(megabytes * 1024 * 1024)], `${each}.pdf`, { type: "application/pdf" }));
  }
  if (isDropped) return input.form.dispatchEvent(new DragEvent("drop", { dataTransfer: files, bubbles: true }));
  input.files = files.files;
  return input.dispatchEvent(new Event("change", { bubbles: true }));
}"""


async def _prepare(database: Database) -> tuple[str, UUID]:
    """A folio, and a request for information."""
    await add_staff(database, "hilda", Role.HEAD)
    async with database.transaction() as session:
        hilda = await agents.find_user(session, "hilda")
        draft = Draft("260470126000099", RECEIVED, "Copia de los oficios de septiembre")
        request = await transparency.receive(session, draft, by=hilda)
        return (await add_petition(session)).folio, request.id


def _refused(page: Page, button: str, words: str, *, count: int = 1, megabytes: int = 0, drop: bool = False) -> None:
    """Chosen and sent, they stay here, and why is told."""
    place, input_ = page.url, page.locator("form[enctype='multipart/form-data'] input[type='file']").last
    input_.evaluate(CHOSEN, {"count": count, "megabytes": megabytes, "isDropped": drop})
    if not drop:
        page.get_by_role("button", name=button).click()
    expect(input_).to_have_js_property("validationMessage", words)
    assert page.url == place


def test_what_is_too_much_is_told_where_it_is_chosen(browser: Browser, site: str, settings: Settings) -> None:
    folio, request = in_database(settings, _prepare)
    page = signed_in(browser, site, "hilda", f"/consola/transparencia/{request}")
    sent: list[str] = []
    page.on("request", lambda one: sent.append(one.url) if one.method == "POST" else None)
    _refused(page, "Subir", "Elija 10 archivos como máximo.", count=11)
    _refused(page, "Subir", "Los archivos pasan de 10 MB entre todos.", megabytes=11)
    page.goto("/consola/importaciones")
    _refused(page, "Revisar", "El archivo pasa de 60 MB.", megabytes=61)
    page.goto(f"/consola/peticiones/{folio}")
    _refused(page, "Agregar", "Los archivos pasan de 10 MB entre todos.", megabytes=11, drop=True)
    assert not [one for one in sent if "/consola/" in one]
