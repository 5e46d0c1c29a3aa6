"""Signed addresses of attachments, for vendors that fetch what they must send."""

import hashlib
import hmac
import time
from uuid import UUID

from backend.settings import Settings

#: Long enough for a vendor's queue, short enough that a leaked address is soon worth nothing.
LIFETIME_SECONDS = 3600


def address(settings: Settings, attachment_id: UUID) -> str:
    """Where a vendor gets a file for the next hour."""
    expires = int(time.time()) + LIFETIME_SECONDS
    return f"{settings.base_url}/media/{attachment_id}/{expires}/{_signature(settings, attachment_id, expires)}"


def is_valid(settings: Settings, attachment_id: UUID, expires: int, signature: str) -> bool:
    """Whether we made this address and its time is not over. Constant time."""
    expected = _signature(settings, attachment_id, expires)
    return hmac.compare_digest(expected.encode(), signature.encode()) and expires > time.time()


def _signature(settings: Settings, attachment_id: UUID, expires: int) -> str:
    secret = settings.key
    return hmac.new(secret, b"media:" + attachment_id.bytes + str(expires).encode(), hashlib.sha256).hexdigest()
