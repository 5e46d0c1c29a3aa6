"""WhatsApp through Twilio.

Buttons go through the Content API: up to three as quick replies (title 20 characters), up to ten as a list
(item 24, description 72), else as a numbered text. The body is a variable, so that a set of buttons is made
at Twilio once; a body with line breaks cannot be one, and the caller sends those lines before (see `Manners`).
Sources: https://www.twilio.com/docs/content/twilio-quick-reply, /docs/content/twilio-list-picker,
/docs/whatsapp/buttons (ButtonText, ButtonPayload, ListId, ListTitle, OriginalRepliedMessageSid).
"""

import hashlib
import json
from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from twilio.base.exceptions import TwilioException, TwilioRestException
from twilio.rest.content.v1.content import ContentList
from twilio.rest.content.v1.content.approval_create import ApprovalCreateList

from channels import twilio_api
from channels.manners import MANNERS
from channels.phones import normal_phone
from channels.port import (
    Button,
    ButtonPress,
    ChannelRefused,
    InboundMessage,
    Listed,
    Location,
    Malformed,
    MediaReference,
    NotSent,
    OutboundMessage,
    Sender,
    SendFailure,
    SendOutcome,
)
from channels.texts import numbered
from channels.twilio_api import TRANSPORT_ERRORS, TwilioApi
from channels.twilio_channel import TwilioChannel

_PREFIX = "whatsapp:"
_LANGUAGE = "es_MX"
QUICK_REPLIES, LIST_ITEMS = 3, 10
QUICK_TITLE, ITEM_TITLE, ITEM_DESCRIPTION, BUTTON_BODY = 20, 24, 72, 1024
_LIST_BUTTON = "Ver opciones"


class ContentCache(Protocol):
    """Where the vendor's names for sets of buttons are kept."""

    async def get(self, digest: str) -> str | None: ...
    async def put(self, digest: str, content_sid: str) -> None: ...


class WhatsAppChannel(TwilioChannel):
    name = "whatsapp"
    manners = MANNERS["whatsapp"]

    def __init__(self, api: TwilioApi, number: str, *, status_callback: str, contents: ContentCache) -> None:
        super().__init__(api, f"{_PREFIX}{number}", status_callback=status_callback)
        self._contents = contents

    def _message(self, form: Mapping[str, str]) -> InboundMessage:
        return _message(form)

    async def send(self, message: OutboundMessage) -> SendOutcome:
        try:
            content = await self._content(message)
        except TwilioRestException as error:
            outcome = twilio_api.outcome_of(error)
            # Making a set of buttons sends nothing: it can be tried again whatever happened.
            return outcome if isinstance(outcome, NotSent) else NotSent(SendFailure.UNAVAILABLE, "content_failed")
        except (*TRANSPORT_ERRORS, TwilioException) as error:
            return NotSent(SendFailure.UNAVAILABLE, type(error).__name__)
        return await self._post(message, **content)

    async def _content(self, message: OutboundMessage) -> dict[str, Any]:
        """The fields that say what is sent."""
        if message.template is not None:
            return _templated(message.template.content_sid, message.template.values)
        if message.file is not None:
            caption = {"body": message.text} if message.text else {}
            return {"media_url": [message.file.url], **caption}
        types = buttons_content(message.buttons)
        if types is None or "\n" in message.text or len(message.text) > BUTTON_BODY:
            return {"body": numbered(message.text, message.buttons)}
        return _templated(await self._content_sid(types), (message.text,))

    async def _content_sid(self, types: dict[str, Any]) -> str:
        digest = hashlib.sha256(json.dumps(types, sort_keys=True).encode()).hexdigest()
        known = await self._contents.get(digest)
        if known is not None:
            return known
        content_sid = await self._create_content(f"botones_{digest[:24]}", types, {"1": "¿Qué prefiere?"})
        await self._contents.put(digest, content_sid)
        return content_sid

    async def _create_content(self, name: str, types: dict[str, Any], samples: Mapping[str, str]) -> str:
        request = ContentList.ContentCreateRequest(
            {"friendly_name": name, "language": _LANGUAGE, "variables": dict(samples), "types": types}
        )
        created = await self._api.client.content.v1.contents.create_async(request)
        return str(created.sid)

    async def show_typing(self, address: str, in_reply_to: str | None) -> None:
        if in_reply_to is not None:
            try:
                await self._api.client.messaging.v2.typing_indicator.create_async("whatsapp", in_reply_to)
            except (*TRANSPORT_ERRORS, TwilioException):
                return  # an ornament

    async def recover(self, listed: Listed) -> InboundMessage:
        media = await self._api.media_of(listed)
        is_empty = not (listed.text.strip() or media)
        sender = _sender({"From": listed.counterpart})
        return InboundMessage(
            listed.provider_id,
            sender,
            listed.text,
            media,
            unsupported="unknown" if is_empty else None,
            sent_at=listed.at,
        )

    async def submit_template(self, name: str, text: str, samples: Sequence[str]) -> str:
        """Make a utility template and ask WhatsApp to approve it; Twilio's name for it. Raises ChannelRefused."""
        numbered_samples = {str(number): sample for number, sample in enumerate(samples, 1)}
        try:
            content_sid = await self._create_content(name, {"twilio/text": {"body": text}}, numbered_samples)
            approval = self._api.client.content.v1.contents(content_sid).approval_create
            await approval.create_async(
                ApprovalCreateList.ContentApprovalRequest({"name": name, "category": "UTILITY"})
            )
        except TwilioRestException as error:
            raise ChannelRefused(
                str(error.code or error.status), f"Twilio no aceptó la plantilla: {error.msg}"
            ) from error
        except TRANSPORT_ERRORS as error:
            raise ChannelRefused("unreachable", "No se pudo llegar a Twilio. Intente de nuevo.") from error
        return content_sid

    async def template_state(self, content_sid: str) -> tuple[str, str | None]:
        """WhatsApp's word on a template (unsubmitted, received, pending, approved, rejected) and why, if refused.

        Raises ChannelRefused.
        """
        try:
            approval = await self._api.client.content.v1.contents(content_sid).approval_fetch().fetch_async()
        except TwilioRestException as error:
            raise ChannelRefused(str(error.code or error.status), "Twilio no tiene esa plantilla.") from error
        except TRANSPORT_ERRORS as error:
            raise ChannelRefused("unreachable", "No se pudo llegar a Twilio. Intente de nuevo.") from error
        whatsapp = approval.whatsapp or {}
        return str(whatsapp.get("status", "unsubmitted")), whatsapp.get("rejection_reason") or None


def buttons_content(buttons: Sequence[Button]) -> dict[str, Any] | None:
    """The Content type for these buttons: the text is `{{1}}`, each button's place its id. None: no type fits."""
    if not buttons:
        return None
    if len(buttons) <= QUICK_REPLIES and all(len(button.title) <= QUICK_TITLE for button in buttons):
        actions = [
            {"type": "QUICK_REPLY", "title": button.title, "id": str(place)} for place, button in enumerate(buttons)
        ]
        return {"twilio/quick-reply": {"body": "{{1}}", "actions": actions}}
    if len(buttons) <= LIST_ITEMS and all(len(button.title) <= ITEM_DESCRIPTION for button in buttons):
        items = [_list_item(place, button) for place, button in enumerate(buttons)]
        return {"twilio/list-picker": {"body": "{{1}}", "button": _LIST_BUTTON, "items": items}}
    return None


def _list_item(place: int, button: Button) -> dict[str, str]:
    if len(button.title) <= ITEM_TITLE:
        return {"id": str(place), "item": button.title}
    return {"id": str(place), "item": button.title[: ITEM_TITLE - 1].rstrip() + "…", "description": button.title}


def _templated(content_sid: str, values: Sequence[str]) -> dict[str, Any]:
    # A variable may hold no line break, tab or run of spaces (error 21656).
    variables = {str(number): " ".join(value.split()) for number, value in enumerate(values, 1)}
    return {"content_sid": content_sid, "content_variables": json.dumps(variables, ensure_ascii=False)}


def _message(form: Mapping[str, str]) -> InboundMessage:
    location = _location(form)
    media = _media(form)
    text = form.get("Body", "")
    press = _press(form)
    is_empty = not (text.strip() or media or location or press)
    return InboundMessage(
        external_id=form["MessageSid"],
        sender=_sender(form),
        text="" if location else text,
        media=media,
        press=press,
        location=location,
        unsupported=(form.get("MessageType") or "unknown") if is_empty else None,
    )


def _sender(form: Mapping[str, str]) -> Sender:
    """A telephone, or a business-scoped user id where the person keeps their number to themselves."""
    address = form["From"]
    bare = address.removeprefix(_PREFIX)
    phone = normal_phone(bare) if bare.lstrip("+").isdigit() else None
    return Sender(
        external_user_id=phone or bare,
        address=address,
        display_name=form.get("ProfileName") or None,
        verified_phone=phone,
    )


def _location(form: Mapping[str, str]) -> Location | None:
    if not form.get("Latitude") or not form.get("Longitude"):
        return None
    try:
        latitude, longitude = float(form["Latitude"]), float(form["Longitude"])
    except ValueError as error:
        raise Malformed("coordinates") from error
    label = " ".join(part for part in (form.get("Label", ""), form.get("Address", "")) if part)
    return Location(latitude, longitude, label or None)


def _media(form: Mapping[str, str]) -> tuple[MediaReference, ...]:
    try:
        count = int(form.get("NumMedia") or 0)
    except ValueError as error:
        raise Malformed("NumMedia") from error
    addresses = (form.get(f"MediaUrl{number}") for number in range(min(count, 10)))
    return tuple(MediaReference(address) for address in addresses if address)


def _press(form: Mapping[str, str]) -> ButtonPress | None:
    place = form.get("ButtonPayload") or form.get("ListId")
    if place is None or not place.isdigit():
        return None
    title = form.get("ButtonText") or form.get("ListTitle") or form.get("Body", "")
    return ButtonPress(form.get("OriginalRepliedMessageSid") or None, int(place), title)
