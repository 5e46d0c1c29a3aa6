"""An access case in real Chromium, wide and narrow: from the chat's petition to the ZIP, nothing for axe to find."""

import asyncio
import os
import zipfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from uuid import UUID

import pytest
from playwright.sync_api import Browser, expect

from backend.agents import service as agents
from backend.agents.models import Role
from backend.arco import carrying_out, service
from backend.arco.models import Identity, Right
from backend.conversations import service as conversations
from backend.db import Database
from backend.registry import petitions
from backend.registry.models import ActorKind, EntryChannel, PetitionKind
from backend.registry.petitions import NewPetition
from backend.settings import Settings
from tests.looks import looked_at, seen
from tests.signed_in import signed_in
from tests.staff import PASSWORD, add_staff
from tests.widths import WIDTHS

pytestmark = pytest.mark.browser
#: Where to leave pictures of the pages, to be looked at.
TOLD = "Quiero saber qué datos míos tienen, y desde cuándo"
#: As long as any value may be, with nowhere to break a line: no page grows wider by it.
UNBROKEN = "W" * 190


async def _prepare(settings: Settings) -> str:
    """A petition that somebody told the chat."""
    database = Database(settings.database_url)
    await add_staff(database, "hilda", Role.HEAD)
    async with database.transaction() as session:
        await agents.create_user(
            session, username="adela", full_name=f"Adela {UNBROKEN}", role=Role.ADMIN, password=PASSWORD
        )
        conversation = await conversations.open_conversation(
            session, channel="web", account="portal", external_user_id="sesion-de-luz"
        )
        await conversations.receive(session, conversation.id, external_id="1", text="derechos ARCO")
        new = NewPetition(
            PetitionKind.DERECHOS_ARCO, EntryChannel.CHAT_SONORA, f"{TOLD} {UNBROKEN}", name=f"Luz {UNBROKEN}",
            phone="+526621234567", conversation_id=conversation.id,
        )  # fmt: skip
        petition = await petitions.file(session, new, actor=ActorKind.CITIZEN)
    await database.close()
    return petition.folio


@pytest.mark.parametrize("width", WIDTHS)
def test_an_access_case_from_the_chat_to_the_zip(
    browser: Browser, site: str, settings: Settings, tmp_path: Path, width: int
) -> None:
    with ThreadPoolExecutor(1) as pool:  # Playwright's loop runs in this thread
        folio = pool.submit(asyncio.run, _prepare(settings)).result()
    page = signed_in(browser, site, "adela", "/consola/arco", width=width)
    expect(page.get_by_role("link", name=folio)).to_be_visible()
    seen(page, "arco-lista")
    page.get_by_role("link", name=folio).click()
    page.locator("select[name=right]").select_option("acceso")
    page.locator("select[name=user_id]").select_option(label="Hilda")
    page.get_by_role("button", name="Guardar", exact=True).click()
    expect(page.get_by_role("status")).to_contain_text("se actualizó")
    page.get_by_role("button", name="Responder: procede").click()
    expect(page.get_by_role("alert")).to_contain_text("se acreditó la identidad")
    page.get_by_label("Con qué se acreditó").select_option("ine")
    page.get_by_role("button", name="Registrar que se acreditó").click()
    expect(page.get_by_text("Identidad acreditada")).to_be_visible()
    with page.expect_download() as download:
        page.get_by_role("button", name="Descargar la copia").click()
    copy = tmp_path / "copia.zip"
    download.value.save_as(copy)
    with zipfile.ZipFile(copy) as archive:
        assert TOLD in archive.read("datos.json").decode()
        if folder := os.environ.get("SCREENSHOTS"):
            (Path(folder) / "resumen.pdf").write_bytes(archive.read("resumen.pdf"))
    page.get_by_label("Lo que se responde a la persona").fill(f"Procede: se entrega la copia de sus datos. {UNBROKEN}")
    page.get_by_role("button", name="Responder: procede").click()
    expect(page.get_by_role("heading", name="Cumplir", exact=True)).to_be_visible()
    seen(page, "arco-solicitud")
    page.get_by_role("button", name="Registrar que se cumplió").click()
    expect(page.get_by_role("status")).to_contain_text("cumplida")
    page.goto(f"{site}/consola/peticiones/{folio}")
    expect(page.locator("main")).to_contain_text("Concluida")
    seen(page, "peticion")
    for address, name in (("arco/plazos", "arco-plazos"), ("conservacion", "conservacion")):
        page.goto(f"{site}/consola/{address}")
        seen(page, name)
    page.context.close()


async def _cancel(settings: Settings) -> UUID:
    """A cancellation that was carried out, of somebody with a name nowhere broken."""
    database = Database(settings.database_url)
    await add_staff(database, "hilda", Role.HEAD)
    async with database.transaction() as session:
        head = await agents.find_user(session, "hilda")
        new = NewPetition(
            PetitionKind.DERECHOS_ARCO, EntryChannel.PRESENCIAL, "Borren mis datos", name=f"Luz {UNBROKEN}",
            phone="+526621234567",
        )  # fmt: skip
        one = await service.open_for(session, await petitions.file(session, new, actor=ActorKind.STAFF))
        assert one is not None
        await service.assign(session, one, Right.CANCELLATION, one.person_id, None, by=head)
        await service.identify(session, one, Identity.INE, "", by=head)
        await service.grant(session, one, "Procede.", service.today(), by=head)
        await carrying_out.complete(session, one, service.today(), by=head)
    await database.close()
    return one.id


def test_a_cancellation_is_taken_back_by_keyboard(browser: Browser, site: str, settings: Settings) -> None:
    with ThreadPoolExecutor(1) as pool:
        request_id = pool.submit(asyncio.run, _cancel(settings)).result()
    page = signed_in(browser, site, "hilda", f"/consola/arco/{request_id}")
    page.on("dialog", lambda dialog: dialog.accept())
    looked_at(page, "arco-bloqueada")
    page.get_by_text("Levantar el bloqueo").first.focus()
    page.keyboard.press("Enter")
    page.get_by_label("Por qué se levanta").press_sequentially("Se bloqueó a otra persona")
    looked_at(page, "arco-desbloqueo")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page.get_by_role("status")).to_contain_text("otra vez en las listas")
    expect(page.get_by_role("heading", name="Datos bloqueados")).to_be_hidden()
    page.context.close()
