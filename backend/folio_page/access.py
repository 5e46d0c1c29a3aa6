"""Who may see a folio's page: whoever holds its code, and nobody by guessing."""

import hashlib
import hmac
import time
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from backend.limits import RateLimiter
from backend.registry import folios, guessing, lookups
from backend.registry.guessing import WINDOW_MINUTES
from backend.registry.models import Petition

#: Attempts in `WINDOW_MINUTES`, right ones too, from one address, which many may share.
PER_ADDRESS = 60
#: For how long a page that was opened can be answered, or its acuse taken, without the code again.
TICKET_SECONDS = 30 * 60

_ADDRESS = "folio-page-address"


async def open_folio(
    session: AsyncSession, limiter: RateLimiter, *, address: str, folio: str, code: str, secret: bytes
) -> Petition | None:
    """The petition of a folio and its code. None alike, after the same work, for an unknown folio and a wrong code.

    Every attempt counts, before it is looked at; the right code alone forgets what was counted at its folio.
    Raises TooManyRequests, whether or not the folio exists and the code is right.
    """
    await limiter.allow(_ADDRESS, address, PER_ADDRESS, minutes=WINDOW_MINUTES)
    parsed = folios.parse(folio)
    if parsed is None:
        return None
    await guessing.count(limiter, parsed)
    petition = await session.scalar(select(Petition).where(Petition.folio == parsed))
    if not lookups.opens(petition, code, secret):
        return None
    await guessing.forget(limiter, parsed)
    return petition


def ticket(secret: bytes, petition_id: UUID, *, now: float | None = None) -> str:
    """Stands in for the code in the forms of a page just opened, so that the code is in no page that we send."""
    expires = int(now if now is not None else time.time()) + TICKET_SECONDS
    return f"{petition_id}.{expires}.{_signature(secret, petition_id, expires)}"


def read_ticket(secret: bytes, given: str) -> UUID | None:
    """The petition that a ticket opens; None for one that we did not make, or whose time is over."""
    try:
        name, expires, signature = given.split(".")
        petition_id, until = UUID(name), int(expires)
    except ValueError:
        return None
    is_ours = hmac.compare_digest(signature.encode(), _signature(secret, petition_id, until).encode())
    return petition_id if is_ours and until > time.time() else None


def _signature(secret: bytes, petition_id: UUID, expires: int) -> str:
    return hmac.new(secret, b"folio-page:" + petition_id.bytes + str(expires).encode(), hashlib.sha256).hexdigest()
