"""What Twilio tells of a call beside asking what to do: statuses and recordings, in any order if so asked.

After «Call status callbacks» (parameters, events; a number's own callback tells the end alone) and «Recording status
callbacks».
"""

import asyncio
import random
from email.utils import format_datetime

from tests.fakes.twilio_server.state import TwilioState
from tests.fakes.twilio_server.voice.state import FINAL, Leg, Recording
from tests.fakes.twilio_server.webhooks import Webhooks

_EVENT = {"initiated": "initiated", "ringing": "ringing", "in-progress": "answered"}
#: Vendor's seconds within which shuffled callbacks come.
_SPREAD = 0.3


class Callbacks:
    def __init__(self, state: TwilioState, webhooks: Webhooks) -> None:
        self._state = state
        self._webhooks = webhooks
        self._running: set[asyncio.Task[None]] = set()

    def form_of(self, leg: Leg) -> dict[str, str]:
        """What every webhook of a call bears."""
        form = {
            "AccountSid": self._state.account.sid,
            "ApiVersion": "2010-04-01",
            "CallSid": leg.sid,
            "CallStatus": leg.status,
            "Called": leg.to,
            "Caller": leg.from_,
            "Direction": leg.direction,
            "From": leg.from_,
            "To": leg.to,
        }
        return form | ({"ParentCallSid": leg.parent.sid} if leg.parent else {})

    def status(self, leg: Leg) -> None:
        """The leg's status changed: tell it where that was asked for."""
        event = "completed" if leg.status in FINAL else _EVENT.get(leg.status, "")
        sequence, leg.sequence = leg.sequence, leg.sequence + 1
        if not leg.callback_url or event not in leg.callback_events:
            return
        form = self.form_of(leg) | {
            "CallbackSource": "call-progress-events",
            "SequenceNumber": str(sequence),
            "Timestamp": format_datetime(self._state.clock.now()),
        }
        if leg.status in FINAL:
            form |= {"CallDuration": str(leg.seconds), "Duration": str(-(-leg.seconds // 60))}
        self._send(form, leg.callback_url)

    def recording(self, recording: Recording, url: str) -> None:
        base = f"/2010-04-01/Accounts/{self._state.account.sid}/Recordings/{recording.sid}"
        form = {
            "AccountSid": self._state.account.sid,
            "CallSid": recording.call_sid,
            "RecordingSid": recording.sid,
            "RecordingUrl": f"https://api.twilio.com{base}",
            "RecordingStatus": "completed",
            "RecordingDuration": str(recording.seconds),
            "RecordingChannels": "1",
            "RecordingSource": "RecordVerb",
        }
        self._send(form, url)

    def _send(self, form: dict[str, str], url: str) -> None:
        for _ in range(1 + self._state.faults.settings.duplicate_callbacks):
            self._state.under_way += 1
            task = asyncio.create_task(self._post(form, url))
            self._running.add(task)
            task.add_done_callback(self._running.discard)

    async def _post(self, form: dict[str, str], url: str) -> None:
        try:
            if self._state.faults.settings.shuffle_callbacks:
                await self._state.clock.sleep(random.uniform(0, _SPREAD))
            await self._webhooks.post(form, url)
        finally:
            self._state.under_way -= 1
