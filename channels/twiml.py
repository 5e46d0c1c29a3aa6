"""What a caller hears and may do next, as TwiML by Twilio's own library.

A document is a list of steps in order. Every address is absolute; a key or a recording is told to `action`, whose
answer goes on. Source: https://www.twilio.com/docs/voice/twiml
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

from twilio.twiml.voice_response import Dial as DialVerb
from twilio.twiml.voice_response import Gather, VoiceResponse

LANGUAGE = "es-MX"
#: Amazon Polly's Mexican voice, which Twilio offers without further ado.
VOICE = "Polly.Mia-Neural"
#: Twilio refuses longer texts (error 13520).
LONGEST_TEXT = 4096


@dataclass(frozen=True)
class Say:
    text: str


@dataclass(frozen=True)
class Play:
    url: str


@dataclass(frozen=True)
class Pause:
    seconds: int


@dataclass(frozen=True)
class Ask:
    """Keys, heard while `prompts` are told. `digits` None: as many as come before `#` or the pause.

    `hears` words: speech is taken too, and these are expected. Nothing typed: the next step goes on.
    """

    action: str
    prompts: Sequence[Say | Play | Pause]
    digits: int | None = None
    seconds: int = 6
    hears: Sequence[str] = ()


@dataclass(frozen=True)
class Record:
    """A message after the tone. `told_at` learns of the recording even if the caller hung up."""

    action: str
    told_at: str
    longest_seconds: int


@dataclass(frozen=True)
class Connect:
    """Ring a number and join it to this call. `whisper` is what the one who answers hears before they are joined.

    `told_at` learns the other telephone's progress; `recorded_at`, where given, of a recording made of the talk.
    """

    number: str
    caller_id: str
    action: str
    told_at: str
    seconds: int
    whisper: str | None = None
    recorded_at: str | None = None


@dataclass(frozen=True)
class Goto:
    url: str


@dataclass(frozen=True)
class HangUp:
    pass


Step = Say | Play | Pause | Ask | Record | Connect | Goto | HangUp


@dataclass
class _Writer:
    response: VoiceResponse = field(default_factory=VoiceResponse)

    def write(self, step: Step) -> None:
        match step:
            case Say() | Play() | Pause():
                _prompt(self.response, step)
            case Ask():
                self._ask(step)
            case Record():
                self.response.record(
                    action=step.action,
                    max_length=step.longest_seconds,
                    timeout=6,
                    finish_on_key="#",
                    play_beep=True,
                    recording_status_callback=step.told_at,
                )
            case Connect():
                self._connect(step)
            case Goto():
                self.response.redirect(step.url)
            case HangUp():
                self.response.hangup()

    def _ask(self, step: Ask) -> None:
        options: dict[str, object] = {"finish_on_key": "#"} if step.digits is None else {"num_digits": step.digits}
        if step.hears:
            options |= {"hints": ",".join(step.hears), "speech_timeout": "auto"}
        gather = Gather(
            input="dtmf speech" if step.hears else "dtmf",
            action=step.action,
            timeout=step.seconds,
            language=LANGUAGE,
            **options,
        )
        for prompt in step.prompts:
            _prompt(gather, prompt)
        self.response.append(gather)

    def _connect(self, step: Connect) -> None:
        recording = {"record": "record-from-answer-dual", "recording_status_callback": step.recorded_at}
        dial = DialVerb(
            action=step.action,
            caller_id=step.caller_id,
            timeout=step.seconds,
            ring_tone="mx",
            **(recording if step.recorded_at else {}),
        )
        dial.number(
            step.number,
            url=step.whisper,
            status_callback=step.told_at,
            status_callback_event="initiated ringing answered completed",
        )
        self.response.append(dial)


def _prompt(parent: VoiceResponse | Gather, step: Say | Play | Pause) -> None:
    match step:
        case Say():
            parent.say(step.text[:LONGEST_TEXT], voice=VOICE, language=LANGUAGE)
        case Play():
            parent.play(step.url)
        case Pause():
            parent.pause(length=step.seconds)


def render(steps: Sequence[Step]) -> str:
    """The document; of no steps, the empty one: go on, or hang up, as the place where it is asked for has it."""
    writer = _Writer()
    for step in steps:
        writer.write(step)
    return str(writer.response)
