"""What Twilio posts when a citizen writes.

After «Twilio's request to your incoming message Webhook URL» and its list of parameters for
WhatsApp. Two things that page is short about, as public receivers of these webhooks have them:

* An answer to a quick reply has MessageType `button`, ButtonText and ButtonPayload; one from a
  list has MessageType `interactive`, ListId and ListTitle. Both repeat the title in Body and name the
  message answered in OriginalRepliedMessageSid.
* Since 2026 every WhatsApp webhook carries ExternalUserId, the citizen's business-scoped user id
  (`MX.1349…`: a country, a full stop, up to 128 letters and digits), and for some businesses
  ParentExternalUserId. Of someone with a user name (ProfileUsername) who hides their phone, From is
  `whatsapp:MX.1349…` and WaId is missing: there is no phone anywhere. To such an address one can send.

A contact card comes as media of type text/vcard. Edits and deletions are not told to the office.
"""

import json

from tests.fakes.conversation import ButtonView, CitizenMessage, Kind
from tests.fakes.twilio_server.state import Account, Citizen, Media, Message, sid

STOP_WORDS = {"stop", "stopall", "unsubscribe", "cancel", "end", "quit", "revoke", "optout"}
START_WORDS = {"start", "yes", "unstop"}

_TYPES = {
    Kind.PHOTO: ("image", "image/jpeg"),
    Kind.DOCUMENT: ("document", "application/pdf"),
    Kind.VOICE: ("audio", "audio/ogg"),
    Kind.AUDIO: ("audio", "audio/mpeg"),
    Kind.VIDEO: ("video", "video/mp4"),
    Kind.STICKER: ("sticker", "image/webp"),
    Kind.CONTACT: ("contacts", "text/vcard"),
}


def media_of(message: CitizenMessage, citizen: Citizen) -> list[Media]:
    if message.kind not in _TYPES:
        return []
    content = message.content
    if message.kind is Kind.CONTACT:
        content = _vcard(message.name or citizen.name, message.phone or citizen.phone)
    return [Media(sid("ME"), message.content_type or _TYPES[message.kind][1], content, message.filename)]


def _vcard(name: str, phone: str) -> bytes:
    digits = phone.lstrip("+")
    lines = (
        "BEGIN:VCARD",
        "VERSION:3.0",
        f"N:;{name};;;",
        f"FN:{name}",
        f"TEL;type=CELL;waid={digits}:{phone}",
        "END:VCARD",
    )
    return "\r\n".join(lines).encode()


def form_of(
    message: Message, citizen: Citizen, account: Account, said: CitizenMessage, base_url: str
) -> dict[str, str]:
    """The form of a message's webhook."""
    form = {
        "MessageSid": message.sid,
        "SmsSid": message.sid,
        "SmsMessageSid": message.sid,
        "AccountSid": account.sid,
        "From": message.from_,
        "To": message.to,
        "Body": message.body,
        "NumMedia": str(len(message.media)),
        "NumSegments": "1",
        "SmsStatus": "received",
        "ApiVersion": "2010-04-01",
    }
    for number, media in enumerate(message.media):
        path = f"/2010-04-01/Accounts/{account.sid}/Messages/{message.sid}/Media/{media.sid}"
        form[f"MediaUrl{number}"] = base_url + path
        form[f"MediaContentType{number}"] = media.content_type
    return form | (_whatsapp(citizen, said) if citizen.is_whatsapp else _sms())


def _sms() -> dict[str, str]:
    return {"FromCountry": "MX", "FromState": "", "FromCity": "", "FromZip": "", "ToCountry": "US", "ToState": "",
            "ToCity": "", "ToZip": ""}  # fmt: skip


def _whatsapp(citizen: Citizen, said: CitizenMessage) -> dict[str, str]:
    context = {"ProfileName": citizen.name}
    form = {
        "ProfileName": citizen.name,
        "ReferralNumMedia": "0",
        "ExternalUserId": citizen.user_id,
        "MessageType": "location" if said.kind is Kind.LOCATION else _TYPES.get(said.kind, ("text", ""))[0],
    }
    if citizen.username:
        form["ProfileUsername"] = citizen.username
    if citizen.address.startswith("whatsapp:+"):
        form["WaId"] = context["WaId"] = citizen.phone.lstrip("+")
    form["ChannelMetadata"] = json.dumps({"type": "whatsapp", "data": {"context": context}})
    if said.kind is Kind.LOCATION:
        form |= {"Latitude": str(said.latitude), "Longitude": str(said.longitude)}
        form |= {name: value for name, value in (("Label", said.label), ("Address", said.address)) if value}
    if said.forwarded:
        form["Forwarded"] = "true"
    return form


def replied(form: dict[str, str], original: Message) -> dict[str, str]:
    """The same form, of a message that answers another."""
    return {
        **form,
        "OriginalRepliedMessageSid": original.sid,
        "OriginalRepliedMessageSender": original.from_,
    }


def pressed(form: dict[str, str], original: Message, button: ButtonView) -> dict[str, str]:
    """The same form, of a button pressed."""
    if original.list_title:
        choice = {"MessageType": "interactive", "ListId": button.payload, "ListTitle": button.title}
    else:
        choice = {"MessageType": "button", "ButtonText": button.title, "ButtonPayload": button.payload}
    return replied(form, original) | choice
