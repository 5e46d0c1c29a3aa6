"""The dispatcher: claim with a lease, commit, send, record."""

from collections.abc import Mapping

import structlog

from backend.db import Database
from backend.outbox import service
from channels.port import Channel

log = structlog.get_logger(__name__)


async def dispatch(database: Database, channels: Mapping[str, Channel]) -> int:
    """Send all that is due; the number of deliveries tried."""
    tried = 0
    while True:
        async with database.transaction() as session:
            claims = await service.claim_due(session)
        if not claims:
            return tried
        for claim in claims:
            outcome = await service.send(claim, channels.get(claim.channel))
            async with database.transaction() as session:
                await service.record(session, claim, outcome)
            tried += 1
            log.info("delivery_tried", delivery_id=str(claim.delivery_id), outcome=type(outcome).__name__)
