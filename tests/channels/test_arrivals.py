"""Between a vendor's 200 and the message that is stored: nothing is lost, overtaken or held up for ever."""

import asyncio
from collections.abc import Sequence
from datetime import timedelta

import httpx
import pytest
from sqlalchemy import func, select, update

from backend import clock
from backend.agents.models import Role
from backend.agents.service import create_user
from backend.conversations.models import Message
from backend.live import INBOX
from backend.messaging import reconciliation
from backend.messaging.adapters import webhook_address
from backend.messaging.credentials import seal
from backend.messaging.models import Arrival, ChannelAccount, UnreadableWebhook
from backend.monitoring import queues
from backend.webhooks import reading, service
from backend.webhooks.reading import ArrivalReader
from channels.port import Inbound, InboundMessage
from tests.channels.conftest import WEBHOOK_SECRET, Office, post_signed
from tests.fakes.handles import TwilioServer

PEOPLE, MESSAGES = 4, 8


async def _say(office: Office, account: ChannelAccount, twilio: TwilioServer, *said: tuple[int, str]) -> None:
    """People write, each by a call that is accepted before the next."""
    for person, text in said:
        fields = {"MessageSid": f"SM{text}", "From": f"whatsapp:+52662000{person:04}", "Body": text, "NumMedia": "0"}
        assert (await post_signed(office, account, twilio, fields)).status_code == 200


async def _stored(office: Office) -> list[str]:
    """What is stored as it is, with nothing read for it."""
    async with office.database.transaction() as session:
        return list(await session.scalars(select(Message.text).order_by(Message.created_at)))


async def _waiting(office: Office) -> int:
    async with office.database.transaction() as session:
        return await session.scalar(select(func.count()).select_from(Arrival)) or 0


async def _let_time_pass(office: Office) -> None:
    async with office.database.transaction() as session:
        await session.execute(update(Arrival).values(due_at=func.now()))


@pytest.fixture
def failing(monkeypatch: pytest.MonkeyPatch) -> set[str]:
    """Texts that cannot be stored, through a fault of ours."""
    texts: set[str] = set()
    store = service.store

    async def fails(session: object, account: ChannelAccount, inbound: Inbound) -> None:
        await store(session, account, inbound)  # type: ignore[arg-type]
        if isinstance(inbound, InboundMessage) and inbound.text in texts:
            raise LookupError("a fault of ours")

    monkeypatch.setattr(service, "store", fails)
    return texts


async def test_a_call_is_kept_until_what_it_says_is_stored_and_read_as_soon_as_it_came(
    office: Office, twilio: TwilioServer, whatsapp: ChannelAccount
) -> None:
    await _say(office, whatsapp, twilio, (1, "uno"))
    assert (await _waiting(office), await _stored(office)) == (1, [])
    async with office.database.snapshot() as session:
        (queue,) = [one for one in await queues.look(session) if one.name == "arrivals"]
    assert (queue.waiting, queue.oldest > 0) == (1, True)
    live = office.worker.live
    await live.start()
    await live.connected.wait()
    async with live.subscribe(INBOX) as stored:
        # Nobody looks but at the beginning, and when told.
        running = asyncio.create_task(office.worker.arrivals.run(live, idle_seconds=600))
        assert await stored.wait(10)
        await _say(office, whatsapp, twilio, (1, "dos"))
        assert await stored.wait(10)
    assert (await _waiting(office), await _stored(office)) == (0, ["uno", "dos"])
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)


async def test_what_fails_is_tried_again_and_what_its_sender_wrote_next_waits_for_it(
    office: Office, twilio: TwilioServer, whatsapp: ChannelAccount, failing: set[str]
) -> None:
    failing.add("uno")
    await _say(office, whatsapp, twilio, (1, "uno"), (1, "dos"), (2, "otra"))
    assert await office.from_citizen() == ["otra"]
    await _let_time_pass(office)
    assert await office.from_citizen() == ["otra"]
    failing.clear()
    assert await office.from_citizen() == ["otra"], "not before its time"
    await _let_time_pass(office)
    assert await office.from_citizen() == ["otra", "uno", "dos"]
    assert await _waiting(office) == 0


async def test_what_always_fails_is_kept_whole_and_lets_the_others_go_on(
    office: Office, twilio: TwilioServer, whatsapp: ChannelAccount, failing: set[str]
) -> None:
    failing.add("uno")
    await _say(office, whatsapp, twilio, (1, "uno"), (1, "dos"))
    for _ in range(reading.MAX_ATTEMPTS - 1):
        assert await office.from_citizen() == []
        await _let_time_pass(office)
    assert await office.from_citizen() == ["dos"]
    async with office.database.transaction() as session:
        (kept,) = list(await session.scalars(select(UnreadableWebhook)))
    assert (kept.account_id, kept.reason) == (whatsapp.id, reading.GAVE_UP)
    async with office.database.transaction() as session:
        adela, _ = await create_user(
            session, username="adela", full_name="Adela", role=Role.ADMIN, password="una-contrasena-larga"
        )
    again = (office.database, office.worker.adapters, adela, whatsapp.id)
    assert await reconciliation.replay_unreadable(*again) == reconciliation.Recovered(0, 1)
    failing.clear()
    assert await reconciliation.replay_unreadable(*again) == reconciliation.Recovered(1, 0)
    assert await office.from_citizen() == ["dos", "uno"]


async def test_several_workers_read_each_call_once_and_a_persons_in_their_order(
    office: Office, twilio: TwilioServer, whatsapp: ChannelAccount
) -> None:
    said = [(person, f"{person}/{number}") for number in range(MESSAGES) for person in range(PEOPLE)]
    await _say(office, whatsapp, twilio, *said)
    readers = [ArrivalReader(office.database, office.worker.adapters) for _ in range(3)]
    await asyncio.gather(*(reader.read_due() for reader in readers))
    for conversation in await office.conversations():
        async with office.database.transaction() as session:
            query = select(Message.text).where(Message.conversation_id == conversation.id).order_by(Message.seq)
            texts = list(await session.scalars(query))
        assert texts == [text for _, text in said if text[0] == texts[0][0]]
    assert sorted(await office.from_citizen()) == sorted(text for _, text in said)


async def test_an_account_that_changes_is_known_by_what_it_is_now(
    office: Office, twilio: TwilioServer, whatsapp: ChannelAccount
) -> None:
    async def answers(token: str) -> Sequence[int]:
        twilio.auth_token = token
        fields = {"MessageSid": "SM1", "From": "whatsapp:+526620000001", "Body": "hola", "NumMedia": "0"}
        return (await post_signed(office, whatsapp, twilio, fields)).status_code, await _waiting(office)

    old, new = twilio.auth_token, "e" * 32
    assert await answers(old) == (200, 1)
    await _change(office, whatsapp, is_on=False)
    assert await answers(old) == (503, 1)
    values = {"account_sid": twilio.account_sid, "auth_token": new, "number": whatsapp.account}
    await _change(office, whatsapp, is_on=True, credentials=seal(office.settings.key, values))
    assert await answers(old) == (403, 1)
    assert await answers(new) == (200, 2)


async def _change(office: Office, account: ChannelAccount, **values: object) -> None:
    async with office.database.transaction() as session:
        await session.execute(update(ChannelAccount).where(ChannelAccount.id == account.id).values(**values))


async def test_what_waits_to_be_read_is_not_fetched_from_the_vendors_list(
    office: Office, twilio: TwilioServer, whatsapp: ChannelAccount, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The list tells less of it: no place, no button."""
    # The stand-in's clock runs fast, so what it lists lies in our future.
    monkeypatch.setattr(reconciliation, "GRACE", timedelta(days=-30))
    twilio.citizen("+526620000001").send_location(29.0729, -110.9559, label="Plaza Zaragoza")
    twilio.settle()
    async with office.database.transaction() as session:
        await session.execute(update(Arrival).values(created_at=clock.now() - timedelta(days=60)))
    assert await reconciliation.catch_up(office.database, office.worker.adapters) == 0
    assert [message.extra["location"]["label"] for message in await office.messages()] == ["Plaza Zaragoza"]


async def test_a_text_that_no_column_can_hold_is_cleaned_wherever_it_stands(
    office: Office, twilio: TwilioServer, whatsapp: ChannelAccount, telegram_account: ChannelAccount
) -> None:
    place = {"Latitude": "29.07", "Longitude": "-110.95", "Label": "Plaza\0 Zaragoza"}
    known = {"MessageSid": "SM1", "From": "whatsapp:+526620000001", "Body": "", "NumMedia": "0", **place}
    assert (await post_signed(office, whatsapp, twilio, known)).status_code == 200
    person, moment = {"id": 7, "is_bot": False, "first_name": "Ana"}, int(clock.now().timestamp())
    card = {"first_name": "Luz\0", "phone_number": "+526621234567\0"}
    message = {"message_id": 1, "date": moment, "chat": {"id": 7, "type": "private"}, "from": person, "contact": card}
    async with httpx.AsyncClient(headers={"X-Telegram-Bot-Api-Secret-Token": WEBHOOK_SECRET}) as client:
        address = webhook_address(office.settings, telegram_account)
        assert (await client.post(address, json={"update_id": 1, "message": message})).status_code == 200
    kept = [message.extra for message in await office.messages() if message.author == "citizen"]
    assert [one["location"]["label"] for one in kept if "location" in one] == ["Plaza Zaragoza"]
    assert [one["card"] for one in kept if "card" in one] == [
        {"name": "Luz", "phone": "+526621234567", "is_own": False}
    ]
