"""What becomes of a message the office sends: accepted or refused at once, delivered or failed afterwards.

The rules for WhatsApp after «Key concepts» (the customer service window) and the pages of errors
63016, 63018, 63021 and 63024. Nothing here is idempotent: the same request twice is two messages.
"""

import asyncio
import random
import re
from collections.abc import Coroutine, Mapping
from typing import Any

import httpx

from tests.fakes.twilio_server.content import SESSION_BUTTONS, Rendered, is_approved, render
from tests.fakes.twilio_server.errors import AFTERWARDS, TwilioError
from tests.fakes.twilio_server.state import WHATSAPP, Citizen, Media, Message, TwilioState, sid
from tests.fakes.twilio_server.webhooks import Webhooks

BODY_LIMIT = 1600
_ADDRESS = re.compile(r"^(whatsapp:)?\+[1-9]\d{6,14}$|^whatsapp:[A-Z]{2}\.(ENT\.)?[A-Za-z0-9]{1,128}$")
_URL = re.compile(r"^https?://[^\s/]+")
#: Failures that come as `undelivered`; the others as `failed`.
_UNDELIVERED = {30003, 30005, 30006, 63003, 63019, 63024}


class Outbound:
    """Takes the office's messages and carries them."""

    def __init__(self, state: TwilioState, webhooks: Webhooks) -> None:
        self._state = state
        self._webhooks = webhooks
        self._tasks: set[asyncio.Task[None]] = set()

    def accept(self, form: Mapping[str, str], media_urls: list[str]) -> Message:
        """A message for a form of the API, on its way. Raises TwilioError."""
        to, from_ = form.get("To", ""), self._sender(form)
        if not to:
            raise TwilioError(21604)
        if not _ADDRESS.match(to):
            raise TwilioError(21211, to)
        if from_.startswith(WHATSAPP) != to.startswith(WHATSAPP):
            raise TwilioError(21910)
        rendered = self._rendered(form)
        body = rendered.body if rendered else form.get("Body", "")
        media_urls = rendered.media if rendered else media_urls
        if not body and not media_urls:
            raise TwilioError(21619)
        if len(body) > BODY_LIMIT:
            raise TwilioError(21617)
        callback = form.get("StatusCallback", "")
        if callback and not _URL.match(callback):
            raise TwilioError(21609, callback)
        citizen = self._state.recipient(to)
        if citizen.opted_out and not citizen.is_whatsapp:
            raise TwilioError(21610)
        now = self._state.clock.now()
        message = Message(
            sid("MM" if media_urls else "SM"), from_, to, body, "outbound-api", now, updated=now, callback_url=callback
        )
        message.media_urls = media_urls
        message.content_sid = form.get("ContentSid", "")
        message.service_sid = form.get("MessagingServiceSid")
        if rendered:
            message.buttons, message.list_title = rendered.buttons, rendered.list_title
            message.is_template = is_approved(self._state.contents[message.content_sid])
        self._state.messages[message.sid] = message
        self.start(self._carry(message, citizen, rendered))
        return message

    def start(self, work: Coroutine[Any, Any, None]) -> None:
        """Do something beside the requests; `TwilioState.under_way` counts it."""
        self._state.under_way += 1
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._ended)

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        self._state.under_way -= 1

    def _sender(self, form: Mapping[str, str]) -> str:
        account = self._state.account
        from_ = form.get("From", "")
        if not from_ and form.get("MessagingServiceSid"):
            from_ = account.whatsapp_number if form.get("To", "").startswith(WHATSAPP) else account.sms_number
        if not from_:
            raise TwilioError(21603)
        if from_ not in (account.whatsapp_number, account.sms_number):
            raise TwilioError(63007 if from_.startswith(WHATSAPP) else 21606, from_)
        return from_

    def _rendered(self, form: Mapping[str, str]) -> Rendered | None:
        if form.get("ContentVariables") and not form.get("ContentSid"):
            raise TwilioError(21654)
        if not form.get("ContentSid"):
            return None
        return render(self._state, form["ContentSid"], form.get("ContentVariables", ""))

    async def _carry(self, message: Message, citizen: Citizen, rendered: Rendered | None) -> None:
        """The rest of a message's life, with its callbacks."""
        failure = self._failure(message, citizen, rendered)
        if failure is None and message.media_urls:
            failure = await self._download(message)
        if failure is None:
            steps = ["sent", "delivered"]
            if citizen.is_whatsapp and self._state.faults.settings.reads:
                steps.append("read")
        else:
            steps = ["undelivered" if failure in _UNDELIVERED else "failed"]
        await self._tell(message, ["queued", *steps], failure)

    def _failure(self, message: Message, citizen: Citizen, rendered: Rendered | None) -> int | None:
        """The code a message will fail with, if it will."""
        if citizen.unreachable is not None:
            return citizen.unreachable
        if not citizen.is_whatsapp:
            return None
        pace = self._state.pace_of(message.from_)
        if pace.wait_needed():
            return 63018
        pace.take()
        if not message.is_template and not self._state.window_is_open(citizen):
            return 63016
        if rendered and rendered.broken_rule():
            return 63021
        if rendered and rendered.kind == "twilio/quick-reply" and not message.is_template:
            return 63005 if len(rendered.buttons) > SESSION_BUTTONS else None
        return None

    async def _download(self, message: Message) -> int | None:
        """Fetch the media to send, as Twilio does, from the public address given."""
        for url in message.media_urls:
            try:
                async with httpx.AsyncClient(timeout=15, trust_env=False, follow_redirects=True) as client:
                    answer = await client.get(url)
                answer.raise_for_status()
            except (httpx.HTTPError, httpx.InvalidURL):
                return 63019
            kind = answer.headers.get("content-type", "application/octet-stream").split(";")[0]
            message.media.append(Media(sid("ME"), kind, answer.content, url.rsplit("/", 1)[-1].split("?")[0]))
        return None

    async def _tell(self, message: Message, statuses: list[str], failure: int | None) -> None:
        """Walk through the statuses, then or meanwhile tell the office of each."""
        settings = self._state.faults.settings
        calls: list[dict[str, str]] = []
        for status in statuses:
            if status != "queued":
                await self._state.clock.sleep(settings.callback_seconds)
            message.status, message.updated = status, self._state.clock.now()
            if status == "sent":
                message.sent = message.updated
            if status in ("failed", "undelivered"):
                message.error_code = failure
            calls += [self._callback(message)] * (1 + settings.duplicate_callbacks)
            if message.callback_url and not settings.shuffle_callbacks:
                for form in calls:
                    await self._webhooks.post(form, message.callback_url)
                calls.clear()
        random.shuffle(calls)
        if message.callback_url:
            for form in calls:
                await self._webhooks.post(form, message.callback_url)

    def _callback(self, message: Message) -> dict[str, str]:
        """A status callback's form, after «Track the Message Status of Outbound Messages»."""
        form = {
            "MessageSid": message.sid,
            "SmsSid": message.sid,
            "MessageStatus": message.status,
            "SmsStatus": message.status,
            "AccountSid": self._state.account.sid,
            "From": message.from_,
            "To": message.to,
            "ApiVersion": "2010-04-01",
        }
        if message.service_sid:
            form["MessagingServiceSid"] = message.service_sid
        if message.error_code:
            form |= {"ErrorCode": str(message.error_code), "ErrorMessage": AFTERWARDS[message.error_code]}
        if message.to.startswith(WHATSAPP):
            form |= {"ChannelPrefix": "whatsapp", "ChannelToAddress": message.to, "StructuredMessage": "false"}
            if message.status in ("delivered", "read", "undelivered", "failed"):
                form["EventType"] = message.status.upper()
            if message.error_code:
                form["ChannelStatusMessage"] = AFTERWARDS[message.error_code]
        return form
