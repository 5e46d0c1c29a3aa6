"""Notices on the console's pages: their proof, trying again, telling something now, the calls owed, the export."""

import csv
import io
import re
from datetime import timedelta
from uuid import UUID

import pytest
from fastapi import FastAPI

from backend.db import Database
from backend.notices import jobs
from backend.outbox.models import DeliveryState
from backend.outreach.models import ReasonState
from backend.registry import verdicts
from backend.registry.models import PetitionStatus
from tests.conversations.conftest import add_agent
from tests.notices.conftest import Desk
from tests.staff import Staff, browser

TURNADA = PetitionStatus.TURNADA


@pytest.fixture
async def desk(app: FastAPI, database: Database) -> Desk:
    return Desk(database, await add_agent(database, "Carla"))


async def _page(desk: Desk, ana: Staff, petition: UUID) -> str:
    answer = await ana.get(f"/consola/peticiones/{(await desk.get(petition)).folio}")
    assert answer.status_code == 200
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", answer.text.split('id="avisos"')[1].split("</section>")[0]))


async def _address(desk: Desk, petition: UUID) -> str:
    return f"/consola/peticiones/{(await desk.get(petition)).folio}/avisos"


async def test_without_notices_the_page_says_so(desk: Desk, ana: Staff) -> None:
    assert "Todavía no se le ha avisado nada" in await _page(desk, ana, await desk.petition(None))


async def test_the_page_tells_each_way_and_why_it_failed(desk: Desk, ana: Staff) -> None:
    await desk.account("sms")
    petition = await desk.petition(await desk.conversation("whatsapp"))
    (view,) = await desk.move(petition, TURNADA)
    assert "En camino" in await _page(desk, ana, petition)
    await desk.deliver(view, DeliveryState.FAILED, "63024")
    await jobs.fall_back(desk.database)
    page = await _page(desk, ana, petition)
    assert "WhatsApp : no se entregó Ese número no puede recibir WhatsApp." in page
    assert "SMS : por enviar" in page
    (view,) = await desk.notices(petition)
    await desk.deliver(view, DeliveryState.FAILED, "99999")
    assert "El proveedor no lo entregó (código 99999)." in await _page(desk, ana, petition)
    await desk.deliver(view, DeliveryState.DELIVERED)
    page = await _page(desk, ana, petition)
    assert "Entregado" in page
    assert "Reintentar" not in page


async def test_nothing_possible_is_shown_and_may_be_tried_again(desk: Desk, ana: Staff) -> None:
    petition = await desk.petition(None, name=None, phone=None)
    (view,) = await desk.move(petition, TURNADA)
    page = await _page(desk, ana, petition)
    assert "Sin forma de avisar" in page
    assert "La petición es anónima" in page
    address = f"{await _address(desk, petition)}/{view.notice.id}/reintentar"
    assert (await ana.submit(address)).status_code == 303
    other = await _address(desk, await desk.petition(None))
    assert (await ana.submit(f"{other}/{view.notice.id}/reintentar")).status_code == 404


async def test_what_is_under_way_is_not_tried_again(desk: Desk, ana: Staff) -> None:
    petition = await desk.petition(await desk.conversation("telegram"))
    (view,) = await desk.move(petition, TURNADA)
    address = f"{await _address(desk, petition)}/{view.notice.id}/reintentar"
    assert (await ana.submit(address)).status_code == 409


async def test_staff_tell_something_now_and_the_history_says_who(desk: Desk, ana: Staff) -> None:
    petition = await desk.petition(await desk.conversation("telegram"))
    address = await _address(desk, petition)
    assert (await ana.submit(address, text=" ")).status_code == 422
    long = await ana.submit(address, text="Mañana " * 100)
    assert (long.status_code, "Mañana Mañana" in long.text) == (422, True)
    assert (await ana.submit(address, text="Mañana pasa <b>la cuadrilla</b>")).status_code == 303
    page = (await ana.get(address.removesuffix("/avisos"))).text
    assert "Mañana pasa &lt;b&gt;la cuadrilla" in page.split("Historial")[1]
    assert "Aviso a la persona" in page
    (view,) = await desk.notices(petition)
    message, _ = await desk.message(view.attempts[0].attempt.message_id)
    assert message.text.endswith(": Mañana pasa <b>la cuadrilla</b>")
    assert (await desk.get(petition)).folio in message.text


async def test_what_is_asked_for_goes_with_the_status(desk: Desk, ana: Staff) -> None:
    petition = await desk.petition(await desk.conversation("telegram"))
    address = (await _address(desk, petition)).replace("/avisos", "/estado")
    form = {"status": "requiere_informacion", "reason": "Falta", "asked": "Envíe su recibo."}
    assert (await ana.submit(address, **form)).status_code == 303
    assert "Envíe su recibo." in await _page(desk, ana, petition)


async def test_petitions_without_proof_are_counted_and_found(desk: Desk, ana: Staff) -> None:
    told, untold, silent = [await desk.petition(await desk.conversation("telegram")) for _ in range(3)]
    (view,) = await desk.move(told, TURNADA)
    await desk.deliver(view, DeliveryState.SENT)
    (view,) = await desk.move(untold, TURNADA)
    await desk.deliver(view, DeliveryState.FAILED, "recipient_blocked")
    page = (await ana.get("/consola/peticiones?avisos=sin_entregar")).text
    assert "Con avisos sin entregar (1)" in page
    found = {petition: (await desk.get(petition)).folio in page for petition in (told, untold, silent)}
    assert found == {told: False, untold: True, silent: False}
    assert (await desk.get(silent)).folio in (await ana.get("/consola/peticiones?avisos=x")).text


async def test_a_later_notice_that_arrived_makes_up_for_an_earlier_one(desk: Desk, ana: Staff) -> None:
    petition = await desk.petition(await desk.conversation("telegram"))
    await desk.deliver((await desk.move(petition, TURNADA))[0], DeliveryState.FAILED, "x")
    assert "sin entregar (1)" in (await ana.get("/consola/peticiones")).text
    await desk.deliver((await desk.move(petition, PetitionStatus.EN_ATENCION))[0], DeliveryState.SENT)
    assert "sin entregar (0)" in (await ana.get("/consola/peticiones")).text


async def test_a_notices_call_says_what_to_say_and_asks_whether_it_was_said(desk: Desk, ana: Staff) -> None:
    petition = await desk.petition(None)
    (view,) = await desk.move(petition, TURNADA)
    assert (await desk.get(petition)).folio in (await ana.get("/consola/llamadas-pendientes")).text
    (call,) = await desk.calls()
    address = f"/consola/llamadas-pendientes/{call.task_id}"
    page = (await ana.get(address)).text
    assert view.notice.text in page
    assert "conversacion=None" not in page
    form = {"intento": "1", "resultado": "contesto"}
    assert (await ana.submit(address, **form)).status_code == 422
    assert (await ana.submit(address, **form, **{f"informado_{call.id}": "si"})).status_code == 303
    (call,) = await desk.calls()
    assert (call.state, call.was_reached) == (ReasonState.DONE, True)
    assert "Sí se le informó: Contestó" in (await ana.get(address)).text
    page = await _page(desk, ana, petition)
    assert "Llamada : se le informó Contestó" in page


async def test_the_persons_own_word_is_shown_apart(desk: Desk, ana: Staff, monkeypatch: pytest.MonkeyPatch) -> None:
    petition = await desk.petition(await desk.conversation("telegram"))
    await desk.move(petition, PetitionStatus.CONCLUIDA_SATISFACTORIA)
    address = (await _address(desk, petition)).removesuffix("/avisos")
    assert 'data-verdict="awaited">Aún no contesta' in (await ana.get(address)).text
    monkeypatch.setattr(verdicts, "SILENT_AFTER", timedelta(0))
    assert 'data-verdict="silent">Sin respuesta' in (await ana.get(address)).text


async def test_the_export_has_a_line_an_attempt(desk: Desk, ana: Staff) -> None:
    petition = await desk.petition(None)
    await desk.move(petition, TURNADA)
    (call,) = await desk.calls()
    form = {"intento": "1", "resultado": "numero_equivocado", "notas": "=1+1"}
    await ana.submit(f"/consola/llamadas-pendientes/{call.task_id}", **form)
    answer = await ana.get("/consola/peticiones/avisos.csv?avisos=sin_entregar")
    assert answer.headers["content-type"].startswith("text/csv")
    rows = list(csv.DictReader(io.StringIO(answer.content.decode("utf-8-sig"))))
    assert [(row["Folio"], row["Medio"], row["Estado"], row["Motivo"]) for row in rows] == [
        ((await desk.get(petition)).folio, "SMS", "No se pudo intentar", "No hay cuenta de SMS encendida."),
        ((await desk.get(petition)).folio, "Llamada", "No se le pudo informar", "Número equivocado: =1+1"),
    ]


async def test_nobody_without_a_session_gets_the_export(app: FastAPI) -> None:
    assert (await browser(app).get("/consola/peticiones/avisos.csv")).status_code in (303, 401)
