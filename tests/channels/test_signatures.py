"""Who may call: Twilio's signature and Telegram's secret, against what the vendors document and against forgeries."""

import base64
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from hashlib import sha256
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

import httpx
import pytest
from twilio.request_validator import RequestValidator

from backend.messaging.adapters import webhook_address
from backend.messaging.models import ChannelAccount
from channels.port import NotAuthentic, WebhookRequest
from channels.twilio_api import TwilioApi
from tests.channels.conftest import WEBHOOK_SECRET, Office
from tests.fakes.handles import TwilioServer

# The example of Twilio's own documents and libraries (https://www.twilio.com/docs/usage/security).
TOKEN = "12345"
URL = "https://mycompany.com/myapp.php?foo=1&bar=2"
FORM = (
    ("CallSid", "CA1234567890ABCDE"),
    ("Caller", "+14158675309"),
    ("Digits", "1234"),
    ("From", "+14158675309"),
    ("To", "+18005551212"),
)
SIGNATURE = "RSOYDt4T1cUTdK1PDd93/VVr8B8="
JSON_BODY = b'{"property": "value", "boolean": true}'
JSON_DIGEST = "0a1ff7634d9ab3b95db5c9a2dfe9416e41502b283a80c7cf19632632f96e6620"
MUTATIONS = 10_000
_PLAIN = "application/x-www-form-urlencoded"


@dataclass(frozen=True)
class Call:
    """A webhook's call, before it is put on the wire."""

    url: str = URL
    form: tuple[tuple[str, str], ...] = FORM
    signature: str = SIGNATURE

    @property
    def body(self) -> bytes:
        return urlencode(self.form).encode()

    def request(self) -> WebhookRequest:
        headers = {"content-type": _PLAIN, "x-twilio-signature": self.signature}
        return WebhookRequest(self.url, headers, self.body)


@pytest.fixture
async def api() -> TwilioApi:
    return TwilioApi("AC" + "0" * 32, TOKEN)


def is_taken(api: TwilioApi, request: WebhookRequest) -> bool:
    try:
        api.verify(request)
    except NotAuthentic:
        return False
    return True


def json_request(url: str, body: bytes) -> WebhookRequest:
    headers = {
        "content-type": "application/json",
        "x-twilio-signature": RequestValidator(TOKEN).compute_signature(url, {}),
    }
    return WebhookRequest(url, headers, body)


async def test_the_vendors_own_example_is_taken(api: TwilioApi) -> None:
    assert is_taken(api, Call().request())
    assert is_taken(api, Call(form=tuple(reversed(FORM))).request()), "the order on the wire does not count"


async def test_a_json_body_is_bound_by_its_digest(api: TwilioApi) -> None:
    assert sha256(JSON_BODY).hexdigest() == JSON_DIGEST
    url = f"{URL}&bodySHA256={JSON_DIGEST}"
    assert is_taken(api, json_request(url, JSON_BODY))
    assert not is_taken(api, json_request(url, JSON_BODY + b" "))
    assert not is_taken(api, json_request(f"{URL}&bodySHA256={'0' * 64}", JSON_BODY))
    assert not is_taken(api, json_request(URL, JSON_BODY)), "without a digest nothing binds the body"


# What a forger may change. Each gives another call than the one that was signed.


def _text(chance: random.Random) -> str:
    return "".join(chance.choices("abcXYZ0189+-_ñ¡ &=%", k=chance.randint(1, 8)))


def _changed(call: Call, chance: random.Random) -> Call:
    place = chance.randrange(len(call.form))
    name, value = call.form[place]
    cut = chance.randrange(len(value) + 1)
    return replace(
        call, form=(*call.form[:place], (name, value[:cut] + _text(chance) + value[cut:]), *call.form[place + 1 :])
    )


def _renamed(call: Call, chance: random.Random) -> Call:
    place = chance.randrange(len(call.form))
    name, value = call.form[place]
    return replace(call, form=(*call.form[:place], (name + _text(chance), value), *call.form[place + 1 :]))


def _added(call: Call, chance: random.Random) -> Call:
    return replace(call, form=(*call.form, (f"Extra{_text(chance)}", _text(chance))))


def _repeated(call: Call, chance: random.Random) -> Call:
    name, value = chance.choice(call.form)
    return replace(call, form=(*call.form, (name, value + _text(chance))))


def _removed(call: Call, chance: random.Random) -> Call:
    place = chance.randrange(len(call.form))
    return replace(call, form=(*call.form[:place], *call.form[place + 1 :]))


def _exchanged(call: Call, chance: random.Random) -> Call:
    """Two values change places."""
    first, second = chance.sample(range(len(call.form)), 2)
    form = list(call.form)
    form[first], form[second] = (form[first][0], form[second][1]), (form[second][0], form[first][1])
    return replace(call, form=tuple(form))


def _other_host(call: Call, chance: random.Random) -> Call:
    parts = urlsplit(call.url)
    return replace(call, url=urlunsplit(parts._replace(netloc=f"{chance.randrange(10**6)}.{parts.netloc}")))


def _other_path(call: Call, chance: random.Random) -> Call:
    parts = urlsplit(call.url)
    return replace(call, url=urlunsplit(parts._replace(path=f"{parts.path}/{chance.randrange(10**6)}")))


def _other_query(call: Call, chance: random.Random) -> Call:
    parts = urlsplit(call.url)
    query = dict(parse_qsl(parts.query)) | {chance.choice(["foo", "bar", "more"]): f"x{chance.randrange(10**6)}"}
    return replace(call, url=urlunsplit(parts._replace(query=urlencode(query))))


def _flipped(call: Call, chance: random.Random) -> Call:
    signature = bytearray(base64.b64decode(call.signature))
    signature[chance.randrange(len(signature))] ^= 1 << chance.randrange(8)
    return replace(call, signature=base64.b64encode(bytes(signature)).decode())


def _cut_short(call: Call, chance: random.Random) -> Call:
    return replace(call, signature=call.signature[: chance.randrange(len(call.signature))])


def _other_token(call: Call, chance: random.Random) -> Call:
    token = f"{TOKEN}{chance.randrange(10**6)}"
    return replace(call, signature=RequestValidator(token).compute_signature(call.url, dict(call.form)))


FORGERIES: tuple[Callable[[Call, random.Random], Call], ...] = (
    _changed, _renamed, _added, _repeated, _removed, _exchanged, _other_host, _other_path, _other_query,
    _flipped, _cut_short, _other_token,
)  # fmt: skip


def forged(
    call: Call, chance: random.Random, ways: Sequence[Callable[[Call, random.Random], Call]] = FORGERIES
) -> Call:
    """`call` with something changed so that the signature no longer is of it."""
    while True:
        other = chance.choice(ways)(call, chance)
        if (other.url, sorted(other.form), other.signature) != (call.url, sorted(call.form), call.signature):
            return other


async def test_ten_thousand_forgeries_are_refused(api: TwilioApi) -> None:
    chance = random.Random(12345)
    taken = [call for call in (forged(Call(), chance) for _ in range(MUTATIONS)) if is_taken(api, call.request())]
    assert taken == []


async def test_forgeries_are_refused_at_the_door(
    office: Office, twilio: TwilioServer, whatsapp: ChannelAccount
) -> None:
    chance = random.Random(54321)
    url = webhook_address(office.settings, whatsapp)
    form = (("Body", "¡Hola!"), ("From", "whatsapp:+526621234567"), ("MessageSid", "SM1"), ("NumMedia", "0"))
    genuine = Call(url, form, RequestValidator(twilio.auth_token).compute_signature(url, dict(form)))
    only_here = [one for one in FORGERIES if one not in {_other_host, _other_path}]  # those are other addresses
    answers = []
    async with httpx.AsyncClient() as client:
        for _ in range(100):
            answers.append((await _send(client, forged(genuine, chance, only_here))).status_code)
        assert set(answers) == {403}
        assert await office.messages() == []
        assert (await _send(client, genuine)).status_code == 200
    assert await office.from_citizen() == ["¡Hola!"]


async def _send(client: httpx.AsyncClient, call: Call, headers: dict[str, str] | None = None) -> httpx.Response:
    shown = {"content-type": _PLAIN, "x-twilio-signature": call.signature, **(headers or {})}
    return await client.post(call.url, content=call.body, headers=shown)


@pytest.mark.parametrize(
    "headers",
    [
        {"host": "evil.example"},
        {"x-forwarded-host": "evil.example"},
        {"x-forwarded-proto": "https"},
        {"x-forwarded-host": "mycompany.com", "x-forwarded-proto": "https", "x-forwarded-port": "443"},
        {"forwarded": "host=mycompany.com;proto=https"},
        {"x-original-url": "/myapp.php", "x-rewrite-url": "/myapp.php"},
    ],
    ids=",".join,
)
async def test_no_header_moves_the_address_that_is_signed(
    office: Office, twilio: TwilioServer, whatsapp: ChannelAccount, headers: dict[str, str]
) -> None:
    ours = webhook_address(office.settings, whatsapp)
    form = (("Body", "hola"), ("From", "whatsapp:+526621234567"), ("MessageSid", "SM1"), ("NumMedia", "0"))
    validator = RequestValidator(twilio.auth_token)
    path = urlsplit(ours).path
    async with httpx.AsyncClient() as client:
        genuine = Call(ours, form, validator.compute_signature(ours, dict(form)))
        assert (await _send(client, genuine, headers)).status_code == 200
        for claimed in (
            f"https://evil.example{path}",
            f"https://mycompany.com{path}",
            "https://mycompany.com/myapp.php",
        ):
            elsewhere = Call(ours, form, validator.compute_signature(claimed, dict(form)))
            assert (await _send(client, elsewhere, headers)).status_code == 403


@pytest.mark.parametrize(
    "secret", [None, "", WEBHOOK_SECRET[:-1], WEBHOOK_SECRET + "x", WEBHOOK_SECRET.upper(), "ñ\xff", "x" * 5000]
)
async def test_telegram_without_its_secret_is_refused(
    office: Office, telegram_account: ChannelAccount, secret: str | None
) -> None:
    headers = {} if secret is None else {"X-Telegram-Bot-Api-Secret-Token": secret.encode("latin-1")}
    update = {"update_id": 1, "message": {"message_id": 1, "date": 1, "text": "hola"}}
    async with httpx.AsyncClient() as client:
        address = webhook_address(office.settings, telegram_account)
        answer = await client.post(address, json=update, headers=headers)
    assert answer.status_code in {401, 403}
    assert await office.messages() == []
