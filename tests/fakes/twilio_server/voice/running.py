"""A call as it goes: documents fetched from the office, and their verbs carried out for whoever holds the telephone.

Where the documents are silent: a called party who hangs up, or is hung up on, before they are joined is told to the
office as DialCallStatus `completed` with DialBridged `false`, which leaves the office the least to go by.
"""

import asyncio
import xml.etree.ElementTree as ET
from collections.abc import Coroutine
from datetime import timedelta
from urllib.parse import urldefrag, urljoin

import httpx
from twilio.request_validator import RequestValidator

from tests.fakes.twilio_server.state import Delivery, TwilioState, sid
from tests.fakes.twilio_server.voice import documents
from tests.fakes.twilio_server.voice.callbacks import Callbacks
from tests.fakes.twilio_server.voice.documents import BadTwiml
from tests.fakes.twilio_server.voice.state import Input, Leg, Recording, VoiceState

_NAP = 0.01
#: How fast a voice speaks, in characters a second, and how long a tune lasts.
_PACE, _TUNE_SECONDS = 15.0, 15.0
_ERROR = "(error de la aplicación)"


class _HungUp(Exception):
    """The person hung up, or a Hangup was reached."""


class _Redirected(Exception):
    """The API sent the call elsewhere."""


class _MovedOn(Exception):
    """A verb's action, or a Redirect: this document is done with."""

    def __init__(self, url: str, extra: dict[str, str]) -> None:
        self.url, self.extra = url, extra


class Runner:
    """Carries calls out. `state.faults.settings.waits_for_people`: nothing times out before a person does something."""

    def __init__(self, state: TwilioState, voice: VoiceState, callbacks: Callbacks) -> None:
        self._state = state
        self._voice = voice
        self._callbacks = callbacks
        self._client = httpx.AsyncClient(trust_env=False, limits=httpx.Limits(max_keepalive_connections=0))
        self._running: set[asyncio.Task[None]] = set()

    def begin(self, leg: Leg, url: str) -> None:
        """Let a call that came in, or was answered, go on by the document at `url`."""
        self._task(self._live(leg, url))

    def ring_and_begin(self, leg: Leg, url: str, seconds: float) -> None:
        """A call that the API asked for."""
        self._task(self._place(leg, url, seconds))

    def _task(self, work: Coroutine[None, None, None]) -> None:
        task = asyncio.create_task(work)
        self._running.add(task)
        task.add_done_callback(self._running.discard)

    async def _place(self, leg: Leg, url: str, seconds: float) -> None:
        if await self._ring(leg, seconds):
            await self._live(leg, url)

    async def _live(self, leg: Leg, url: str) -> None:
        self._answer(leg)
        try:
            await self._follow(leg, url, {})
        except _HungUp:
            pass
        finally:
            self._end(leg, "completed")

    def _answer(self, leg: Leg) -> None:
        leg.answered = self._state.clock.now()
        self._set(leg, "in-progress")

    def _set(self, leg: Leg, status: str) -> None:
        leg.status = status
        self._callbacks.status(leg)

    def _end(self, leg: Leg, status: str) -> None:
        if not leg.is_over:
            leg.ended, leg.partner = self._state.clock.now(), None
            self._set(leg, status)

    async def _ring(self, leg: Leg, seconds: float) -> bool:
        """Whether somebody takes up within `seconds`."""
        self._set(leg, "initiated")
        manner = self._voice.manners.get(leg.to, "")
        if manner in {"busy", "failed", "no-answer"}:
            if manner == "no-answer":
                self._set(leg, "ringing")
            self._end(leg, manner)
            return False
        self._set(leg, "ringing")
        leg.takes = True if manner == "answer" else None
        deadline = self._state.clock.now() + timedelta(seconds=seconds)
        while leg.takes is None:
            if leg.is_gone:
                self._end(leg, "canceled")
                return False
            if self._times_out and self._state.clock.now() >= deadline:
                leg.takes = False
            await self._nap(leg)
        if not leg.takes:
            self._end(leg, "no-answer")
        return leg.takes

    @property
    def _patience(self) -> float:
        """Our seconds that the office has for an answer: Twilio's, or a busy machine's where nothing times out."""
        return self._state.faults.settings.timeout_seconds if self._times_out else 120

    @property
    def _times_out(self) -> bool:
        return not self._state.faults.settings.waits_for_people

    async def _nap(self, leg: Leg) -> None:
        leg.is_waiting = True
        await asyncio.sleep(_NAP)
        leg.is_waiting = False

    async def _input(self, leg: Leg, seconds: float) -> Input | None:
        """What the person does within `seconds`; None: nothing. Raises _HungUp, _Redirected."""
        deadline = self._state.clock.now() + timedelta(seconds=seconds)
        while True:
            if leg.redirect:
                raise _Redirected
            if leg.inputs:
                done = leg.inputs.pop(0)
                return None if done.kind == "silence" else done
            if leg.is_gone:
                raise _HungUp
            if self._times_out and self._state.clock.now() >= deadline:
                return None
            await self._nap(leg)

    async def _follow(self, leg: Leg, url: str, extra: dict[str, str]) -> None:
        """Documents, one after another, until one ends without another. Raises _HungUp."""
        while url:
            try:
                for verb in await self._fetch(leg, url, extra):
                    await self._carry_out(leg, verb, url)
                return
            except _MovedOn as on:
                url, extra = on.url, on.extra
            except _Redirected:
                url, extra, leg.redirect = leg.redirect, {}, ""
            except BadTwiml as bad:
                self._state.alerts.append({"code": bad.code, "url": url, "problem": bad.problem})
                leg.heard.append(_ERROR)
                return

    async def _fetch(self, leg: Leg, url: str, extra: dict[str, str]) -> list[ET.Element]:
        answer = await self._ask(leg, url, extra)
        if answer is None or answer.status_code >= 300:
            raise BadTwiml(11200, f"answered {answer.status_code if answer is not None else 'nothing'}")
        return documents.read(answer.content, answer.headers.get("content-type", ""))

    async def _ask(self, leg: Leg, url: str, extra: dict[str, str]) -> httpx.Response | None:
        """Post the call's form, signed, to one of the office's addresses."""
        address = urldefrag(url).url
        form = self._callbacks.form_of(leg) | extra
        signature = RequestValidator(self._state.account.token).compute_signature(address, form)
        status, problem, answer = None, "", None
        try:
            headers = {"X-Twilio-Signature": signature}
            answer = await self._client.post(address, data=form, headers=headers, timeout=self._patience)
            status = answer.status_code
        except httpx.HTTPError as error:
            problem = type(error).__name__
        self._state.deliveries.append(Delivery(address, form, status, problem, 1))
        return answer

    async def _carry_out(self, leg: Leg, verb: ET.Element, base: str) -> None:
        match verb.tag:
            case "Say" | "Play" | "Pause":
                await self._tell(leg, verb)
            case "Gather":
                await self._gather(leg, verb, base)
            case "Record":
                await self._record(leg, verb, base)
            case "Dial":
                await self._dial(leg, verb, base)
            case "Redirect":
                raise _MovedOn(urljoin(base, (verb.text or "").strip()), {})
            case _:  # Hangup, Reject
                raise _HungUp

    async def _tell(self, leg: Leg, verb: ET.Element) -> Input | None:
        """Say, play or pause; what the person did meanwhile, for a Gather around it. Raises as `_input`."""
        text = (verb.text or "").strip()
        if verb.tag == "Say":
            leg.heard.append(text)
            seconds = len(text) / _PACE
        else:
            seconds = _TUNE_SECONDS if verb.tag == "Play" else float(verb.get("length", 1))
            leg.heard += ["♪"] if verb.tag == "Play" else []
        if self._times_out:
            return await self._input(leg, seconds)
        if leg.is_gone:
            raise _HungUp
        return None

    async def _gather(self, leg: Leg, verb: ET.Element, base: str) -> None:
        done: Input | None = None
        for prompt in verb:
            done = await self._tell(leg, prompt)
            if done is not None:
                break
        if done is None:
            done = await self._input(leg, float(verb.get("timeout", 5)))
        if done is None or (done.kind == "speech" and "speech" not in verb.get("input", "dtmf")):
            return
        action = urljoin(base, verb.get("action", base))
        if done.kind == "speech":
            raise _MovedOn(action, {"SpeechResult": done.text, "Confidence": "0.9"})
        raise _MovedOn(action, {"Digits": _digits(done.text, verb), "FinishedOnKey": ""})

    async def _record(self, leg: Leg, verb: ET.Element, base: str) -> None:
        done = await self._input(leg, float(verb.get("timeout", 5)))
        if done is None or done.kind != "recorded":
            return
        seconds = min(done.seconds, int(verb.get("maxLength", 3600)))
        recording = self._made(leg, seconds, verb.get("recordingStatusCallback", ""))
        has_left = leg.is_gone
        path = f"/2010-04-01/Accounts/{self._state.account.sid}/Recordings/{recording.sid}"
        extra = {
            "RecordingUrl": f"https://api.twilio.com{path}",
            "RecordingSid": recording.sid,
            "RecordingDuration": str(seconds),
            "Digits": "hangup" if has_left else "#",
        }
        action = urljoin(base, verb.get("action", base))
        if has_left:
            await self._ask(leg, action, {**extra, "CallStatus": "completed"})
            raise _HungUp
        raise _MovedOn(action, extra)

    def _made(self, leg: Leg, seconds: int, told_at: str) -> Recording:
        recording = Recording(sid("RE"), leg.sid, seconds, self._state.clock.now())
        self._voice.recordings[recording.sid] = recording
        if told_at:
            self._callbacks.recording(recording, told_at)
        return recording

    async def _dial(self, leg: Leg, verb: ET.Element, base: str) -> None:
        noun = verb[0]
        caller_id = verb.get("callerId", leg.from_)
        if caller_id not in {self._state.account.voice_number, leg.from_}:
            raise BadTwiml(13214, f"invalid callerId {caller_id!r}")
        child = self._voice.add(caller_id, (noun.text or "").strip(), "outbound-dial", leg)
        child.callback_url = noun.get("statusCallback", "")
        child.callback_events = tuple(noun.get("statusCallbackEvent", "completed").split())
        leg.heard.append(f"(timbra {child.to})")
        leg.called = child
        ringing = asyncio.create_task(self._child(child, noun, base, float(verb.get("timeout", 30))))
        has_left = redirected = False
        while not ringing.done():
            has_left, redirected = leg.is_gone, bool(leg.redirect)
            if has_left or redirected:
                child.is_gone = True
                break
            await self._nap(leg)
        was_bridged = await ringing
        if was_bridged and verb.get("record", "do-not-record") != "do-not-record":
            self._made(leg, child.seconds, verb.get("recordingStatusCallback", ""))
        leg.partner = leg.called = None
        if redirected:
            raise _Redirected
        extra = {
            "DialCallSid": child.sid,
            "DialCallStatus": child.status,
            "DialCallDuration": str(child.seconds),
            "DialBridged": str(was_bridged).lower(),
        }
        action = verb.get("action")
        if has_left:
            if action:
                await self._ask(leg, urljoin(base, action), {**extra, "CallStatus": "completed"})
            raise _HungUp
        if action:
            raise _MovedOn(urljoin(base, action), extra)

    async def _child(self, child: Leg, noun: ET.Element, base: str, seconds: float) -> bool:
        """The called party: rung, whispered to, joined until one of the two hangs up. Was it joined?"""
        if not await self._ring(child, seconds):
            return False
        self._answer(child)
        joined = False
        try:
            if noun.get("url"):
                await self._follow(child, urljoin(base, noun.get("url", "")), {})
            if not child.is_gone and child.heard[-1:] != [_ERROR]:
                joined = True
                assert child.parent is not None
                child.partner, child.parent.partner = child.parent, child
                while not child.is_gone:
                    await self._nap(child)
        except _HungUp:
            pass
        self._end(child, "completed")
        return joined


def _digits(typed: str, verb: ET.Element) -> str:
    """What of the keys pressed a Gather takes: as many as it wants, or up to its finishing key."""
    if verb.get("numDigits"):
        return typed[: int(verb.get("numDigits", "1"))]
    return typed.partition(verb.get("finishOnKey", "#"))[0]
