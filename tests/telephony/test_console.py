"""The telephone in the console: the account, the calls of this moment, calling by a click, recordings."""

import asyncio

from sqlalchemy import func, select

from backend.agents.models import Role
from backend.app import create_app
from backend.audit.models import AdminEvent
from backend.ledger.models import Outcome
from backend.outreach.models import CallTask
from backend.telephony.models import Call, VoiceRecording
from tests.staff import add_staff, sign_in
from tests.telephony.conftest import CITIZEN, Exchange

ANA = "+526620000001"
OPTIONS = {"greeting": "Bienvenida.", "address": "Comonfort y Cultura", "queue_size": "5", "wait_minutes": "4"}


async def test_the_console_sets_the_telephone_up_shows_its_calls_and_plays_recordings(exchange: Exchange) -> None:
    ana_id = await exchange.add_agent("ana", ANA)
    await add_staff(exchange.database, "jefa", Role.ADMIN)
    app = create_app(exchange.settings)
    jefa, ana = await sign_in(app, "jefa"), await sign_in(app, "ana", "una-contrasena-1")
    home = f"/consola/canales/telefono/{exchange.account.id}"

    refused = await jefa.submit(f"{home}/opciones", **{**OPTIONS, "queue_size": "900", "address": "Otra calle 5"})
    assert refused.status_code == 422 and "de 1 a 200" in refused.text and "Otra calle 5" in refused.text
    assert (await jefa.submit(f"{home}/opciones", **OPTIONS, has_menus="si")).status_code == 303
    checked = await jefa.submit(f"{home}/accion", action="probar")
    assert "doble de pruebas" in checked.text and "Address" not in checked.text
    assert (await jefa.get(f"/consola/canales/{exchange.account.id}")).headers["location"].startswith(home)
    assert (await ana.get(home)).status_code == 403
    for path in ("/consola/canales", "/consola/canales/nueva/voz"):
        assert "Teléfono" in (await jefa.get(path)).text

    caller = await exchange.call()
    assert caller.heard.startswith("Bienvenida.")
    await asyncio.to_thread(caller.press, "4")
    page = await ana.get("/consola/telefono")
    assert "1 llamada en espera" in page.text and "662 123 4567" in page.text and "Timbra con Ana" in page.text
    assert (await ana.get("/consola/telefono/aviso")).json() == {
        "waiting": 1, "text": "1 llamada en espera", "rings_me": True,
    }  # fmt: skip
    await asyncio.to_thread(caller.hang_up)
    assert "Nadie espera." in (await ana.get("/consola/telefono/ahora")).text

    caller = await exchange.call()
    await asyncio.to_thread(caller.press, "3")
    await asyncio.to_thread(caller.leave_message, 20)
    await exchange.worker.fetch_recordings()
    (recording,) = await exchange.all(VoiceRecording)
    (call,) = [call for call in await exchange.all(Call) if call.petition_id]
    await asyncio.to_thread(caller.hang_up)
    sound = await ana.get(f"/consola/grabaciones/{recording.id}")
    assert sound.status_code == 200 and sound.headers["content-type"] == "audio/mpeg"
    assert (await ana.client.get(f"/consola/grabaciones/{recording.id}", headers={"Range": "bytes=9-"})).is_success
    async with exchange.database.transaction() as session:
        heard = select(func.count()).where(AdminEvent.kind == "recording_heard", AdminEvent.user_id == ana_id)
        assert await session.scalar(heard) == 1

    folio = await exchange.folio(call)
    page = await ana.get(f"/consola/peticiones/{folio}")
    assert "Llamar al 662 *** ** 67" in page.text and f"/consola/grabaciones/{recording.id}" in page.text
    (task,) = await exchange.all(CallTask)
    owed = (await ana.get(f"/consola/llamadas-pendientes/{task.id}")).text
    assert "<audio" in owed and "Llamar desde el sistema" in owed
    exchange.twilio.manner(CITIZEN, "no-answer")
    answer = await ana.submit(f"/consola/peticiones/{folio}/llamar")
    assert answer.status_code == 303, answer.text
    await asyncio.to_thread(exchange.twilio.settle)
    phone = await asyncio.to_thread(exchange.twilio.rung, ANA)
    assert (await ana.submit(f"/consola/peticiones/{folio}/llamar")).status_code == 409
    await asyncio.to_thread(phone.answer)
    await asyncio.to_thread(phone.press, "1")
    row = (await exchange.log())[-1]
    assert (row.outcome, row.agent_id, row.petition_id) == (Outcome.NO_ANSWER, ana_id, call.petition_id)

    await jefa.submit(f"{home}/accion", action="apagar")
    page = await ana.get(f"/consola/peticiones/{folio}")
    assert "662 *** ** 67" in page.text and "no está configurada" in page.text
    assert "data-calls-now" not in page.text
