"""Calls as Twilio knows them. They belong to the server's event loop: nothing else touches them."""

from dataclasses import dataclass, field
from datetime import datetime

from pydantic import BaseModel

from tests.fakes.conversation import NoSuch
from tests.fakes.twilio_server.state import TwilioState, sid

FINAL = {"completed", "busy", "no-answer", "failed", "canceled"}
#: A second of silence as MP3: 38 frames of 26 ms.
_SILENT_SECOND = (bytes.fromhex("fffb9064") + bytes(413)) * 38


@dataclass
class Input:
    """What a person did: `keys`, `speech`, a `recorded` message of so many seconds, or nothing at all (`silence`)."""

    kind: str
    text: str = ""
    seconds: int = 0


@dataclass
class Leg:
    """One telephone in one call. `heard`: what was told there, in order, as a person would write it down."""

    sid: str
    from_: str
    to: str
    direction: str
    created: datetime
    parent: "Leg | None" = None
    status: str = "queued"
    answered: datetime | None = None
    ended: datetime | None = None
    callback_url: str = ""
    callback_events: tuple[str, ...] = ()
    sequence: int = 0
    heard: list[str] = field(default_factory=list)
    inputs: list[Input] = field(default_factory=list)
    partner: "Leg | None" = None
    #: Whom a Dial rings or is joined to.
    called: "Leg | None" = None
    #: The person hung up, or Twilio ended it.
    is_gone: bool = False
    #: They took up, or refused: None while it rings.
    takes: bool | None = None
    #: Where the API sends the call from here.
    redirect: str = ""
    is_waiting: bool = False

    @property
    def is_over(self) -> bool:
        return self.status in FINAL

    @property
    def seconds(self) -> int:
        if self.ended is None or self.answered is None:
            return 0
        return round((self.ended - self.answered).total_seconds())


@dataclass
class Recording:
    sid: str
    call_sid: str
    seconds: int
    created: datetime
    status: str = "completed"

    @property
    def content(self) -> bytes:
        return b"ID3\x03\x00\x00\x00\x00\x00\x00" + _SILENT_SECOND * max(1, self.seconds)


class LegView(BaseModel):
    sid: str
    from_: str
    to: str
    direction: str
    status: str
    heard: list[str]
    is_waiting: bool
    is_ringing: bool
    is_joined: bool


class VoiceState:
    def __init__(self, state: TwilioState) -> None:
        self.shared = state
        self.legs: dict[str, Leg] = {}
        self.recordings: dict[str, Recording] = {}
        #: What happens when a number is rung, where nobody is there to take up: answer, busy, no-answer, failed.
        self.manners: dict[str, str] = {}

    def add(self, from_: str, to: str, direction: str, parent: Leg | None = None) -> Leg:
        leg = Leg(sid("CA"), from_, to, direction, self.shared.clock.now(), parent)
        self.legs[leg.sid] = leg
        return leg

    def leg(self, call_sid: str) -> Leg:
        """Raises NoSuch."""
        try:
            return self.legs[call_sid]
        except KeyError:
            raise NoSuch(f"no call {call_sid!r}") from None

    def is_idle(self) -> bool:
        """Every leg is over, or waits for a person who has done nothing yet."""
        return all(leg.is_over or _awaits_a_person(leg) for leg in self.legs.values())


def _awaits_a_person(leg: Leg) -> bool:
    has_news = bool(leg.inputs or leg.is_gone or leg.redirect or (leg.called and leg.called.is_over))
    was_taken_up = leg.status == "ringing" and leg.takes is not None
    return leg.is_waiting and not has_news and not was_taken_up


def view(leg: Leg) -> LegView:
    return LegView(
        sid=leg.sid,
        from_=leg.from_,
        to=leg.to,
        direction=leg.direction,
        status=leg.status,
        heard=leg.heard,
        is_waiting=leg.is_waiting,
        is_ringing=leg.status == "ringing",
        is_joined=leg.partner is not None,
    )
