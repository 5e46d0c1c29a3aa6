"""SMS through Twilio: the same account, signature and statuses as WhatsApp's; no buttons, no files, no window."""

from collections.abc import Mapping
from dataclasses import replace

from channels.manners import MANNERS
from channels.phones import normal_phone
from channels.port import InboundMessage, Listed, NotSent, OutboundMessage, Sender, SendFailure, SendOutcome
from channels.texts import numbered
from channels.twilio_channel import TwilioChannel


class SmsChannel(TwilioChannel):
    name = "sms"
    manners = MANNERS["sms"]

    async def send(self, message: OutboundMessage) -> SendOutcome:
        if message.file is not None:
            return NotSent(SendFailure.REJECTED, "no_files_by_sms")
        return await self._post(message, body=numbered(message.text, message.buttons))

    async def recover(self, listed: Listed) -> InboundMessage:
        return replace(_message(listed.provider_id, listed.counterpart, listed.text), sent_at=listed.at)

    def _message(self, form: Mapping[str, str]) -> InboundMessage:
        return _message(form["MessageSid"], form["From"], form.get("Body", ""))


def _message(external_id: str, address: str, text: str) -> InboundMessage:
    phone = normal_phone(address)
    sender = Sender(phone or address, address, None, phone)
    return InboundMessage(external_id, sender, text, unsupported=None if text.strip() else "empty")
