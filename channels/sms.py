"""SMS through Twilio: the same account, signature and statuses as WhatsApp's; no buttons, no files, no window."""

from collections.abc import Collection, Sequence
from dataclasses import replace

from twilio.base.exceptions import TwilioException

from channels import twilio_api
from channels.manners import MANNERS
from channels.phones import normal_phone
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
    Sender,
    SendFailure,
    SendOutcome,
    Sent,
    WebhookRequest,
)
from channels.texts import numbered
from channels.twilio_api import TRANSPORT_ERRORS, TwilioApi


class SmsChannel:
    name = "sms"
    manners = MANNERS["sms"]
    resend_when_uncertain = False

    def __init__(self, api: TwilioApi, number: str, *, status_callback: str) -> None:
        self._api = api
        self._number = number
        self._status_callback = status_callback

    async def close(self) -> None:
        await self._api.close()

    def verify(self, request: WebhookRequest) -> None:
        self._api.verify(request)

    def parse(self, request: WebhookRequest) -> Sequence[Inbound]:
        form = twilio_api.fields(request)
        if "MessageStatus" in form:
            return [twilio_api.receipt(request, form) or Nothing(form["MessageStatus"])]
        if not form.get("MessageSid") or not form.get("From"):
            raise Malformed("neither a message nor a status")
        return [_message(form["MessageSid"], form["From"], form.get("Body", ""))]

    async def send(self, message: OutboundMessage) -> SendOutcome:
        if message.file is not None:
            return NotSent(SendFailure.REJECTED, "no_files_by_sms")
        return await self._api.create_message(
            message.delivery_id,
            self._status_callback,
            from_=self._number,
            to=message.recipient,
            body=numbered(message.text, message.buttons),
        )

    async def fetch(self, media: MediaReference, *, max_bytes: int) -> MediaContent:
        return await self._api.fetch(media, max_bytes=max_bytes)

    async def show_typing(self, address: str, in_reply_to: str | None) -> None:
        return None

    async def settle(self, inbound: Inbound, *, group_refusal: str) -> None:
        return None

    async def find(self, message: OutboundMessage, since: float, known: Collection[str]) -> Sent | NotSent | None:
        try:
            found = await self._api.find(message, self._number, since, known)
        except (*TRANSPORT_ERRORS, TwilioException):
            return None
        return found or NotSent(SendFailure.UNAVAILABLE, "never_arrived")

    async def list_since(self, since: float) -> Sequence[Listed]:
        return await self._api.list_since(self._number, since)

    async def recover(self, listed: Listed) -> InboundMessage:
        return replace(_message(listed.provider_id, listed.counterpart, listed.text), sent_at=listed.at)

    def receipt_of(self, listed: Listed) -> Receipt | None:
        return twilio_api.receipt_of(listed)

    async def check(self) -> str:
        return await self._api.check()


def _message(external_id: str, address: str, text: str) -> InboundMessage:
    phone = normal_phone(address)
    sender = Sender(phone or address, address, None, phone)
    return InboundMessage(external_id, sender, text, unsupported=None if text.strip() else "empty")
