"""What the office hears from Twilio: signed forms, their parameters, receipts, retries, media."""

import base64
import hashlib
import hmac
from collections.abc import Callable

import httpx
import pytest
from twilio.request_validator import RequestValidator

from tests.fakes.conftest import Office
from tests.fakes.conversation import CitizenMessage, Kind
from tests.fakes.handles import TwilioCitizen, TwilioServer
from tests.fakes.twilio_client import client_of

PHONE = "+5216621234567"


def heard(office: Office, server: TwilioServer) -> dict[str, str]:
    """The last form that came for WhatsApp."""
    server.settle()
    return office.forms("/whatsapp")[-1]


def test_the_vendors_own_vector() -> None:
    """From «Webhooks Security»; derived again here without the library."""
    url = "https://mycompany.com/myapp.php?foo=1&bar=2"
    params = {"CallSid": "CA1234567890ABCDE", "Caller": "+14158675309", "Digits": "1234", "From": "+14158675309",
              "To": "+18005551212"}  # fmt: skip
    text = url + "".join(name + params[name] for name in sorted(params))
    derived = base64.b64encode(hmac.digest(b"12345", text.encode(), hashlib.sha1)).decode()
    assert derived == RequestValidator("12345").compute_signature(url, params) == "RSOYDt4T1cUTdK1PDd93/VVr8B8="


def test_forms_are_signed(twilio: TwilioServer, office: Office) -> None:
    twilio.citizen(PHONE, name="José Núñez").send_text("¡Hola! ¿Qué tal? 100% & más =)")
    twilio.settle()
    call = office.calls[-1]
    url, signature = f"{office.base_url}/whatsapp", call.headers["x-twilio-signature"]
    validator = RequestValidator(twilio.auth_token)
    assert validator.validate(url, call.form, signature)
    assert not validator.validate(url, {**call.form, "Body": "Otra cosa"}, signature)
    assert not RequestValidator("0" * 32).validate(url, call.form, signature)


def test_a_text(twilio: TwilioServer, office: Office) -> None:
    sid = twilio.citizen(PHONE, name="José Núñez").send_text("¡Hola!")
    form = heard(office, twilio)
    assert form["MessageSid"] == form["SmsMessageSid"] == form["SmsSid"] == sid
    expected = {
        "AccountSid": twilio.account_sid, "From": f"whatsapp:{PHONE}", "To": twilio.whatsapp_number, "Body": "¡Hola!",
        "NumMedia": "0", "ProfileName": "José Núñez", "WaId": "5216621234567", "MessageType": "text",
        "SmsStatus": "received",
    }  # fmt: skip
    assert expected.items() <= form.items()
    assert '"WaId": "5216621234567"' in form["ChannelMetadata"]


def test_someone_who_hides_their_phone(twilio: TwilioServer, office: Office) -> None:
    citizen = twilio.citizen(PHONE, hides_phone=True, username="lupita")
    citizen.send_text("Hola")
    form = heard(office, twilio)
    assert form["From"] == citizen.id == f"whatsapp:{form['ExternalUserId']}"
    assert form["ExternalUserId"].startswith("MX.")
    assert form["ProfileUsername"] == "lupita"
    assert not any(PHONE[-10:] in value for value in form.values())  # ids are random: less would be there by chance
    assert "WaId" not in form
    client_of(twilio).messages.create(from_=twilio.whatsapp_number, to=form["From"], body="Buenas")
    twilio.settle()
    assert [message.text for message in citizen.received] == ["Buenas"]


SENDS: list[tuple[Callable[[TwilioCitizen], str], dict[str, str]]] = [
    (lambda c: c.send_file(Kind.PHOTO, b"jpg", caption="El bache"),
     {"MessageType": "image", "MediaContentType0": "image/jpeg", "NumMedia": "1", "Body": "El bache"}),
    (lambda c: c.send_file(Kind.DOCUMENT, b"pdf"), {"MessageType": "document", "MediaContentType0": "application/pdf"}),
    (lambda c: c.send_file(Kind.VOICE, b"ogg"), {"MessageType": "audio", "MediaContentType0": "audio/ogg"}),
    (lambda c: c.send_file(Kind.VIDEO, b"mp4"), {"MessageType": "video", "MediaContentType0": "video/mp4"}),
    (lambda c: c.send_file(Kind.STICKER, b"webp"), {"MessageType": "sticker", "MediaContentType0": "image/webp"}),
    (lambda c: c.send_location(29.07, -110.95, label="Catedral", address="Centro"),
     {"MessageType": "location", "Latitude": "29.07", "Longitude": "-110.95", "Label": "Catedral",
      "Address": "Centro"}),
    (lambda c: c.send_contact(), {"MessageType": "contacts", "MediaContentType0": "text/vcard"}),
    (lambda c: c.send(CitizenMessage(text="Circula esto", forwarded=True)), {"Forwarded": "true"}),
]  # fmt: skip


@pytest.mark.parametrize(("act", "expected"), SENDS)
def test_kinds(
    twilio: TwilioServer, office: Office, act: Callable[[TwilioCitizen], str], expected: dict[str, str]
) -> None:
    act(twilio.citizen(PHONE))
    assert expected.items() <= heard(office, twilio).items()


def test_a_reply_names_the_message_it_answers(twilio: TwilioServer, office: Office) -> None:
    citizen = twilio.citizen(PHONE)
    first = citizen.send_text("Hay una fuga")
    citizen.send_text("En esta calle", reply_to=first)
    assert heard(office, twilio)["OriginalRepliedMessageSid"] == first


def test_media_needs_credentials_and_then_none(twilio: TwilioServer, office: Office) -> None:
    twilio.citizen(PHONE).send_file(Kind.PHOTO, b"\xff\xd8 una foto", content_type="image/png")
    url = heard(office, twilio)["MediaUrl0"]
    assert httpx.get(url).status_code == 401
    credentials = (twilio.account_sid, twilio.auth_token)
    redirect = httpx.get(url, auth=credentials)
    assert redirect.status_code == 307
    assert httpx.URL(redirect.headers["location"]).host != httpx.URL(url).host
    assert httpx.get(redirect.headers["location"], auth=credentials).status_code == 400
    assert twilio.alerts[-1]["problem"] == "credentials were sent to the content network"
    answer = httpx.get(url, auth=credentials, follow_redirects=True)
    assert (answer.content, answer.headers["content-type"]) == (b"\xff\xd8 una foto", "image/png")


def send_with_callback(server: TwilioServer, office: Office, to: str) -> str:
    message = client_of(server).messages.create(
        from_=server.whatsapp_number, to=to, body="Buenas", status_callback=f"{office.base_url}/status?id=7"
    )
    server.settle()
    return str(message.sid)


def test_receipts(twilio: TwilioServer, office: Office) -> None:
    citizen = twilio.citizen(PHONE)
    citizen.send_text("Hola")
    sid = send_with_callback(twilio, office, citizen.id)
    forms = office.forms("/status")
    assert [form["MessageStatus"] for form in forms] == ["queued", "sent", "delivered", "read"]
    assert {form["MessageSid"] for form in forms} == {sid}
    call = office.calls[-1]
    signature = call.headers["x-twilio-signature"]
    assert RequestValidator(twilio.auth_token).validate(f"{office.base_url}/status?id=7", call.form, signature)


def test_a_receipt_of_failure_says_why(twilio: TwilioServer, office: Office) -> None:
    citizen = twilio.citizen(PHONE)
    send_with_callback(twilio, office, citizen.id)
    form = office.forms("/status")[-1]
    assert (form["MessageStatus"], form["ErrorCode"]) == ("failed", "63016")


def test_receipts_doubled_and_in_any_order(twilio: TwilioServer, office: Office) -> None:
    twilio.faults(duplicate_callbacks=2, shuffle_callbacks=True, reads=False)
    citizen = twilio.citizen(PHONE)
    citizen.send_text("Hola")
    orders = set()
    for _ in range(4):
        before = len(office.forms("/status"))
        send_with_callback(twilio, office, citizen.id)
        statuses = [form["MessageStatus"] for form in office.forms("/status")[before:]]
        assert sorted(statuses) == sorted(["queued", "sent", "delivered"] * 3)
        orders.add(tuple(statuses))
    assert len(orders) > 1


def test_an_error_is_not_tried_again(twilio: TwilioServer, office: Office) -> None:
    office.statuses = [500]
    twilio.citizen(PHONE).send_text("Hola")
    twilio.settle()
    assert len(office.calls) == 1
    assert [alert["code"] for alert in twilio.alerts] == [11200]


def test_the_fallback_hears_what_failed(twilio: TwilioServer, office: Office) -> None:
    twilio.configure(fallback_url=f"{office.base_url}/fallback")
    office.statuses = [429]
    sid = twilio.citizen(PHONE).send_text("Hola")
    twilio.settle()
    form = office.forms("/fallback")[-1]
    assert (form["MessageSid"], form["ErrorCode"], form["ErrorUrl"]) == (sid, "11200", f"{office.base_url}/whatsapp")


def test_a_connection_that_can_not_be_made_is_tried_once_more(twilio: TwilioServer) -> None:
    twilio.configure(webhook_url="http://127.0.0.1:9/whatsapp")
    twilio.citizen(PHONE).send_text("Hola")
    twilio.settle()
    assert [attempt["attempt"] for attempt in twilio.deliveries] == [1, 2]


def test_retries_as_the_address_asks(twilio: TwilioServer, office: Office) -> None:
    twilio.configure(webhook_url=f"{office.base_url}/whatsapp#rc=4&rp=5xx,rt")
    office.statuses = [500, 0, 503]
    twilio.citizen(PHONE).send_text("Hola")
    twilio.settle()
    assert [attempt["status"] for attempt in twilio.deliveries] == [500, None, 503, 200]
    assert len({call.headers["i-twilio-idempotency-token"] for call in office.calls}) == 1
    assert len({call.headers["x-twilio-signature"] for call in office.calls}) == 1


def test_a_slow_office_is_given_up(twilio: TwilioServer, office: Office) -> None:
    twilio.faults(timeout_seconds=0.2)
    office.seconds = 1
    twilio.citizen(PHONE).send_text("Hola")
    twilio.settle()
    assert [attempt["problem"] for attempt in twilio.deliveries] == ["read: ReadTimeout"]


def test_doubles_and_replays(twilio: TwilioServer, office: Office) -> None:
    twilio.faults(duplicate_webhooks=1)
    sid = twilio.citizen(PHONE).send_text("Hola")
    twilio.replay(sid, times=3)
    twilio.settle()
    assert [form["MessageSid"] for form in office.forms("/whatsapp")] == [sid] * 5


def test_one_citizens_messages_keep_their_order(twilio: TwilioServer, office: Office) -> None:
    twilio.configure(webhook_url=f"{office.base_url}/whatsapp#rp=5xx")
    office.seconds, office.statuses = 0.3, [500]
    citizen = twilio.citizen(PHONE)
    texts = [f"Mensaje {number}" for number in range(3)]
    for text in texts:
        citizen.send_text(text)
    twilio.settle()
    assert [form["Body"] for form in office.forms("/whatsapp")] == [texts[0], *texts]


def test_a_block_is_not_told(twilio: TwilioServer, office: Office) -> None:
    citizen = twilio.citizen(PHONE)
    citizen.send_text("Hola")
    citizen.block()
    send_with_callback(twilio, office, citizen.id)
    form = office.forms("/status")[-1]
    assert (form["MessageStatus"], form["ErrorCode"]) == ("undelivered", "63024")
    assert len(office.forms("/whatsapp")) == 1
