"""SMS: another file and another entry, with WhatsApp's signature and statuses."""

from backend.assistant.port import Reply, ReplyButton, TurnResult
from backend.messaging.models import ChannelAccount
from backend.outbox.models import DeliveryState
from tests.channels.conftest import Office
from tests.fakes.handles import TwilioServer


async def test_a_message_is_answered_with_numbered_options(
    office: Office, twilio: TwilioServer, sms: ChannelAccount
) -> None:
    citizen = twilio.citizen("+526621234567", sms=True)
    buttons = (ReplyButton("Sí", "/afirmar"), ReplyButton("No", "/negar"))
    office.assistant.answers.append(TurnResult((Reply("¿Acepta?", buttons),)))
    citizen.send_text("hola")
    twilio.settle()
    await office.work()
    twilio.settle()
    assert citizen.received[-1].text == "¿Acepta?\n\n1. Sí\n2. No\nResponda con el número."
    citizen.send_text("2")
    twilio.settle()
    await office.work()
    assert office.assistant.turns[-1].text == "/negar"
    (conversation,) = await office.conversations()
    assert (conversation.channel, conversation.verified_phone) == ("sms", "+526621234567")


async def test_who_opted_out_at_the_vendor_gets_nothing_more(
    office: Office, twilio: TwilioServer, sms: ChannelAccount
) -> None:
    citizen = twilio.citizen("+526621234567", sms=True)
    citizen.send_text("hola")
    citizen.send_text("STOP")
    twilio.settle()
    await office.work()
    twilio.settle()
    assert await office.deliveries()
    assert [one.state for one in await office.deliveries()] == [DeliveryState.FAILED] * len(await office.deliveries())
    (conversation,) = await office.conversations()
    assert conversation.blocked_at is not None
