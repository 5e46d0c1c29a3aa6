"""The stand-in's telephone: what Twilio takes as a document, and what its API refuses."""

from collections.abc import Iterator

import pytest
from twilio.base.exceptions import TwilioRestException
from twilio.twiml.voice_response import VoiceResponse

from tests.fakes.handles import TwilioServer
from tests.fakes.running import running_twilio
from tests.fakes.twilio_client import client_of
from tests.fakes.twilio_server.voice.documents import BadTwiml, read


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ("<Response><Say>hola</Say>", 12100),
        ("<Say>hola</Say>", 12102),
        ("<Response><Shout>hola</Shout></Response>", 12200),
        ('<Response><Say volume="9">hola</Say></Response>', 12200),
        ("<Response><Say> </Say></Response>", 13520),
        (f"<Response><Say>{'a' * 4097}</Say></Response>", 13520),
        ("<Response><Gather><Record/></Gather></Response>", 12200),
        ('<Response><Gather action="/tecla"/></Response>', 11100),
        ('<Response><Gather numDigits="0"/></Response>', 12200),
        ("<Response><Dial><Number>6621234567</Number></Dial></Response>", 13223),
        ("<Response><Dial/></Response>", 13201),
        ('<Response><Dial><Number statusCallbackEvent="ended">+526621234567</Number></Dial></Response>', 21626),
        ('<Response><Record maxLength="20000"/></Response>', 12200),
        ("<Response><Redirect>/menu</Redirect></Response>", 11100),
    ],
)
def test_documents_that_twilio_refuses(body: str, code: int) -> None:
    with pytest.raises(BadTwiml) as refused:
        read(body.encode(), "text/xml")
    assert refused.value.code == code


def test_documents_that_twilio_takes() -> None:
    response = VoiceResponse()
    response.say("Hola", language="es-MX", voice="Polly.Mia-Neural")
    assert [verb.tag for verb in read(str(response).encode(), "text/xml; charset=utf-8")] == ["Say"]
    assert read(b"<Response/>", "application/xml") == []
    with pytest.raises(BadTwiml, match="12300"):
        read(b"<Response/>", "text/html")


@pytest.fixture
def twilio() -> Iterator[TwilioServer]:
    with running_twilio() as server:
        yield server


def test_the_api_refuses_what_twilio_refuses(twilio: TwilioServer) -> None:
    calls = client_of(twilio).calls
    good = {"to": "+526621234567", "from_": twilio.voice_number, "url": "https://office.example/hola"}
    for change, code in (({"to": "662"}, 21211), ({"from_": "+15005550006"}, 21210), ({"url": "hola"}, 21205)):
        with pytest.raises(TwilioRestException) as refused:
            calls.create(**{**good, **change})
        assert refused.value.code == code
    twilio.manner(good["to"], "busy")
    call = calls.create(**good)
    twilio.settle()
    assert calls(call.sid).fetch().status == "busy"
    with pytest.raises(TwilioRestException) as refused:
        calls(call.sid).update(url="https://office.example/otra")
    assert refused.value.code == 21220
