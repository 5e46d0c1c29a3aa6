"""Signatures by the Standard Webhooks scheme (https://www.standardwebhooks.com).

A message is signed with its id and the moment it is sent, so that neither can be exchanged nor the whole kept
and sent again later: `v1,` and base64(HMAC-SHA256(key, "id.timestamp.body")). Secrets are told as `whsec_` and base64.
"""

import base64
import hashlib
import hmac
import secrets

PREFIX = "whsec_"
_KEY_BYTES = 32


def new_secret() -> str:
    """A secret as it is told to the receiver."""
    return PREFIX + base64.b64encode(secrets.token_bytes(_KEY_BYTES)).decode()


def sign(secret: str, message_id: str, timestamp: int, body: bytes) -> str:
    """The `webhook-signature` of a message sent at `timestamp` (seconds since 1970)."""
    key = base64.b64decode(secret.removeprefix(PREFIX))
    signed = f"{message_id}.{timestamp}.".encode() + body
    return "v1," + base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()


def headers(secret: str, message_id: str, timestamp: int, body: bytes) -> dict[str, str]:
    """What goes with the body."""
    return {
        "content-type": "application/json",
        "user-agent": "ChatSonora-Webhooks/1",
        "webhook-id": message_id,
        "webhook-timestamp": str(timestamp),
        "webhook-signature": sign(secret, message_id, timestamp, body),
    }
