"""Subscriptions as an administrator keeps them, and what was delivered to each."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from uuid import UUID, uuid4

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from backend import clock
from backend.agents.models import User
from backend.audit import service as audit
from backend.messaging import credentials
from backend.registry.models import PetitionEventKind
from backend.settings import Settings
from backend.subscriptions import addresses, payload, signing
from backend.subscriptions.errors import DeliveryUnderWay, SubscriptionNotFound, SubscriptionRefused
from backend.subscriptions.models import Delivery, DeliveryState, Subscription

#: What a subscription may be told of.
KINDS = tuple(payload.kind_of(kind) for kind in PetitionEventKind)


@dataclass(frozen=True)
class Wish:
    """A subscription as typed. No `events`: all."""

    name: str
    url: str
    events: Collection[str] = ()


@dataclass(frozen=True)
class SubscriptionRow:
    subscription: Subscription
    waiting: int
    last_delivered: Delivery | None


def _checked(settings: Settings, wish: Wish) -> Wish:
    name = " ".join(wish.name.split())
    if not 3 <= len(name) <= 100:
        raise SubscriptionRefused("Escriba un nombre de 3 a 100 letras.", field="name")
    if not set(wish.events) <= set(KINDS):
        raise SubscriptionRefused("Elija los eventos de la lista.", field="events")
    url = addresses.check_form(wish.url, allow_loopback=settings.webhooks_to_loopback)
    return Wish(name, url, sorted(set(wish.events)))


async def create(session: AsyncSession, settings: Settings, by: User, wish: Wish) -> tuple[Subscription, str]:
    """A new subscription, on, and its secret, told once. Raises SubscriptionRefused."""
    checked = _checked(settings, wish)
    secret = signing.new_secret()
    made = Subscription(
        id=uuid4(),
        name=checked.name,
        url=checked.url,
        events=list(checked.events),
        sealed_secret=credentials.seal(settings.key, {"secret": secret}),
        is_on=True,
        created_at=clock.now(),
    )
    session.add(made)
    await session.flush()
    await audit.record(session, by, "webhook_created", made.id, name=made.name, url=made.url)
    return made, secret


async def change(session: AsyncSession, settings: Settings, by: User, subscription_id: UUID, wish: Wish) -> None:
    """Raises SubscriptionRefused, SubscriptionNotFound."""
    checked = _checked(settings, wish)
    one = await get(session, subscription_id, for_update=True)
    one.name, one.url, one.events = checked.name, checked.url, list(checked.events)
    await audit.record(session, by, "webhook_changed", one.id, name=one.name, url=one.url)


async def renew_secret(session: AsyncSession, settings: Settings, by: User, subscription_id: UUID) -> str:
    """A new secret, told once; what is sent from now on is signed with it."""
    one = await get(session, subscription_id, for_update=True)
    secret = signing.new_secret()
    one.sealed_secret = credentials.seal(settings.key, {"secret": secret})
    await audit.record(session, by, "webhook_secret_renewed", one.id)
    return secret


async def switch(session: AsyncSession, by: User, subscription_id: UUID, *, is_on: bool) -> None:
    """On: what waits is sent, and what happens from now on. Off: what waits stays, what happens is not kept."""
    one = await get(session, subscription_id, for_update=True)
    one.is_on, one.stopped, one.stopped_at = is_on, None, None
    await audit.record(session, by, "webhook_on" if is_on else "webhook_off", one.id)


async def get(session: AsyncSession, subscription_id: UUID, *, for_update: bool = False) -> Subscription:
    """Raises SubscriptionNotFound."""
    one = await session.get(Subscription, subscription_id, with_for_update=for_update, populate_existing=for_update)
    if one is None:
        raise SubscriptionNotFound
    return one


def secret_of(settings: Settings, one: Subscription) -> str:
    """Raises CredentialsUnreadable."""
    return credentials.unseal(settings.key, one.sealed_secret)["secret"]


async def test(session: AsyncSession, subscription_id: UUID) -> Delivery:
    """A delivery that tells of nothing, for the sender to take now."""
    one = await get(session, subscription_id)
    moment = clock.now()
    made = Delivery(
        id=uuid4(),
        subscription_id=one.id,
        kind=payload.TEST,
        body=payload.test_body(moment, one.name),
        due_at=moment,
        created_at=moment,
    )
    session.add(made)
    await session.flush()
    return made


async def redeliver(session: AsyncSession, subscription_id: UUID, delivery_id: UUID) -> Delivery:
    """Send a delivery once more, the same body under the same id, for three days anew."""
    made = await session.get(Delivery, delivery_id, with_for_update=True)
    if made is None or made.subscription_id != subscription_id:
        raise SubscriptionNotFound("No existe ese envío.")
    if made.state is DeliveryState.PENDING:
        raise DeliveryUnderWay
    made.state, made.due_at = DeliveryState.PENDING, clock.now()
    made.round_started_at, made.round_attempts = None, 0
    return made


async def latest(session: AsyncSession, subscription_id: UUID, *, limit: int = 30) -> Sequence[Delivery]:
    """A subscription's deliveries, newest first."""
    rows = await session.scalars(
        select(Delivery)
        .where(Delivery.subscription_id == subscription_id)
        .order_by(Delivery.created_at.desc(), Delivery.event_id.desc())
        .limit(limit)
    )
    return rows.all()


async def listed(session: AsyncSession) -> Sequence[SubscriptionRow]:
    """Every subscription by name, with what waits for it and what it had last."""
    waiting = await session.execute(
        select(Delivery.subscription_id, func.count())
        .where(Delivery.state == DeliveryState.PENDING)
        .group_by(Delivery.subscription_id)
    )
    counts = dict(waiting.all())
    found = []
    for one in await session.scalars(select(Subscription).order_by(Subscription.name)):
        last = await session.scalar(
            select(Delivery)
            .where(Delivery.subscription_id == one.id, Delivery.state == DeliveryState.DELIVERED)
            .order_by(Delivery.created_at.desc())
            .limit(1)
        )
        found.append(SubscriptionRow(one, counts.get(one.id, 0), last))
    return found


async def stopped_count(session: AsyncSession) -> int:
    """How many the system itself switched off that nobody has dealt with."""
    return await session.scalar(select(func.count()).where(Subscription.stopped.is_not(None))) or 0
