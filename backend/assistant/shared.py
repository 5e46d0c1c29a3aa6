"""Two models side by side: each conversation belongs to one of them, by a stable share (docs/adr/0009)."""

import hashlib
from uuid import UUID


def is_in_share(conversation_id: UUID, percent: int) -> bool:
    """Whether a conversation is among the `percent` that the second model answers; for its life, at that share."""
    digest = hashlib.sha256(b"second-model:" + conversation_id.bytes).digest()
    return int.from_bytes(digest[:8], "big") % 100 < percent
