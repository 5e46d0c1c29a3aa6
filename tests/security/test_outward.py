"""No address that a vendor, a citizen or another system names makes this server knock at an inner door.

Webhooks' targets, whose addresses an administrator types, are in `tests/integrations/test_webhooks.py`.
"""

import asyncio
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import pytest
import telegram

from channels.port import MediaReference, MediaUnavailable
from channels.telegram import TelegramChannel
from channels.twilio_api import TwilioApi

MEDIA = "https://api.twilio.com/2010-04-01/Accounts/AC1/Messages/MM1/Media/ME1"
PUBLIC = "8.8.8.8"
ROOT = Path(__file__).parents[2]


@dataclass
class Internet:
    """Where each name leads, what its host answers; and who was asked, by which name, with our credentials or not."""

    names: Mapping[str, Sequence[str]]
    answers: list[httpx.Response]
    asked: list[tuple[str, str, str, bool]] = field(default_factory=list)
    looked_up: list[str] = field(default_factory=list)

    async def getaddrinfo(self, host: str, port: int, **_: object) -> list[tuple[object, ...]]:
        self.looked_up.append(host)
        return [(2, 1, 6, "", (ip, port)) for ip in self.names.get(host, [host])]

    async def handle(self, _: httpx.AsyncHTTPTransport, request: httpx.Request) -> httpx.Response:
        bears_credentials = "authorization" in request.headers
        tls_name = request.extensions["sni_hostname"]
        self.asked.append((request.url.host, request.headers["host"], tls_name, bears_credentials))
        return self.answers.pop(0)


@pytest.fixture
def internet(monkeypatch: pytest.MonkeyPatch) -> Internet:
    made = Internet({}, [])

    async def handle(transport: httpx.AsyncHTTPTransport, request: httpx.Request) -> httpx.Response:
        return await made.handle(transport, request)

    monkeypatch.setattr(httpx.AsyncHTTPTransport, "handle_async_request", handle)
    return made


async def fetch(internet: Internet, reference: str = MEDIA) -> bytes:
    api = TwilioApi("AC" + "0" * 32, "secreto")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(asyncio.get_running_loop(), "getaddrinfo", internet.getaddrinfo)
        return (await api.fetch(MediaReference(reference), max_bytes=1000)).content


@pytest.mark.parametrize(
    "reference",
    ["https://10.0.0.5/x", "http://api.twilio.com/x", "https://api.twilio.com:8443/x", "file:///etc/passwd",
     "https://api.twilio.com@10.0.0.5/x", "https://malo-twilio.com/x", "https://twilio.com.malo.example/x",
     "https://api.twilio.com:abc/x", "https://[::1]/x", "https://0177.0.0.1/x", "gopher://api.twilio.com/x", ""],
)  # fmt: skip
async def test_only_the_vendors_own_hosts_are_asked_for_a_file(internet: Internet, reference: str) -> None:
    with pytest.raises(MediaUnavailable):
        await fetch(internet, reference)
    assert internet.asked == []


@pytest.mark.parametrize(
    "leads_to",
    [["10.0.0.5"], ["127.0.0.1"], ["169.254.169.254"], ["192.168.1.9"], ["::1"], ["fd00::1"], ["::ffff:10.0.0.5"],
     ["64:ff9b::a00:5"], [PUBLIC, "10.0.0.5"]],
)  # fmt: skip
async def test_a_host_of_the_vendors_that_leads_inward_is_not_asked(internet: Internet, leads_to: list[str]) -> None:
    """An internal load balancer of a cloud's has such a name."""
    internet.names = {"api.twilio.com": leads_to}
    with pytest.raises(MediaUnavailable, match="red_interna"):
        await fetch(internet)
    assert internet.asked == []


@pytest.mark.parametrize(
    "location",
    ["http://169.254.169.254/latest/meta-data/", "https://127.0.0.1/x", "//10.0.0.5/x", "https://dentro.amazonaws.com/x",
     "https://malo.example/x", "https://mms.twiliocdn.com:abc/x"],
)  # fmt: skip
async def test_a_redirect_inward_is_not_followed(internet: Internet, location: str) -> None:
    internet.names = {"api.twilio.com": [PUBLIC], "dentro.amazonaws.com": ["10.0.0.7"]}
    internet.answers = [httpx.Response(307, headers={"location": location})]
    with pytest.raises(MediaUnavailable):
        await fetch(internet)
    assert len(internet.asked) == 1


async def test_the_address_that_was_judged_is_the_one_that_is_asked(internet: Internet) -> None:
    """However the name answers a second time: it is looked up once a request. Our password stays with the vendor."""
    internet.names = {"api.twilio.com": [PUBLIC], "mms.twiliocdn.com": ["1.1.1.1"]}
    internet.answers = [
        httpx.Response(302, headers={"location": "https://mms.twiliocdn.com/archivo"}),
        httpx.Response(200, content=b"foto"),
    ]
    assert await fetch(internet) == b"foto"
    assert internet.looked_up == ["api.twilio.com", "mms.twiliocdn.com"]
    assert internet.asked == [
        (PUBLIC, "api.twilio.com", "api.twilio.com", True),
        ("1.1.1.1", "mms.twiliocdn.com", "mms.twiliocdn.com", False),
    ]


@pytest.mark.parametrize("is_there", [True, False])
async def test_a_path_of_this_machine_is_not_read_as_a_file_of_telegrams(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, is_there: bool
) -> None:
    secret = tmp_path / "secrets.json"
    if is_there:
        secret.write_text("secreto")

    async def answer(*_: object, **__: object) -> dict[str, object]:
        return {"file_id": "x", "file_unique_id": "x", "file_path": str(secret)}

    monkeypatch.setattr(telegram.Bot, "_post", answer)
    channel = TelegramChannel("123:" + "a" * 35, "secreto", base="http://127.0.0.1:9")
    with pytest.raises(MediaUnavailable):
        await channel.fetch(MediaReference("x"), max_bytes=1000)


#: Whoever opens connections, and where to. An address that somebody sends us (an Open311 photo's, a page's) is none of
#: theirs: it is kept for people to open, or not.
OPENS_CONNECTIONS = {
    "channels/twilio_api.py": "Twilio, and its media by `channels.outward`",
    "channels/telegram.py": "Telegram",
    "backend/subscriptions/sending.py": "webhooks' targets by `channels.outward`",
    "backend/assistant/rasa.py": "the bot, where the settings say",
    "backend/doctor/services.py": "what the settings name, and our own public address",
    "backend/doctor/redis.py": "the Redis of the settings",
    "backend/supervisor.py": "the product's own processes",
    "backend/mail/smtp.py": "the mail server of the settings",
    "backend/conversations/scanning.py": "the scanner of the settings",
    "backend/redis_link.py": "the Redis of the settings",
    "bot/actions/backend_client.py": "the backend",
    "bot/connectors/action_calls.py": "the action server, as Rasa would",
}
_CLIENT = re.compile(
    r"httpx\.(?:AsyncClient|Client|get|post|request|stream)\b|aiohttp\.ClientSession|urllib\.request|requests\.(?:get|post|request)\("
    r"|http\.client|open_connection\(|create_connection\(|telegram\.Bot\(|AsyncTwilioHttpClient\(|aiosmtplib\.(?:SMTP|send)\b|Redis\.from_url\("
)


def test_nothing_else_opens_connections() -> None:
    found = {
        str(path.relative_to(ROOT))
        for part in ("backend", "channels", "bot")
        for path in (ROOT / part).rglob("*.py")
        if _CLIENT.search(path.read_text())
    }
    assert found == set(OPENS_CONNECTIONS)
