"""The pages on channels, templates and reconciliation, as a browser without JavaScript uses them."""

import re
import uuid
from collections.abc import AsyncIterator
from datetime import timedelta
from uuid import UUID

import httpx
import pytest
from fastapi import FastAPI
from sqlalchemy import select

from backend import clock
from backend.agents.models import Role
from backend.app import create_app
from backend.conversations.models import Message
from backend.db import Database
from backend.messaging.models import ChannelAccount, UnreadableWebhook
from backend.settings import Settings
from tests.fakes.handles import TelegramServer, TwilioServer
from tests.staff import Staff, add_staff, sign_in
from tests.stand_ins import telegram, twilio

__all__ = ["telegram", "twilio"]

PAGES = (
    ("GET", "/consola/canales"),
    ("GET", "/consola/canales/nueva/whatsapp"),
    ("POST", "/consola/canales/nueva/whatsapp"),
    ("GET", "/consola/canales/{id}"),
    ("POST", "/consola/canales/{id}"),
    ("POST", "/consola/canales/{id}/accion"),
    ("POST", "/consola/canales/{id}/prueba"),
    ("GET", "/consola/canales/{id}/plantillas"),
    ("POST", "/consola/canales/{id}/plantillas/status_notice"),
    ("GET", "/consola/conciliacion"),
    ("POST", "/consola/conciliacion"),
    ("GET", "/consola/conciliacion.csv?cuenta={id}"),
)


@pytest.fixture
async def app(
    database: Database, settings: Settings, twilio: TwilioServer, telegram: TelegramServer
) -> AsyncIterator[FastAPI]:
    for name, role in (("ana", Role.ANALYST), ("hilda", Role.HEAD), ("adela", Role.ADMIN)):
        await add_staff(database, name, role)
    urls = {"twilio_api_url": twilio.base_url, "telegram_api_url": telegram.base_url}
    app = create_app(settings.model_copy(update=urls))
    yield app
    await app.state.adapters.close()


@pytest.fixture
async def adela(app: FastAPI) -> Staff:
    return await sign_in(app, "adela")


@pytest.fixture
async def whatsapp(adela: Staff, twilio: TwilioServer) -> str:
    """The page of an account made by the form, and switched on."""
    answer = await adela.submit("/consola/canales/nueva/whatsapp", **_entered(twilio))
    address = answer.headers["location"].partition("?")[0]
    await adela.submit(f"{address}/accion", action="encender")
    return address


def _entered(twilio: TwilioServer) -> dict[str, str]:
    return {
        "name": "WhatsApp de la oficina",
        "account_sid": twilio.account_sid,
        "auth_token": twilio.auth_token,
        "number": twilio.whatsapp_number,
    }


def _words(answer: httpx.Response) -> str:
    """The page's text, on one line."""
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", answer.text))


@pytest.mark.parametrize("name", ["ana", "hilda"])
async def test_no_other_role_opens_or_posts(app: FastAPI, whatsapp: str, name: str, database: Database) -> None:
    staff = await sign_in(app, name)
    for method, path in PAGES:
        address = path.replace("{id}", whatsapp.rpartition("/")[2])
        answer = await (staff.get(address) if method == "GET" else staff.submit(address, action="apagar"))
        assert answer.status_code == 403, (method, path)
    assert "/consola/canales" not in (await staff.get("/consola")).text
    async with database.transaction() as session:
        assert await session.scalar(select(ChannelAccount.is_on))


async def test_no_other_sites_page_posts(app: FastAPI, adela: Staff, whatsapp: str) -> None:
    form = {"csrf_token": adela.csrf, "action": "apagar"}
    answer = await adela.client.post(f"{whatsapp}/accion", data=form, headers={"Origin": "https://malo.example"})
    assert answer.status_code == 403


async def test_the_administrator_opens_them_all_and_they_run_only_our_scripts(adela: Staff, whatsapp: str) -> None:
    for method, path in PAGES:
        if method != "GET" or ".csv" in path:
            continue
        answer = await adela.get(path.replace("{id}", whatsapp.rpartition("/")[2]))
        assert answer.status_code == 200, path
        assert "<script>" not in answer.text
        assert "style=" not in answer.text
    assert "/consola/canales" in (await adela.get("/consola")).text


async def test_without_accounts_the_page_says_what_each_channel_needs(adela: Staff) -> None:
    text = _words(await adela.get("/consola/canales"))
    assert text.count("Sin credenciales: este canal está apagado.") == 4
    assert "@BotFather" in text
    assert "PUBLIC_URL" in text
    assert "Todavía no hay cuentas" in _words(await adela.get("/consola/conciliacion"))


async def test_what_is_wrong_is_told_beside_its_field_and_a_secret_never_comes_back(
    adela: Staff, twilio: TwilioServer
) -> None:
    entered = {**_entered(twilio), "account_sid": "AC1"}
    answer = await adela.submit("/consola/canales/nueva/whatsapp", **entered)
    assert answer.status_code == 422
    assert "«SID de la cuenta» no tiene la forma esperada" in answer.text
    assert 'aria-describedby="help-account_sid problem-account_sid"' in answer.text
    assert 'value="AC1"' in answer.text
    assert twilio.auth_token not in answer.text
    made = await adela.submit("/consola/canales/nueva/whatsapp", **_entered(twilio))
    page = await adela.get(made.headers["location"])
    assert "se agregó, apagada" in page.text
    assert "Guardado el" in page.text
    assert twilio.auth_token not in page.text
    repeated = await adela.submit("/consola/canales/nueva/whatsapp", **_entered(twilio))
    assert (repeated.status_code, twilio.auth_token in repeated.text) == (409, False)


async def test_the_page_gives_the_address_with_retries_and_the_steps(adela: Staff, whatsapp: str) -> None:
    answer = await adela.get(whatsapp)
    address = f"http://localhost:8000/webhooks/whatsapp/{whatsapp.rpartition('/')[2]}"
    assert f'value="{address}#rc=3&amp;rp=all"' in answer.text
    assert f'value="{address}/status#rc=3&amp;rp=all"' in answer.text
    assert "WhatsApp senders" in answer.text


async def test_the_buttons_prove_switch_and_try(adela: Staff, whatsapp: str, twilio: TwilioServer) -> None:
    assert "Encendido" in _words(await adela.get(whatsapp))
    checked = await adela.submit(f"{whatsapp}/accion", action="probar")
    assert "Las credenciales funcionan" in checked.text
    citizen = twilio.citizen("+526621230001")
    citizen.send_text("Hola")
    tested = await adela.submit(f"{whatsapp}/prueba", recipient="6621230001")
    assert "aceptó el mensaje" in tested.text
    twilio.settle()
    assert len(citizen.received) == 1
    off = await adela.submit(f"{whatsapp}/accion", action="apagar")
    assert off.headers["location"].endswith("?aviso=canal_apagar")
    page = _words(await adela.get(off.headers["location"]))
    assert "El canal quedó apagado." in page
    assert "Apagó el canal" in page
    refused = await adela.submit(f"{whatsapp}/accion", action="borrar")
    assert refused.status_code == 422


async def test_refused_credentials_say_what_to_do(adela: Staff, whatsapp: str, twilio: TwilioServer) -> None:
    await adela.submit(whatsapp, **{**_entered(twilio), "auth_token": "malo"})
    answer = await adela.submit(f"{whatsapp}/accion", action="probar")
    assert answer.status_code == 422
    assert "no reconoce el SID o el token" in answer.text
    assert "Qué hacer:" in answer.text
    assert "Con error" in _words(await adela.get("/consola/canales"))


async def test_telegram_is_set_up_and_its_webhook_watched(adela: Staff, telegram: TelegramServer) -> None:
    made = await adela.submit("/consola/canales/nueva/telegram", name="Bot", token=telegram.token)
    address = made.headers["location"].partition("?")[0]
    assert "El sistema consulta a Telegram" in _words(await adela.get(address))
    registered = await adela.submit(f"{address}/accion", action="webhook")
    assert registered.headers["location"].endswith("canal_webhook")
    health = _words(await adela.submit(f"{address}/accion", action="salud"))
    assert "Telegram llama a Esta dirección" in health
    assert "Mensajes en espera 0" in health
    listless = await adela.get(f"/consola/conciliacion?cuenta={address.rpartition('/')[2]}")
    assert "Este proveedor no lleva lista" in listless.text
    assert "Mensajes en espera en Telegram" in listless.text
    assert telegram.token not in health


async def test_a_template_is_changed_submitted_and_followed(
    adela: Staff, whatsapp: str, twilio: TwilioServer, database: Database
) -> None:
    page = await adela.get(f"{whatsapp}/plantillas")
    assert "AC-2026-000123-K" in page.text
    assert page.text.count("Sin solicitar") == 3
    notice = f"{whatsapp}/plantillas/status_notice"
    refused = await adela.submit(notice, action="solicitar", text="{{1}} cambió")
    assert refused.status_code == 422
    assert "{{1}} cambió</textarea>" in refused.text
    sent = await adela.submit(notice, action="solicitar", text="Su folio {{1}} cambió a «{{2}}». Gracias.")
    assert sent.headers["location"].endswith("plantilla_solicitar#status_notice")
    assert "En revisión" in (await adela.get(f"{whatsapp}/plantillas")).text
    (content_sid,) = [one["sid"] for one in twilio.client.get("/v1/Content", auth=_auth(twilio)).json()["contents"]]
    verdict = {"status": "rejected", "rejection_reason": "Parece promoción"}
    twilio.client.patch(f"/_control/contents/{content_sid}", json=verdict)
    await adela.submit(notice, action="actualizar")
    page = await adela.get(f"{whatsapp}/plantillas")
    assert "Rechazada" in page.text
    assert "Parece promoción" in page.text


def _ahead(hours: int) -> str:
    return f"{clock.local(clock.now() + timedelta(hours=hours)):%Y-%m-%dT%H:%M}"


def _auth(twilio: TwilioServer) -> tuple[str, str]:
    return twilio.account_sid, twilio.auth_token


async def test_missing_messages_are_counted_recovered_and_exported(
    adela: Staff, whatsapp: str, twilio: TwilioServer, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    sid = twilio.citizen("+526621230002").send_text("=No hay agua")
    account = whatsapp.rpartition("/")[2]
    # The stand-in's clock runs ahead of ours.
    period = {"desde": _ahead(-24), "hasta": _ahead(72)}
    query = f"cuenta={account}&desde={period['desde']}&hasta={period['hasta']}"
    page = await adela.get(f"/consola/conciliacion?{query}")
    assert sid in page.text
    assert "No está guardado" in page.text
    assert "=No hay agua" not in page.text
    assert "526621230002" not in page.text
    exported = await adela.get(f"/consola/conciliacion.csv?{query}")
    assert exported.headers["content-type"].startswith("text/csv")
    (line,) = [line for line in exported.text.splitlines() if sid in line]
    assert line.startswith("No está guardado,Recibido,")
    assert ",0002," in line
    monkeypatch.setattr("backend.messaging.reconciliation.GRACE", timedelta(days=-30))
    done = await adela.submit("/consola/conciliacion", cuenta=account, action="recuperar", **period)
    assert done.headers["location"].endswith("aviso=recuperados")
    assert sid not in (await adela.get(f"/consola/conciliacion?{query}")).text
    async with database.transaction() as session:
        assert await session.scalar(select(Message.text).where(Message.external_id == sid)) == "=No hay agua"


async def test_calls_that_could_not_be_read_are_shown_and_read_anew(
    adela: Staff, whatsapp: str, database: Database
) -> None:
    account = whatsapp.rpartition("/")[2]
    body = b"MessageSid=SM77&From=whatsapp%3A%2B526620000006&To=x&Body=Hola"
    async with database.transaction() as session:
        session.add(UnreadableWebhook(account_id=UUID(account), url="https://x/w", body=body, reason="form"))
    assert "Volver a leer" in (await adela.get(f"/consola/conciliacion?cuenta={account}")).text
    await adela.submit("/consola/conciliacion", cuenta=account, action="releer")
    assert "Volver a leer" not in (await adela.get(f"/consola/conciliacion?cuenta={account}")).text


@pytest.mark.parametrize(
    "period",
    ["desde=ayer", "desde=2026-11-20T10:00&hasta=2026-11-20T09:00", "desde=2026-01-01T00:00&hasta=2026-02-01T00:00"],
)
async def test_a_period_that_makes_no_sense_is_told(adela: Staff, whatsapp: str, period: str) -> None:
    answer = await adela.get(f"/consola/conciliacion?{period}")
    assert answer.status_code == 422
    assert 'role="alert"' in answer.text


async def test_what_does_not_exist_is_not_found(adela: Staff) -> None:
    for path in (f"/consola/canales/{uuid.uuid4()}", "/consola/canales/nueva/fax"):
        assert (await adela.get(path)).status_code == 404
