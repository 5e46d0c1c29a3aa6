"""WhatsApp through Twilio, from the citizen's telephone and back."""

import pytest

from backend.assistant.port import Reply, ReplyButton, TurnResult
from backend.conversations.models import MediaState
from backend.messaging.models import ChannelAccount
from backend.outbox.models import DeliveryState
from tests.channels.conftest import Office, post_signed
from tests.end_to_end.conversation import PNG
from tests.fakes.conversation import Kind
from tests.fakes.handles import TwilioCitizen, TwilioServer

NUMBER = "+5216621234567"


@pytest.fixture
def citizen(twilio: TwilioServer, whatsapp: ChannelAccount) -> TwilioCitizen:
    return twilio.citizen(NUMBER, name="Guadalupe Ruiz")


def _answer(office: Office, text: str, *titles: str) -> None:
    buttons = tuple(ReplyButton(title, f"/elegir_{place}") for place, title in enumerate(titles))
    office.assistant.answers.append(TurnResult((Reply(text, buttons),)))


async def test_a_message_is_stored_answered_and_its_receipts_followed(
    office: Office, citizen: TwilioCitizen, twilio: TwilioServer
) -> None:
    citizen.send_text("¡Hola! ¿Cómo están?")
    twilio.settle()
    await office.work()
    twilio.settle()
    assert [message.text for message in citizen.received] == ["eco: ¡Hola! ¿Cómo están?"]
    (conversation,) = await office.conversations()
    assert (conversation.channel, conversation.external_user_id) == ("whatsapp", "+526621234567")
    assert (conversation.verified_phone, conversation.display_name) == ("+526621234567", "Guadalupe Ruiz")
    (delivery,) = await office.deliveries()
    assert delivery.state in {DeliveryState.DELIVERED, DeliveryState.READ}


async def test_521_and_52_are_one_person(office: Office, twilio: TwilioServer, whatsapp: ChannelAccount) -> None:
    for number, (sender, text) in enumerate((("5216621234567", "uno"), ("526621234567", "dos"))):
        fields = {"MessageSid": f"SM{number}", "From": f"whatsapp:+{sender}", "Body": text, "NumMedia": "0"}
        assert (await post_signed(office, whatsapp, twilio, fields)).status_code == 200
    (conversation,) = await office.conversations()
    assert await office.from_citizen() == ["uno", "dos"]
    assert conversation.address == "whatsapp:+526621234567", "answers go where the last message came from"


async def test_somebody_without_a_telephone_is_a_person_too(
    office: Office, twilio: TwilioServer, whatsapp: ChannelAccount
) -> None:
    hidden = twilio.citizen("+5216627654321", name="Anónima", hides_phone=True)
    hidden.send_text("hola")
    twilio.settle()
    await office.work()
    (conversation,) = await office.conversations()
    assert conversation.verified_phone is None
    assert not conversation.external_user_id.startswith("+")
    assert [message.text for message in hidden.received] == ["eco: hola"]


@pytest.mark.parametrize("count", [1, 3, 4, 10])
async def test_buttons_are_pressed_and_mean_their_payload(
    office: Office, citizen: TwilioCitizen, twilio: TwilioServer, count: int
) -> None:
    _answer(office, "¿Qué prefiere?", *(f"Opción {number}" for number in range(count)))
    citizen.send_text("hola")
    twilio.settle()
    await office.work()
    twilio.settle()
    (shown,) = citizen.received
    assert [button.title for button in shown.buttons] == [f"Opción {number}" for number in range(count)]
    citizen.press(f"Opción {count - 1}")
    twilio.settle()
    await office.work()
    assert office.assistant.turns[-1].text == f"/elegir_{count - 1}"


async def test_more_buttons_than_a_list_holds_are_numbered(
    office: Office, citizen: TwilioCitizen, twilio: TwilioServer
) -> None:
    _answer(office, "¿Cuál?", *(f"Municipio {number}" for number in range(12)))
    citizen.send_text("hola")
    twilio.settle()
    await office.work()
    (shown,) = citizen.received
    assert shown.buttons == []
    assert "12. Municipio 11" in shown.text
    citizen.send_text("12")
    twilio.settle()
    await office.work()
    assert office.assistant.turns[-1].text == "/elegir_11"


async def test_a_summary_goes_before_the_line_that_bears_the_buttons(
    office: Office, citizen: TwilioCitizen, twilio: TwilioServer
) -> None:
    _answer(office, "Petición:\n• Asunto: bache\n• Municipio: Hermosillo\n\n¿Está correcto?", "Sí", "No")
    citizen.send_text("hola")
    twilio.settle()
    await office.work()
    twilio.settle()
    first, second = citizen.received
    assert first.text == "Petición:\n• Asunto: bache\n• Municipio: Hermosillo"
    assert (second.text, [button.title for button in second.buttons]) == ("¿Está correcto?", ["Sí", "No"])


async def test_a_long_text_arrives_whole_and_in_order(
    office: Office, citizen: TwilioCitizen, twilio: TwilioServer
) -> None:
    sentences = [f"Esta es la oración número {number} de un texto largo." for number in range(120)]
    _answer(office, " ".join(sentences))
    citizen.send_text("hola")
    twilio.settle()
    await office.work()
    twilio.settle()
    parts = [message.text for message in citizen.received]
    assert len(parts) > 2
    assert all(len(part) <= 1600 and part.endswith(".") for part in parts)
    assert " ".join(parts) == " ".join(sentences)


async def test_a_photo_waits_for_its_bytes_and_is_kept(
    office: Office, citizen: TwilioCitizen, twilio: TwilioServer
) -> None:
    citizen.send_file(Kind.PHOTO, PNG, content_type="image/png")
    twilio.settle()
    assert office.assistant.turns == []
    await office.work()
    (conversation,) = await office.conversations()
    (photo, *_) = await office.transcript(conversation)
    assert [file.content_type for file in photo.attachments] == ["image/png"]
    assert office.assistant.turns[0].text == "/enviar_adjunto"


async def test_a_place_is_offered_for_the_petition_and_kept_for_the_next(
    office: Office, citizen: TwilioCitizen, twilio: TwilioServer
) -> None:
    citizen.send_location(29.0729, -110.9559, label="Plaza Zaragoza")
    twilio.settle()
    await office.work()
    twilio.settle()
    (shown,) = citizen.received
    assert "Recibí su ubicación" in shown.text
    assert office.assistant.turns == []


async def test_a_message_told_ten_times_is_one(office: Office, citizen: TwilioCitizen, twilio: TwilioServer) -> None:
    name = citizen.send_text("una sola vez")
    twilio.settle()
    twilio.replay(name, 9)
    twilio.settle()
    await office.work()
    assert await office.from_citizen() == ["una sola vez"]
    assert len(citizen.received) == 1


async def test_a_send_cut_after_it_was_accepted_is_seen_once(
    office: Office, citizen: TwilioCitizen, twilio: TwilioServer
) -> None:
    citizen.send_text("hola")
    twilio.settle()
    twilio.faults(cut_sends=1)
    await office.work()
    twilio.settle()
    await office.work()
    assert [message.text for message in citizen.received] == ["eco: hola"]
    (delivery,) = await office.deliveries()
    assert delivery.state in {DeliveryState.SENT, DeliveryState.DELIVERED, DeliveryState.READ}


async def test_receipts_in_any_order_never_go_back(
    office: Office, citizen: TwilioCitizen, twilio: TwilioServer
) -> None:
    twilio.faults(shuffle_callbacks=True)
    citizen.send_text("hola")
    twilio.settle()
    await office.work()
    twilio.settle()
    (delivery,) = await office.deliveries()
    assert delivery.state in {DeliveryState.DELIVERED, DeliveryState.READ}
    assert delivery.delivered_at is not None


@pytest.mark.parametrize(("code", "shown"), [(63016, "63016"), (63003, "63003"), (63024, "63024")])
async def test_a_failure_of_whatsapp_is_shown_with_its_code(
    office: Office, citizen: TwilioCitizen, twilio: TwilioServer, code: int, shown: str
) -> None:
    citizen.send_text("hola")
    twilio.settle()
    citizen.fail_with(code)
    await office.work()
    twilio.settle()
    (delivery,) = await office.deliveries()
    assert (delivery.state, delivery.error_code) == (DeliveryState.FAILED, shown)


async def test_what_twilio_could_not_fetch_is_sent_again(
    office: Office, citizen: TwilioCitizen, twilio: TwilioServer
) -> None:
    citizen.send_text("hola")
    twilio.settle()
    citizen.fail_with(63019)
    await office.work()
    twilio.settle()
    (delivery,) = await office.deliveries()
    assert (delivery.state, delivery.error_code) == (DeliveryState.PENDING, "63019")
    citizen.fail_with(None)
    await _make_due(office)
    await office.work()
    assert [message.text for message in citizen.received] == ["eco: hola"]


async def test_a_vendor_that_is_down_for_a_while_delays_and_loses_nothing(
    office: Office, citizen: TwilioCitizen, twilio: TwilioServer
) -> None:
    citizen.send_text("hola")
    twilio.settle()
    twilio.faults(down_seconds=3600)
    await office.take_turns()
    await office.worker.dispatcher.send_all_due()
    (delivery,) = await office.deliveries()
    assert delivery.state in {DeliveryState.PENDING, DeliveryState.UNCERTAIN}
    assert citizen.received == []
    twilio.faults(down_seconds=0)
    await _make_due(office)
    await office.work()
    assert [message.text for message in citizen.received] == ["eco: hola"]


async def _make_due(office: Office) -> None:
    from sqlalchemy import text

    async with office.database.transaction() as session:
        await session.execute(text("UPDATE delivery SET next_attempt_at = now()"))


async def test_a_file_that_cannot_be_kept_is_answered_kindly(
    office: Office, citizen: TwilioCitizen, twilio: TwilioServer
) -> None:
    citizen.send_file(Kind.DOCUMENT, b"MZ" + b"\0" * 200, filename="virus.exe")
    twilio.settle()
    await office.work()
    twilio.settle()
    (shown,) = citizen.received
    assert "No puedo guardar ese tipo de archivo" in shown.text
    from sqlalchemy import select

    from backend.conversations.models import InboundMedia

    async with office.database.transaction() as session:
        (media,) = list(await session.scalars(select(InboundMedia)))
    assert (media.state, media.problem) == (MediaState.FAILED, "tipo_no_admitido")


async def test_a_message_recovered_late_counts_from_when_it_was_sent(office: Office, whatsapp: ChannelAccount) -> None:
    from datetime import timedelta

    from backend import clock
    from backend.messaging import window
    from backend.webhooks import service
    from channels.port import InboundMessage, Sender

    long_ago = clock.now() - timedelta(hours=25)
    sender = Sender("+526621234567", "whatsapp:+526621234567", None, "+526621234567")
    late = InboundMessage("SMlate", sender, "ayer les escribí", sent_at=long_ago.timestamp())
    async with office.database.transaction() as session:
        await service.store(session, whatsapp, late)
    (conversation,) = await office.conversations()
    assert conversation.last_citizen_at == long_ago
    assert not window.is_open(conversation)
