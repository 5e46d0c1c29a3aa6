"""What every messaging channel of Twilio's does alike; a channel says how its messages read and what it sends."""

from abc import ABC, abstractmethod
from collections.abc import Collection, Mapping, Sequence

from twilio.base.exceptions import TwilioException

from channels import twilio_api
from channels.port import (
    Inbound,
    InboundMessage,
    Listed,
    Malformed,
    MediaContent,
    MediaReference,
    Nothing,
    NotSent,
    OutboundMessage,
    Receipt,
    SendFailure,
    SendOutcome,
    Sent,
    WebhookRequest,
)
from channels.twilio_api import TRANSPORT_ERRORS, TwilioApi

#: What is left of a Mexican number whichever of its country codes (52, 521) is written.
_NUMBER_DIGITS = 10


class TwilioChannel(ABC):
    """A sender (`+52…` or `whatsapp:+52…`) of one Twilio account."""

    #: Twilio takes no key of ours: what may have gone is looked for in its list, never sent again unseen.
    resend_when_uncertain = False

    def __init__(self, api: TwilioApi, sender: str, *, status_callback: str) -> None:
        self._api = api
        self._sender = sender
        self._status_callback = status_callback

    @abstractmethod
    def _message(self, form: Mapping[str, str]) -> InboundMessage:
        """A message of a webhook's form, whose MessageSid and From are there. Raises Malformed."""

    @abstractmethod
    async def send(self, message: OutboundMessage) -> SendOutcome: ...

    @abstractmethod
    async def recover(self, listed: Listed) -> InboundMessage: ...

    async def close(self) -> None:
        await self._api.close()

    def verify(self, request: WebhookRequest) -> None:
        self._api.verify(request)

    def sender_of(self, request: WebhookRequest) -> str:
        try:
            return dict(request.form).get("From", "")[-_NUMBER_DIGITS:]
        except ValueError:
            return ""

    def parse(self, request: WebhookRequest) -> Sequence[Inbound]:
        form = twilio_api.fields(request)
        if "MessageStatus" in form:
            return [twilio_api.receipt(request, form) or Nothing(form["MessageStatus"])]
        if not form.get("MessageSid") or not form.get("From"):
            raise Malformed("neither a message nor a status")
        return [self._message(form)]

    async def _post(self, message: OutboundMessage, **content: object) -> SendOutcome:
        return await self._api.create_message(
            message.delivery_id, self._status_callback, from_=self._sender, to=message.recipient, **content
        )

    async def fetch(self, media: MediaReference, *, max_bytes: int) -> MediaContent:
        return await self._api.fetch(media, max_bytes=max_bytes)

    async def show_typing(self, address: str, in_reply_to: str | None) -> None:
        return None

    async def settle(self, inbound: Inbound, *, group_refusal: str) -> None:
        return None

    async def find(self, message: OutboundMessage, since: float, known: Collection[str]) -> Sent | NotSent | None:
        try:
            found = await self._api.find(message, self._sender, since, known)
        except (*TRANSPORT_ERRORS, TwilioException):
            return None
        return found or NotSent(SendFailure.UNAVAILABLE, "never_arrived")

    async def list_since(self, since: float) -> Sequence[Listed]:
        return await self._api.list_since(self._sender, since)

    def receipt_of(self, listed: Listed) -> Receipt | None:
        return twilio_api.receipt_of(listed)

    async def check(self) -> str:
        return await self._api.check()
