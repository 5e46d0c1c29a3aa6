"""Sending through Twilio's own library: what is accepted, what is refused, what fails afterwards."""

import time
from concurrent.futures import FIRST_COMPLETED, ThreadPoolExecutor, wait

import pytest
import requests
from twilio.base.exceptions import TwilioRestException
from twilio.rest import Client

from tests.fakes.conftest import Office
from tests.fakes.handles import TwilioCitizen, TwilioServer
from tests.fakes.twilio_client import client_of

PHONE = "+5216621234567"


@pytest.fixture
def client(twilio: TwilioServer) -> Client:
    return client_of(twilio)


@pytest.fixture
def citizen(twilio: TwilioServer) -> TwilioCitizen:
    """A citizen on WhatsApp who has just written."""
    citizen = twilio.citizen(PHONE)
    citizen.send_text("Hola")
    return citizen


def send(client: Client, server: TwilioServer, to: str, **what: object) -> str:
    """A text, if nothing else is given; the message's sid."""
    message = client.messages.create(**{"from_": server.whatsapp_number, "to": to, **(what or {"body": "Buenas"})})
    return str(message.sid)


def refusal(client: Client, server: TwilioServer, to: str, **what: object) -> tuple[int, int]:
    with pytest.raises(TwilioRestException) as raised:
        send(client, server, to, **what)
    return raised.value.status, raised.value.code


def outcome(client: Client, server: TwilioServer, sid: str) -> tuple[str, int | None]:
    server.settle()
    message = client.messages(sid).fetch()
    return message.status, message.error_code


def test_text_is_queued_then_read(client: Client, twilio: TwilioServer, citizen: TwilioCitizen) -> None:
    message = client.messages.create(from_=twilio.whatsapp_number, to=citizen.id, body="¿En qué le ayudo?")
    assert (message.status, message.direction, message.error_code) == ("queued", "outbound-api", None)
    assert outcome(client, twilio, message.sid) == ("read", None)
    assert [said.text for said in citizen.received] == ["¿En qué le ayudo?"]


def test_the_same_post_twice_is_two_messages(client: Client, twilio: TwilioServer, citizen: TwilioCitizen) -> None:
    assert send(client, twilio, citizen.id) != send(client, twilio, citizen.id)
    twilio.settle()
    assert len(citizen.received) == 2


def test_a_mexican_mobile_is_reached_with_and_without_the_one(
    client: Client, twilio: TwilioServer, citizen: TwilioCitizen
) -> None:
    sid = send(client, twilio, "whatsapp:+526621234567")
    assert outcome(client, twilio, sid) == ("read", None)
    assert len(citizen.received) == 1


@pytest.mark.parametrize(
    ("what", "expected"),
    [
        ({"body": "x" * 1601}, (400, 21617)),
        ({"body": ""}, (400, 21619)),
        ({"body": "x", "from_": "whatsapp:+15005550006"}, (400, 63007)),
        ({"body": "x", "from_": "+15005550006"}, (400, 21910)),
        ({"body": "x", "to": "whatsapp:662"}, (400, 21211)),
        ({"body": "x", "status_callback": "localhost"}, (400, 21609)),
        ({"content_sid": "HX" + "0" * 32}, (400, 21655)),
        ({"body": "x", "content_variables": "{}"}, (400, 21654)),
    ],
)
def test_refused_at_once(
    client: Client, twilio: TwilioServer, citizen: TwilioCitizen, what: dict[str, str], expected: tuple[int, int]
) -> None:
    if what.get("from_") == "+15005550006":  # sender and recipient of different channels: a number of the office
        what = {**what, "from_": twilio.sms_number}
    assert refusal(client, twilio, what.pop("to", citizen.id), **what) == expected
    twilio.settle()
    assert citizen.received == []


def test_1600_characters_are_accepted(client: Client, twilio: TwilioServer, citizen: TwilioCitizen) -> None:
    assert outcome(client, twilio, send(client, twilio, citizen.id, body="ñ" * 1600)) == ("read", None)


def test_wrong_token(twilio: TwilioServer, citizen: TwilioCitizen) -> None:
    assert refusal(client_of(twilio, token="0" * 32), twilio, citizen.id) == (401, 20003)


def test_credentials_can_be_tried(client: Client, twilio: TwilioServer) -> None:
    assert client.api.accounts(twilio.account_sid).fetch().status == "active"
    with pytest.raises(TwilioRestException) as raised:
        client.api.accounts("AC" + "9" * 32).fetch()
    assert raised.value.status == 401


def test_outside_the_window_text_fails_afterwards(client: Client, twilio: TwilioServer, citizen: TwilioCitizen) -> None:
    citizen.close_window()
    assert outcome(client, twilio, send(client, twilio, citizen.id)) == ("failed", 63016)
    assert citizen.received == []
    citizen.send_text("Sigo aquí")
    assert outcome(client, twilio, send(client, twilio, citizen.id)) == ("read", None)


def test_the_window_closes_after_24_hours(client: Client, twilio: TwilioServer, citizen: TwilioCitizen) -> None:
    twilio.advance(23.9 * 3600)
    assert outcome(client, twilio, send(client, twilio, citizen.id)) == ("read", None)
    twilio.advance(0.2 * 3600)
    assert outcome(client, twilio, send(client, twilio, citizen.id)) == ("failed", 63016)


def test_too_fast_for_the_sender(client: Client, twilio: TwilioServer, citizen: TwilioCitizen) -> None:
    twilio.faults(sender_per_second=0.0001)
    sids = [send(client, twilio, citizen.id) for _ in range(3)]
    twilio.settle()
    assert sorted(str(client.messages(sid).fetch().error_code) for sid in sids) == ["63018", "63018", "None"]


@pytest.mark.parametrize("code", [63003, 63024])
def test_recipient_who_can_not_be_reached(
    client: Client, twilio: TwilioServer, citizen: TwilioCitizen, code: int
) -> None:
    citizen.fail_with(code)
    assert outcome(client, twilio, send(client, twilio, citizen.id)) == ("undelivered", code)


def test_media_is_fetched_from_its_public_address(
    client: Client, twilio: TwilioServer, citizen: TwilioCitizen, office: Office
) -> None:
    sid = send(client, twilio, citizen.id, body="Su carta", media_url=[f"{office.base_url}/oficio.pdf"])
    assert outcome(client, twilio, sid) == ("read", None)
    media = citizen.received[-1].media
    assert media is not None
    assert (media.content_type, media.filename) == ("application/pdf", "oficio.pdf")
    sid = send(client, twilio, citizen.id, media_url=[f"{office.base_url}/no-hay.pdf"])
    assert outcome(client, twilio, sid) == ("undelivered", 63019)


def test_typing_is_seen(client: Client, twilio: TwilioServer, citizen: TwilioCitizen) -> None:
    inbound = citizen.send_text("¿Y mi folio?")
    assert client.messaging.v2.typing_indicator.create(channel="whatsapp", message_id=inbound).success
    assert citizen.actions == ["typing"]
    with pytest.raises(TwilioRestException):
        client.messaging.v2.typing_indicator.create(channel="whatsapp", message_id="SM" + "0" * 32)


def test_too_many_requests_at_once(client: Client, twilio: TwilioServer, citizen: TwilioCitizen) -> None:
    twilio.faults(api_concurrency=1, busy_seconds=10_000)
    with ThreadPoolExecutor() as pool:
        sends = [pool.submit(send, client_of(twilio, timeout=60), twilio, citizen.id) for _ in range(2)]
        refused, working = wait(sends, return_when=FIRST_COMPLETED)
        twilio.advance(10_000)
        error = refused.pop().exception()
        assert isinstance(error, TwilioRestException)
        assert (error.status, error.code) == (429, 20429)
        assert working.pop().result()


def test_failing_on_demand(client: Client, twilio: TwilioServer, citizen: TwilioCitizen) -> None:
    twilio.faults(fail_status=503, fail_times=2)
    assert [refusal(client, twilio, citizen.id)[0] for _ in range(2)] == [503, 503]
    send(client, twilio, citizen.id)


@pytest.mark.parametrize(("fault", "arrived"), [("cut_sends", 1), ("drop_sends", 0)])
def test_cut_connection(client: Client, twilio: TwilioServer, citizen: TwilioCitizen, fault: str, arrived: int) -> None:
    twilio.faults(**{fault: 1})
    with pytest.raises(requests.ConnectionError):
        send(client, twilio, citizen.id)
    twilio.settle()
    assert len(citizen.received) == arrived
    assert len(client.messages.list(to=citizen.id)) == arrived


def test_slow_answers(twilio: TwilioServer, citizen: TwilioCitizen) -> None:
    twilio.faults(slow_seconds=1)
    with pytest.raises(requests.ReadTimeout):
        send(client_of(twilio, timeout=0.2), twilio, citizen.id)


def test_down_for_a_while(client: Client, twilio: TwilioServer, citizen: TwilioCitizen) -> None:
    twilio.faults(down_seconds=60)
    with pytest.raises(requests.ConnectionError):
        send(client, twilio, citizen.id)
    twilio.faults(down_seconds=0.1)
    time.sleep(0.1)
    send(client, twilio, citizen.id)


def test_pages_hold_each_message_once_while_more_arrive(
    client: Client, twilio: TwilioServer, citizen: TwilioCitizen
) -> None:
    sent = [send(client, twilio, citizen.id, body=f"Aviso {number}") for number in range(7)]
    listed = []
    page = client.messages.page(to=citizen.id, page_size=3)
    while page is not None:
        listed += [message.sid for message in page]
        page = page.next_page()
        send(client, twilio, citizen.id, body="Otro más")
    assert listed == sent[::-1]


def test_list_filters(client: Client, twilio: TwilioServer, citizen: TwilioCitizen) -> None:
    other = twilio.citizen("+5216627654321")
    other.send_text("Hola")
    send(client, twilio, other.id)
    assert len(client.messages.list(to=other.id)) == 1
    assert {message.direction for message in client.messages.list(from_=citizen.id)} == {"inbound"}
    today = client.messages.list(from_=citizen.id)[0].date_created.date()
    assert len(client.messages.list(date_sent=today)) == 3
    assert client.messages.list(date_sent="2020-01-01") == []


def test_sms_obeys_stop(client: Client, twilio: TwilioServer, office: Office) -> None:
    citizen = twilio.citizen("+526629990000", sms=True)
    assert outcome(client, twilio, send(client, twilio, citizen.id, from_=twilio.sms_number, body="Aviso")) == (
        "delivered",
        None,
    )
    citizen.send_text(" stop ")
    assert refusal(client, twilio, citizen.id, from_=twilio.sms_number, body="Aviso") == (400, 21610)
    citizen.send_text("START")
    send(client, twilio, citizen.id, from_=twilio.sms_number, body="Aviso")
    twilio.settle()
    assert [form["Body"] for form in office.forms("/sms")] == [" stop ", "START"]
    assert "WaId" not in office.forms("/sms")[0]
