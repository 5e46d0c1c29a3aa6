"""The vendors tell things again, out of order and side by side; each is stored once, and nothing goes back."""

import asyncio
import itertools
import random
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import dataclass

import httpx
import pytest
from sqlalchemy import select, update
from twilio.request_validator import RequestValidator

from backend.conversations.models import Message
from backend.messaging.adapters import webhook_address
from backend.messaging.models import ChannelAccount
from backend.outbox.models import Delivery, DeliveryState
from tests.channels.conftest import WEBHOOK_SECRET, Office
from tests.fakes.handles import TwilioServer

AT_ONCE = 8
PEOPLE, MESSAGES = 5, 6
_ORDER = ["pending", "sent", "delivered", "read"]


@dataclass(frozen=True)
class Webhook:
    """One call as a vendor makes it, however often."""

    person: int
    text: str
    url: str
    headers: dict[str, str]
    content: bytes


def _twilio_webhook(office: Office, account: ChannelAccount, twilio: TwilioServer, person: int, number: int) -> Webhook:
    url = webhook_address(office.settings, account)
    fields = {
        "MessageSid": f"SM{person:04}{number:04}",
        "From": f"whatsapp:+52662000{person:04}",
        "Body": f"{person}/{number}",
        "NumMedia": "0",
    }
    signature = RequestValidator(twilio.auth_token).compute_signature(url, fields)
    request = httpx.Request("POST", url, data=fields)
    headers = {"content-type": request.headers["content-type"], "x-twilio-signature": signature}
    return Webhook(person, fields["Body"], url, headers, request.read())


def _telegram_webhook(office: Office, account: ChannelAccount, person: int, number: int) -> Webhook:
    url = webhook_address(office.settings, account)
    chat = {"id": 1000 + person, "type": "private", "first_name": "Vecina"}
    sender = {"id": 1000 + person, "is_bot": False, "first_name": "Vecina"}
    message = {"message_id": number + 1, "date": 1_700_000_000, "chat": chat, "from": sender}
    update_id = person * 100 + number
    request = httpx.Request(
        "POST", url, json={"update_id": update_id, "message": {**message, "text": f"{person}/{number}"}}
    )
    headers = {"content-type": "application/json", "x-telegram-bot-api-secret-token": WEBHOOK_SECRET}
    return Webhook(person, f"{person}/{number}", url, headers, request.read())


async def _deliver(webhooks: Sequence[Webhook]) -> None:
    """Call in this order, eight calls at once: a person's next new message only once the last was taken."""
    room = asyncio.Semaphore(AT_ONCE)
    first_taken = {(one.person, one.text): asyncio.Event() for one in webhooks}
    before: dict[tuple[int, str], tuple[int, str] | None] = {}
    last: dict[int, tuple[int, str]] = {}
    for one in webhooks:
        if (one.person, one.text) not in before:
            before[one.person, one.text] = last.get(one.person)
            last[one.person] = (one.person, one.text)

    async def call(client: httpx.AsyncClient, one: Webhook) -> None:
        earlier = before[one.person, one.text]
        if earlier is not None:
            await first_taken[earlier].wait()
        async with room:
            answer = await client.post(one.url, content=one.content, headers=one.headers)
        assert answer.status_code == 200
        first_taken[one.person, one.text].set()

    async with httpx.AsyncClient(timeout=60) as client:
        await asyncio.gather(*(call(client, one) for one in webhooks))


def _shuffled(webhooks: Sequence[Webhook], chance: random.Random) -> list[Webhook]:
    """Each 1 to 10 times, in any order."""
    repeated = [one for one in webhooks for _ in range(chance.randint(1, 10))]
    chance.shuffle(repeated)
    return repeated


@pytest.mark.parametrize("vendor", ["whatsapp", "telegram"])
async def test_replayed_and_shuffled_webhooks_are_one_message_each_in_order_of_arrival(
    office: Office, twilio: TwilioServer, whatsapp: ChannelAccount, telegram_account: ChannelAccount, vendor: str
) -> None:
    chance = random.Random(8)
    pairs = list(itertools.product(range(PEOPLE), range(MESSAGES)))
    webhooks = [
        _twilio_webhook(office, whatsapp, twilio, *pair)
        if vendor == "whatsapp"
        else _telegram_webhook(office, telegram_account, *pair)
        for pair in pairs
    ]
    replayed = _shuffled(webhooks, chance)
    await _deliver(replayed)
    await _deliver(_shuffled(webhooks, chance))  # and once more, when all are known
    first_arrivals = list(dict.fromkeys(one.text for one in replayed))
    assert len(await office.conversations()) == PEOPLE
    for conversation in await office.conversations():
        async with office.database.transaction() as session:
            query = select(Message.seq, Message.text).where(Message.conversation_id == conversation.id)
            stored = list(await session.execute(query.order_by(Message.seq)))
        assert [seq for seq, _ in stored] == list(range(1, MESSAGES + 1))
        person = stored[0][1].partition("/")[0]
        assert [text for _, text in stored] == [text for text in first_arrivals if text.startswith(f"{person}/")]


async def test_all_at_once_without_order_nothing_is_lost_or_doubled(
    office: Office, twilio: TwilioServer, whatsapp: ChannelAccount
) -> None:
    webhooks = [_twilio_webhook(office, whatsapp, twilio, 0, number) for number in range(MESSAGES)]
    async with httpx.AsyncClient(timeout=60) as client:
        calls = [client.post(one.url, content=one.content, headers=one.headers) for one in webhooks * AT_ONCE]
        answers = await asyncio.gather(*calls)
    assert {answer.status_code for answer in answers} == {200}
    assert Counter(await office.from_citizen()) == Counter(one.text for one in webhooks)
    assert [message.seq for message in await office.messages()] == list(range(1, MESSAGES + 1))


# Receipts.


@pytest.fixture
async def sent(office: Office, twilio: TwilioServer, whatsapp: ChannelAccount) -> Delivery:
    """A message that Twilio has taken and tells nothing of by itself."""
    citizen = twilio.citizen("+5216621234567")
    citizen.send_text("hola")
    twilio.settle()
    await office.work()
    twilio.settle()
    (delivery,) = await office.deliveries()
    return delivery


#: What callbacks change of a delivery.
_CHANGED = ("state", "delivered_at", "read_at", "error_code")
Told = Callable[[tuple[str, ...]], Awaitable[list[str]]]


@pytest.fixture
async def told(office: Office, twilio: TwilioServer, whatsapp: ChannelAccount, sent: Delivery) -> AsyncIterator[Told]:
    """Make status callbacks in an order; the delivery's state after each. What orders begin with alike is told once."""
    url = f"{webhook_address(office.settings, whatsapp)}/status?delivery={sent.id}"
    validator = RequestValidator(twilio.auth_token)
    async with httpx.AsyncClient() as client:

        async def call(status: str) -> None:
            fields = {"MessageSid": str(sent.provider_id), "MessageStatus": status}
            if status == "failed":
                fields["ErrorCode"] = "63024"
            headers = {"x-twilio-signature": validator.compute_signature(url, fields)}
            assert (await client.post(url, data=fields, headers=headers)).status_code == 200

        after = {(): Delivery(state=DeliveryState.SENT)}

        async def tell(order: tuple[str, ...]) -> list[str]:
            if not order:
                return []
            states = await tell(order[:-1])
            if order not in after:
                before = {name: getattr(after[order[:-1]], name) for name in _CHANGED}
                async with office.database.transaction() as session:
                    await session.execute(update(Delivery).values(before))
                await call(order[-1])
                (after[order],) = await office.deliveries()
            return [*states, after[order].state.value]

        yield tell


async def test_status_callbacks_in_every_order_never_go_back(told: Told) -> None:
    for order in itertools.permutations(["queued", "sent", "delivered", "read"]):
        states = ["sent", *await told(order)]
        ranks = [_ORDER.index(state) for state in states]
        assert ranks == sorted(ranks), order
        assert states[-1] == "read", order


async def test_a_failure_in_every_order_is_final_and_undoes_no_arrival(told: Told) -> None:
    for order in itertools.permutations(["queued", "sent", "delivered", "read", "failed"]):
        states = await told(order)
        arrived_first = min(order.index("delivered"), order.index("read")) < order.index("failed")
        after = states[order.index("failed") :]
        assert states[-1] == ("read" if arrived_first else "failed"), order
        assert arrived_first or set(after) == {"failed"}, order
