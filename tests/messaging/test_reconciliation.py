"""The vendor's list against what is stored and shown; what is missing is brought, once."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from sqlalchemy import select, update

from backend import clock
from backend.agents.models import User
from backend.conversations import service as conversations
from backend.conversations.models import Author, Message
from backend.db import Database
from backend.messaging import comparison, reconciliation, setup
from backend.messaging.adapters import Adapters
from backend.messaging.comparison import Finding
from backend.messaging.errors import VendorRefused
from backend.messaging.models import ChannelAccount, UnreadableWebhook
from backend.outbox.models import Delivery, DeliveryState
from channels.port import Listed, OutboundMessage, Sent
from tests.fakes.conversation import Kind
from tests.fakes.handles import TwilioServer


@pytest.fixture(autouse=True)
def _no_grace(monkeypatch: pytest.MonkeyPatch, twilio: TwilioServer) -> None:
    """A message is missing at once. The stand-in's clock runs fast, so it lies in our future."""
    monkeypatch.setattr(reconciliation, "GRACE", timedelta(days=-30))
    monkeypatch.setattr(reconciliation, "CATCH_UP_PERIOD", timedelta(days=1))


def _period() -> tuple[datetime, datetime]:
    return clock.now() - timedelta(hours=24), clock.now() + timedelta(days=30)


async def _texts(database: Database) -> list[str]:
    async with database.transaction() as session:
        query = select(Message.text).where(Message.author == Author.CITIZEN, Message.channel == "whatsapp")
        return list(await session.scalars(query.order_by(Message.created_at)))


async def _report(database: Database, adapters: Adapters, account: ChannelAccount) -> reconciliation.Report:
    return await reconciliation.report(database, adapters, account.id, *_period())


async def test_what_no_webhook_brought_is_found_and_brought_once(
    database: Database, whatsapp: ChannelAccount, admin: User, adapters: Adapters, twilio: TwilioServer
) -> None:
    before = (await _report(database, adapters, whatsapp)).counts[Finding.NOT_STORED]
    citizen = twilio.citizen("+526620000001")
    sid = citizen.send_text("Se fue la luz")
    report = await _report(database, adapters, whatsapp)
    assert report.counts[Finding.NOT_STORED] == report.recoverable == before + 1
    row = next(row for row in report.rows if row.provider_id == sid)
    assert (row.is_inbound, row.is_stored, row.times_shown, row.counterpart) == (True, False, 0, "0001")
    done = await reconciliation.replay_missing(database, adapters, admin, whatsapp.id, *_period())
    assert done == reconciliation.Recovered(before + 1, 0)
    assert "Se fue la luz" in await _texts(database)
    report = await _report(database, adapters, whatsapp)
    assert report.counts[Finding.NOT_STORED] == 0
    assert report.at_vendor == report.stored == report.shown
    again = await reconciliation.replay_missing(database, adapters, admin, whatsapp.id, *_period())
    assert again == reconciliation.Recovered(0, 0)


async def test_the_sweep_catches_up_every_five_minutes_and_repeats_nothing(
    database: Database, whatsapp: ChannelAccount, adapters: Adapters, twilio: TwilioServer
) -> None:
    await reconciliation.catch_up(database, adapters)
    citizen = twilio.citizen("+526620000002")
    citizen.send_text("Uno")
    citizen.send_text("Dos")
    assert await reconciliation.catch_up(database, adapters) == 0, "looked at a moment ago"
    await _age(database)
    assert await reconciliation.catch_up(database, adapters) == 2
    await _age(database)
    assert await reconciliation.catch_up(database, adapters) == 0
    assert (await _texts(database))[-2:] == ["Uno", "Dos"]


async def _age(database: Database) -> None:
    async with database.transaction() as session:
        await session.execute(update(ChannelAccount).values(reconciled_at=clock.now() - timedelta(minutes=6)))


async def test_an_account_that_is_off_is_not_looked_at(
    database: Database, whatsapp: ChannelAccount, adapters: Adapters, twilio: TwilioServer
) -> None:
    twilio.citizen("+526620000003").send_text("Nadie me lee")
    async with database.transaction() as session:
        await session.execute(update(ChannelAccount).values(is_on=False))
    assert await reconciliation.catch_up(database, adapters) == 0


async def test_what_may_still_come_by_its_webhook_is_left_to_it(
    database: Database,
    whatsapp: ChannelAccount,
    adapters: Adapters,
    twilio: TwilioServer,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    twilio.citizen("+526620000004").send_text("Acabo de escribir")
    monkeypatch.setattr(reconciliation, "GRACE", timedelta(days=1))
    await reconciliation.catch_up(database, adapters)
    assert await _texts(database) == []


async def test_a_photograph_is_recovered_by_its_address_at_the_vendor(
    whatsapp: ChannelAccount, adapters: Adapters, twilio: TwilioServer
) -> None:
    twilio.citizen("+526620000005").send_file(Kind.PHOTO, b"\xff\xd8\xff foto", content_type="image/jpeg")
    adapter = await adapters.open(whatsapp)
    assert isinstance(adapter, reconciliation.Recovering)
    since = (clock.now() - timedelta(hours=1)).timestamp()
    listed = [one for one in await adapter.list_since(since) or () if one.counterpart.endswith("0005")]
    assert [one.media_count for one in listed] == [1]
    message = await adapter.recover(listed[0])
    content = await adapter.fetch(message.media[0], max_bytes=1000)
    assert content.content.startswith(b"\xff\xd8\xff")
    assert message.sender.verified_phone == "+526620000005"


async def test_a_vendor_that_refuses_its_list_is_told_and_noted(
    database: Database, whatsapp: ChannelAccount, adapters: Adapters, twilio: TwilioServer
) -> None:
    twilio.configure(token="otro")
    try:
        with pytest.raises(VendorRefused, match="no reconoce"):
            await _report(database, adapters, whatsapp)
        await reconciliation.catch_up(database, adapters)
    finally:
        twilio.configure(token=twilio.auth_token)
    async with database.transaction() as session:
        assert (await session.get_one(ChannelAccount, whatsapp.id)).last_error_code == "unauthorised"


async def test_telegram_keeps_no_list(database: Database, bot: ChannelAccount, adapters: Adapters) -> None:
    report = await _report(database, adapters, bot)
    assert (report.has_list, report.rows) == (False, ())


async def test_a_call_that_could_not_be_read_is_read_anew(
    database: Database, whatsapp: ChannelAccount, admin: User, adapters: Adapters
) -> None:
    good = b"MessageSid=SM1&From=whatsapp%3A%2B526620000006&To=x&Body=Hola+de+nuevo"
    async with database.transaction() as session:
        for body in (good, b"\xff\xfe"):
            session.add(UnreadableWebhook(account_id=whatsapp.id, url="https://x/w", body=body, reason="Malformed"))
    done = await reconciliation.replay_unreadable(database, adapters, admin, whatsapp.id)
    assert done == reconciliation.Recovered(1, 1)
    assert await _texts(database) == ["Hola de nuevo"]
    async with database.transaction() as session:
        assert [call.body for call in await reconciliation.unreadable(session, whatsapp.id)] == [b"\xff\xfe"]


async def test_tests_from_the_setup_page_are_known_for_what_they_are(
    database: Database, whatsapp: ChannelAccount, admin: User, adapters: Adapters, twilio: TwilioServer
) -> None:
    await setup.send_test(database, adapters, admin, whatsapp.id, "6620000007")
    assert (await _report(database, adapters, whatsapp)).counts[Finding.TEST] == 1


async def test_a_receipt_that_never_came_is_taken_from_the_list(
    database: Database, whatsapp: ChannelAccount, adapters: Adapters, twilio: TwilioServer
) -> None:
    citizen = twilio.citizen("+526620000008")
    citizen.send_text("Hola")
    adapter = await adapters.open(whatsapp)
    assert adapter is not None
    sent = await adapter.send(OutboundMessage("d", "whatsapp:+526620000008", "Buenas"))
    assert isinstance(sent, Sent)
    assert sent.provider_id is not None
    twilio.settle()
    kept = await _sent(database, whatsapp, sent.provider_id, DeliveryState.SENT)
    await reconciliation.catch_up(database, adapters)
    async with database.transaction() as session:
        state = await session.scalar(select(Delivery.state).where(Delivery.message_id == kept.id))
    assert state in {DeliveryState.DELIVERED, DeliveryState.READ}


# What is compared, without a vendor: each finding by itself.

_AT = clock.now() - timedelta(hours=2)


def _listed(provider_id: str, *, inbound: bool = False, state: str = "delivered", text: str = "Hola") -> Listed:
    return Listed(provider_id, inbound, "whatsapp:+526621234567", state, _AT.timestamp(), text)


async def _sent(database: Database, account: ChannelAccount, provider_id: str, state: DeliveryState) -> Message:
    """A message of ours on its way, by the vendor's name for it."""
    async with database.transaction() as session:
        conversation = await conversations.open_conversation(
            session, channel="whatsapp", account=account.account, external_user_id="+526621234567"
        )
        locked = await conversations.lock(session, conversation.id)
        message = await conversations.append(session, locked, conversations.NewMessage(Author.BOT, text="Hola"))
        await session.execute(
            update(Delivery)
            .where(Delivery.message_id == message.id)
            .values(provider_id=provider_id, state=state, sent_at=_AT)
        )
        return message


async def _findings(database: Database, account: ChannelAccount, listed: Sequence[Listed]) -> dict[str, Finding]:
    since, until = _AT - timedelta(minutes=30), _AT + timedelta(minutes=30)
    async with database.snapshot() as session:
        known = await comparison.ours(session, account, listed, since, until)
    return {row.provider_id: row.finding for row in comparison.compare(listed, known, since, until)}


@pytest.mark.parametrize(
    ("theirs", "ours", "finding"),
    [
        ("delivered", DeliveryState.DELIVERED, Finding.FINE),
        ("read", DeliveryState.DELIVERED, Finding.OTHER_STATE),
        ("delivered", DeliveryState.READ, Finding.FINE),
        ("queued", DeliveryState.SENT, Finding.FINE),
        ("undelivered", DeliveryState.SENT, Finding.OTHER_STATE),
        ("failed", DeliveryState.FAILED, Finding.FINE),
        ("delivered", DeliveryState.FAILED, Finding.OTHER_STATE),
        ("sent", DeliveryState.UNCERTAIN, Finding.OTHER_STATE),
    ],
)
async def test_states_that_contradict_each_other(
    database: Database, whatsapp: ChannelAccount, theirs: str, ours: DeliveryState, finding: Finding
) -> None:
    await _sent(database, whatsapp, "SM1", ours)
    assert await _findings(database, whatsapp, [_listed("SM1", state=theirs)]) == {"SM1": finding}


async def test_what_only_one_side_has_and_what_went_twice(database: Database, whatsapp: ChannelAccount) -> None:
    await _sent(database, whatsapp, "SM1", DeliveryState.DELIVERED)
    await _sent(database, whatsapp, "SM2", DeliveryState.SENT)
    listed = [_listed("SM1"), _listed("SM3"), _listed("SM4", text="Otra cosa"), _listed("SM5", inbound=True)]
    assert await _findings(database, whatsapp, listed) == {
        "SM1": Finding.FINE,
        "SM2": Finding.NOT_AT_VENDOR,
        "SM3": Finding.DOUBLED,
        "SM4": Finding.NOT_STORED,
        "SM5": Finding.NOT_STORED,
    }


async def test_what_the_console_does_not_show_or_shows_twice(database: Database, whatsapp: ChannelAccount) -> None:
    hidden = await _sent(database, whatsapp, "SM1", DeliveryState.DELIVERED)
    await _sent(database, whatsapp, "SM2", DeliveryState.DELIVERED)
    async with database.transaction() as session:
        await session.execute(update(Message).where(Message.id == hidden.id).values(author=Author.CONTROL))
    listed = [_listed("SM1"), _listed("SM2")]
    assert await _findings(database, whatsapp, listed) == {"SM1": Finding.NOT_SHOWN, "SM2": Finding.FINE}
    async with database.snapshot() as session:
        known = await comparison.ours(session, whatsapp, listed, _AT, _AT + timedelta(minutes=1))
    doubled = replace(known, shown=dict.fromkeys(known.shown, 2))
    rows = comparison.compare(listed[1:], doubled, _AT - timedelta(minutes=1), _AT + timedelta(minutes=1))
    assert [row.finding for row in rows if row.provider_id == "SM2"] == [Finding.DOUBLED]


async def test_what_lies_outside_the_period_is_not_told(database: Database, whatsapp: ChannelAccount) -> None:
    early = replace(_listed("SM9", inbound=True), at=(_AT - timedelta(hours=1)).timestamp())
    assert await _findings(database, whatsapp, [early]) == {}


async def test_what_was_sent_within_one_second_is_brought_in_its_order(
    database: Database, whatsapp: ChannelAccount
) -> None:
    """A list's times are whole seconds, and its newest message comes first."""
    listed = [Listed(f"SM{text}", True, "+526620000003", "received", 100.0, text) for text in ("Tres", "Dos", "Uno")]
    async with database.transaction() as session:
        missing = await comparison.missing_inbound(session, whatsapp, listed)
    assert [one.text for one in missing] == ["Uno", "Dos", "Tres"]
