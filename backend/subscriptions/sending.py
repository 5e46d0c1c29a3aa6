"""Deliveries on their way: claimed, sent with no transaction open, and what came of it written down."""

import asyncio
import ssl
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

import httpx
import structlog
from sqlalchemy import delete, select
from sqlalchemy.ext.asyncio import AsyncSession

from backend import clock
from backend.clock import Clock
from backend.db import Database
from backend.messaging.credentials import CredentialsUnreadable
from backend.settings import Settings
from backend.subscriptions import following, service, signing
from backend.subscriptions.models import Delivery, DeliveryState, StopReason, Subscription
from channels import outward
from channels.outward import AddressRefused

log = structlog.get_logger(__name__)

TIMEOUT = 10.0
#: Bytes read of an answer; only its code matters.
ANSWER_CAP = 4096
#: After this a claim is anybody's again.
LEASE = timedelta(seconds=60)
#: How many go to one subscription side by side, and how long one round of sending goes on.
AT_ONCE, ROUND_SECONDS = 8, 20.0
#: Waits between attempts; the last falls within three days of the first.
WAITS = tuple(timedelta(seconds=seconds) for seconds in (5, 300, 1800, 7200, 18000, 36000, 50400, 64800, 72000))
GIVE_UP = timedelta(days=3)
KEPT = timedelta(days=90)
_GONE = 410


@dataclass(frozen=True)
class Parcel:
    """What a sender needs once the claim's transaction is over."""

    id: UUID
    url: str
    secret: str
    body: bytes


@dataclass(frozen=True)
class Outcome:
    """The answer's code, or what went wrong before there was one."""

    code: int | None = None
    problem: str = ""

    @property
    def is_good(self) -> bool:
        return self.code is not None and 200 <= self.code < 300


class Sender:
    """Sends what is due; lives as long as its process. `verify` stands in for the system's certificates in tests."""

    def __init__(
        self, database: Database, settings: Settings, *, now: Clock = clock.now, verify: ssl.SSLContext | bool = True
    ) -> None:
        self._database = database
        self._settings = settings
        self._now = now
        self._verify = verify
        self._opened: httpx.AsyncClient | None = None

    @property
    def _client(self) -> httpx.AsyncClient:
        """Opened when first needed. No proxy of the environment's: a request goes where it was judged to go.

        No connection is used twice: two names at one IP must each prove who they are.
        """
        if self._opened is None:
            limits = httpx.Limits(max_keepalive_connections=0)
            self._opened = httpx.AsyncClient(
                verify=self._verify, follow_redirects=False, trust_env=False, timeout=TIMEOUT, limits=limits
            )
        return self._opened

    async def run_once(self) -> None:
        """Make deliveries of what happened, and send what is due, each subscription at its own pace."""
        await following.follow(self._database, self._settings.base_url, self._now)
        async with self._database.transaction() as session:
            ids = (await session.scalars(select(Subscription.id).where(Subscription.is_on))).all()
        await asyncio.gather(*map(self._drain, ids))

    async def _drain(self, subscription_id: UUID) -> None:
        """Until nothing is due, everything fails, or it has had its time: others' events must not wait for it."""
        ends = asyncio.get_running_loop().time() + ROUND_SECONDS
        while asyncio.get_running_loop().time() < ends:
            async with self._database.transaction() as session:
                parcels = await self._claim(session, subscription_id)
            outcomes = await asyncio.gather(*map(self._deliver, parcels))
            if not any(outcome.is_good for outcome in outcomes):
                return

    async def send_now(self, delivery_id: UUID) -> Outcome | None:
        """Send one delivery at once, even of a subscription that is off; None when somebody else is at it."""
        async with self._database.transaction() as session:
            query = select(Delivery).where(Delivery.id == delivery_id, Delivery.state == DeliveryState.PENDING)
            claimed = (await session.scalars(query.with_for_update(skip_locked=True))).all()
            parcels = await self._parcels(session, claimed)
        return await self._deliver(parcels[0]) if parcels else None

    async def tidy(self) -> None:
        """Drop deliveries that nobody looks at any more."""
        async with self._database.transaction() as session:
            old = Delivery.created_at < self._now() - KEPT
            await session.execute(delete(Delivery).where(old, Delivery.state != DeliveryState.PENDING))

    async def close(self) -> None:
        if self._opened is not None:
            await self._opened.aclose()

    async def _claim(self, session: AsyncSession, subscription_id: UUID) -> list[Parcel]:
        claimed = await session.scalars(
            select(Delivery)
            .where(
                Delivery.subscription_id == subscription_id,
                Delivery.state == DeliveryState.PENDING,
                Delivery.due_at <= self._now(),
            )
            .order_by(Delivery.due_at, Delivery.event_id)
            .limit(AT_ONCE)
            .with_for_update(skip_locked=True)
        )
        return await self._parcels(session, claimed.all())

    async def _parcels(self, session: AsyncSession, claimed: Sequence[Delivery]) -> list[Parcel]:
        parcels = []
        for one in claimed:
            one.due_at = self._now() + LEASE
            one.round_started_at = one.round_started_at or self._now()
            subscription = await session.get_one(Subscription, one.subscription_id)
            try:
                secret = service.secret_of(self._settings, subscription)
            except CredentialsUnreadable:
                log.error("webhook_secret_unreadable", subscription_id=str(subscription.id))
                self._settle(one, subscription, Outcome(problem="clave_ilegible"))
                continue
            parcels.append(Parcel(one.id, subscription.url, secret, one.body.encode()))
        return parcels

    async def _deliver(self, parcel: Parcel) -> Outcome:
        outcome = await self._send(parcel)
        async with self._database.transaction() as session:
            one = await session.get(Delivery, parcel.id, with_for_update=True)
            if one is None:  # gone with its petition meanwhile
                return outcome
            subscription = await service.get(session, one.subscription_id, for_update=True)
            self._settle(one, subscription, outcome)
            if one.state is DeliveryState.FAILED and one.event_id is not None:
                await self._stop_if_dead(session, one, subscription, outcome)
        log.info("webhook_sent", delivery_id=str(parcel.id), code=outcome.code, problem=outcome.problem)
        return outcome

    async def _send(self, parcel: Parcel) -> Outcome:
        """One request. Nothing of the answer is kept but its code."""
        message_id = f"msg_{parcel.id.hex}"
        try:
            async with asyncio.timeout(TIMEOUT):
                target = await outward.resolve(parcel.url, allow_loopback=self._settings.webhooks_to_loopback)
                headers = signing.headers(parcel.secret, message_id, int(self._now().timestamp()), parcel.body)
                async with self._client.stream(
                    "POST",
                    target.direct_url,
                    content=parcel.body,
                    headers={**headers, "host": target.host_header},
                    extensions={"sni_hostname": target.host},
                ) as answer:
                    await _read_some(answer)
                    return Outcome(answer.status_code)
        except AddressRefused as refused:
            return Outcome(problem=str(refused))
        except TimeoutError:
            return Outcome(problem="sin_respuesta_a_tiempo")
        except (httpx.HTTPError, httpx.InvalidURL, ssl.SSLError) as error:
            return Outcome(problem=type(error).__name__)

    def _settle(self, one: Delivery, subscription: Subscription, outcome: Outcome) -> None:
        moment = self._now()
        one.attempts, one.round_attempts = one.attempts + 1, one.round_attempts + 1
        one.last_attempt_at, one.response_code, one.problem = moment, outcome.code, outcome.problem
        if outcome.is_good:
            one.state, one.delivered_at = DeliveryState.DELIVERED, moment
            return
        started = one.round_started_at or moment
        is_last = one.event_id is None or one.round_attempts > len(WAITS) or outcome.code == _GONE
        due_at = moment + WAITS[min(one.round_attempts, len(WAITS)) - 1]
        if is_last or due_at > started + GIVE_UP:
            one.state = DeliveryState.FAILED
            log.warning("webhook_given_up", delivery_id=str(one.id), subscription_id=str(subscription.id))
        else:
            one.due_at = due_at

    async def _stop_if_dead(
        self, session: AsyncSession, failed: Delivery, subscription: Subscription, outcome: Outcome
    ) -> None:
        """Switch off an address that wants no more, or that took nothing since the one given up was first tried."""
        is_gone = outcome.code == _GONE
        since: datetime | None = failed.round_started_at
        accepted = await session.scalar(
            select(Delivery.id)
            .where(Delivery.subscription_id == subscription.id, Delivery.delivered_at > since)
            .limit(1)
        )
        if subscription.is_on and (is_gone or accepted is None):
            subscription.is_on = False
            subscription.stopped = StopReason.GONE if is_gone else StopReason.NO_ANSWER
            subscription.stopped_at = self._now()
            log.warning("webhook_stopped", subscription_id=str(subscription.id), reason=subscription.stopped.value)


async def _read_some(answer: httpx.Response) -> None:
    """Enough for a polite answer; the rest of a long one is left unread, and its connection closed."""
    read = 0
    async for piece in answer.aiter_raw():
        read += len(piece)
        if read >= ANSWER_CAP:
            return
