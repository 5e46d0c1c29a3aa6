"""Telephone calls by Twilio Voice: what its webhooks say, and what is asked of it.

Sources: https://www.twilio.com/docs/voice/twiml (parameters of a webhook), /docs/voice/api/call-resource (statuses,
status callbacks, which come in any order), /docs/voice/api/recording. What a caller hears is `channels.twiml`.
"""

import enum
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any

from twilio.base.exceptions import TwilioException, TwilioRestException

from channels import twilio_api
from channels.phones import normal_phone
from channels.port import (
    Malformed,
    MediaContent,
    MediaReference,
    MediaUnavailable,
    SendOutcome,
    Sent,
    WebhookRequest,
)
from channels.twilio_api import TRANSPORT_ERRORS, TwilioApi

#: What our own telephone is told of, each with a callback.
_PROGRESS = ["initiated", "ringing", "answered", "completed"]
_LONGEST_SID = 40
#: Twilio's stand-ins for a number that the caller hides, beside words such as `anonymous`.
_HIDDEN = frozenset({"+266696687", "+86282452253", "+2562533", "+8656696", "+7378742833"})


class CallStatus(enum.StrEnum):
    QUEUED = "queued"
    INITIATED = "initiated"
    RINGING = "ringing"
    IN_PROGRESS = "in-progress"
    COMPLETED = "completed"
    BUSY = "busy"
    NO_ANSWER = "no-answer"
    FAILED = "failed"
    CANCELED = "canceled"

    @property
    def is_final(self) -> bool:
        return self in _FINAL


_FINAL = frozenset(
    {CallStatus.COMPLETED, CallStatus.BUSY, CallStatus.NO_ANSWER, CallStatus.FAILED, CallStatus.CANCELED}
)


@dataclass(frozen=True)
class Recorded:
    """A recording at Twilio's. `seconds` None: not told."""

    sid: str
    seconds: int | None


@dataclass(frozen=True)
class Told:
    """One webhook. `caller` is E.164, None where it is hidden; `at` Twilio's own moment, in status callbacks alone."""

    call_sid: str
    status: CallStatus
    caller: str | None
    digits: str
    speech: str
    at: datetime | None
    seconds: int | None
    recorded: Recorded | None
    form: Mapping[str, str]


@dataclass(frozen=True)
class Fate:
    """How Twilio says that a call ended. `at` None: it does not say when."""

    status: CallStatus
    at: datetime | None
    seconds: int | None


class VoiceLine:
    """A telephone number of one Twilio account."""

    def __init__(self, api: TwilioApi, number: str) -> None:
        self._api = api
        self.number = number

    async def close(self) -> None:
        await self._api.close()

    def verify(self, request: WebhookRequest) -> None:
        """Raises NotAuthentic."""
        self._api.verify(request)

    async def check(self) -> str:
        """The account's name. Raises ChannelRefused."""
        return await self._api.check()

    async def place(self, to: str, *, url: str, told_at: str, seconds: int) -> SendOutcome:
        """Ring a telephone; who answers hears `url`. A connection that breaks is Uncertain: it may ring."""
        try:
            call = await self._api.client.calls.create_async(
                to=to,
                from_=self.number,
                url=url,
                timeout=seconds,
                status_callback=told_at,
                status_callback_event=_PROGRESS,
            )
        except TwilioRestException as error:
            return twilio_api.outcome_of(error)
        except (*TRANSPORT_ERRORS, TwilioException, ValueError) as error:
            return twilio_api.broken(error)
        return Sent(str(call.sid))

    async def redirect(self, call_sid: str, url: str) -> None:
        """Let a call that is under way go on at `url`. Raises ChannelRefused."""
        try:
            await self._api.client.calls(call_sid).update_async(url=url)
        except (*TRANSPORT_ERRORS, TwilioException) as error:
            raise twilio_api.refused(error, "La llamada ya terminó o Twilio no pudo pasarla.") from error

    async def fate(self, call_sid: str) -> Fate | None:
        """How a call ended; None while it lasts. Raises ChannelRefused; one that Twilio does not know has failed."""
        try:
            call = await self._api.client.calls(call_sid).fetch_async()
        except TwilioRestException as error:
            if error.status == 404:
                return Fate(CallStatus.FAILED, None, None)
            raise twilio_api.refused(error, "Twilio no dijo cómo terminó la llamada.") from error
        except (*TRANSPORT_ERRORS, TwilioException) as error:
            raise twilio_api.refused(error, "Twilio no dijo cómo terminó la llamada.") from error
        status = CallStatus(call.status)
        return Fate(status, call.end_time, _number(call.duration)) if status.is_final else None

    async def recording(self, recording_sid: str, *, max_bytes: int) -> MediaContent:
        """A recording as MP3. Raises MediaUnavailable."""
        recording = await self._ask_recording(recording_sid)
        if recording.status in {"in-progress", "processing", "paused"}:
            raise MediaUnavailable("not_ready", is_retryable=True)
        address = f"{twilio_api.API_HOST}{recording.uri.removesuffix('.json')}.mp3"
        return await self._api.fetch(MediaReference(address, f"{recording_sid}.mp3"), max_bytes=max_bytes)

    async def _ask_recording(self, recording_sid: str) -> Any:
        try:
            return await self._api.client.recordings(recording_sid).fetch_async()
        except TwilioRestException as error:
            is_retryable = error.status == 429 or error.status >= 500
            raise MediaUnavailable(f"status_{error.status}", is_retryable=is_retryable) from error
        except (*TRANSPORT_ERRORS, TwilioException) as error:
            raise MediaUnavailable(type(error).__name__, is_retryable=True) from error

    async def forget_recording(self, recording_sid: str) -> bool:
        """Delete it at Twilio's; False where that could not be done now."""
        try:
            return bool(await self._api.client.recordings(recording_sid).delete_async())
        except (*TRANSPORT_ERRORS, TwilioException):
            return False


def read(request: WebhookRequest) -> Told:
    """What a verified webhook says. Raises Malformed."""
    form = {name: value.replace("\0", "") for name, value in twilio_api.fields(request).items()}
    if not 0 < len(form.get("CallSid", "")) <= _LONGEST_SID:
        raise Malformed("no CallSid")
    try:
        # A recording's callback says nothing of how the call stands.
        status = CallStatus(form.get("CallStatus", CallStatus.IN_PROGRESS))
        at = parsedate_to_datetime(form["Timestamp"]).astimezone(UTC) if form.get("Timestamp") else None
    except ValueError as error:
        raise Malformed("a status or a moment that is none") from error
    return Told(
        call_sid=form["CallSid"],
        status=status,
        caller=phone_of(form.get("From", "")),
        digits="".join(char for char in form.get("Digits", "") if char in "0123456789*#"),
        speech=form.get("SpeechResult", ""),
        at=at,
        seconds=_number(form.get("CallDuration")),
        recorded=_recorded(form),
        form=form,
    )


def phone_of(raw: str) -> str | None:
    """E.164 of a caller; None where the number is hidden."""
    return None if raw in _HIDDEN or not raw.startswith("+") else normal_phone(raw)


def _recorded(form: Mapping[str, str]) -> Recorded | None:
    sid = form.get("RecordingSid") or form.get("RecordingUrl", "").rstrip("/").rpartition("/")[2]
    return Recorded(sid, _number(form.get("RecordingDuration"))) if sid else None


def _number(text: str | None) -> int | None:
    return int(text) if text and text.isdigit() else None
