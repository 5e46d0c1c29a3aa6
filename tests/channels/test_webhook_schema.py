"""The webhooks against whatever may be thrown at them: Schemathesis from our own schema, and signed nonsense."""

import httpx
import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from schemathesis.schemas import APIOperation
from sqlalchemy import select
from twilio.request_validator import RequestValidator

from backend.messaging.adapters import webhook_address
from backend.messaging.models import ChannelAccount, UnreadableWebhook
from tests.channels.conftest import WEBHOOK_SECRET, Office
from tests.fakes.handles import TwilioServer

CALLS = 60
_FORM = "application/x-www-form-urlencoded"


async def test_no_call_breaks_the_webhooks(
    office: Office, whatsapp: ChannelAccount, telegram_account: ChannelAccount
) -> None:
    """Calls to accounts that exist and that do not, signed or not: an answer of the schema's, never a 5xx."""
    schema = schemathesis.openapi.from_url(f"{office.settings.base_url}/openapi.json")
    webhooks = schema.include(path_regex=r"^/webhooks/\{")  # calls have a suite of their own
    operations = [result.ok() for result in webhooks.get_all_operations()]
    assert len(operations) == 2
    accounts = st.sampled_from([whatsapp, telegram_account])
    seen: set[int] = set()
    with httpx.Client(base_url=office.settings.base_url, timeout=30) as client:
        for operation in operations:
            seen |= _call_at_random(client, operation, accounts)
    assert {200, 403, 404} <= seen


def _call_at_random(
    client: httpx.Client, operation: APIOperation, accounts: st.SearchStrategy[ChannelAccount]
) -> set[int]:
    """The statuses of many calls, none of them unforeseen."""
    seen: set[int] = set()

    @settings(
        max_examples=CALLS, deadline=None, derandomize=True, database=None, suppress_health_check=list(HealthCheck)
    )
    @given(operation.as_strategy(), accounts, st.booleans(), st.booleans(), st.binary(max_size=300))
    def call(case: schemathesis.Case, account: ChannelAccount, is_known: bool, shows_secret: bool, body: bytes) -> None:
        if is_known:
            case.path_parameters = {"channel": account.channel, "account_id": str(account.id)}
        given_call = case.as_transport_kwargs(base_url=str(client.base_url))
        secret = {"x-telegram-bot-api-secret-token": WEBHOOK_SECRET} if shows_secret else {}
        headers = {"content-type": "application/json", **(given_call.get("headers") or {}), **secret}
        answer = client.post(given_call["url"], headers=headers, content=body)
        seen.add(answer.status_code)
        assert answer.status_code < 500, (given_call["url"], body)
        assert str(answer.status_code) in operation.definition.raw["responses"], answer.status_code

    call()
    return seen


async def test_an_account_that_is_off_says_so_as_the_schema_does(office: Office, whatsapp: ChannelAccount) -> None:
    async with office.database.transaction() as session:
        (await session.get_one(ChannelAccount, whatsapp.id)).is_on = False
    async with httpx.AsyncClient(base_url=office.settings.base_url) as client:
        answer = await client.post(webhook_address(office.settings, whatsapp))
        schema = (await client.get("/openapi.json")).json()
    assert answer.status_code == 503
    assert answer.json()["error"]["code"] == "canal_apagado"
    for path in ("/webhooks/{channel}/{account_id}", "/webhooks/{channel}/{account_id}/status"):
        assert {"200", "403", "404", "4XX", "503"} <= set(schema["paths"][path]["post"]["responses"])


NONSENSE = [b"", b"Body=hola", b"MessageSid=&From=", b"MessageSid=SM1&From=whatsapp:%2B52662&NumMedia=muchos",
            b"MessageSid=SM1&From=whatsapp:%2B52662&Latitude=x&Longitude=y", b"MessageStatus=sent",
            b"a=%ff%00%fe"]  # fmt: skip


@pytest.mark.parametrize("body", NONSENSE)
async def test_signed_nonsense_from_twilio_is_kept_and_taken(
    office: Office, twilio: TwilioServer, whatsapp: ChannelAccount, body: bytes
) -> None:
    url = webhook_address(office.settings, whatsapp)
    fields = dict(httpx.QueryParams(body.decode("latin-1")))
    signature = RequestValidator(twilio.auth_token).compute_signature(url, fields)
    headers = {
        "content-type": _FORM,
        "x-twilio-signature": signature,
    }
    async with httpx.AsyncClient() as client:
        answer = await client.post(url, content=body, headers=headers)
    assert answer.status_code == 200
    assert await _kept(office) == [body]


UPDATES = [b"", b"null", b"[]", b"{", b"\xff\xfe", b'{"update_id": "1"}', b'{"update_id": 1, "message": 7}',
           b'{"update_id": 1, "message": {}}', b'{"update_id": 1, "callback_query": {"id": "1"}}',
           b'{"update_id": 1, "message": {"message_id": 1, "date": 99999999999999999, "chat": {"id": 1}}}',
           b"[" * 100_000]  # fmt: skip


@pytest.mark.parametrize("body", UPDATES, ids=lambda body: body[:40].decode("latin-1"))
async def test_nonsense_with_telegrams_secret_is_kept_and_taken(
    office: Office, telegram_account: ChannelAccount, body: bytes
) -> None:
    headers = {"content-type": "application/json", "x-telegram-bot-api-secret-token": WEBHOOK_SECRET}
    async with httpx.AsyncClient() as client:
        answer = await client.post(webhook_address(office.settings, telegram_account), content=body, headers=headers)
    assert answer.status_code == 200
    assert await _kept(office) == [body]


async def _kept(office: Office) -> list[bytes]:
    async with office.looking() as session:
        return [one.body for one in await session.scalars(select(UnreadableWebhook))]
