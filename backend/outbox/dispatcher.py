"""The dispatcher: claim with a lease, commit, send with no transaction open, record.

Each channel has a loop and room of its own, so that a vendor that is slow or down holds up nobody else's
messages; within a channel, one chat's wait holds up that chat alone (`outbox.service`).
"""

import asyncio
import time
from collections.abc import Sequence
from dataclasses import replace
from typing import Protocol

import structlog
from sqlalchemy.exc import OperationalError

from backend import clock
from backend.conversations.files import FileStore
from backend.db import Database
from backend.limits import RateLimiter
from backend.live import LiveEvents, dispatch_topic
from backend.monitoring import chores, metrics, tracing
from backend.outbox import media_links, service
from backend.outbox.service import Claim
from backend.settings import Settings
from channels.manners import MANNERS
from channels.port import Channel, NotSent, OutboundFile, SendFailure, SendOutcome, Sent, Uncertain

log = structlog.get_logger(__name__)

ROOM = 32
#: Seconds of a slow channel's own pace that may be under way at once: more would outlast their leases.
_PACE_SECONDS = 5
_LOOK_AGAIN = 0.5
_STOP_SECONDS = 5.0
#: How long a database may be away before what was sent counts as uncertain; a vendor's lease lasts longer.
_RECORD_SECONDS = 90.0


class OpenChannels(Protocol):
    async def of(self, channel: str, account: str) -> Channel | None:
        """The adapter to send with; None where the channel is off."""
        ...


class Dispatcher:
    """Sends what is due. `settings` and `files` are needed where files are sent."""

    def __init__(
        self, database: Database, channels: OpenChannels, settings: Settings, files: FileStore, limiter: RateLimiter
    ) -> None:
        self._database = database
        self._channels = channels
        self._settings = settings
        self._files = files
        self._limiter = limiter

    async def send_all_due(self) -> int:
        """Send everything that is due on every channel; how many deliveries were tried."""
        return sum(await asyncio.gather(*(self._drain(channel) for channel in MANNERS)))

    async def run(self, live: LiveEvents, *, idle_seconds: float) -> None:
        """Every channel's loop, for ever; each looks for itself at least every `idle_seconds`."""
        await asyncio.gather(*(self._run_channel(channel, live, idle_seconds) for channel in MANNERS))

    async def _run_channel(self, channel: str, live: LiveEvents, idle_seconds: float) -> None:
        chores.expect(_chore(channel), idle_seconds)
        async with live.subscribe(dispatch_topic(channel)) as alarm:
            while True:
                wait = idle_seconds
                try:
                    await self._drain(channel)
                    async with self._database.transaction() as session:
                        due = await service.next_due(session, channel)
                    if due is not None:
                        wait = min(max((due - clock.now()).total_seconds(), 0.05), idle_seconds)
                except Exception:  # the outer loop: whatever it was is recorded, and tried again
                    log.exception("dispatch_failed", channel=channel)
                await alarm.wait(wait)

    async def _drain(self, channel: str) -> int:
        pace = MANNERS[channel].per_second
        room = ROOM if pace is None else min(ROOM, max(2, int(pace * _PACE_SECONDS)))
        under_way: set[asyncio.Task[None]] = set()
        tried = 0
        try:
            while True:
                claims = await self._claim(channel, room - len(under_way))
                tried += len(claims)
                under_way |= {asyncio.create_task(self._deliver(batch)) for batch in _by_conversation(claims)}
                if not under_way:
                    return tried
                done, under_way = await asyncio.wait(
                    under_way, timeout=_LOOK_AGAIN, return_when=asyncio.FIRST_COMPLETED
                )
                for task in done:
                    task.result()
        finally:
            # Told to stop, or failed: what has been given to a vendor is still recorded if it can be.
            if under_way:
                await asyncio.wait(under_way, timeout=_STOP_SECONDS)

    async def _claim(self, channel: str, room: int) -> list[Claim]:
        if room <= 0:
            return []
        async with self._database.transaction() as session:
            claims = await service.claim_due(session, channel, limit=room)
        chores.done(_chore(channel))
        return claims

    async def _deliver(self, claims: Sequence[Claim]) -> None:
        for claim in claims:
            with tracing.span("dispatch", delivery_id=str(claim.delivery_id), channel=claim.channel):
                outcome = await self._send(claim)
            _measure(claim, outcome)
            await self._record(claim, outcome)
            log.info("delivery_tried", delivery_id=str(claim.delivery_id), outcome=type(outcome).__name__)

    async def _record(self, claim: Claim, outcome: SendOutcome) -> None:
        """Write down what came of a send, also where the database is away for a while: else it may be sent again."""
        give_up_at = time.monotonic() + _RECORD_SECONDS
        while True:
            try:
                async with self._database.transaction() as session:
                    await service.record(session, claim, outcome)
            except OperationalError as error:
                if time.monotonic() > give_up_at:
                    raise
                log.warning("record_put_off", delivery_id=str(claim.delivery_id), error=type(error.orig).__name__)
                await asyncio.sleep(_LOOK_AGAIN)
            else:
                return

    async def _send(self, claim: Claim) -> SendOutcome:
        channel = await self._channels.of(claim.channel, claim.account)
        if channel is None:
            return NotSent(SendFailure.CHANNEL_OFF, "channel_off")
        if claim.is_uncertain and not channel.resend_when_uncertain:
            settled = await self._ask(claim, channel)
            if settled is not None:
                return settled
        message = claim.message
        if claim.file is not None:
            message = replace(message, file=self._file(claim.file))
        pace = MANNERS[claim.channel].per_second
        if pace is not None:
            await self._limiter.wait_turn("sends", f"{claim.channel}:{claim.account}", pace)
        return await channel.send(message)

    async def _ask(self, claim: Claim, channel: Channel) -> Sent | Uncertain | None:
        """What the vendor knows of an uncertain send; None: it never arrived, and may be sent."""
        async with self._database.transaction() as session:
            known = await service.known_provider_ids(session, claim)
        # A little earlier than our clock says: the vendor's may be behind.
        found = await channel.find(claim.message, claim.first_tried_at.timestamp() - 5, known)
        if found is None:
            return Uncertain("cannot_be_asked")
        return found if isinstance(found, Sent) else None

    def _file(self, file: service.FileToSend) -> OutboundFile:
        return OutboundFile(
            file.file_name,
            file.content_type,
            str(self._files.path(file.sha256)),
            media_links.address(self._settings, file.attachment_id),
        )


def _chore(channel: str) -> str:
    """What a channel's loop is called by who watches it."""
    return f"outbox_{channel}"


def _measure(claim: Claim, outcome: SendOutcome) -> None:
    """How long the message took to leave, and how tries end."""
    ending = outcome.failure.value if isinstance(outcome, NotSent) else type(outcome).__name__.lower()
    metrics.DELIVERIES.labels(claim.channel, ending).inc()
    if isinstance(outcome, Sent):
        metrics.DELIVERY_SECONDS.labels(claim.channel).observe((clock.now() - claim.enqueued_at).total_seconds())


def _by_conversation(claims: Sequence[Claim]) -> list[list[Claim]]:
    """Claims of one conversation are sent in their order; those of different ones side by side."""
    batches: dict[object, list[Claim]] = {}
    for claim in claims:
        batches.setdefault(claim.conversation_id, []).append(claim)
    return list(batches.values())
