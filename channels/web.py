"""The state portal's own chat: what is stored is what the widget reads.

There is no provider between us and the reader, so a send succeeds at once and
resending is harmless: the widget shows a message by its id, once. Receipts come
from the widget (`POST /api/chat/receipts`).
"""

from collections.abc import Collection

from channels.manners import MANNERS
from channels.port import NotSent, OutboundMessage, SendOutcome, Sent


class WebChannel:
    name = "web"
    manners = MANNERS["web"]
    resend_when_uncertain = True

    async def send(self, message: OutboundMessage) -> SendOutcome:
        return Sent(provider_id=message.delivery_id)

    async def find(self, message: OutboundMessage, since: float, known: Collection[str]) -> Sent | NotSent | None:
        return Sent(provider_id=message.delivery_id)
