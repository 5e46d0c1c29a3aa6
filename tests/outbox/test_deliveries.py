"""Deliveries: leased to one dispatcher, tried again with patience, given up for good, and never moved back."""

import asyncio
from datetime import datetime, timedelta
from itertools import product

import pytest
from sqlalchemy import update

from backend import clock
from backend.conversations import messages
from backend.conversations.messages import NewMessage
from backend.conversations.models import Author, Message
from backend.live import dispatch_topic
from backend.outbox import receipts
from backend.outbox import service as outbox
from backend.outbox.models import Delivery, DeliveryState
from channels.manners import MANNERS
from channels.port import Button, Manners, NotSent, SendFailure, SendOutcome, Sent, Uncertain
from channels.web import WebChannel
from tests.outbox.conftest import FakeChannel, Post
from tests.wakeups import listening

BUSY = NotSent(SendFailure.UNAVAILABLE, "503")
PROGRESS = [
    DeliveryState.PENDING,
    DeliveryState.SENDING,
    DeliveryState.SENT,
    DeliveryState.DELIVERED,
    DeliveryState.READ,
]


async def _claim(post: Post) -> list[outbox.Claim]:
    async with post.database.transaction() as session:
        return await outbox.claim_due(session)


async def _record(post: Post, claim: outbox.Claim, outcome: SendOutcome) -> None:
    async with post.database.transaction() as session:
        await outbox.record(session, claim, outcome)


async def _set(post: Post, **values: object) -> None:
    async with post.database.transaction() as session:
        await session.execute(update(Delivery).values(**values))


async def _make_due(post: Post) -> None:
    await _set(post, next_attempt_at=clock.now() - timedelta(seconds=1))


async def _end_lease(post: Post) -> None:
    await _set(post, lease_until=clock.now() - timedelta(seconds=1))


async def _receipt(post: Post, state: DeliveryState, *, up_to: int = 100) -> None:
    async with post.database.transaction() as session:
        await receipts.advance(session, post.conversation_id, up_to, state)


async def test_what_is_said_to_the_citizen_is_sent_once_and_in_order(post: Post, channel: FakeChannel) -> None:
    await post.say("uno", "dos", "tres")
    assert await post.dispatch() == 3
    assert await post.dispatch() == 0
    assert [message.text for message in channel.sent] == ["uno", "dos", "tres"]
    assert {delivery.state for delivery in await post.deliveries()} == {DeliveryState.SENT}
    assert {delivery.provider_id for delivery in await post.deliveries()} == {"wamid.1", "wamid.2", "wamid.3"}
    assert {message.delivery_id for message in channel.sent} == {str(one.id) for one in await post.deliveries()}


@pytest.mark.parametrize("author", list(Author))
async def test_only_what_is_meant_for_the_citizen_has_a_delivery(post: Post, author: Author) -> None:
    await post.say("hola", author=author)
    assert bool(await post.deliveries()) is (author in {Author.BOT, Author.AGENT, Author.SYSTEM})


async def test_a_dispatcher_is_woken_only_if_a_message_is_stored(post: Post, database_url: str) -> None:
    class Abandoned(Exception):
        pass

    with listening(database_url) as told:
        with pytest.raises(Abandoned):
            async with post.database.transaction() as session:
                conversation = await messages.lock(session, post.conversation_id)
                await messages.append(session, conversation, NewMessage(Author.BOT, text="hola"))
                raise Abandoned
        assert told() == []
        await post.say("hola", "de nuevo")
        assert told().count(dispatch_topic("web")) == 1, "one wake-up a transaction is enough"


async def test_buttons_go_out_with_their_message(post: Post, channel: FakeChannel) -> None:
    from backend.assistant.port import ReplyButton

    async with post.database.transaction() as session:
        conversation = await messages.lock(session, post.conversation_id)
        new = NewMessage(Author.BOT, text="¿Acepta?", buttons=(ReplyButton("Sí", "/afirmar"),))
        await messages.append(session, conversation, new)
    await post.dispatch()
    assert channel.sent[0].buttons == (Button("Sí", "/afirmar"),)


async def test_dispatchers_at_once_never_have_the_same_delivery(post: Post, channel: FakeChannel) -> None:
    await post.say(*(f"m{number}" for number in range(30)))
    await asyncio.gather(*(post.dispatch() for _ in range(5)))
    assert sorted(message.text for message in channel.sent) == sorted(f"m{number}" for number in range(30))


async def test_a_lease_keeps_others_out_until_it_ends(post: Post) -> None:
    await post.say("hola")
    (mine,) = await _claim(post)
    assert not mine.is_uncertain
    assert await _claim(post) == []
    assert (await post.one()).lease_until is not None
    await _end_lease(post)
    (theirs,) = await _claim(post)
    assert theirs.delivery_id == mine.delivery_id
    assert theirs.lease_token != mine.lease_token
    assert theirs.is_uncertain, "nobody knows whether the first dispatcher sent it"


@pytest.mark.parametrize("comes_back", [True, False])
async def test_a_vendors_delivery_waits_for_whoever_had_it_when_the_lease_ended(
    post: Post, monkeypatch: pytest.MonkeyPatch, comes_back: bool
) -> None:
    """As after an outage of the database that outlasts the lease: its dispatcher knows that it was sent."""
    monkeypatch.setattr(outbox, "WEB", "")
    await post.say("hola")
    (mine,) = await _claim(post)
    await _end_lease(post)
    assert await _claim(post) == []
    if comes_back:
        await _record(post, mine, Sent("wamid.1"))
    await _make_due(post)
    assert [claim.is_uncertain for claim in await _claim(post)] == ([] if comes_back else [True])
    assert (await post.one()).state is (DeliveryState.SENT if comes_back else DeliveryState.SENDING)


@pytest.mark.parametrize("outcome", [Sent("late"), BUSY, NotSent(SendFailure.REJECTED, "400"), Uncertain("timeout")])
async def test_who_lost_the_lease_changes_nothing_but_its_own_attempt(post: Post, outcome: SendOutcome) -> None:
    await post.say("hola")
    (late,) = await _claim(post)
    await _end_lease(post)
    (current,) = await _claim(post)
    await _record(post, late, outcome)
    delivery = await post.one()
    assert (delivery.state, delivery.lease_token) == (DeliveryState.SENDING, current.lease_token)
    await _record(post, current, Sent("mine"))
    delivery = await post.one()
    assert (delivery.state, delivery.provider_id) == (DeliveryState.SENT, "mine")
    assert len([attempt for attempt in await post.attempts() if attempt[0] is not None]) == 2


async def _die_sending(post: Post) -> None:
    await post.say("hola")
    await _claim(post)
    await _end_lease(post)


async def test_an_uncertain_send_that_the_vendor_has_is_not_repeated(post: Post, channel: FakeChannel) -> None:
    channel.found = Sent("SM1")
    await _die_sending(post)
    await post.dispatch()
    delivery = await post.one()
    assert (channel.sent, [one.delivery_id for one in channel.asked]) == ([], [str(delivery.id)])
    assert (delivery.state, delivery.provider_id) == (DeliveryState.SENT, "SM1")


async def test_an_uncertain_send_that_never_arrived_is_sent(post: Post, channel: FakeChannel) -> None:
    channel.found = NotSent(SendFailure.UNAVAILABLE, "never_arrived")
    await _die_sending(post)
    await post.dispatch()
    assert (len(channel.sent), (await post.one()).state) == (1, DeliveryState.SENT)


async def test_an_uncertain_send_waits_while_the_vendor_cannot_be_asked(post: Post, channel: FakeChannel) -> None:
    await _die_sending(post)
    await post.dispatch()
    delivery = await post.one()
    assert (channel.sent, delivery.state, delivery.error_code) == ([], DeliveryState.UNCERTAIN, "cannot_be_asked")
    assert delivery.next_attempt_at > clock.now()
    await _set(post, attempts=outbox.MAX_ATTEMPTS)
    await _make_due(post)
    await post.dispatch()
    delivery = await post.one()
    assert (channel.sent, delivery.state, delivery.error_code) == ([], DeliveryState.FAILED, "uncertain")


async def test_a_send_without_an_answer_is_asked_about_before_it_is_repeated(post: Post, channel: FakeChannel) -> None:
    channel.outcomes, channel.found = [Uncertain("ServerDisconnectedError")], Sent("SM7")
    await post.say("hola")
    await post.dispatch()
    assert (await post.one()).state is DeliveryState.UNCERTAIN
    await _make_due(post)
    await post.dispatch()
    assert (len(channel.sent), (await post.one()).provider_id) == (1, "SM7")


async def test_an_uncertain_send_is_repeated_where_the_reader_shows_it_once(post: Post, channel: FakeChannel) -> None:
    channel.resend_when_uncertain = True
    await post.say("hola")
    await _claim(post)
    await _end_lease(post)
    await post.dispatch()
    assert len(channel.sent) == 1
    assert (await post.one()).state is DeliveryState.SENT


async def _next_attempt_after(post: Post, outcome: SendOutcome) -> tuple[timedelta, timedelta]:
    """The least and the most that the next attempt waits, whatever this test took."""
    (claim,) = await _claim(post)
    before = clock.now()
    await _record(post, claim, outcome)
    after = clock.now()
    due: datetime = (await post.one()).next_attempt_at
    return due - after, due - before


async def test_each_failure_waits_twice_as_long_as_the_one_before(post: Post) -> None:
    await post.say("hola")
    for attempt in range(1, 9):
        least, most = await _next_attempt_after(post, BUSY)
        assert least <= timedelta(seconds=2**attempt) <= most
        assert await _claim(post) == [], "it is not due yet"
        delivery = await post.one()
        assert (delivery.state, delivery.attempts, delivery.error_code) == (DeliveryState.PENDING, attempt, "503")
        assert (delivery.lease_token, delivery.lease_until) == (None, None)
        await _make_due(post)


async def test_the_provider_may_say_how_long_to_wait(post: Post) -> None:
    await post.say("hola")
    least, most = await _next_attempt_after(post, NotSent(SendFailure.RATE_LIMITED, "429", retry_after=90))
    assert least <= timedelta(seconds=90) <= most


async def test_no_wait_is_longer_than_the_limit(post: Post, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(outbox, "MAX_ATTEMPTS", 100)
    await post.say("hola")
    await _set(post, attempts=40)
    least, most = await _next_attempt_after(post, BUSY)
    assert least <= timedelta(seconds=outbox.MAX_BACKOFF_SECONDS) <= most


async def test_after_the_last_attempt_the_delivery_has_failed_for_good(post: Post, channel: FakeChannel) -> None:
    channel.outcomes = [BUSY] * (outbox.MAX_ATTEMPTS + 5)
    await post.say("hola")
    for _ in range(outbox.MAX_ATTEMPTS + 3):
        await post.dispatch()
        await _make_due(post)
    assert len(channel.sent) == outbox.MAX_ATTEMPTS
    delivery = await post.one()
    assert (delivery.state, delivery.error_code) == (DeliveryState.FAILED, "503")
    assert await post.attempts() == [("unavailable", "503")] * outbox.MAX_ATTEMPTS


@pytest.mark.parametrize("failure", list(SendFailure))
async def test_only_failures_that_may_pass_are_tried_again(
    post: Post, channel: FakeChannel, failure: SendFailure
) -> None:
    channel.outcomes = [NotSent(failure, "code")]
    await post.say("hola")
    await post.dispatch()
    await _make_due(post)
    await post.dispatch()
    retried = failure in {SendFailure.UNAVAILABLE, SendFailure.RATE_LIMITED}
    assert len(channel.sent) == (2 if retried else 1)
    assert (await post.one()).state is (DeliveryState.SENT if retried else DeliveryState.FAILED)


async def test_one_messages_failure_does_not_hold_the_next(post: Post, channel: FakeChannel) -> None:
    channel.outcomes = [NotSent(SendFailure.REJECTED, "400")]
    await post.say("uno", "dos")
    await post.dispatch()
    assert sorted(one.state for one in await post.deliveries()) == [DeliveryState.FAILED, DeliveryState.SENT]


async def test_a_channel_that_is_off_fails_at_once_and_says_so(post: Post, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(post, "channel", None)
    await post.say("hola")
    assert await post.dispatch() == 1
    delivery = await post.one()
    assert (delivery.state, delivery.error_code) == (DeliveryState.FAILED, "channel_off")


@pytest.mark.parametrize(
    ("now", "receipt"), list(product([*PROGRESS, DeliveryState.FAILED], [DeliveryState.DELIVERED, DeliveryState.READ]))
)
async def test_receipts_only_move_forward_and_failure_is_final(
    post: Post, now: DeliveryState, receipt: DeliveryState
) -> None:
    await post.say("hola")
    await _set(post, state=now)
    await _receipt(post, receipt)
    delivery = await post.one()
    moves = now is not DeliveryState.FAILED and PROGRESS.index(receipt) > PROGRESS.index(now)
    assert delivery.state is (receipt if moves else now)
    stamp = delivery.read_at if receipt is DeliveryState.READ else delivery.delivered_at
    assert (stamp is not None) is moves


async def test_a_receipt_counts_up_to_its_message_and_in_its_conversation_only(
    post: Post, channel: FakeChannel
) -> None:
    import uuid

    from backend.conversations import service as conversations

    async with post.database.transaction() as session:
        other = await conversations.open_conversation(
            session, channel="web", account="portal", external_user_id=uuid.uuid4().hex
        )
    elsewhere = Post(post.database, channel, other.id, post.settings)
    await post.say("uno", "dos")
    await elsewhere.say("ajeno")
    await post.dispatch()
    await _receipt(post, DeliveryState.READ, up_to=1)
    async with post.database.transaction() as session:
        states = {
            (await session.get_one(Message, delivery.message_id)).text: delivery.state
            for delivery in await post.deliveries()
        }
    assert states == {"uno": DeliveryState.READ, "dos": DeliveryState.SENT, "ajeno": DeliveryState.SENT}


async def test_a_receipt_that_overtakes_the_send_is_not_undone_by_it(post: Post) -> None:
    await post.say("hola")
    (claim,) = await _claim(post)
    await _receipt(post, DeliveryState.READ)
    await _record(post, claim, Sent("p"))
    assert (await post.one()).state is DeliveryState.READ
    await _end_lease(post)
    assert await _claim(post) == []


async def test_what_the_portals_own_chat_stores_is_sent_and_wakes_no_dispatcher(
    post: Post, channel: FakeChannel, monkeypatch: pytest.MonkeyPatch, database_url: str
) -> None:
    monkeypatch.setitem(MANNERS, "web", Manners(text_limit=1000, is_read_where_stored=True))
    with listening(database_url) as told:
        await post.say("hola")
        assert dispatch_topic("web") not in told()
    assert await post.dispatch() == 0
    assert channel.sent == []
    delivery = await post.one()
    assert (delivery.state, delivery.sent_at is not None) == (DeliveryState.SENT, True)
    await _receipt(post, DeliveryState.READ)
    assert (await post.one()).state is DeliveryState.READ


async def test_what_was_left_to_send_by_the_version_before_still_goes(
    post: Post, monkeypatch: pytest.MonkeyPatch
) -> None:
    await post.say("hola")
    monkeypatch.setattr(post, "channel", WebChannel())
    await post.dispatch()
    delivery = await post.one()
    assert (delivery.state, delivery.provider_id) == (DeliveryState.SENT, str(delivery.id))


async def test_a_delivery_that_fells_its_dispatchers_is_given_up(post: Post, channel: FakeChannel) -> None:
    await post.say("a")
    for _ in range(outbox.MAX_DEATHS):
        assert len(await _claim(post)) == 1
        await _end_lease(post)
    assert await _claim(post) == []
    assert (await post.one()).state is DeliveryState.FAILED
