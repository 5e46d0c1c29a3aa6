"""Whole calls: what the citizen hears, whose telephone rings, and what the ledger has afterwards."""

import asyncio
import itertools
from collections.abc import Mapping
from uuid import uuid4

import httpx
import pytest
from twilio.request_validator import RequestValidator

from backend import clock
from backend.board import figures
from backend.ledger.models import AttendedBy, Direction, Outcome, Purpose
from backend.outreach.models import CallReason
from backend.registry import folios, petitions
from backend.registry.models import EntryChannel, Petition
from backend.reports.computing import compute
from backend.reports.definitions import REPORTS
from backend.reports.periods import Period
from backend.telephony import calling, sweep, wording
from backend.telephony.models import RecordingKind, RecordingState, VoiceRecording
from backend.telephony.turn import STEPS
from tests.fakes.handles import Handset
from tests.telephony.conftest import CITIZEN, Exchange

ANA, BETO = "+526620000001", "+526620000002"


async def test_a_call_goes_through_menu_queue_agent_and_log(exchange: Exchange) -> None:
    ana = await exchange.add_agent("ana", "6620000001")
    await exchange.add_agent("beto", BETO)
    caller = await exchange.call()
    assert "Para hablar con una persona, oprima 4" in caller.heard
    assert await _waiting(exchange) == 0  # it is with the menu
    await asyncio.to_thread(caller.press, "2")
    assert "hora de Sonora" in caller.heard
    await asyncio.to_thread(caller.press, "4")
    first = await asyncio.to_thread(exchange.twilio.rung, ANA)
    assert await _waiting(exchange) == 1
    await asyncio.to_thread(first.ignore)
    second = await asyncio.to_thread(exchange.twilio.rung, BETO)
    await asyncio.to_thread(second.answer)
    assert "4 5 6 7" in second.heard and "el horario" in second.heard
    await asyncio.to_thread(second.press, "1")
    assert second.now["is_joined"] and caller.now["is_joined"]
    assert await _waiting(exchange) == 0
    (under_way,) = await exchange.log()
    assert under_way.ended_at is None and under_way.agent_id is not None
    await asyncio.to_thread(second.hang_up)
    assert "Gracias por llamar" in caller.heard
    (row,) = await exchange.log()
    assert (row.outcome, row.attended_by, row.purpose) == (Outcome.ATTENDED, AttendedBy.PERSON, Purpose.INFORMATION)
    assert row.agent_id != ana and row.phone == CITIZEN and row.extension == BETO
    assert row.ended_at is not None and exchange.twilio.alerts == []
    split = (row.bot_seconds, row.queue_seconds, row.person_seconds, row.citizen_seconds)
    assert sum(part or 0 for part in split) == round((row.ended_at - row.started_at).total_seconds())
    totals = await _reported_today(exchange)
    assert (totals["recibidas"], totals["atendidas"], totals["abandonadas"], totals["realizadas"]) == (1, 1, 0, 0)
    assert totals["hablado_total"] == row.person_seconds


async def _waiting(exchange: Exchange) -> int:
    """The calls that the live board shows as waiting."""
    async with exchange.database.transaction() as session:
        return (await figures.compute(session, await figures.slow(session))).calls.count


async def _reported_today(exchange: Exchange) -> Mapping[str, float | None]:
    today = clock.local(clock.now()).date()
    async with exchange.database.transaction() as session:
        return (await compute(session, REPORTS["llamadas"], Period.days(today, today))).totals


async def test_who_leaves_the_queue_abandoned_and_a_full_or_empty_one_offers_other_ways(exchange: Exchange) -> None:
    exchange.twilio.faults(duplicate_callbacks=1, shuffle_callbacks=True)
    ana = await exchange.add_agent("ana", ANA)
    await exchange.set(queue_size=2, wait_minutes=1)
    talking = await exchange.call("+526621110001")
    await asyncio.to_thread(talking.press, "4")
    phone = await asyncio.to_thread(exchange.twilio.rung, ANA)
    await asyncio.to_thread(phone.answer)
    await asyncio.to_thread(phone.press, "1")
    first, second, third = [await exchange.call(f"+52662111000{number}") for number in (2, 3, 4)]
    for caller in (first, second, third):
        await asyncio.to_thread(caller.press, "4")
    assert "Usted es la siguiente persona" in first.heard and "lugar en la fila es el 2" in second.heard
    assert "aproximado: 3 minutos" in first.heard and "aproximado: 6 minutos" in second.heard
    assert "todas nuestras líneas están ocupadas" in third.heard
    await asyncio.to_thread(first.hang_up)
    await asyncio.to_thread(second.stay_silent)
    assert second.heard.count("Usted es la siguiente persona") == 1
    await asyncio.to_thread(second.press, "2")
    assert "Guardamos su lugar" in second.heard
    await asyncio.to_thread(third.press, "3")
    await asyncio.to_thread(third.leave_message, 9, then_hang_up=True)
    await asyncio.to_thread(phone.hang_up)
    rows = {row.phone: row for row in await exchange.log()}
    outcomes = [rows[f"+52662111000{number}"].outcome for number in (1, 2, 3, 4)]
    assert outcomes == [Outcome.ATTENDED, Outcome.ABANDONED, Outcome.VOICEMAIL, Outcome.VOICEMAIL]
    left = rows["+526621110002"]
    assert (left.attended_by, left.answered_at, left.person_seconds) == (AttendedBy.NOBODY, None, 0)
    assert rows["+526621110001"].agent_id == ana
    tasks = {task.phone: task for task in await exchange.all(CallReason)}
    queued = (await exchange.calls())["+526621110003"].queued_at
    assert tasks["+526621110003"].created_at == queued, "it keeps its place among the calls that are owed"
    assert "mensaje de voz" in tasks["+526621110004"].note


async def test_outside_hours_a_voicemail_is_kept_fetched_and_forgotten_at_twilios(exchange: Exchange) -> None:
    await exchange.is_open(False)
    await exchange.add_agent("ana", ANA)
    await exchange.set(has_menus=False)
    caller = await exchange.call("anonymous")
    assert "la oficina está cerrada" in caller.heard and "se grabará" in caller.heard
    await asyncio.to_thread(caller.leave_message, 12)
    assert "Guardamos su mensaje" in caller.heard
    (row,) = await exchange.log()
    assert (row.outcome, row.phone, row.queue_seconds) == (Outcome.VOICEMAIL, None, 0)
    (recording,) = await exchange.all(VoiceRecording)
    (task,) = await exchange.all(CallReason)
    assert recording.call_reason_id == task.id and recording.kind is RecordingKind.VOICEMAIL
    await exchange.worker.fetch_recordings()
    (recording,) = await exchange.all(VoiceRecording)
    assert recording.state is RecordingState.STORED and recording.is_forgotten and recording.seconds == 12
    path = exchange.worker.files.path(recording.sha256)
    assert path.read_bytes().startswith(b"ID3") and recording.content_type == "audio/mpeg"
    assert exchange.twilio.alerts == []


async def test_a_petition_told_after_the_tone_is_filed_and_its_folio_told_and_texted(exchange: Exchange) -> None:
    await exchange.add_sms()
    caller = await exchange.call()
    await asyncio.to_thread(caller.press, "3")
    assert "aviso de privacidad" in caller.heard
    await asyncio.to_thread(caller.leave_message, 45)
    (petition,) = await exchange.all(Petition)
    code = petitions.code_of(petition, exchange.settings.secret_key.get_secret_value().encode())
    assert wording.spelled(petition.folio) in caller.heard and wording.spelled(code) in caller.heard
    assert petition.channel is EntryChannel.CALL_CENTER and "pendiente de transcribir" in petition.narrative
    await asyncio.to_thread(caller.press, "1")
    assert caller.heard.count("Su petición quedó registrada") == 2
    await asyncio.to_thread(caller.hang_up)
    (row,) = await exchange.log()
    assert (row.outcome, row.attended_by, row.purpose) == (Outcome.ATTENDED, AttendedBy.BOT, Purpose.PETITION)
    assert row.petition_id == petition.id
    (task,) = await exchange.all(CallReason)
    assert (task.petition_id, task.phone) == (petition.id, CITIZEN) and task.note.startswith("Transcribir")
    await exchange.worker.dispatcher.send_all_due()
    exchange.twilio.settle()
    text = exchange.twilio.citizen(CITIZEN, sms=True).received[-1].text
    assert petition.folio in text and code in text


async def test_a_folio_is_told_by_keypad_to_who_has_its_code_and_to_nobody_by_guessing(exchange: Exchange) -> None:
    petition, code = await exchange.petition()
    keys, folio = folios.keypad(code), f"{petition.year}{petition.number}#"
    caller = await exchange.call()

    for typed in ("1", folio, keys):
        await asyncio.to_thread(caller.press, typed)
    assert "está en estado: Recibida." in caller.heard and petition.narrative not in caller.heard
    await asyncio.to_thread(caller.press, "1")
    await asyncio.to_thread(caller.press, "1")
    wrong = "2" * 8 if keys != "2" * 8 else "3" * 8
    for number in range(3):
        await asyncio.to_thread(caller.press, folio)
        await asyncio.to_thread(caller.press, wrong)
        assert caller.heard.count("El folio y la clave no coinciden") == number + 1
    await asyncio.to_thread(caller.hang_up)
    caller = await exchange.call()
    for typed in ("1", "2026999#", wrong):  # no such folio: the same words
        await asyncio.to_thread(caller.press, typed)
    assert "El folio y la clave no coinciden" in caller.heard
    await asyncio.to_thread(caller.press, folio)
    await asyncio.to_thread(caller.press, wrong)
    await asyncio.to_thread(caller.press, folio)
    await asyncio.to_thread(caller.press, keys)
    assert "Por seguridad, espere" in caller.heard and "Recibida" not in caller.heard
    rows = await exchange.log()
    assert rows[0].petition_id == petition.id and rows[0].purpose is Purpose.FOLLOW_UP
    assert [row.petition_id for row in rows[1:]] == [None]


async def test_a_click_rings_the_agent_first_then_the_citizen_and_is_logged(exchange: Exchange) -> None:
    ana = await exchange.user(await exchange.add_agent("ana", ANA))
    petition, _ = await exchange.petition()
    lines = exchange.worker.lines

    async def click() -> Handset:
        await calling.call_citizen(exchange.database, lines, exchange.settings, ana, CITIZEN, petition_id=petition.id)
        await asyncio.to_thread(exchange.twilio.settle)
        return await asyncio.to_thread(exchange.twilio.rung, ANA)

    phone = await click()
    with pytest.raises(calling.CannotCall, match="ya tiene una llamada"):
        await click()
    await asyncio.to_thread(phone.ignore)
    assert await exchange.log() == [], "a call that the agent did not take up called nobody"
    phone = await click()
    await asyncio.to_thread(phone.answer)
    assert "4 5 6 7" in phone.heard
    exchange.twilio.manner(CITIZEN, "busy")
    await asyncio.to_thread(phone.press, "1")
    assert "No contestaron" in phone.heard
    exchange.twilio.manner(CITIZEN, "answer")
    phone = await click()
    await asyncio.to_thread(phone.answer)
    await asyncio.to_thread(phone.press, "1")
    citizen = await asyncio.to_thread(exchange.twilio.rung, CITIZEN)
    assert citizen.now["is_joined"]
    await asyncio.to_thread(citizen.hang_up)
    busy, talked = await exchange.log()
    assert [row.outcome for row in (busy, talked)] == [Outcome.BUSY, Outcome.ATTENDED]
    assert talked.direction is Direction.OUTBOUND and talked.petition_id == petition.id
    assert (talked.agent_id, talked.purpose) == (ana.id, Purpose.FOLLOW_UP)
    assert exchange.twilio.alerts == []


async def test_a_caller_is_put_through_to_an_area(exchange: Exchange) -> None:
    ana = await exchange.user(await exchange.add_agent("ana", ANA))
    await exchange.set(records_talks=True)
    area = await exchange.area(BETO)
    caller = await exchange.call()
    await asyncio.to_thread(caller.press, "0")
    phone = await asyncio.to_thread(exchange.twilio.rung, ANA)
    await asyncio.to_thread(phone.answer)
    await asyncio.to_thread(phone.press, "1")
    call = (await exchange.calls())[CITIZEN]
    await calling.transfer(exchange.database, exchange.worker.lines, exchange.settings, ana, call.id, area.id)
    await asyncio.to_thread(exchange.twilio.settle)
    assert phone.now["status"] == "completed"
    other = await asyncio.to_thread(exchange.twilio.rung, BETO)
    await asyncio.to_thread(other.answer)
    assert other.now["is_joined"]
    await asyncio.to_thread(caller.hang_up)
    (row,) = await exchange.log()
    assert (row.outcome, row.transfer_area_id, row.agent_id) == (Outcome.TRANSFERRED, area.id, ana.id)
    (recording,) = await exchange.all(VoiceRecording)
    assert recording.kind is RecordingKind.TALK


async def test_what_is_not_twilios_is_refused_and_what_twilio_forgot_is_asked_for(exchange: Exchange) -> None:
    address = exchange.address("entrada")
    form = {"CallSid": "CA" + "0" * 32, "From": CITIZEN, "CallStatus": "ringing"}
    async with httpx.AsyncClient() as client:
        unsigned = await client.post(address, data=form)
        forged = await client.post(address, data=form, headers={"X-Twilio-Signature": "bm8="})
        music = await client.get(f"{exchange.settings.base_url}/webhooks/voz/musica.wav")
    assert (unsigned.status_code, forged.status_code) == (403, 403) and await exchange.log() == []
    assert music.headers["content-type"] == "audio/wav" and music.content[:4] == b"RIFF"
    assert await _signed_nonsense(exchange) <= {200, 404}
    exchange.twilio.configure(voice_status_url=f"{exchange.settings.base_url}/nowhere")
    caller = await exchange.call("+526621119999")
    await asyncio.to_thread(caller.hang_up)
    assert (await exchange.log())[-1].ended_at is None
    await exchange.age_calls(minutes=6)
    assert await sweep.close_silent(exchange.database, exchange.worker.lines) >= 1
    row = (await exchange.log())[-1]
    assert row.phone == "+526621119999" and row.outcome is Outcome.ABANDONED


async def _signed_nonsense(exchange: Exchange) -> set[int]:
    """What each step answers to calls that are Twilio's and say little, or nothing that can be read."""
    seen = set()
    forms = ({"CallSid": "CA1", "Digits": "\0x9#", "From": "+0"}, {"CallSid": "CA" * 40}, {"CallStatus": "sleeping"})
    async with httpx.AsyncClient() as client:
        for name, form in itertools.product(sorted(STEPS), forms):
            for address in (exchange.address(name), exchange.address(name, uuid4(), area=str(uuid4()), de="recado")):
                signature = RequestValidator(exchange.twilio.auth_token).compute_signature(address, form)
                answer = await client.post(address, data=form, headers={"X-Twilio-Signature": signature})
                assert answer.status_code < 500 and answer.status_code != 429, (address, form)
                seen.add(answer.status_code)
    return seen
