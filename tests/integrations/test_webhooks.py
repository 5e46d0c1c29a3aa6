"""Webhooks from a petition's event to the receiver: signed, once an event, tried for three days, never inward."""

import asyncio
import ipaddress
import json
from collections.abc import AsyncIterator
from datetime import datetime, timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from backend import clock
from backend.agents.models import User
from backend.db import Database
from backend.registry import petitions
from backend.registry.models import ActorKind, EntryChannel, Petition, PetitionEventKind, PetitionKind
from backend.settings import Settings
from backend.subscriptions import addresses, following, service, signing
from backend.subscriptions.errors import SubscriptionRefused
from backend.subscriptions.models import Delivery, DeliveryState, PendingEvent, StopReason, Subscription
from backend.subscriptions.sending import GIVE_UP, KEPT, Sender
from backend.subscriptions.service import Wish
from channels import outward
from channels.outward import AddressRefused
from tests.integrations.receiver import Receiver, answer, receiving
from tests.staff import add_staff


@pytest.fixture
async def receiver() -> AsyncIterator[Receiver]:
    async with receiving() as receiver:
        yield receiver


#: This machine, private networks, link-local, shared, multicast; then IPv6's, and IPv4 wrapped in it.
INNER = (
    "10.0.0.1", "127.0.0.1", "169.254.169.254", "172.16.9.9", "192.168.1.1", "100.64.0.1", "0.0.0.0",  # noqa: S104
    "224.0.0.1", "255.255.255.255", "::1", "::", "fe80::1", "fc00::1", "ff02::1", "::ffff:10.0.0.1",
    "::ffff:127.0.0.1", "64:ff9b::a00:1", "2002:a00:1::",
)  # fmt: skip


class Time:
    """A clock that is moved by hand."""

    def __init__(self) -> None:
        self.now = clock.now()

    def __call__(self) -> datetime:
        return self.now


@pytest.fixture
def local(settings: Settings) -> Settings:
    return settings.model_copy(update={"webhooks_to_loopback": True})


async def _subscribe(database: Database, settings: Settings, url: str, *events: str) -> tuple[Subscription, str]:
    await add_staff(database, "adela")
    async with database.transaction() as session:
        by = (await session.scalars(select(User))).one()
        return await service.create(session, settings, by, Wish("Ayuntamiento", url, events))


async def _file(session: AsyncSession) -> Petition:
    new = petitions.NewPetition(
        PetitionKind.PETICION,
        EntryChannel.CALL_CENTER,
        "No hay agua, soy Juan Pérez",
        name="Juan Pérez",
        phone="+526621234567",
    )
    return await petitions.file(session, new, actor=ActorKind.STAFF)


async def _deliveries(database: Database) -> list[Delivery]:
    async with database.transaction() as session:
        return list((await session.scalars(select(Delivery).order_by(Delivery.created_at, Delivery.event_id))).all())


async def test_an_event_is_told_once_signed_and_without_personal_data(
    database: Database, local: Settings, receiver: Receiver
) -> None:
    async with database.transaction() as session:
        early = await _file(session)  # nobody asked to be told yet
    _, secret = await _subscribe(database, local, receiver.url, "petition.filed", "petition.note")
    async with database.transaction() as session:
        petition = await _file(session)
        await petitions.add_event(session, petition, PetitionEventKind.ASSIGNED, actor=ActorKind.STAFF)
    sender = Sender(database, local)
    await asyncio.gather(*(sender.run_once() for _ in range(3)))
    [taken] = receiver.taken
    assert taken.path == "/avisos?de=sonora"
    assert taken.headers["host"] == f"localhost:{receiver.port}"
    assert taken.is_signed_with(secret)
    assert not taken.is_signed_with(signing.new_secret())
    told = json.loads(taken.body)
    assert (told["type"], told["data"]["folio"], told["data"]["status"]) == (
        "petition.filed",
        petition.folio,
        "recibida",
    )
    assert told["data"]["agency"]["key"] == "organismo-agua"
    assert early.folio not in taken.body.decode()
    assert not [word for word in ("Juan", "662", "No hay agua") if word in taken.body.decode()]
    async with database.transaction() as session:
        assert (await session.scalars(select(PendingEvent))).all() == []
        kept = (await session.scalars(select(Subscription))).one()
    assert secret.encode() not in kept.sealed_secret
    await sender.close()


async def test_no_event_is_lost_whatever_the_order_of_commits(database: Database, local: Settings) -> None:
    """The first to begin commits last: a reader that remembers the highest id would never see it."""
    await _subscribe(database, local, "https://ayuntamiento.example/avisos")
    async with database.transaction() as session:
        first, second = await _file(session), await _file(session)
    await following.follow(database, local.base_url)
    begun, release = asyncio.Event(), asyncio.Event()

    async def slow() -> None:
        async with database.transaction() as session:
            locked = await petitions.get(session, first.folio, for_update=True)
            await petitions.add_event(session, locked, PetitionEventKind.NOTE, actor=ActorKind.STAFF, text="lenta")
            begun.set()
            await release.wait()

    task = asyncio.create_task(slow())
    await begun.wait()
    async with database.transaction() as session:
        locked = await petitions.get(session, second.folio, for_update=True)
        await petitions.add_event(session, locked, PetitionEventKind.NOTE, actor=ActorKind.STAFF, text="rápida")
    assert await following.follow(database, local.base_url) == 1
    release.set()
    await task
    assert await following.follow(database, local.base_url) == 1
    notes = [one.folio for one in await _deliveries(database) if one.kind == "petition.note"]
    assert notes == [second.folio, first.folio]
    ids = [one.event_id for one in await _deliveries(database)]
    assert len(ids) == len(set(ids)) == 4


async def test_a_failing_address_is_tried_for_three_days_then_stopped_and_another_is_not(
    database: Database, local: Settings, receiver: Receiver
) -> None:
    time = Time()
    one, secret = await _subscribe(database, local, receiver.url)
    sender = Sender(database, local, now=time)
    async with database.transaction() as session:
        await _file(session)
    receiver.answers = [
        answer(500),
        answer(302, "Location: http://localhost:1/otra"),
        answer(200, body=b"x" * 100_000),
    ]
    for wait in (0, 5, 300):
        time.now += timedelta(seconds=wait)
        await sender.run_once()
    [delivery] = await _deliveries(database)
    assert (delivery.state, delivery.attempts, delivery.response_code) == (DeliveryState.DELIVERED, 3, 200)
    assert len({taken.headers["webhook-id"] for taken in receiver.taken}) == 1
    assert len({taken.headers["webhook-timestamp"] for taken in receiver.taken}) == 3
    assert all(taken.is_signed_with(secret) for taken in receiver.taken)
    receiver.answers = [answer(503) for _ in range(30)]
    async with database.transaction() as session:
        await _file(session)
    began = time.now
    for tried in range(1, 30):
        await sender.run_once()
        failing = (await _deliveries(database))[1]
        assert failing.attempts == tried
        if failing.state is DeliveryState.FAILED:
            break
        time.now = failing.due_at
    assert (failing.state, failing.attempts) == (DeliveryState.FAILED, 10)
    assert timedelta(days=2, hours=12) < time.now - began <= GIVE_UP
    async with database.transaction() as session:
        stopped = await service.get(session, one.id)
        assert (stopped.is_on, stopped.stopped) == (False, StopReason.NO_ANSWER)
        assert await service.stopped_count(session) == 1
        await service.redeliver(session, one.id, failing.id)
    receiver.answers = []
    outcome = await sender.send_now(failing.id)
    assert outcome is not None
    assert outcome.code == 204
    await sender.close()


async def test_a_gone_address_is_stopped_at_once_and_one_refused_event_stops_nothing(
    database: Database, local: Settings, receiver: Receiver
) -> None:
    time = Time()
    one, _ = await _subscribe(database, local, receiver.url)
    sender = Sender(database, local, now=time)
    async with database.transaction() as session:
        first, second = await _file(session), await _file(session)
    await following.follow(database, local.base_url, time)
    async with database.transaction() as session:  # the first has been tried nine times; the second is taken
        deliveries = (await session.scalars(select(Delivery).order_by(Delivery.event_id))).all()
        deliveries[0].round_attempts, deliveries[0].round_started_at = 9, time.now - timedelta(days=2)
        deliveries[1].state, deliveries[1].delivered_at = DeliveryState.DELIVERED, time.now
    receiver.answers = [answer(400)]
    time.now += timedelta(seconds=1)
    await sender.run_once()
    assert (await _deliveries(database))[0].state is DeliveryState.FAILED
    async with database.transaction() as session:
        assert (await service.get(session, one.id)).is_on
        await _file(session)
    receiver.answers = [answer(410)]
    time.now += timedelta(seconds=1)
    await sender.run_once()
    async with database.transaction() as session:
        assert (await service.get(session, one.id)).stopped is StopReason.GONE
    made = await _deliveries(database)
    time.now += KEPT + timedelta(seconds=1)
    await sender.tidy()
    assert await _deliveries(database) == []
    assert {first.folio, second.folio} < {delivery.folio for delivery in made}
    await sender.close()


@pytest.mark.parametrize("ip", INNER)
def test_inner_addresses_are_refused_however_they_are_written(ip: str) -> None:
    assert not outward.is_allowed(ipaddress.ip_address(ip), allow_loopback=False)


async def test_only_https_into_the_internet_is_accepted_and_a_name_is_judged_at_every_sending(
    database: Database, settings: Settings, local: Settings, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    for ip in ("8.8.8.8", "2606:4700::1111", "::ffff:8.8.8.8"):
        assert outward.is_allowed(ipaddress.ip_address(ip), allow_loopback=False)
    for url in (
        "http://ejemplo.gob.mx/a", "https://", "https://u:p@ejemplo.gob.mx/", "https://ejemplo.gob.mx/#a", "ftp://a.mx",
        "https://127.0.0.1/a", "https://[::1]/a", "https://10.1.1.1/", "https://ejemplo.gob.mx:99999/",
        "https://a b.mx/", "http://localhost:8000/", "https://[fe80::1/",
    ):  # fmt: skip
        with pytest.raises(SubscriptionRefused):
            addresses.check_form(url, allow_loopback=False)
    assert (
        addresses.check_form(" https://ejemplo.gob.mx:8443/a ", allow_loopback=False) == "https://ejemplo.gob.mx:8443/a"
    )
    target = await outward.resolve("https://[2606:4700::1111]:8443/a?b=c", allow_loopback=False)
    assert target.direct_url == "https://[2606:4700::1111]:8443/a?b=c"
    with pytest.raises(AddressRefused):
        await outward.resolve("http://8.8.8.8/", allow_loopback=True)
    # Accepted while the setting allowed it; refused once it does not, without a connection.
    await _subscribe(database, local, receiver.url)
    async with database.transaction() as session:
        await _file(session)
    sender = Sender(database, settings)
    await sender.run_once()
    [delivery] = await _deliveries(database)
    assert (delivery.state, delivery.problem) == (DeliveryState.PENDING, "sin_https")
    assert receiver.taken == []

    async def inward(*_: object, **__: object) -> list[object]:
        return [(2, 1, 6, "", ("8.8.8.8", 443)), (2, 1, 6, "", ("192.168.0.9", 443))]

    monkeypatch.setattr(asyncio.get_running_loop(), "getaddrinfo", inward)
    with pytest.raises(AddressRefused, match="red_interna"):
        await outward.resolve("https://ejemplo.gob.mx/", allow_loopback=False)
    await sender.close()


def test_the_signature_is_the_schemes() -> None:
    """The example of the scheme's own document."""
    secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
    signed = signing.sign(secret, "msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330, b'{"test": 2432232314}')
    assert signed == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="
