"""Whole calls: what the citizen hears, whose telephone rings, and what the ledger has afterwards."""

import asyncio

from backend.ledger.models import AttendedBy, Outcome, Purpose
from tests.telephony.conftest import CITIZEN, Exchange

ANA, BETO = "+526620000001", "+526620000002"


async def test_a_call_goes_through_menu_queue_agent_and_log(exchange: Exchange) -> None:
    ana = await exchange.add_agent("ana", "6620000001")
    await exchange.add_agent("beto", BETO)
    caller = await exchange.call()
    assert "Para hablar con una persona, oprima 4" in caller.heard
    await asyncio.to_thread(caller.press, "2")
    assert "hora de Sonora" in caller.heard
    await asyncio.to_thread(caller.press, "4")
    first = await asyncio.to_thread(exchange.twilio.rung, ANA)
    await asyncio.to_thread(first.ignore)
    second = await asyncio.to_thread(exchange.twilio.rung, BETO)
    await asyncio.to_thread(second.answer)
    assert "4 5 6 7" in second.heard and "el horario" in second.heard
    await asyncio.to_thread(second.press, "1")
    assert second.now["is_joined"] and caller.now["is_joined"]
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
